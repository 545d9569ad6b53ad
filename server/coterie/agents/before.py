"""What was said in a channel before a run, and what people have decided about it since.

`agents.assembly` begins a run's conversation with it, `agents.inspection` shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from coterie.agents.history import history_of
from coterie.agents.reconcile import valid
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


@dataclass(frozen=True, slots=True)
class Begun:
    """What the runs of a channel's conversation began with, each once: those before its latest summary, or new beginning, and those since.

    A conversation goes on with it. Behind a summary it may be another one: what was said is not sent as it was, either. Of the ``earlier``
    ones the latest comes first: it made that summary, and what is sent now stands behind what it began with.
    """

    earlier: tuple[ConversationRecord, ...] = ()
    since: tuple[ConversationRecord, ...] = ()

    @property
    def latest(self) -> ConversationRecord | None:
        """What the channel's next run is likely to go on with."""
        return next(iter((*self.since, *self.earlier)), None)


BEGINNING = Begun()


async def conversation_before(
    runs: RunStore, channels: ChannelStore, channel_id: str, workflow: Workflow, *, before: str | None = None
) -> tuple[Before, Begun]:
    """Return what the same agent talked about in this channel before a run, and what its runs began with."""
    if len(workflow.steps) > 1:
        return Before(), BEGINNING
    step = workflow.steps[0]
    said: list[Placed] = []
    compactions: list[CompactionRecord] = []
    begun: list[tuple[ConversationRecord | None, frozenset[str]]] = []
    decided: dict[str, DecidedHunk] = {}
    told: set[str] = set()
    folder: str | None = None
    for each in await story(runs, channels, channel_id, before=before):
        row = each.row
        if row.workflow is not None or (row.agent or "chat") != step.agent or (row.state not in ENDED and each.through is None):
            continue
        entries = await runs.read(row.run_id)
        history = history_of(up_to(entries, each.through))
        compactions = [made for made in (*compactions, *history.compactions) if made.compaction_id not in history.restored]
        conversation = history.conversations.get((step.step_id, 1))
        replacing = frozenset(made.compaction_id for made in history.compactions if made.replaced)
        begun.append((None if conversation is None else conversation.record, replacing))
        if conversation is not None:
            said += valid(conversation.placed(row.run_id))
            if conversation.messages:  # one that was cut off before it began has told of no other folder
                folder = row.request.folder or folder
        known = {hunk.hunk_id for change in history.changes.values() for hunk in change.hunks}
        now = history if each.through is None else history_of(entries)  # a verdict since a cut is about the same files
        decided |= {made.hunk.hunk_id: made for made in now.verdicts.decided if made.hunk.hunk_id in known}
        told |= history.verdicts.told(step.step_id, 1)
    untold = tuple(each for hunk_id, each in decided.items() if hunk_id not in told)
    return Before(tuple(said), tuple(compactions), untold, folder), _begun(begun, {made.compaction_id for made in compactions})


def _begun(runs: Sequence[tuple[ConversationRecord | None, frozenset[str]]], standing: Collection[str]) -> Begun:
    """Sort what runs began with; each comes with the compactions of it that replaced messages, of which those ``standing`` count."""
    since = max((place + 1 for place, (_, made) in enumerate(runs) if not made.isdisjoint(standing)), default=0)
    return Begun(_distinct(runs[:since][::-1]), _distinct(runs[since:]))


def _distinct(runs: Sequence[tuple[ConversationRecord | None, frozenset[str]]]) -> tuple[ConversationRecord, ...]:
    return tuple({(record.system, record.tools): record for record, _ in runs if record is not None}.values())
