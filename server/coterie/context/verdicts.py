"""What a model is told of hunks that a person has reviewed: which were rejected, so that it does not write them again. Pure.

`agents.loop` puts it into the next message that it says anyway, a tool's result or the person's words: a message of its own would be one
that nobody said. Of an edit that was shown before it was made the call's own result says it, by `agents.proposing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from coterie.domain.edits import Hunk
from coterie.domain.messages import ToolMessage, UserMessage
from coterie.domain.reviews import DecidedHunk

MOST_HUNKS: Final = 20
MOST_LINES: Final = 30
"""Of each side of a hunk."""


def with_verdicts(message: UserMessage | ToolMessage, decided: Sequence[DecidedHunk]) -> UserMessage | ToolMessage:
    """Return a message that tells of verdicts besides: behind the last result of a tool, or before what the person says."""
    if not decided:
        return message
    told = worded(decided)
    if isinstance(message, ToolMessage):
        *others, last = message.results
        return replace(message, results=(*others, replace(last, output=f"{last.output}\n\n{told}")))
    return replace(message, text=f"{told}\n\n{message.text}", preface=len(told) + 2 + message.preface)


def worded(decided: Sequence[DecidedHunk]) -> str:
    """Say what a person has decided, hunk by hunk."""
    return "\n".join(["[The person has reviewed changes of yours.", *_some(decided, was_there=True)]) + "]"


def not_in_file(hunks: Sequence[DecidedHunk]) -> str:
    """Say which hunks of an edit are not in its files, to who wanted them: what a person rejected, and what is left to them."""
    return "\n".join(_some(hunks, was_there=False))


def _some(hunks: Sequence[DecidedHunk], *, was_there: bool) -> Iterator[str]:
    """Show as many hunks as are worth the room, and say where the others are."""
    shown, left = hunks[:MOST_HUNKS], hunks[MOST_HUNKS:]
    yield from ("\n".join([_verdict(each, was_there=was_there), *_lines(each.hunk)]) for each in shown)
    if left:
        yield f"{len(left)} more in {', '.join(sorted({each.path for each in left}))}: read what stands there before you edit it."


def _verdict(decided: DecidedHunk, *, was_there: bool) -> str:
    """Say what was decided about a hunk, of an edit that ``was_there`` before, or that came into no file."""
    place, review = f"{decided.path}, line {decided.hunk.old_start}", decided.hunk.review
    if was_there and review == "accepted":
        return f"Accepted, and now applied, in {place}:"
    if was_there or review == "rejected":
        where = f"{decided.path} any more, line {decided.hunk.old_start}" if was_there else place
        return f"Rejected, and not in {where}. Do not make this change again unless they ask for it:"
    return f"Not in {place}:"


def _lines(hunk: Hunk) -> Iterator[str]:
    for mark, text in (("-", hunk.old_text), ("+", hunk.new_text)):
        lines = text.splitlines()
        yield from (mark + line for line in lines[:MOST_LINES])
        if len(lines) > MOST_LINES:
            yield f"{mark}… {len(lines) - MOST_LINES} lines more"
