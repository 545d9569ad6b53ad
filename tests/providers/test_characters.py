"""Characters that a host cut in two arrive whole, whatever comes in between."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from coterie.domain.messages import Finished, StreamEvent, TextDelta, ThoughtDelta, ToolCallArguments, ToolCallEnded, ToolCallStarted
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


KEY = "sk-live-0123456789abcdef"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([f"It is {KEY}, I think"], ["It is …, I think"]),
        ([f"It is {KEY[:5]}", KEY[5:9], f"{KEY[9:]} indeed"], ["It is ", "… indeed"]),
        ([*f"{KEY}{KEY}"], ["…", "…"]),
        ([KEY, KEY[:-1]], ["…", KEY[:-1]]),
        (["ask", "s", "-live wires"], ["ask", "s-live wires"]),
        (["é class", "es"], ["é clas", "ses"]),
    ],
)
@pytest.mark.parametrize("kind", [TextDelta, ThoughtDelta])
def test_no_answer_holds_the_key_of_its_call(kind: type[TextDelta | ThoughtDelta], pieces: Sequence[str], expected: Sequence[str]) -> None:
    whole = WholeCharacters(KEY)
    events: list[StreamEvent] = [*(kind(piece) for piece in pieces), STOP]
    told = [piece for event in events for piece in whole.feed(event)]
    texts = [piece.text for piece in told if isinstance(piece, TextDelta | ThoughtDelta)]
    assert KEY not in "".join(texts)
    assert "".join(texts) == "".join(expected)


def test_what_comes_whole_does_not_either() -> None:
    whole = WholeCharacters(KEY)
    assert [*whole.feed(ThoughtDelta("", f"{KEY} is sealed"))] == [ThoughtDelta("", "… is sealed")]
    assert [*whole.feed(ToolCallStarted("a", f"read_{KEY}"))] == [ToolCallStarted("a", "read_…")]


def test_a_tool_call_does_not_either() -> None:
    whole = WholeCharacters(KEY)
    events: list[StreamEvent] = [
        ToolCallArguments("a", f'{{"path": "{KEY[:7]}'),
        ToolCallArguments("a", f'{KEY[7:]}"}}'),
        ToolCallEnded("a"),
        STOP,
    ]
    told = [piece.text for event in events for piece in whole.feed(event) if isinstance(piece, ToolCallArguments)]
    assert "".join(told) == '{"path": "…"}'


@pytest.mark.parametrize("word", ["ollama", "not-needed-by-this-host", "lm-studio-1"])
def test_what_is_no_key_may_be_said(word: str) -> None:
    whole = WholeCharacters(word)
    assert [*whole.feed(TextDelta(f"install {word}"))] == [TextDelta(f"install {word}")]
