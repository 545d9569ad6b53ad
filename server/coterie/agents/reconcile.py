"""What became of calls that a process left behind: of an edit of which the journal knows the intent alone the file itself is asked.

`agents.calls` and `agents.importing` look before they do again what may have been done when the process died; a conversation in which calls
were never answered is made `valid` for hosts by whoever goes on with it, or shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coterie.agents.edit_records import seen_from
from coterie.agents.history import Edit
from coterie.agents.live_run import LiveRun
from coterie.context.thread import Placed
from coterie.domain.edits import kind_of
from coterie.domain.events import ChangeEvent, ToolCallState
from coterie.domain.messages import AssistantMessage, ToolCall, ToolMessage, ToolResult
from coterie.domain.records import EditOutcome, EventRecord
from coterie.domain.workspace_ports import Workspace
from coterie.workspace.files import in_thread
from coterie.workspace.hunks import hunks_between
from coterie.workspace.merge import shows_edit

UNKNOWN_OUTCOME = "Interrupted before its result was known; verify what it did before you go on."


async def reconciled(run: LiveRun, workspace: Workspace, edit: Edit) -> tuple[ToolCallState, str] | None:
    """Say how an edit ended, and journal what was not known; None when it certainly did not happen."""
    intent = edit.intent
    told = run.history.changes.get(intent.change_id)
    if edit.state == "applied" or (told is not None and told.state == "rejected"):  # what a person has rejected since is not done again
        return "succeeded", f"Changed {seen_from(run.row.request.folder, intent)}."
    if edit.state is not None:
        return None
    text = await workspace.read(workspace.locate(intent.path, intent.folder), exact=True)
    before, after = [None if kept is None else await run.text(kept) for kept in (intent.before, intent.after)]
    if not await in_thread(shows_edit, text, before, after):
        if not await in_thread(shows_edit, text, after, before):
            return "failed", UNKNOWN_OUTCOME
        await run.record(EditOutcome(change_id=intent.change_id, state="refused", reason="Interrupted before it happened."))
        return None
    hunks = await in_thread(hunks_between, before, after, state="applied", step_id=intent.step_id)
    what = kind_of(before, after)
    change = ChangeEvent(change_id=intent.change_id, path=intent.path, uri=intent.uri, state="applied", hunks=hunks, what=what)
    await run.record(EditOutcome(change_id=intent.change_id, state="applied"), EventRecord(event=change))
    return "succeeded", f"Changed {seen_from(run.row.request.folder, intent)}."


def valid(said: Sequence[Placed]) -> tuple[Placed, ...]:
    """Return a conversation that hosts accept: calls that were never answered are answered as interrupted."""
    made: list[Placed] = []
    for placed, following in zip(said, [*said[1:], None], strict=False):
        made.append(placed)
        message = placed.message
        is_answered = following is not None and isinstance(following.message, ToolMessage)
        if isinstance(message, AssistantMessage) and message.tool_calls and not is_answered:
            made.append(replace(placed, message=ToolMessage(results=tuple(map(_interrupted, message.tool_calls)))))
    return tuple(made)


def _interrupted(call: ToolCall) -> ToolResult:
    return ToolResult(call_id=call.call_id, tool=call.tool, output=UNKNOWN_OUTCOME, failed=True)
