"""``$/progress`` of runs: begun with a token of the server's, told each step and tool, ended with the run, cancelled by the person.

``bare`` feeds it the events of runs; ``handlers.commands`` asks it for the run whose progress the person cancelled.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable

from pygls.exceptions import JsonRpcException

from coterie.base.tasks import TaskSupervisor
from coterie.domain.wire import Json
from coterie.lsp.outbound import Wire

CREATE_TIMEOUT_S = 30.0


class Progress:
    """One bar. Nothing is sent before the client has agreed to it; what was reported meanwhile is what it begins with."""

    def __init__(self, token: str, wire: Wire, title: Callable[[], Awaitable[str]]) -> None:
        self.token = token
        self._wire = wire
        self._title = title
        self._message = ""
        self._shown = False
        self._ended = False

    async def open(self) -> None:
        """Ask the client for the bar and begin it, and end it at once when all is over by then."""
        try:
            await self._wire.ask("window/workDoneProgress/create", {"token": self.token}, within_s=CREATE_TIMEOUT_S)
        except (TimeoutError, JsonRpcException):
            return  # the client shows none, and must get none
        title = await self._title()
        self._shown = True
        self._send({"kind": "begin", "title": title, "cancellable": True, "message": self._message})
        if self._ended:
            self._send({"kind": "end", "message": self._message})

    def report(self, message: str) -> None:
        """Say what goes on now."""
        if message != self._message and not self._ended:
            self._message = message
            if self._shown:
                self._send({"kind": "report", "cancellable": True, "message": message})

    def end(self, message: str) -> None:
        """Say how it ended."""
        self._message = message
        if self._shown and not self._ended:
            self._send({"kind": "end", "message": message})
        self._ended = True

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
            bar = self._bars[run_id] = Progress(f"run {next(self._numbers)}", self._wire, title)
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
