"""A conversation as a model reads it now: what was said, without what compactions took out of it. Pure.

The journal keeps every message for good, and a `CompactionRecord` for each time that the conversation became shorter. `standing` lays the
one over the other, live, after a crash, and in the later runs of a channel: so nobody has to remember what was taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from coterie.context.elements import elements_of, emptied, reworded
from coterie.domain.messages import AssistantMessage, Message, ToolResult, UserMessage
from coterie.domain.records import CompactionRecord, OutputPlace, Stretch
from coterie.domain.reviews import DecidedHunk

SUMMARY = ""
"""The run of a message that stands in the place of others: it is in no journal as a message."""
FILE_LEFT_OUT = "[left out to make room; the file may be attached again further below, and read_file reads it as it is now]"


@dataclass(frozen=True, slots=True)
class Placed:
    """A message, and the run and number under which the journal has it."""

    run_id: str
    seq: int
    message: Message

    @property
    def is_summary(self) -> bool:
        """Whether it stands in the place of others."""
        return self.run_id == SUMMARY


def standing(said: Sequence[Placed], compactions: Sequence[CompactionRecord]) -> tuple[Placed, ...]:
    """Return the conversation after its compactions, in the order in which they were made."""
    if not compactions:
        return tuple(said)
    stretches = [stretch for compaction in compactions for stretch in compaction.replaced]
    pruned = {place for compaction in compactions for place in compaction.pruned}
    left = [pruned_of(placed, pruned) for placed in said if not any(holds(stretch, placed) for stretch in stretches)]
    latest = next((compaction for compaction in reversed(compactions) if compaction.replaced), None)
    if latest is None or latest.message is None:
        return tuple(left)
    return (Placed(SUMMARY, 0, latest.message), *left)


def since_cleared(compactions: Sequence[CompactionRecord]) -> tuple[CompactionRecord, ...]:
    """Return the compactions behind the latest one that left nothing in the place of what it took out: a new beginning."""
    cleared = [place for place, each in enumerate(compactions) if each.replaced and each.message is None]
    return tuple(compactions[cleared[-1] + 1 if cleared else 0 :])


def holds(stretch: Stretch, placed: Placed) -> bool:
    """Say whether a message is one of a stretch."""
    return stretch.run_id == placed.run_id and stretch.after < placed.seq <= stretch.through


def stretches_of(placed: Iterable[Placed]) -> tuple[Stretch, ...]:
    """Return the stretches that hold these messages: between the first and the last one of a run stands nothing else of it."""
    made: list[Stretch] = []
    for each in placed:
        if each.is_summary:
            continue
        if made and made[-1].run_id == each.run_id:
            made[-1] = replace(made[-1], through=each.seq)
        else:
            made.append(Stretch(run_id=each.run_id, after=each.seq - 1, through=each.seq))
    return tuple(made)


def pruned_of(placed: Placed, pruned: Iterable[OutputPlace]) -> Placed:
    """Return a message with its outputs at these places left out, or its texts of files."""
    message = placed.message
    places = {each.place for each in pruned if (each.run_id, each.seq) == (placed.run_id, placed.seq)}
    if not places or isinstance(message, AssistantMessage):
        return placed
    if isinstance(message, UserMessage):
        parts = elements_of(message.text)
        left = [emptied(part, FILE_LEFT_OUT) if number in places else part for number, part in enumerate(parts)]
        return replace(placed, message=reworded(message, parts, left))
    results = tuple(left_out(result) if place in places else result for place, result in enumerate(message.results))
    return replace(placed, message=replace(message, results=results))


def left_out(result: ToolResult) -> ToolResult:
    """Return what stands in the place of an output that is not sent any more."""
    words = (
        f"[this output of {result.tool}, {len(result.output):,} characters, was left out to make room; "
        "call the tool again if it matters, for a smaller part where you can]"
    )
    return replace(result, output=words)


def as_sent(thread: Iterable[Placed]) -> tuple[Message, ...]:
    """Return the messages, a summary joined with what the person says right behind it: many hosts want roles to take turns."""
    messages: list[Message] = []
    behind_summary = False
    for placed in thread:
        message = placed.message
        if behind_summary and isinstance(message, UserMessage) and isinstance(summary := messages[-1], UserMessage):
            messages[-1] = UserMessage(text=f"{summary.text}\n\n{message.text}", preface=len(summary.text) + 2 + message.preface)
        else:
            messages.append(message)
        behind_summary = placed.is_summary
    return tuple(messages)


@dataclass(frozen=True, slots=True)
class Before:
    """What a channel's conversation was before this run: all that was said, and its compactions so far.

    ``decided`` are the hunks of its changes that a person has reviewed since without the conversation having heard of it. ``folder`` is the
    URI of the folder that the paths in it were last relative to; None: nobody knows.
    """

    said: tuple[Placed, ...] = ()
    compactions: tuple[CompactionRecord, ...] = ()
    decided: tuple[DecidedHunk, ...] = ()
    folder: str | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        """What a model would be sent of it."""
        return as_sent(standing(self.said, self.compactions))


NOTHING = Before()
