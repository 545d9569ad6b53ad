"""Characters that a host cut in two arrive whole, whatever comes in between."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from coterie.domain.messages import Finished, StreamEvent, TextDelta, ThoughtDelta, ToolCallArguments, ToolCallEnded
from coterie.providers.characters import WholeCharacters

HIGH, LOW = "\ud83d", "\ude00"
STOP = Finished("stop")


def told(events: Sequence[StreamEvent]) -> list[StreamEvent]:
    whole = WholeCharacters()
    return [piece for event in events for piece in whole.feed(event)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([TextDelta(f"a{HIGH}"), TextDelta(f"{LOW}b"), STOP], [TextDelta("a"), TextDelta("😀b"), STOP]),
        ([TextDelta(HIGH), TextDelta(LOW), STOP], [TextDelta("😀"), STOP]),
        ([TextDelta(f"{HIGH}{LOW}{HIGH}"), TextDelta(LOW), STOP], [TextDelta("😀"), TextDelta("😀"), STOP]),
        # Each text has halves of its own.
        (
            [
                TextDelta(HIGH),
                ToolCallArguments("a", HIGH),
                ToolCallArguments("b", "{}"),
                ToolCallArguments("a", LOW),
                TextDelta(LOW),
                STOP,
            ],
            [ToolCallArguments("b", "{}"), ToolCallArguments("a", "😀"), TextDelta("😀"), STOP],
        ),
        # A half that stays alone is told as it came, in its place.
        ([ToolCallArguments("a", HIGH), ToolCallEnded("a"), STOP], [ToolCallArguments("a", HIGH), ToolCallEnded("a"), STOP]),
        ([TextDelta(HIGH), TextDelta("b"), STOP], [TextDelta(f"{HIGH}b"), STOP]),
        ([TextDelta(f"b{HIGH}"), STOP], [TextDelta("b"), TextDelta(HIGH), STOP]),
        # The proof of a thought comes without words.
        (
            [ThoughtDelta(f"a{HIGH}"), ThoughtDelta("", "proof"), STOP],
            [ThoughtDelta("a"), ThoughtDelta("", "proof"), ThoughtDelta(HIGH), STOP],
        ),
    ],
)
def test_halves_are_joined(events: Sequence[StreamEvent], expected: Sequence[StreamEvent]) -> None:
    assert told(events) == expected
