"""Owner of the live runs: starts, steers, stops, resumes and undoes them, and says what became of them.

``features`` call it, a `coterie.agents.run_ports.Walk` does the work of one run, `agents.kept_runs` has those that are not live. A run that
ends for whatever reason is journalled as ended here, and nowhere else; `agents.endings` says how.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from coterie.agents.approvals import ApprovalRequiredError
from coterie.agents.channel_turns import ChannelTurns
from coterie.agents.endings import INTERNAL, REPLACED, Stop, end_by_failure, end_by_stop, given_up, left_open, not_heard
from coterie.agents.history import History
from coterie.agents.kept_runs import KeptRuns, elsewhere
from coterie.agents.live_run import LiveRun
from coterie.agents.live_runs import Live, LiveRuns
from coterie.agents.run_ports import Base
from coterie.agents.undo import settle_undo, undo, undo_part, was_cut_off
from coterie.agents.verdicts import chosen, decide
from coterie.base.errors import CoterieError, RequestError, RunError, StorageError, UnreadableRunError
from coterie.base.ids import new_id
from coterie.base.tasks import TaskSupervisor, whole
from coterie.context.attaching import attached
from coterie.domain.client_ports import Audience
from coterie.domain.edits import UndoConflict, UndoResult
from coterie.domain.events import ENDED, AgentEvent, MessageEvent, RunEvent, RunState
from coterie.domain.records import Record
from coterie.domain.reviews import HunkChoice
from coterie.domain.runs import RunEvents, RunRow, UndoScope
from coterie.domain.store_ports import RunStore

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Coordinator:
    """Owns the live runs of this process, whoever started them. ``on_change`` is told each channel that changed.

    ``turns`` are taken by whoever looks how a channel stands before asking for something here.
    """

    def __init__(self, store: RunStore, audience: Audience, on_change: Callable[[str], None]) -> None:
        self._kept = KeptRuns(store, audience, on_change)
        self.turns = ChannelTurns()
        self._on_change = on_change
        self._tasks = TaskSupervisor("runs")
        self._live = LiveRuns()
        self._claiming = asyncio.Lock()
        self._is_closing = False

    async def start(self, row: RunRow, base: Base) -> str:
        """Journal a run and set it going, which nobody's hanging up prevents any more; returns the id of the person's message."""
        return await self._to_its_end(self._start(row, base), f"start {row.run_id}")

    async def _start(self, row: RunRow, base: Base) -> str:
        run, message = self._kept.new(row), _prompt_of(row)
        async with self._launched(run, base):
            await self._kept.create(row)
            await run.event(RunEvent(state="queued"), message, durable=True)
        return message.message_id

    def active_in(self, channel_id: str) -> str | None:
        """Return the run that goes on in a channel."""
        return self._live.active_in(channel_id)

    async def let_go(self) -> bool:
        """Give up what is kept only because that it is over could not be written when it was; says whether anything is free by that."""
        return await self._kept.release_rest()

    async def steer(self, run_id: str, text: str) -> str:
        """Say something to a live run. Raises `RequestError` ``run_ended``, or ``run_active`` for another server's."""
        live = self._live.get(run_id)
        if live is not None:
            async with live.speaking:
                if live.hears:
                    message = MessageEvent(message_id=new_id("message"), role="user", text=text)
                    await live.run.event(message, durable=True)
                    return message.message_id
        row = await self._kept.row(run_id)
        if live is None and row.state not in ENDED:
            raise elsewhere()
        raise RequestError("This run has ended; start a new one, or post to its channel.", code="run_ended")

    async def until_gone(self, run_id: str) -> None:
        """Wait until a run that is stopped, or at its end, goes on no longer."""
        if (live := self._live.get(run_id)) is not None:
            await live.gone.wait()

    async def stop(self, run_id: str, how: Stop) -> RunState:
        """Interrupt or cancel a run and return its state once everything of it has ended. Raises ``run_active`` for another server's."""
        if run_id not in self._live and self._claiming.locked():
            async with self._claiming:  # it may just be being resumed: who stops it then means what comes of that
                pass
        live = self._live.get(run_id)
        if live is None:
            row = await self._kept.row(run_id)
            if row.state not in ENDED:
                raise elsewhere()
            return row.state
        if live.stop is None:
            live.halt(how)
        await live.gone.wait()
        return live.run.history.state.state if live.is_begun else (await self._kept.row(run_id)).state

    async def resume(self, run_id: str, base: Base) -> RunState:
        """Go on with an interrupted or failed run, whoever hangs up. Raises `RequestError` ``run_active`` or ``not_resumable``."""
        return await self._to_its_end(self._resume(run_id, base), f"resume {run_id}")

    async def _resume(self, run_id: str, base: Base) -> RunState:
        async with self._claiming:
            run = await self._kept.claim(await self._resumable(run_id, base))
            async with self._launched(run, base):
                await settle_undo(run, base.workspace)
                unsaid = () if run.history.spoken.prompt is not None else (_prompt_of(run.row),)
                await run.event(*left_open(run.history), *unsaid, RunEvent(state="running", reason="resumed"), durable=True)
            return "running"

    async def _resumable(self, run_id: str, base: Base) -> RunRow:
        """Return a run that can go on, at home with ``base``. Raises `RequestError`."""
        if await self._goes_on(run_id):
            raise RequestError("This run is going on.", code="run_active")
        row = await self._kept.row(run_id)
        if row.state not in ENDED:
            raise elsewhere()
        if row.state not in {"interrupted", "failed"}:
            raise RequestError(f"This run is {row.state}: there is nothing to resume.", code="not_resumable")
        if (active := self.active_in(row.channel_id)) is not None:
            raise RequestError(f"The run {active} is going on in this channel.", code="run_active")
        folder = row.request.folder
        if folder is not None and base.workspace.folder(folder) is None:
            raise RequestError(f"This run works in {folder}; open that folder, or one around it, to resume it.", code="folder_not_open")
        return row

    async def undo(self, run_id: str, base: Base, scope: UndoScope = "run", ids: Sequence[str] = ()) -> UndoResult:
        """Take back what an ended run changed, to the end once it is begun. Raises `RequestError` ``run_active``."""
        return await self._to_its_end(self._undo(run_id, base, scope, ids), f"undo {run_id}")

    async def _undo(self, run_id: str, base: Base, scope: UndoScope, ids: Sequence[str]) -> UndoResult:
        async with self._claiming:
            if await self._goes_on(run_id):
                raise RequestError("This run is going on; cancel it before you undo it.", code="run_active")
            async with self._kept.borrowed(run_id) as run:
                if scope in {"step", "hunk"}:
                    return await undo_part(run, base.workspace, scope, ids)
                return await undo(run, base.workspace, ids if scope == "file" else ())

    async def decide(self, run_id: str, base: Base, choice: HunkChoice) -> Sequence[UndoConflict]:
        """Carry out what a person decides about hunks of a run, which may go on, to the end once it is begun; returns what cannot be had.

        The first verdict on a hunk counts. Raises as `agents.verdicts.chosen` does, and ``run_active`` for another server's run.
        """
        return await self._to_its_end(self._decide(run_id, base, choice), f"decide about hunks of {run_id}")

    async def _decide(self, run_id: str, base: Base, choice: HunkChoice) -> Sequence[UndoConflict]:
        while True:
            if (live := self._live.get(run_id)) is not None:
                async with live.run.deciding:
                    if live.is_begun and not live.has_ended:
                        return (await decide(live.run, live.base.workspace, chosen(live.run.history, choice), choice.verdict)).conflicts
                await live.gone.wait()
            async with self._claiming:
                if run_id in self._live:
                    continue  # it is resumed meanwhile
                async with self._kept.borrowed(run_id) as run:
                    await settle_undo(run, base.workspace)
                    return (await decide(run, base.workspace, chosen(run.history, choice), choice.verdict)).conflicts

    async def _to_its_end(self, work: Coroutine[Any, Any, _T], name: str) -> _T:
        """Do something that a client's hanging up does not stop half-way."""
        outcome = await asyncio.shield(self._tasks.spawn(_tried(work), name=name))
        if isinstance(outcome, (RequestError, StorageError)):
            raise outcome
        return outcome

    async def note(self, run_id: str, record: Record) -> None:
        """Journal what became of something in a run, which may have ended. Raises `RequestError` ``run_active`` for another server's."""
        async with self._claiming:
            if await self._goes_on(run_id) and (live := self._live.get(run_id)) is not None:
                await live.run.record(record)
                return
            async with self._kept.borrowed(run_id) as run:
                await run.record(record)

    async def events(self, run_id: str, after: int) -> RunEvents:
        """Return what a client missed."""
        live = self._live.get(run_id)
        if live is not None:
            return await live.run.events(after)
        return await self._kept.events(run_id, after)

    async def history(self, run_id: str) -> History:
        """Return what is known of a run."""
        if (live := self._live.get(run_id)) is not None:
            return live.run.history
        return await self._kept.history(run_id)

    async def readable(self, run_id: str) -> History | None:
        """Return what is known of one run among others; None, which the log explains, where a newer server has written what it is."""
        try:
            return await self.history(run_id)
        except UnreadableRunError as reason:
            log.warning("left out: %s", reason)
            return None

    async def settled_history(self, run_id: str, base: Base) -> History:
        """Return what is known of a run, once it is found out how an undo went that a crash cut off."""
        history = await self.history(run_id)
        if run_id in self._live or self._claiming.locked() or not was_cut_off(history):
            return history  # what is under way says itself how it went
        async with self._claiming:
            row = await self._kept.row(run_id)
            if run_id in self._live or row.state not in ENDED:
                return history
            try:
                run = await self._kept.claim(row)
            except RequestError:
                return history  # the server that has it finds that out
            try:
                await settle_undo(run, base.workspace)
            finally:
                await self._kept.release(run_id, run)
            return run.history

    @property
    def live(self) -> int:
        """How many runs go on."""
        return len(self._live)

    def standing(self) -> tuple[AgentEvent, ...]:
        """Return the events that say how each live run stands now."""
        return self._live.standing()

    def at_home(self, run_id: str, base: Base) -> bool:
        """Say whether a live run is at home there."""
        live = self._live.get(run_id)
        return live is not None and live.base is base

    async def until_quiet(self, base: Base) -> None:
        """Wait until no run that is at home there goes on."""
        await self._live.until_quiet(base)

    async def aclose(self) -> None:
        """Interrupt every live run and wait until each is journalled as such; what else is under way is brought to its end."""
        self._is_closing = True
        for live in self._live:
            live.halt("interrupted", "server_stopped")
        while self._tasks.running or self._claiming.locked():
            await self._tasks.settled()
            async with self._claiming:  # some of what takes turns at it is done by requests, not by tasks of ours
                pass
        await self._tasks.aclose()

    async def _goes_on(self, run_id: str) -> bool:
        """Say whether a run is live. One that has told its end and is being put away is waited for: clients react to what they are told."""
        live = self._live.get(run_id)
        if live is not None and live.has_ended:
            await live.gone.wait()
            return False
        return live is not None

    @asynccontextmanager
    async def _launched(self, run: LiveRun, base: Base) -> AsyncIterator[None]:
        """Set a run going once what comes before is done; one that fails at it is nobody's, and can be resumed where there is room."""
        live = self._live.add(run, base)
        try:
            async with run.deciding:  # a verdict that comes now is about a run that goes on
                yield
            self._tasks.spawn(self._drive(live), name=f"run {run.run_id}")
        except BaseException:
            await self._put_away(live)
            raise
        live.is_begun = True
        if self._is_closing:
            live.halt("interrupted", "server_stopped")
        self._on_change(run.row.channel_id)

    async def _drive(self, live: Live) -> None:
        run, end = live.run, INTERNAL
        live.walking = asyncio.current_task()
        try:
            if live.stop is None:
                await self._walk(live)
                end = RunEvent(state="succeeded")
            else:
                end = end_by_stop(live.stop, live.reason)
        except asyncio.CancelledError:
            end = end_by_stop(live.stop or "interrupted", live.reason)
        except (ApprovalRequiredError, RunError, RequestError, StorageError) as failure:
            end = end_by_failure(failure)
        except CoterieError as failure:
            log.exception("run %s failed unexpectedly", run.run_id)
            end = end_by_failure(failure)
        except ImportError:
            log.exception("run %s needs what cannot be loaded", run.run_id)
            end = REPLACED
        except Exception:
            log.exception("run %s failed unexpectedly", run.run_id)
        finally:
            await whole(self._end(live, end))  # who stops it now comes too late, and must not leave it without an end

    async def _walk(self, live: Live) -> None:
        if live.run.history.state.state != "running":
            await live.run.event(RunEvent(state="running"))
        walk = await live.base.assemble(live.run)
        await walk.walk()

    async def _end(self, live: Live, end: RunEvent) -> None:
        run = live.run
        try:
            async with live.speaking:
                live.is_over = True
            async with run.deciding:
                closed = given_up(run.history) if end.state == "cancelled" else ()
                late = not_heard(run.history) if end.state == "succeeded" else ()  # what is interrupted, or failed, may hear it yet
                await run.event(*closed, *late, end, durable=True)
        except StorageError as failure:
            log.error("the end of run %s could not be written; it will read as interrupted: %s", run.run_id, failure.message)  # noqa: TRY400 - its traceback says no more
        finally:
            await self._put_away(live)
            self._on_change(run.row.channel_id)

    async def _put_away(self, live: Live) -> None:
        try:
            await self._kept.release(live.run.run_id, live.run)
        finally:
            self._live.remove(live)


def _prompt_of(row: RunRow) -> MessageEvent:
    return MessageEvent(message_id=new_id("message"), role="user", text=row.request.prompt, attachments=attached(row.request.attachments))


async def _tried(work: Coroutine[Any, Any, _T]) -> _T | RequestError | StorageError:
    """Return a refusal instead of raising it: a request that cannot be met, or a disk that is full, is no failure of the task."""
    try:
        return await work
    except (RequestError, StorageError) as refusal:
        return refusal
