"""Runs, as front doors ask for them: started, watched, steered, stopped, resumed, undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import PurePath
from typing import get_args

from coterie.agents.approvals import ApprovalRequiredError
from coterie.agents.choosing import chain_of, discovering
from coterie.agents.coordinator import Coordinator
from coterie.agents.history import History
from coterie.agents.meter import budget_of
from coterie.agents.named import channel_named, run_named
from coterie.agents.run_ports import Base
from coterie.agents.undo import diff
from coterie.agents.workflow import find
from coterie.base.errors import InvalidParamsError, RequestError
from coterie.base.ids import new_id, now
from coterie.base.tasks import whole
from coterie.config.schema import Settings
from coterie.context.attaching import attachments_of
from coterie.context.task import Task, first_message
from coterie.domain.channels import Channel, ChannelFolder
from coterie.domain.edits import FileDiff, UndoResult
from coterie.domain.events import RunState
from coterie.domain.model_ports import Providers
from coterie.domain.runs import (
    Attachment,
    Budget,
    RunEvents,
    RunLimits,
    RunPage,
    RunRequest,
    RunRow,
    RunStarted,
    RunStateView,
    RunSummary,
    RunView,
    UndoScope,
)
from coterie.domain.store_ports import ChannelStore, RunStore
from coterie.features.channel_news import ChannelNews
from coterie.workspace.uris import path_of, same_file

TITLE_LENGTH = 60
_BEGINNING = 1_000
LONGEST_SHOWN = 10_000
"""Characters of a prompt in a list of runs, which may have hundreds of them."""
NEW_CHAT = "New chat"
"""The title of a channel that was opened without one."""
MAX_PAGE = 500
RECENT = 50
"""Among how many of the latest runs the workspace's latest one is looked for."""


class RunService:
    """Implements `coterie.features.protocol_faces.Runs`."""

    def __init__(
        self,
        coordinator: Coordinator,
        news: ChannelNews,
        *,
        base: Base,
        runs: RunStore,
        channels: ChannelStore,
        providers: Providers,
        settings: Callable[[], Settings],
    ) -> None:
        self._coordinator = coordinator
        self._base = base
        self._news = news
        self._runs = runs
        self._channels = channels
        self._providers = providers
        self._settings = settings

    def turn(self, channel_id: str | None) -> AbstractAsyncContextManager[None]:
        """Have a channel for oneself, so that what is asked of it at once by several cannot find it idle each."""
        return self._coordinator.turns.of(channel_id)

    async def start(self, request: RunRequest) -> RunStarted:
        """Journal the run and acknowledge it, before any model is called."""
        async with self.turn(request.channel_id):
            row, channel = await self._admit(request)
            await self._begin(row, channel)
        return RunStarted(run_id=row.run_id, channel_id=row.channel_id)

    async def post(self, request: RunRequest) -> tuple[str, str]:
        """Say something in a channel: a steer where a run is active, else a new run. Returns the ids of run and message."""
        if not request.prompt.strip():
            raise InvalidParamsError("text: say something.")
        check_attachments(request.attachments)
        async with self.turn(request.channel_id):
            active = self._coordinator.active_in(request.channel_id or "")
            if active is not None and (message_id := await self._steered(request, active)) is not None:
                return active, message_id
            row, channel = await self._admit(request)
            return row.run_id, await self._begin(row, channel)

    async def _steered(self, request: RunRequest, active: str) -> str | None:
        """Say something in a live run; None where it hears nothing any more, once it goes on no longer."""
        said = await self._quoted(request, active)
        if self._coordinator.active_in(request.channel_id or "") != active:  # it may have ended while files were read
            return None
        try:
            return await self._coordinator.steer(active, said)
        except RequestError as refused:
            if refused.code != "run_ended":
                raise
        await self._coordinator.until_gone(active)
        return None

    async def _quoted(self, request: RunRequest, active: str) -> str:
        """Return words as a live run hears them: everything that it hears after its start is a message's text, what is attached as well."""
        row = await run_named(active, self._runs)
        request = replace(request, folder=row.request.folder)  # the run may be another editor's, in a folder that is not open in this one
        return first_message(Task(prompt=request.prompt, attachments=await attachments_of(self._base.workspace, request))).text

    async def _begin(self, row: RunRow, channel: Channel) -> str:
        # To the end of it: who hangs up and asks again would find a channel in which nothing that we know of goes on, and one that was
        # just made would be nobody's.
        return await whole(self._begun(row, channel))

    async def _begun(self, row: RunRow, channel: Channel) -> str:
        if row.request.channel_id is None:
            await self._channels.create(channel)
            self._news.created(channel)
        elif channel.state == "archived":
            await self._channels.update(replace(channel, state="idle"), "state")
        return await self._coordinator.start(row, self._base)

    async def check_model(self, model: str) -> None:
        """Raise what the protocol names when no run could use ``model``."""
        await discovering(self._providers, lambda: self._providers.choose(model))

    async def _admit(self, request: RunRequest) -> tuple[RunRow, Channel]:
        """Check a request and return the run that it is to be, with its channel, new or not. Raises what the protocol names."""
        if not request.prompt.strip():
            raise InvalidParamsError("prompt: say what is to be done.")
        if request.workflow is not None and request.agent is not None:
            raise InvalidParamsError("workflow, agent: name one of them, not both.")
        check_attachments(request.attachments)
        request = replace(request, folder=await self._folder(request))
        channel = await self._channel(request)
        agent = None if request.workflow is not None else request.agent or channel.agent or "chat"
        workflow = find(request.workflow, agent)
        asked, in_team = request.model or channel.model, len(workflow.steps) > 1
        await discovering(
            self._providers,
            lambda: [chain_of(step.agent, self._settings(), self._providers, asked=asked, in_team=in_team) for step in workflow.steps],
        )
        row = RunRow(
            run_id=new_id("run"),
            channel_id=channel.channel_id,
            request=request,
            workflow=request.workflow,
            agent=agent,
            state="queued",
            started_at=now(),
        )
        return row, channel

    async def _folder(self, request: RunRequest) -> str | None:
        """Return the URI of the folder that a run works in: kept with the run, so that it is resumed in no other.

        Where none is asked for a chat goes on in the folder that it was last in, as long as that is open; else it begins in that of what is
        selected, or in the first one.
        """
        folders = self._base.workspace.folders
        if (asked := request.folder) is not None:
            for folder in folders:
                if same_file(folder.uri.rstrip("/"), asked.rstrip("/")):
                    return folder.uri
            raise InvalidParamsError(f"folder: {asked} is not a workspace folder.")
        last = None if request.channel_id is None else await self._last_run(request.channel_id)
        if last is not None and last.request.folder in {folder.uri for folder in folders}:
            return last.request.folder
        selected = None if request.selection is None else path_of(request.selection.uri)
        around = [] if selected is None else [folder for folder in folders if PurePath(selected).is_relative_to(folder.absolute)]
        first = max(around, key=lambda folder: len(folder.absolute)) if around else next(iter(folders), None)
        return None if first is None else first.uri

    async def _last_run(self, channel_id: str) -> RunRow | None:
        """Return the last run of a channel's story; a fork's begins with runs of another channel."""
        if rows := await self._runs.rows(channel_id=channel_id, limit=1):
            return rows[0]
        fork = await self._channels.fork_of(channel_id)
        return None if fork is None or not fork.kept else await self._runs.row(fork.kept[-1].run_id)

    async def _channel(self, request: RunRequest) -> Channel:
        if request.channel_id is None:
            folder: ChannelFolder = "tasks" if request.workflow is not None else "chats"
            title = title_of(request.prompt)
            return Channel(channel_id=new_id("channel"), title=title, folder=folder, state="idle", updated_at=now())
        channel = await channel_named(request.channel_id, self._channels)
        if (active := self._coordinator.active_in(channel.channel_id)) is not None:
            raise RequestError(f"The run {active} is going on in this channel; post to the channel to steer it.", code="run_active")
        if channel.state == "active" and await self._coordinator.let_go():
            channel = await channel_named(request.channel_id, self._channels)
        if channel.state == "active":
            raise RequestError("Another server is running a run in this channel; wait for its end, or cancel it there.", code="run_active")
        return channel

    async def list(self, *, state: str | None = None, limit: int = 50, before: str | None = None) -> RunPage:
        """Return runs, newest first."""
        if state is not None and state not in get_args(RunState):
            raise InvalidParamsError(f"state: '{state}' is not one of {', '.join(get_args(RunState))}.")
        check_page(limit)
        states = tuple(known for known in get_args(RunState) if known == state)
        rows = await self._runs.rows(states=states, before=before, limit=limit + 1)
        return RunPage(runs=tuple(map(_summary, rows[:limit])), more=len(rows) > limit)

    async def unapproved(self) -> RunSummary | None:
        """Return the latest run of the workspace if it was interrupted because nobody was there to approve something."""
        rows = await self._runs.rows(limit=RECENT)
        latest = next((row for row in rows if self._base.workspace.folder(row.request.folder or "") is not None), None)
        if latest is None or (latest.state, latest.reason) != ("interrupted", ApprovalRequiredError.code):
            return None
        return _summary(latest)

    async def get(self, run_id: str) -> RunView:
        """Return a run as it stands."""
        row = await run_named(run_id, self._runs)
        history = await self._coordinator.settled_history(run_id, self._base)
        return _view(row, history, budget_of(self._settings(), row.request.budget))

    async def events(self, run_id: str, after: int = 0) -> RunEvents:
        """Return what came after ``after``, without gap or repeat, with a streaming message as a partial one."""
        return await self._coordinator.events(run_id, after)

    async def steer(self, run_id: str, text: str) -> str:
        """Say something to the agent at its next boundary; returns the message's id."""
        if not text.strip():
            raise InvalidParamsError("text: say something.")
        return await self._coordinator.steer(run_id, text)

    async def interrupt(self, run_id: str) -> RunStateView:
        """End the turn and keep the work."""
        return RunStateView(run_id=run_id, state=await self._coordinator.stop(run_id, "interrupted"))

    async def cancel(self, run_id: str) -> RunStateView:
        """Stop everything at once."""
        return RunStateView(run_id=run_id, state=await self._coordinator.stop(run_id, "cancelled"))

    async def resume(self, run_id: str) -> RunStateView:
        """Go on after an interruption, a crash or a failure."""
        row = await run_named(run_id, self._runs)
        async with self.turn(row.channel_id):
            if await self._channels.get(row.channel_id) is None:
                raise RequestError("The channel of this run was deleted; start a new run.", code="unknown_channel")
            return RunStateView(run_id=run_id, state=await whole(self._coordinator.resume(run_id, self._base)))

    async def undo(self, run_id: str, *, scope: UndoScope = "run", ids: Sequence[str] = ()) -> UndoResult:
        """Take back exactly what the run changed; answers after the effects."""
        if scope != "run" and not ids:
            raise InvalidParamsError(f"ids: name the {scope}s to undo.")
        if scope == "run" and any(each != run_id for each in ids):  # who names a hunk does not mean the run
            raise InvalidParamsError("scope: say whether the ids are steps, files or hunks; a whole run is undone without any.")
        return await self._coordinator.undo(run_id, self._base, scope, ids)

    async def diff(self, run_id: str, *, paths: Sequence[str] = (), texts: bool = False) -> tuple[FileDiff, ...]:
        """Return what the run changed, file by file."""
        await run_named(run_id, self._runs)
        found = await diff(await self._coordinator.settled_history(run_id, self._base), self._runs, paths)
        return found if texts else tuple(replace(file, before=None, after=None) for file in found)


def check_page(limit: int) -> None:
    """Raise `InvalidParamsError` when nobody may ask for so much, or so little, at once."""
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidParamsError(f"limit: must be from 1 to {MAX_PAGE}.")


def check_attachments(attachments: Sequence[Attachment]) -> None:
    """Raise `InvalidParamsError` when one is nothing."""
    for number, each in enumerate(attachments):
        if not each.uri and not (each.text or "").strip():
            raise InvalidParamsError(f"attachments.{number}: name a file by its `uri`, or give a `text`.")


def title_of(prompt: str) -> str:
    """Return a channel's first title: the first line of what was asked, not too long."""
    # A prompt may be as long as a book: no more of it is cut into lines than a title could show.
    line = "".join(prompt.lstrip()[:_BEGINNING].splitlines()[:1]).rstrip()
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def _shown(prompt: str) -> str:
    return prompt if len(prompt) <= LONGEST_SHOWN else prompt[:LONGEST_SHOWN] + "…"


def _summary(row: RunRow) -> RunSummary:
    return RunSummary(
        run_id=row.run_id,
        channel_id=row.channel_id,
        prompt=_shown(row.request.prompt),
        workflow=row.workflow,
        agent=row.agent,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.ended_at,
        usage=row.usage,
        folder=row.request.folder,
    )


def _view(row: RunRow, history: History, budget: Budget) -> RunView:
    return RunView(
        run_id=row.run_id,
        channel_id=row.channel_id,
        prompt=row.request.prompt,
        state=history.state.state,
        reason=history.state.reason,
        workflow=row.workflow,
        agent=row.agent,
        steps=history.step_views,
        plan=history.plan,
        changes=history.change_views,
        usage=history.usage,
        budget=RunLimits(usd=budget.usd, tokens=budget.tokens, wall_s=budget.wall_s),
        error=history.failure,
    )
