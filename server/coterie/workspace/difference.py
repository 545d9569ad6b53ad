"""The shortest difference of two sequences, by Myers' algorithm: what ``hunks``, ``merge`` and ``editing`` are built on.

difflib is not enough here: it pairs the longest runs first and may then see a person's pure insertion as a deletion and an insertion
elsewhere, which turns a clean merge into a conflict. Past `LIMIT` edits the search would take too long, and difflib's answer has to do:
it is a correct difference, only not the shortest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

LIMIT = 400


@dataclass(frozen=True, slots=True)
class Span:
    """``old[old_start:old_end]`` became ``new[new_start:new_end]``; one of the two may be empty."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def differences(old: Sequence[str], new: Sequence[str]) -> tuple[Span, ...]:
    """Return what differs, in order; between two spans there is always something equal."""
    head = common_prefix(old, new)
    tail = common_prefix(old[head:][::-1], new[head:][::-1])
    old_stop, new_stop = len(old) - tail, len(new) - tail
    spans: list[Span] = []
    old_at, new_at = head, head
    for old_start, new_start, size in (*_equal_runs(old[head:old_stop], new[head:new_stop]), (old_stop - head, new_stop - head, 0)):
        if (old_at, new_at) != (head + old_start, head + new_start):
            spans.append(Span(old_at, head + old_start, new_at, head + new_start))
        old_at, new_at = head + old_start + size, head + new_start + size
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


def _equal_runs(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return what stays, as (start in old, start in new, length), ascending."""
    if set(old).isdisjoint(new):
        return []
    trace = _search(old, new)
    if trace is None:
        return [(run.a, run.b, run.size) for run in SequenceMatcher(None, old, new).get_matching_blocks() if run.size]
    return _walk_back(trace, len(old), len(new))


def _search(old: Sequence[str], new: Sequence[str]) -> list[dict[int, int]] | None:
    """Return for each number of edits how far each diagonal (old - new) was reached before it; None past `LIMIT` edits."""
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(LIMIT, len(old) + len(new)) + 1):
        trace.append(reached.copy())
        for diagonal in range(-edits, edits + 1, 2):
            at = _next_start(reached, diagonal, edits)
            while at < len(old) and at - diagonal < len(new) and old[at] == new[at - diagonal]:
                at += 1
            reached[diagonal] = at
            if at >= len(old) and at - diagonal >= len(new):
                return trace
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
