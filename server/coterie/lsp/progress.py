"""``$/progress`` of what takes long, begun with a token of the server's or of the client's, and cancelled by the person.

``bare`` feeds it the events of runs, ``handlers.models`` installations, ``session`` the builds of indexes; ``handlers.commands`` asks it
for the run whose progress the person cancelled.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from pathlib import PurePath

from pygls.exceptions import JsonRpcException

from coterie.base.ids import new_id
from coterie.base.tasks import TaskSupervisor
from coterie.domain.retrieval import BuildNews
from coterie.domain.wire import Json
from coterie.lsp.wire import Wire

CREATE_TIMEOUT_S = 30.0
WORTH_A_BAR_S = 1.0


class Progress:
    """One bar. Nothing is sent before the client has agreed to it; what was reported meanwhile is what it begins with.

    ``token`` is the client's own, where it gave one: then it has ``agreed``. ``percentage`` is where a bar begins of which one can say how
    far it is.
    """

    def __init__(
        self,
        wire: Wire,
        title: Callable[[], Awaitable[str]],
        *,
        token: str | int | None = None,
        agreed: bool = False,
        percentage: int | None = None,
        cancellable: bool = True,
    ) -> None:
        self.token: str | int = new_id("progress") if token is None else token
        self._agreed = agreed
        self._wire = wire
        self._title = title
        self._percentage = percentage
        self._cancellable = cancellable
        self._message = ""
        self._shown = False
        self._ended = False

    async def open(self) -> None:
        """Ask the client for the bar and begin it, and end it at once when all is over by then."""
        if not self._agreed:
            try:
                await self._wire.ask("window/workDoneProgress/create", {"token": self.token}, within_s=CREATE_TIMEOUT_S)
            except (TimeoutError, JsonRpcException):
                return  # the client shows none, and must get none
        title = await self._title()
        self._shown = True
        self._send({"kind": "begin", "title": title, "cancellable": self._cancellable, "message": self._message, **self._how_far()})
        if self._ended:
            self._send({"kind": "end", "message": self._message})

    def report(self, message: str, percentage: int | None = None) -> None:
        """Say what goes on now, and how far it is: a bar never goes back."""
        if self._percentage is not None:
            percentage = max(percentage or 0, self._percentage)
        if (message, percentage) != (self._message, self._percentage) and not self._ended:
            self._message, self._percentage = message, percentage
            if self._shown:
                self._send({"kind": "report", "cancellable": self._cancellable, "message": message, **self._how_far()})

    def end(self, message: str) -> None:
        """Say how it ended."""
        self._message = message
        if self._shown and not self._ended:
            self._send({"kind": "end", "message": message})
        self._ended = True

    def _how_far(self) -> dict[str, Json]:
        return {} if self._percentage is None else {"percentage": self._percentage}

    def _send(self, value: Json) -> None:
        if not self._wire.detached:
            self._wire.notify("$/progress", {"token": self.token, "value": value})


class Bars:
    """The bars of one client, by run."""

    def __init__(self, wire: Wire, tasks: TaskSupervisor) -> None:
        self._wire = wire
        self._tasks = tasks
        self._bars: dict[str, Progress] = {}
        self._numbers = itertools.count(1)

    def begin(self, run_id: str, title: Callable[[], Awaitable[str]]) -> None:
        """Show a bar for a run that has none. Never blocks."""
        if run_id not in self._bars and not self._tasks.closed:
            # Not an id that nobody can read: eglot shows tokens to its person.
            bar = self._bars[run_id] = Progress(self._wire, title, token=f"run {next(self._numbers)}")
            self._tasks.spawn(bar.open(), name=f"progress of {run_id}")

    def report(self, run_id: str, message: str) -> None:
        """Say what a run does now."""
        if (bar := self._bars.get(run_id)) is not None:
            bar.report(message)

    def end(self, run_id: str, message: str) -> None:
        """Take a run's bar away."""
        if (bar := self._bars.pop(run_id, None)) is not None:
            bar.end(message)

    def run_of(self, token: str | int) -> str | None:
        """Return the run that a token belongs to, None when it is over."""
        return next((run_id for run_id, bar in self._bars.items() if bar.token == token), None)


class Builds:
    """The bars of one client for indexes that are built, by folder; what is done soon has none.

    They cannot be cancelled: a build is bounded, steps back behind all other work, and would only be begun again with the next question.
    """

    def __init__(self, wire: Wire, tasks: TaskSupervisor, later: Callable[[float, Callable[[], None]], object]) -> None:
        self._wire = wire
        self._tasks = tasks
        self._later = later
        self._news: dict[str, BuildNews] = {}  # of builds that go on
        self._bars: dict[str, Progress] = {}
        self._numbers = itertools.count(1)

    def told(self, news: BuildNews) -> None:
        """Take in how a build goes. Never blocks."""
        folder = news.folder
        if news.complete or news.failed is not None:
            self._news.pop(folder, None)
            if (bar := self._bars.pop(folder, None)) is not None:
                bar.end(news.failed or f"{news.files} files")
            return
        is_new = folder not in self._news
        self._news[folder] = news
        if is_new:
            self._later(WORTH_A_BAR_S, lambda: self._open(folder))
        elif (bar := self._bars.get(folder)) is not None:
            _report(bar, news)

    def _open(self, folder: str) -> None:
        news = self._news.get(folder)
        if news is None or folder in self._bars or self._tasks.closed:
            return

        async def title() -> str:
            return f"Coterie indexes {PurePath(folder).name}"

        bar = self._bars[folder] = Progress(self._wire, title, token=f"index {next(self._numbers)}", percentage=0, cancellable=False)
        _report(bar, news)
        self._tasks.spawn(bar.open(), name=f"progress of the index of {folder}")


def _report(bar: Progress, news: BuildNews) -> None:
    bar.report(f"{news.done} of {news.files} files", 100 * news.done // max(1, news.files))
