"""Who cannot go on is told what fills the window, with its size, and only of ways out that would help."""

from __future__ import annotations

import pytest

from coterie.context.overflow import fills_it
from coterie.context.pieces import PINNED, Part
from coterie.domain.window import Piece, Segment


def part(source: str, tokens: int, segment: Segment = "history", *, reason: str = "said before") -> Part:
    return Part(Piece(piece_id=source, segment=segment, source=source, reason=reason, tokens=tokens))


AGENT = (part("prompt", 500, "system"), part("tools", 500, "system"))


@pytest.mark.parametrize(
    ("filler", "named", "way"),
    [
        (part("rules:AGENTS.md", 9_000, "system"), "AGENTS.md 9,000", "shorten AGENTS.md, or leave"),
        (part("rules:AGENTS.md", 9_000), "AGENTS.md 9,000", "shorten AGENTS.md, or leave"),
        (part("memory:memory.md", 9_000, "system"), "memory.md 9,000", "shorten memory.md, or leave"),
        (part("person", 9_000, reason=PINNED), "what you pinned 9,000", "pin less, or leave"),
        (part("request", 9_000, "task"), "your message 9,000", "say it in smaller parts, or leave"),
        (part("attachment:a.txt", 9_000, "task"), "a.txt 9,000", "attach less, or leave"),
        (part("attachment:a.txt", 9_000), "a.txt 9,000", "post `/compact`, or `/clear` to begin anew, or leave"),
        (part("person", 9_000), "what was said before 9,000", "post `/compact`, or `/clear` to begin anew, or leave"),
    ],
)
def test_what_fills_it_is_named_with_its_size_and_with_what_helps(filler: Part, named: str, way: str) -> None:
    text = fills_it((*AGENT, filler))
    assert text.startswith(f"Of its about 10,000 tokens {named}, the agent's prompt and tools 1,000 are most. ")
    assert f"Choose a model with a larger window, {way} pieces of it out." in text


def test_what_is_small_is_not_named_and_what_is_alike_is_one() -> None:
    text = fills_it((part("person", 3_000), part("model", 3_000), part("rules:AGENTS.md", 100, "system")))
    assert text.startswith("Of its about 6,100 tokens what was said before 6,000 are most. ")
    assert "AGENTS.md" not in text


def test_of_many_that_are_small_the_largest_are_named() -> None:
    text = fills_it([part(f"rules:{number}.md", 100 + number, "system") for number in range(12)])
    assert text.startswith("Of its about 1,266 tokens 11.md 111, 10.md 110, 9.md 109, 8.md 108 are most. ")
    assert "shorten 11.md, 10.md, 9.md, 8.md, or leave" in text


def test_where_summaries_are_given_up_that_is_said_instead() -> None:
    text = fills_it((*AGENT, part("person", 9_000)), history="Not again.")
    assert text.endswith("Choose a model with a larger window, or leave pieces of it out. Not again.")
