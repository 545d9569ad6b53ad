"""The only place where an agent's proposal becomes an effect: after it was allowed, with its intent journalled before and its result after.

`agents.calls` hands proposals over. An edit in progress is not abandoned half-way by a cancellation; a command is killed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from coterie.agents import disk_changes
from coterie.agents.edit_records import Where, change_of, intent_of, named, texts_of
from coterie.agents.live_run import LiveRun
from coterie.agents.undo import take_back
from coterie.base.errors import ModelMistakeError
from coterie.base.ids import new_id
from coterie.base.kept_file import alone
from coterie.base.tasks import TaskSupervisor
from coterie.domain.edits import Applied, Draft, FileRef, Outcome, Refused
from coterie.domain.events import WarningEvent
from coterie.domain.proposals import CommandProposal, EditProposal, MoveProposal, NoteProposal
from coterie.domain.records import CommandIntent, EditOutcome, EventRecord, Record, SuiteRecord
from coterie.domain.workspace_ports import Command, CommandResult, Look, Sandbox, Workspace
from coterie.tools.testoutput import failures
from coterie.workspace.files import decoded, in_thread, put, read_bytes
from coterie.workspace.uris import place_below

SHELL = ("/bin/sh", "-c")
_ATTEMPTS = 5
_SIGN_OF_LIFE_S = 0.05
"""So often it is noted that this server lives while a command runs: what changes after its death is not taken for the command's."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Exactly:
    """Marks an edit of exact text: with line ends as they are, a mode for a file that is made, and the URI that it came from."""

    mode: int | None = None
    moved_from: str | None = None


class Effects:
    """Carries out the proposals of one run. ``network`` is the setting that opens the sandbox's network."""

    def __init__(self, run: LiveRun, workspace: Workspace, sandbox: Sandbox, tasks: TaskSupervisor, *, network: bool = False) -> None:
        self._run = run
        self._workspace = workspace
        self._sandbox = sandbox
        self._tasks = tasks
        self._network = network

    async def edit(self, where: Where, proposal: EditProposal) -> str:
        """Change a file and return what the model is told. Raises `ModelMistakeError` when nothing was changed."""
        return await self.to_its_end(self._edit(where, proposal), f"edit {proposal.file.path}")

    async def note(self, proposal: NoteProposal) -> str:
        """Add a note to a file of the person's own and return what the model is told. To note the same again changes nothing."""
        return await in_thread(_noted, proposal)

    async def move(self, where: Where, proposal: MoveProposal) -> str:
        """Move a file and return what the model is told. Raises `ModelMistakeError` when it is where it was."""
        return await self.to_its_end(self._move(where, proposal), f"move {proposal.file.path}")

    async def finish_move(self, where: Where, proposal: MoveProposal) -> str:
        """Delete the old file of a move that made its new one before the run was interrupted. Raises as `move` does."""
        return await self.to_its_end(self._leave(where, proposal), f"move {proposal.file.path}")

    def name_of(self, file: FileRef) -> str:
        """Return how the run's agents are told of a file."""
        return named(self._run.row.request.folder, file.path, place_below(file.folder, file.path))

    async def to_its_end(self, changing: Coroutine[Any, Any, _T], name: str) -> _T:
        """Do something to files that a cancellation does not stop half-way: it ends first."""
        work = self._tasks.spawn(_tried(changing), name=name)
        try:
            told = await asyncio.shield(work)
        except asyncio.CancelledError:
            # The effect may have begun: its outcome belongs into the journal before the run ends.
            await asyncio.wait([work])
            raise
        if isinstance(told, ModelMistakeError):
            raise told
        return told

    async def _move(self, where: Where, proposal: MoveProposal) -> str:
        """Make the new file, then delete the old one: a text is never in no place at all."""

        def arrive(current: str | None) -> str:
            if current is not None:
                raise ModelMistakeError(f"{self.name_of(proposal.to)} exists already. Nothing was moved.")
            return proposal.text

        leaving = EditProposal(proposal.file, lambda _: None, proposal.summary)
        if proposal.file.absolute in self._workspace.unsaved():
            # Found out now, nothing has to be made and taken back; what is typed from here on is found out by `_leave`.
            return await self._settled(
                where, leaving, "", [], Refused("it is open in the editor with unsaved text; save or close it first")
            )
        made = EditProposal(proposal.to, arrive, f"Made {proposal.to.path}.")
        await self._edit(where, made, _Exactly(proposal.mode, proposal.file.uri))
        return await self._leave(where, proposal)

    async def _leave(self, where: Where, proposal: MoveProposal) -> str:
        def leave(current: str | None) -> None:
            if current != proposal.text:
                raise ModelMistakeError("its text has changed meanwhile; move it again.")

        try:
            await self._edit(where, EditProposal(proposal.file, leave, proposal.summary), _Exactly())
        except ModelMistakeError as mistake:
            made = [edit for edit in self._run.history.edits.values() if edit.state == "applied" and edit.intent.uri == proposal.to.uri]
            stays = await take_back(self._run, self._workspace, made[-1:])
            beside = "" if stays is None else f" {self.name_of(proposal.to)} stays: {stays.reason}"
            raise ModelMistakeError(f"{self.name_of(proposal.file)} was not moved: {mistake.message}{beside}") from mistake
        return proposal.summary

    async def _edit(self, where: Where, proposal: EditProposal, exactly: _Exactly | None = None) -> str:
        change_id = new_id("change")
        moved_from = None if exactly is None else exactly.moved_from
        drafts: list[Draft] = []

        async def intend(draft: Draft) -> None:
            drafts.append(draft)
            await self._run.record(intent_of(change_id, where, draft, moved_from), texts=texts_of(draft), durable=True)

        outcome: Outcome
        try:
            outcome = await self._workspace.change(
                proposal.file,
                proposal.rewrite,
                label=proposal.summary,
                on_intent=intend,
                exact=exactly is not None,
                mode=None if exactly is None else exactly.mode,
            )
        except ModelMistakeError as mistake:
            if drafts:
                await self._run.record(EditOutcome(change_id=change_id, state="refused", reason=mistake.message))
            raise
        return await self._settled(where, proposal, change_id, drafts, outcome)

    async def _settled(self, where: Where, proposal: EditProposal, change_id: str, drafts: list[Draft], outcome: Outcome) -> str:
        match outcome:
            case Applied(draft) if not drafts:
                return f"{self.name_of(draft.file)} has this content already; nothing was changed."
            case Applied(draft):
                await self._run.record(
                    EditOutcome(change_id=change_id, state="applied"),
                    EventRecord(event=await change_of(change_id, where, draft, "applied")),
                )
                return proposal.summary
            case Refused(reason):
                records: list[Record] = []
                if drafts:
                    records.append(EditOutcome(change_id=change_id, state="refused", reason=reason))
                    records.append(EventRecord(event=await change_of(change_id, where, drafts[-1], "proposed")))
                # Also when nothing was tried: only a person can save or close what is in the way.
                name = self.name_of(proposal.file)
                await self._run.record(*records, EventRecord(event=WarningEvent(code="edit_refused", text=f"{name}: {reason}")))
                raise ModelMistakeError(f"{name} was not changed: {reason}")

    async def command(self, where: Where, proposal: CommandProposal, timeout_s: float | None) -> tuple[str, bool]:
        """Run a command; return what the model is told, and whether it ended with 0. ``timeout_s`` is what is left of the run's time."""
        look = None if proposal.only_reads else await self._workspace.look()
        try:
            # What is unsaved is looked up last: a person may type while the files are looked at.
            command = self._as_command(proposal, timeout_s)
            await self._intend(where, command, None if look is None else look.snapshot)
        except BaseException:
            if look is not None:
                await look.drop()
            raise
        result = await (self._sandbox.run(command) if look is None else self._looked_at(where, look, command))
        if proposal.is_tests:
            await self._run.record(
                SuiteRecord(
                    step_id=where.step_id,
                    attempt=where.attempt,
                    call_id=where.call_id,
                    command=proposal.command,
                    exit_code=result.exit_code,
                    failures=failures(result.full_output),
                )
            )
        ended = "timed out" if result.timed_out else f"exit code {result.exit_code}"
        changed = "" if look is None else disk_changes.told(self._run, where.call_id)
        output = "\n".join(filter(None, [f"$ {proposal.command}\n{result.output.rstrip()}\n[{ended}]", changed]))
        return output, result.exit_code == 0

    def _as_command(self, proposal: CommandProposal, timeout_s: float | None) -> Command:
        return Command(
            argv=(*SHELL, proposal.command),
            cwd=proposal.cwd,
            writable=tuple(folder.absolute for folder in self._workspace.folders),
            unsaved=self._workspace.unsaved(),
            timeout_s=proposal.timeout_s if timeout_s is None else min(proposal.timeout_s, timeout_s),
            network=self._network or proposal.network,
            repository=proposal.repository,
        )

    async def _intend(self, where: Where, command: Command, snapshot: str | None) -> None:
        intent = CommandIntent(call_id=where.call_id, step_id=where.step_id or "", argv=command.argv, snapshot=snapshot)
        await self._run.record(intent, durable=True)

    async def _looked_at(self, where: Where, look: Look, command: Command) -> CommandResult:
        """Run a command, and journal what it did to files however it ends."""
        living = self._tasks.spawn(_show_life(look), name=f"show life beside {where.call_id}")
        try:
            return await self._sandbox.run(command)
        finally:
            living.cancel()
            await self.to_its_end(self._keep_changes(where, look), f"what {where.call_id} changed")

    async def _keep_changes(self, where: Where, look: Look) -> None:
        await in_thread(look.show_life)
        await disk_changes.journal(self._run, self._workspace, where, await look.end(), look.snapshot)


async def _show_life(look: Look) -> None:
    while True:
        await in_thread(look.show_life)
        await asyncio.sleep(_SIGN_OF_LIFE_S)


def _noted(proposal: NoteProposal) -> str:
    file = Path(os.path.realpath(proposal.file))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone(file.with_suffix(".lock")):  # another run, or another server, may note something at the same moment
            for _ in range(_ATTEMPTS):  # and the person may write there
                before = read_bytes(str(file))
                text = None if before is None else decoded(before, file.name)
                if put(str(file), before, proposal.rewrite(text).encode(), within=str(file.parent), mode=0o600):
                    return proposal.summary
    except OSError as failure:
        raise ModelMistakeError(f"{file.name} cannot be written: {failure.strerror}. Nothing was noted.") from failure
    raise ModelMistakeError(f"{file.name} changed again and again meanwhile. Nothing was noted.")


async def _tried(changing: Coroutine[Any, Any, _T]) -> _T | ModelMistakeError:
    """Return a mistake instead of raising it: a person who types is no failure of the task, which would be logged as one."""
    try:
        return await changing
    except ModelMistakeError as mistake:
        return mistake
