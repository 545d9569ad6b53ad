"""What a model is told of hunks that a person has reviewed: which were rejected, so that it does not write them again. Pure.

`agents.loop` puts it into the next message that it says anyway, a tool's result or the person's words: a message of its own would be one
that nobody said. Of an edit that was shown before it was made the call's own result says it, by `agents.proposing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    return "\n".join(["[The person has reviewed changes of yours.", *_some(decided, _one)]) + "]"


def not_in_file(hunks: Sequence[DecidedHunk]) -> str:
    """Say which hunks of an edit are not in its files, to who wanted them: what a person rejected, and what is left to them."""
    return "\n".join(_some(hunks, _missing))


def _some(hunks: Sequence[DecidedHunk], show: Callable[[DecidedHunk], Iterator[str]]) -> Iterator[str]:
    """Show as many hunks as are worth the room, and say where the others are."""
    shown, left = hunks[:MOST_HUNKS], hunks[MOST_HUNKS:]
    yield from ("\n".join(show(each)) for each in shown)
    if left:
        yield f"{len(left)} more in {', '.join(sorted({each.path for each in left}))}: read what stands there before you edit it."


def _missing(decided: DecidedHunk) -> Iterator[str]:
    path, hunk = decided.path, decided.hunk
    if hunk.review == "rejected":
        yield f"Rejected, and not in {path}, line {hunk.old_start}. Do not make this change again unless they ask for it:"
    else:
        yield f"Not in {path}, line {hunk.old_start}:"
    yield from _lines(hunk)


def _one(decided: DecidedHunk) -> Iterator[str]:
    path, hunk = decided.path, decided.hunk
    if hunk.review == "accepted":
        yield f"Accepted, and now applied, in {path}, line {hunk.old_start}:"
    else:
        yield f"Rejected, and not in {path} any more, line {hunk.old_start}. Do not make this change again unless they ask for it:"
    yield from _lines(hunk)


def _lines(hunk: Hunk) -> Iterator[str]:
    for mark, text in (("-", hunk.old_text), ("+", hunk.new_text)):
        lines = text.splitlines()
        yield from (mark + line for line in lines[:MOST_LINES])
        if len(lines) > MOST_LINES:
            yield f"{mark}… {len(lines) - MOST_LINES} lines more"
