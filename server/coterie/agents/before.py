"""What was said in a channel before a run, and what people have decided about it since.

`agents.assembly` begins a run's conversation with it, `agents.inspection` shows it.
"""

from __future__ import annotations

from coterie.agents.history import history_of
from coterie.agents.loop import valid
from coterie.agents.workflow import Workflow
from coterie.context.thread import Before, Placed
from coterie.domain.events import ENDED
from coterie.domain.inspection import Marks, marks_of
from coterie.domain.records import CompactionRecord, ConversationRecord
from coterie.domain.reviews import DecidedHunk
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import MarkStore, RunStore


async def decided(marks: MarkStore, channel_id: str) -> Marks:
    """Return what holds of the decisions about a channel."""
    return marks_of(await marks.of(channel_id))


async def conversation_before(runs: RunStore, run: RunRow, workflow: Workflow) -> tuple[Before, ConversationRecord | None]:
    """Return what the same agent talked about in this channel before, and what stays the same in all of its requests."""
    if len(workflow.steps) > 1:
        return Before(), None
    step = workflow.steps[0]
    said: list[Placed] = []
    compactions: list[CompactionRecord] = []
    frozen: ConversationRecord | None = None
    decided: dict[str, DecidedHunk] = {}
    told: set[str] = set()
    rows = await runs.rows(channel_id=run.channel_id, before=run.run_id, limit=1_000)
    for row in reversed(rows):
        if row.workflow is not None or (row.agent or "chat") != step.agent or row.state not in ENDED:
            continue
        history = history_of(await runs.read(row.run_id))
        compactions = [each for each in (*compactions, *history.compactions) if each.compaction_id not in history.restored]
        if (conversation := history.conversations.get((step.step_id, 1))) is not None:
            frozen = frozen or conversation.record
            said += valid(conversation.placed(row.run_id))
        decided |= {each.hunk.hunk_id: each for each in history.decided}
        told |= history.told.get((step.step_id, 1), set())
    untold = tuple(each for hunk_id, each in decided.items() if hunk_id not in told)
    return Before(tuple(said), tuple(compactions), untold), frozen
