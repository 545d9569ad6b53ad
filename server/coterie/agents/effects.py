"""The only place where an agent's proposal becomes an effect: after it was allowed, with its intent journalled before and its result after.

`agents.calls` hands proposals over. An edit in progress is not abandoned half-way by a cancellation; a command is killed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from coterie.agents.live_run import LiveRun
from coterie.base.errors import ModelMistakeError
from coterie.base.ids import new_id
from coterie.base.tasks import TaskSupervisor
from coterie.domain.edits import Applied, ChangeState, Draft, Hunk, Outcome, Refused, digest_of
from coterie.domain.events import ChangeEvent, WarningEvent
from coterie.domain.ports import Command, Sandbox, Workspace
from coterie.domain.proposals import CommandProposal, EditProposal
from coterie.domain.records import CommandIntent, EditIntent, EditOutcome, EventRecord, SuiteRecord
from coterie.tools.testoutput import failures
from coterie.workspace.hunks import hunks_between

SHELL = ("/bin/sh", "-c")


@dataclass(frozen=True, slots=True)
class Where:
    """The call on whose behalf something happens."""

    step_id: str | None
    attempt: int
    call_id: str


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
        work = self._tasks.spawn(self._tried(where, proposal), name=f"edit {proposal.file.path}")
        try:
            told = await asyncio.shield(work)
        except asyncio.CancelledError:
            # The effect may have begun: its outcome belongs into the journal before the run ends.
            await asyncio.wait([work])
            raise
        if isinstance(told, ModelMistakeError):
            raise told
        return told

    async def _tried(self, where: Where, proposal: EditProposal) -> str | ModelMistakeError:
        """Return a mistake instead of raising it: a person who types is no failure of the task, which would be logged as one."""
        try:
            return await self._edit(where, proposal)
        except ModelMistakeError as mistake:
            return mistake

    async def _edit(self, where: Where, proposal: EditProposal) -> str:
        change_id = new_id("change")
        drafts: list[Draft] = []

        async def intend(draft: Draft) -> None:
            drafts.append(draft)
            texts = [text for text in (draft.before, draft.after) if text is not None]
            await self._run.record(_intent(change_id, where, draft), texts=texts, durable=True)

        outcome: Outcome
        try:
            outcome = await self._workspace.change(proposal.file, proposal.rewrite, label=proposal.summary, on_intent=intend)
        except ModelMistakeError as mistake:
            if drafts:
                await self._run.record(EditOutcome(change_id=change_id, state="refused", reason=mistake.message))
            raise
        return await self._settled(where, proposal, change_id, drafts, outcome)

    async def _settled(self, where: Where, proposal: EditProposal, change_id: str, drafts: list[Draft], outcome: Outcome) -> str:
        match outcome:
            case Applied(draft) if not drafts:
                return f"{draft.file.path} has this content already; nothing was changed."
            case Applied(draft):
                await self._run.record(
                    EditOutcome(change_id=change_id, state="applied"),
                    EventRecord(event=_change(change_id, where, draft, "applied")),
                )
                return proposal.summary
            case Refused(reason):
                if drafts:
                    await self._run.record(
                        EditOutcome(change_id=change_id, state="refused", reason=reason),
                        EventRecord(event=_change(change_id, where, drafts[-1], "proposed")),
                        EventRecord(event=WarningEvent(code="edit_refused", text=f"{proposal.file.path}: {reason}")),
                    )
                raise ModelMistakeError(f"{proposal.file.path} was not changed: {reason}")

    async def command(self, where: Where, proposal: CommandProposal, timeout_s: float | None) -> tuple[str, bool]:
        """Run a command; return what the model is told, and whether it ended with 0. ``timeout_s`` is what is left of the run's time."""
        argv = (*SHELL, proposal.command)
        await self._run.record(CommandIntent(call_id=where.call_id, step_id=where.step_id or "", argv=argv), durable=True)
        result = await self._sandbox.run(
            Command(
                argv=argv,
                cwd=proposal.cwd,
                writable=tuple(folder.absolute for folder in self._workspace.folders),
                unsaved=self._workspace.unsaved(),
                timeout_s=proposal.timeout_s if timeout_s is None else min(proposal.timeout_s, timeout_s),
                network=self._network,
            )
        )
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
        return f"$ {proposal.command}\n{result.output.rstrip()}\n[{ended}]", result.exit_code == 0


def _intent(change_id: str, where: Where, draft: Draft) -> EditIntent:
    return EditIntent(
        change_id=change_id,
        step_id=where.step_id or "",
        call_id=where.call_id,
        folder=draft.file.folder,
        path=draft.file.path,
        uri=draft.file.uri,
        before=None if draft.before is None else digest_of(draft.before),
        after=None if draft.after is None else digest_of(draft.after),
    )


def _change(change_id: str, where: Where, draft: Draft, state: ChangeState) -> ChangeEvent:
    hunks: tuple[Hunk, ...] = hunks_between(draft.before, draft.after, state=state, step_id=where.step_id)
    return ChangeEvent(change_id=change_id, path=draft.file.path, uri=draft.file.uri, state=state, hunks=hunks)
