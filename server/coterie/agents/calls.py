"""Answers the tool calls of one message: judged, allowed, carried out, told, in the order in which the model made them.

Reading calls run side by side, all others one after the other. After a crash or an interruption `Calls.answer` is asked the same message
again: what ended is answered from the journal, what certainly did not happen is done, and what nobody can know is said to be so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import assert_never

from coterie.agents.approvals import RunApprovals
from coterie.agents.disk_changes import edits_of, settle_commands, told
from coterie.agents.edit_records import Where, seen_from
from coterie.agents.effects import Effects
from coterie.agents.history import FINISHED_CALLS, Edit
from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.proposing import Proposing
from coterie.agents.reconcile import UNKNOWN_OUTCOME, reconciled
from coterie.agents.wanted import Asking, Verdict, Wanted
from coterie.base.errors import ModelMistakeError
from coterie.base.tasks import side_by_side
from coterie.domain.events import ToolCallEvent, ToolCallState
from coterie.domain.messages import AssistantMessage, ToolCall, ToolMessage, ToolResult
from coterie.domain.proposals import (
    CommandProposal,
    EditProposal,
    MoveProposal,
    NoteProposal,
    Proposal,
    QuestionProposal,
    Reply,
    Submission,
)
from coterie.domain.records import EditIntent
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Workspace
from coterie.tools.registry import Toolbox
from coterie.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a step's calls are held to: the paths that it may write, and the meter that knows how much time is left."""

    writes: tuple[str, ...]
    meter: Meter


@dataclass(frozen=True, slots=True)
class Answered:
    """The results for the model, and the artifact when one of the calls submitted a valid one."""

    message: ToolMessage
    artifact: Mapping[str, Json] | None


class Calls:
    """Answers the calls of one attempt of one step.

    ``accept`` turns a submission into the step's artifact or raises `ModelMistakeError`.
    """

    def __init__(
        self,
        run: LiveRun,
        workspace: Workspace,
        *,
        step_id: str,
        attempt: int,
        toolbox: Toolbox,
        approvals: RunApprovals,
        effects: Effects,
        limits: Limits,
        accept: Callable[[Mapping[str, Json]], Mapping[str, Json]],
    ) -> None:
        self._run = run
        self._workspace = workspace
        self._step_id = step_id
        self._attempt = attempt
        self._toolbox = toolbox
        self._approvals = approvals
        self._effects = effects
        self._proposing = Proposing(run, workspace, approvals, effects)
        self._limits = limits
        self._accept = accept
        self._artifact: Mapping[str, Json] | None = None

    async def answer(self, message: AssistantMessage) -> Answered:
        """Answer every call of a message."""
        results: list[ToolResult] = []
        for together in self._batches(message.tool_calls):
            results += await side_by_side(*(self._answer(call) for call in together))
        return Answered(ToolMessage(results=tuple(results)), self._artifact)

    def _batches(self, calls: tuple[ToolCall, ...]) -> Iterator[list[ToolCall]]:
        # What ends the step comes last, so that calls beside it are not lost.
        ordered = sorted(calls, key=lambda call: call.tool == "submit")
        for reads_only, group in groupby(ordered, key=self._reads_only):
            if reads_only:
                yield list(group)
            else:
                yield from ([call] for call in group)

    def _reads_only(self, call: ToolCall) -> bool:
        tool = self._toolbox.tools.get(call.tool)
        return tool is not None and tool.reads_only

    async def _answer(self, call: ToolCall) -> ToolResult:
        known = self._run.history.calls.get(call.call_id)
        if known is not None and known.state in FINISHED_CALLS and call.tool != "submit":
            return ToolResult(call_id=call.call_id, tool=call.tool, output=known.output or "", failed=known.state != "succeeded")
        try:
            state, output = await self._carry_out(call)
        except ModelMistakeError as mistake:
            state, output = "failed", mistake.message
        except asyncio.CancelledError:
            latest = self._run.history.calls.get(call.call_id)
            if latest is not None and latest.state == "running" and call.call_id not in self._run.history.proposals:
                await self._tell(call, "failed", UNKNOWN_OUTCOME)
            raise
        await self._tell(call, state, output)
        return ToolResult(call_id=call.call_id, tool=call.tool, output=output, failed=state != "succeeded")

    async def _carry_out(self, call: ToolCall) -> tuple[ToolCallState, str]:
        if call.call_id not in self._run.history.calls:
            await self._tell(call, "pending")
        if (reconciled := await self._reconcile(call)) is not None:
            return reconciled
        tool = self._toolbox.get(call.tool)
        if (why := self._toolbox.hidden.get(call.tool)) is not None:
            return "denied", f"Denied: {call.tool} is {why}."
        if call.arguments is None:
            raise ModelMistakeError(f"The arguments of {call.tool} are not a JSON object. Send the call again with valid JSON.")
        effects = await tool.effects(call.arguments)
        wanted = Wanted(title=self._title(call, tool), effects=effects, writes=self._limits.writes, is_edit=tool.edits)
        standing = await self._approvals.weigh(wanted)
        if isinstance(standing, Asking):
            offered = await self._offered(call, tool, standing) if standing.is_about_an_edit else None
            if offered is not None:
                return offered
            await tool.check(call.arguments)
            standing = await self._approvals.ask(standing)
        if not standing.allowed:
            return "denied", standing.reason
        await self._tell(call, "running")
        return await self._act(call, await tool.propose(call.arguments))

    async def _offered(self, call: ToolCall, tool: Tool, asking: Asking) -> tuple[ToolCallState, str] | None:
        """Put an edit before the person and do with it as they say; None where there is nothing to show, and they are asked without."""
        try:
            proposal = await tool.propose(call.arguments or {})
            assert isinstance(proposal, EditProposal | MoveProposal)  # noqa: S101 - such a tool makes nothing else
            where = Where(self._step_id, self._attempt, call.call_id)
            change_ids = await self._proposing.offer(where, [proposal])
        except ModelMistakeError:
            if asking.by_rule:
                return None  # what does not fit says something of the file, and nobody has allowed the call yet
            raise
        if change_ids:
            return await self._settled(call, asking, change_ids)
        name = self._effects.name_of(proposal.file)
        return None if asking.by_rule else ("succeeded", f"{name} has this content already; nothing was changed.")

    async def _settled(self, call: ToolCall, standing: Asking | Verdict, change_ids: tuple[str, ...]) -> tuple[ToolCallState, str]:
        return await self._proposing.settle(standing, change_ids, begin=lambda: self._tell(call, "running"))

    async def _go_on_offering(self, call: ToolCall, change_ids: tuple[str, ...]) -> tuple[ToolCallState, str]:
        """Go on with an edit that was proposed before the run was resumed, whatever was decided since."""
        if not self._run.history.open_hunks(change_ids):
            return await self._settled(call, Verdict(allowed=True), change_ids)
        tool = self._toolbox.get(call.tool)
        effects = await tool.effects(call.arguments or {})
        wanted = Wanted(title=self._title(call, tool), effects=effects, writes=self._limits.writes, is_edit=tool.edits)
        return await self._settled(call, await self._approvals.weigh(wanted), change_ids)

    async def _act(self, call: ToolCall, proposal: Proposal) -> tuple[ToolCallState, str]:
        where = Where(self._step_id, self._attempt, call.call_id)
        match proposal:
            case Reply(text):
                return "succeeded", text
            case EditProposal() | MoveProposal() | NoteProposal():
                return "succeeded", await self._change(where, proposal)
            case CommandProposal():
                output, finished = await self._effects.command(where, proposal, self._limits.meter.left_s)
                return "succeeded" if finished else "failed", output
            case QuestionProposal(question, options):
                return "succeeded", await self._ask(question, options)
            case Submission(value):
                self._artifact = self._accept(value)
                return "succeeded", "Accepted."
            case _:
                assert_never(proposal)

    async def _change(self, where: Where, proposal: EditProposal | MoveProposal | NoteProposal) -> str:
        match proposal:
            case EditProposal():
                return await self._effects.edit(where, proposal)
            case MoveProposal():
                return await self._effects.move(where, proposal)
            case NoteProposal():
                return await self._effects.note(proposal)
            case _:
                assert_never(proposal)

    async def _ask(self, question: str, options: tuple[str, ...]) -> str:
        answer = await self._approvals.choose(question, options or ("Yes", "No"))
        return answer or "No answer. Decide by yourself, and say in your result what you assumed."

    async def _reconcile(self, call: ToolCall) -> tuple[ToolCallState, str] | None:
        """Say what became of a call that began before the run was resumed; None when it is to be carried out."""
        if change_ids := tuple(self._run.history.proposals.get(call.call_id, ())):
            return await self._go_on_offering(call, change_ids)
        if call.call_id in self._run.history.commands:
            return None if call.tool == "run_tests" else ("failed", await self._cut_off(call))
        if edits := edits_of(self._run.history, call.call_id):
            settled = [await reconciled(self._run, self._workspace, edit) for edit in edits if edit is edits[-1] or edit.state is None]
            if call.tool == "move_file" and (half := _half_moved(edits)) is not None:
                return await self._finish_move(call, half)
            return settled[-1]
        return None

    async def _cut_off(self, call: ToolCall) -> str:
        """Return what is known of a command that ran when the server died: which files it had changed."""
        await settle_commands(self._run, self._workspace)
        return "\n".join(filter(None, [UNKNOWN_OUTCOME, told(self._run, call.call_id)]))

    async def _finish_move(self, call: ToolCall, half: EditIntent) -> tuple[ToolCallState, str]:
        """Do the second half of a move whose first half, ``half``, was done before the run was resumed."""
        if half.after is None:
            return "failed", f"Nothing was moved to {seen_from(self._run.row.request.folder, half)}."
        source = self._workspace.locate(str((call.arguments or {})["path"]), half.folder)
        to, text = self._workspace.locate(half.path, half.folder), await self._run.text(half.after)
        proposal = MoveProposal(source, to, text, None, f"Moved {self._effects.name_of(source)} to {self._effects.name_of(to)}.")
        return "succeeded", await self._effects.finish_move(Where(self._step_id, self._attempt, call.call_id), proposal)

    def _title(self, call: ToolCall, tool: Tool) -> str:
        """Return what a person is asked: what is called, and about what, by where that lies, however the agent has named it."""
        arguments = call.arguments or {}
        if call.tool == "git_operation":
            return f"git {arguments.get('operation', '')}".strip()
        about = arguments.get("command") or arguments.get("path") or arguments.get("url") or arguments.get("note") or ""
        to, place = arguments.get("to"), arguments.get("cwd")
        if about == arguments.get("path") and tool.kinds and tool.kinds <= {"read", "write"}:  # a note is no path, whatever it looks like
            about, to = self._named(about), self._named(to)
        if call.tool == "execute_command" and (place := self._named(place)) not in {None, "", "."}:
            return f"{call.tool} in {place}: {about}"
        return f"{call.tool} {about}{f' to {to}' if call.tool == 'move_file' and to is not None else ''}".strip()

    def _named(self, path: Json) -> Json:
        """Return how an agent is told of what it names; as it is where it is nothing of the workspace."""
        if not isinstance(path, str) or not path:
            return path
        try:
            return self._effects.name_of(self._workspace.locate(path, self._run.row.request.folder))
        except ModelMistakeError:
            return path

    async def _tell(self, call: ToolCall, state: ToolCallState, output: str | None = None) -> None:
        await self._run.event(
            ToolCallEvent(
                call_id=call.call_id,
                message_id=self._run.history.made_by.get(call.call_id),
                step_id=self._step_id,
                tool=call.tool,
                arguments=call.arguments or {},
                state=state,
                output=output,
            )
        )


def _half_moved(edits: Sequence[Edit]) -> EditIntent | None:
    """Return the first half of a move, when it happened and the second did not."""
    made = [edit.intent for edit in edits if edit.state == "applied"]
    return made[-1] if made and all(intent.uri == made[0].uri for intent in made) else None
