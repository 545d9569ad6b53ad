"""Three-way merging: how an undo spares what the person typed, and how ``editing`` recognises an edit among other changes.

Whole lines first. Changes of different lines both stand, also on neighbouring lines: a boundary of lines leaves no doubt which text is
whose. Where both changed the same lines, the words of each line are merged, and there edits that merely touch are a conflict already:
the person may have gone on with the agent's word. Two insertions at one place are a conflict, too, because nobody said which is first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coterie.base.errors import MergeConflictError
from coterie.base.text import lines_of
from coterie.workspace.difference import Span, differences, reach
from coterie.workspace.line_ends import BYTE_ORDER_MARK

_WORD = re.compile(r"\w+|\W")


def revert(current: str | None, before: str | None, after: str | None) -> str | None:
    """Take the change from ``before`` to ``after`` back out of ``current``. Raises as `carry` does."""
    return carry(current, after, before)


def carry(current: str | None, old: str | None, new: str | None) -> str | None:
    """Carry the change from ``old`` to ``new`` over to ``current``, which came of ``old``; None stands for no such file.

    Raises `MergeConflictError` where that would touch what was written since.
    """
    if current == old:
        return new
    if current == new:
        return current
    if current is None:
        raise MergeConflictError("The file was deleted or moved since.")
    if old is None:
        raise MergeConflictError("There is another file in its place.")
    if new is None:
        raise MergeConflictError("The file would go, and it was edited since.")
    mark = BYTE_ORDER_MARK if current.startswith(BYTE_ORDER_MARK) else ""
    return mark + merge(*(text.removeprefix(BYTE_ORDER_MARK) for text in (old, new, current)))


def merge(base: str, one: str, other: str) -> str:
    """Return ``base`` with what ``one`` and ``other`` changed of it. Raises `MergeConflictError`."""
    merged: list[str] = []
    for region in _regions(lines_of(base), lines_of(one), lines_of(other), apart=0):
        merged += _with_words_merged(region) if region.disputed else region.settled()
    if not all(line.endswith("\n") for line in merged[:-1]):
        raise MergeConflictError("The end of the file was edited since.")
    return "".join(merged)


def holds_edit(current: str, before: str, after: str) -> bool:
    """Say whether the edit from ``before`` to ``after`` is in ``current``, whatever else was changed well away from it.

    Certain rather than generous: the lines next to the edit must be as ``after`` has them, so that an edit that an editor put into a
    wrong place is not taken for the right one.
    """
    old, edited, now = lines_of(before), lines_of(after), lines_of(current)
    ours = [reach(span, edited, old) for span in differences(edited, old)]
    others = [reach(span, edited, now) for span in differences(edited, now)]
    return not any(start <= other_end and other_start <= end for start, end in ours for other_start, other_end in others)


def shows_edit(current: str | None, before: str | None, after: str | None) -> bool:
    """Say whether a file, which may have been edited since, shows the change from ``before`` to ``after``; None stands for no such file."""
    if current is None or before is None or after is None or current in {before, after}:
        return current == after
    return holds_edit(current, before, after)


@dataclass(frozen=True, slots=True)
class _Region:
    """A stretch of the base and what the two sides made of it."""

    base: Sequence[str]
    one: Sequence[str]
    other: Sequence[str]

    @property
    def disputed(self) -> bool:
        return self.base != self.one != self.other != self.base

    def settled(self) -> Sequence[str]:
        return self.other if self.base == self.one else self.one


def _with_words_merged(region: _Region) -> Iterator[str]:
    if not len(region.base) == len(region.one) == len(region.other):
        raise MergeConflictError("The same lines were edited since.")
    for base, one, other in zip(region.base, region.one, region.other, strict=True):
        words: list[str] = []
        for part in _regions(_WORD.findall(base), _WORD.findall(one), _WORD.findall(other), apart=1):
            if part.disputed:
                raise MergeConflictError("The same words were edited since.")
            words += part.settled()
        yield "".join(words)


def _regions(base: Sequence[str], one: Sequence[str], other: Sequence[str], *, apart: int) -> Iterator[_Region]:
    """Cut the three into regions: untouched, changed by one side, or by both. Edits less than ``apart`` from each other are one region."""
    ours, theirs = list(differences(base, one)), list(differences(base, other))
    at = one_at = other_at = 0
    while ours or theirs:
        mine, yours = _take_cluster(ours, theirs, apart)
        start = min(span.old_start for span in (*mine, *yours))
        end = max(span.old_end for span in (*mine, *yours))
        unchanged = base[at:start]
        yield _Region(unchanged, unchanged, unchanged)
        one_at, other_at = one_at + len(unchanged), other_at + len(unchanged)
        one_end, other_end = one_at + end - start + _growth(mine), other_at + end - start + _growth(yours)
        yield _Region(base[start:end], one[one_at:one_end], other[other_at:other_end])
        at, one_at, other_at = end, one_end, other_end
    yield _Region(base[at:], base[at:], base[at:])


def _growth(spans: Sequence[Span]) -> int:
    return sum((span.new_end - span.new_start) - (span.old_end - span.old_start) for span in spans)


def _take_cluster(ours: list[Span], theirs: list[Span], apart: int) -> tuple[list[Span], list[Span]]:
    """Take the first edit off the lists, with every edit of the other side that it meets, and so on."""
    mine: list[Span] = []
    yours: list[Span] = []
    first, taken = (ours, mine) if not theirs or (ours and _order(ours[0]) <= _order(theirs[0])) else (theirs, yours)
    taken.append(first.pop(0))
    grown = True
    while grown:
        grown = False
        for waiting, gathered, against in ((ours, mine, yours), (theirs, yours, mine)):
            while waiting and any(_meet(waiting[0], span, apart) for span in against):
                gathered.append(waiting.pop(0))
                grown = True
    return mine, yours


def _order(span: Span) -> tuple[int, int]:
    return span.old_start, span.old_end


def _meet(one: Span, other: Span, apart: int) -> bool:
    """Say whether two edits overlap, lie less than ``apart`` from each other, or insert at the same place."""
    if one.old_start == one.old_end == other.old_start == other.old_end:
        return True
    return one.old_start < other.old_end + apart and other.old_start < one.old_end + apart
