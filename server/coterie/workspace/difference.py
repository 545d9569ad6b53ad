"""The shortest difference of two sequences, by Myers' algorithm: what ``hunks``, ``merge`` and ``editing`` are built on.

difflib is not enough here: it pairs the longest runs first and may then see a person's pure insertion as a deletion and an insertion
elsewhere, which turns a clean merge into a conflict. And it takes minutes for a large file with thousands of edits.

Past `LIMIT` edits the search would take too long. What is there once on either side is then taken to have stayed, as far as its order is
the same (a patience diff), and what lies between is compared for itself. That is a correct difference, only not always the shortest. All
searches together have `STEPS`; a stretch that they no longer reach is one difference as a whole. Counted, never timed: the same texts
differ the same way on every machine, and verdicts on hunks rely on that.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

LIMIT = 400
"""Up to how many edits the shortest way is looked for."""
STEPS = 1_000_000
"""How much is looked at for one difference: about half a second of processor time."""


@dataclass(frozen=True, slots=True)
class Span:
    """``old[old_start:old_end]`` became ``new[new_start:new_end]``; one of the two may be empty."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def differences(old: Sequence[str], new: Sequence[str]) -> tuple[Span, ...]:
    """Return what differs, in order; between two spans there is always something equal."""
    spans: list[Span] = []
    old_at, new_at = 0, 0
    for old_start, new_start, size in (*_equal_runs(old, new, _Effort(STEPS)), (len(old), len(new), 0)):
        if (old_at, new_at) != (old_start, new_start):
            spans.append(Span(old_at, old_start, new_at, new_start))
        old_at, new_at = old_start + size, new_start + size
    return tuple(spans)


def reach(span: Span, old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return the stretch of ``old`` where a difference may be.

    Among equal elements nobody can tell which of them is the inserted or deleted one: the shortest difference picks a place, and others
    are as good.
    """
    start, end, new_start, new_end = span.old_start, span.old_end, span.new_start, span.new_end
    if start < end and new_start < new_end:
        return start, end
    longer, first, last = (old, start, end) if start < end else (new, new_start, new_end)
    up = common_prefix(longer[:first][::-1], longer[:last][::-1])
    down = common_prefix(longer[first:], longer[last:])
    return max(start - up, 0), min(end + down, len(old))


def common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many elements at the beginning are equal."""
    for count, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return count
    return min(len(one), len(other))


@dataclass(slots=True)
class _Effort:
    """What all searches for one difference may still cost together."""

    left: int


_Run = tuple[int, int, int]
"""What is equal: where it starts in old and in new, and how long it is."""


def _equal_runs(old: Sequence[str], new: Sequence[str], effort: _Effort) -> Iterator[_Run]:
    """Yield what stays, ascending."""
    head = common_prefix(old, new)
    tail = common_prefix(old[head:][::-1], new[head:][::-1])
    old_stop, new_stop = len(old) - tail, len(new) - tail
    if head:
        yield 0, 0, head
    for old_start, new_start, size in _runs_between(old[head:old_stop], new[head:new_stop], effort):
        yield head + old_start, head + new_start, size
    if tail:
        yield old_stop, new_stop, tail


def _runs_between(old: Sequence[str], new: Sequence[str], effort: _Effort) -> Iterator[_Run]:
    """Yield what stays of two sequences that begin and end with something different."""
    if effort.left <= 0 or set(old).isdisjoint(new):
        return
    trace = _search(old, new, effort)
    if trace is not None:
        yield from _walk_back(trace, len(old), len(new))
        return
    held = _held(old, new)
    if not held:
        return  # nothing to hold on to: all of it differs, then
    old_at, new_at = 0, 0
    for old_next, new_next in (*held, (len(old), len(new))):
        for old_start, new_start, size in _equal_runs(old[old_at:old_next], new[new_at:new_next], effort):
            yield old_at + old_start, new_at + new_start, size
        if old_next < len(old):
            yield old_next, new_next, 1
        old_at, new_at = old_next + 1, new_next + 1


def _held(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of what is there once in old and once in new, as many as stand in the same order in both.

    Where there is no such element, those do that are equally often in both.
    """
    in_old, in_new = Counter(old), Counter(new)
    often = {element for element, count in in_old.items() if in_new[element] == count}
    once = {element for element in often if in_old[element] == 1}
    places = dict(_numbered(new, once or often))
    pairs = [(place, places[element]) for element, place in _numbered(old, once or often)]
    # The longest ascending row of places in new: for each length which pair ends it lowest, and for each pair which one comes before it.
    lowest, ends, before = list[int](), list[int](), list[int | None]()
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(lowest, place)
        before.append(ends[length - 1] if length else None)
        lowest[length : length + 1], ends[length : length + 1] = [place], [number]
    row, last = list[tuple[int, int]](), ends[-1] if ends else None
    while last is not None:
        row.append(pairs[last])
        last = before[last]
    return row[::-1]


def _numbered(elements: Sequence[str], wanted: Collection[str]) -> Iterator[tuple[tuple[str, int], int]]:
    """Yield the places of what is wanted, each element with the number of times that it was there before."""
    seen = Counter[str]()
    for place, element in enumerate(elements):
        if element in wanted:
            yield (element, seen[element]), place
            seen[element] += 1


def _search(old: Sequence[str], new: Sequence[str], effort: _Effort) -> list[dict[int, int]] | None:
    """Return for each number of edits how far each diagonal (old - new) was reached before it; None past `LIMIT` edits or all effort."""
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(LIMIT, len(old) + len(new)) + 1):
        trace.append(reached.copy())
        for diagonal in range(-edits, edits + 1, 2):
            at = start = _next_start(reached, diagonal, edits)
            while at < len(old) and at - diagonal < len(new) and old[at] == new[at - diagonal]:
                at += 1
            reached[diagonal] = at
            effort.left -= 1 + at - start
            if at >= len(old) and at - diagonal >= len(new):
                return trace
        if effort.left <= 0:
            return None
    return None


def _next_start(reached: dict[int, int], diagonal: int, edits: int) -> int:
    """Return where a diagonal is entered: by an insertion from the one above, or by a deletion from the one below."""
    if diagonal == -edits or (diagonal != edits and reached[diagonal - 1] < reached[diagonal + 1]):
        return reached[diagonal + 1]
    return reached[diagonal - 1] + 1


def _walk_back(trace: list[dict[int, int]], old_at: int, new_at: int) -> list[tuple[int, int, int]]:
    runs: list[tuple[int, int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        reached, diagonal = trace[edits], old_at - new_at
        entered = _next_start(reached, diagonal, edits)
        if old_at > entered:
            runs.append((entered, entered - diagonal, old_at - entered))
        inserted = diagonal == -edits or (diagonal != edits and reached[diagonal - 1] < reached[diagonal + 1])
        old_at = entered if inserted else entered - 1
        new_at = old_at - (diagonal + 1 if inserted else diagonal - 1)
    return runs[::-1]
