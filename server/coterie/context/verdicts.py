"""What a model is told of hunks that a person has reviewed: which were rejected, so that it does not write them again. Pure.

`agents.loop` puts it into the next message that it says anyway, a tool's result or the person's words: a message of its own would be one
that nobody said.
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
    shown, left = decided[:MOST_HUNKS], decided[MOST_HUNKS:]
    parts = ["[The person has reviewed changes of yours.", *("\n".join(_one(each)) for each in shown)]
    if left:
        parts.append(f"{len(left)} more in {', '.join(sorted({each.path for each in left}))}: read what stands there before you edit it.")
    return "\n".join(parts) + "]"


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
