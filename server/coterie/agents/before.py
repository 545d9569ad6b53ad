"""What was said in a channel before a run, and what people have decided about it since.

`agents.assembly` begins a run's conversation with it, `agents.inspection` shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coterie.agents.history import history_of
from coterie.agents.loop import valid
from coterie.agents.workflow import Workflow
from coterie.context.thread import Before, Placed
from coterie.domain.events import ENDED
from coterie.domain.inspection import Marks, marks_of
from coterie.domain.records import CompactionRecord, ConversationRecord, Entry
from coterie.domain.reviews import DecidedHunk
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import ChannelStore, MarkStore, RunStore

_MOST = 1_000
"""How many runs of a channel belong to its story at most."""


async def decided(marks: MarkStore, channel_id: str) -> Marks:
    """Return what holds of the decisions about a channel."""
    return marks_of(await marks.of(channel_id))


@dataclass(frozen=True, slots=True)
class Told:
    """A run of a channel's story, up to the number ``through``; None: all of it, it is the channel's own."""

    row: RunRow
    through: int | None = None


async def story(runs: RunStore, channels: ChannelStore, channel_id: str, *, before: str | None = None) -> tuple[Told, ...]:
    """Return the runs of a channel, oldest first, those before the run ``before``; a fork's story begins with what it keeps of others."""
    rows = await runs.rows(channel_id=channel_id, before=before, limit=_MOST)
    fork = await channels.fork_of(channel_id)
    kept = [(await runs.row(each.run_id), each.through) for each in (fork.kept if fork is not None else ())]
    return (*(Told(row, through) for row, through in kept if row is not None), *map(Told, reversed(rows)))


def up_to(entries: Sequence[Entry], through: int | None) -> tuple[Entry, ...]:
    """Return the entries of a run that belong to a story."""
    return tuple(entry for entry in entries if through is None or entry.seq <= through)


async def conversation_before(
    runs: RunStore, channels: ChannelStore, channel_id: str, workflow: Workflow, *, before: str | None = None
) -> tuple[Before, ConversationRecord | None]:
    """Return what the same agent talked about in this channel before a run, and what stays the same in all of its requests."""
    if len(workflow.steps) > 1:
        return Before(), None
    step = workflow.steps[0]
    said: list[Placed] = []
    compactions: list[CompactionRecord] = []
    frozen: ConversationRecord | None = None
    decided: dict[str, DecidedHunk] = {}
    told: set[str] = set()
    for each in await story(runs, channels, channel_id, before=before):
        row = each.row
        if row.workflow is not None or (row.agent or "chat") != step.agent or (row.state not in ENDED and each.through is None):
            continue
        entries = await runs.read(row.run_id)
        history = history_of(up_to(entries, each.through))
        compactions = [made for made in (*compactions, *history.compactions) if made.compaction_id not in history.restored]
        if (conversation := history.conversations.get((step.step_id, 1))) is not None:
            frozen = frozen or conversation.record
            said += valid(conversation.placed(row.run_id))
        known = {hunk.hunk_id for change in history.changes.values() for hunk in change.hunks}
        now = history if each.through is None else history_of(entries)  # a verdict since a cut is about the same files
        decided |= {made.hunk.hunk_id: made for made in now.decided if made.hunk.hunk_id in known}
        told |= history.told.get((step.step_id, 1), set())
    untold = tuple(each for hunk_id, each in decided.items() if hunk_id not in told)
    return Before(tuple(said), tuple(compactions), untold), frozen
