"""What stands of what a run's commands did to files and no text tells: links, permissions, files that are no text.

`agents.history` feeds it what the journal says. What several commands did to one file is one thing, wherever they moved it, and nothing
where it is as it was and where it was. A file that is lost where it had been moved to (overwritten, deleted) is deleted where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from coterie.domain.edits import ChangeKind, LeftOut
from coterie.domain.records import SettledRecord

_BETWEEN = "Somebody else changed it between two commands."
_AND_CHANGED = "It was moved and changed."


@dataclass(frozen=True, slots=True)
class Standing:
    """What commands of some steps did to a file in all; ``is_told`` once an undo has said that it cannot be undone."""

    left_out: LeftOut
    steps: frozenset[str]
    is_told: bool = False


@dataclass(slots=True)
class Standings:
    """What stands, in the order of what happened last."""

    _by_key: dict[tuple[str, bool], Standing] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Standing]:
        """Give each."""
        return iter(tuple(self._by_key.values()))

    def add(self, together: Iterable[LeftOut], step_id: str) -> None:
        """Note what a command of a step did."""
        steps = frozenset({step_id})
        # First what it moved away, all of which was there before it: where that was, it may have moved something else to.
        moves = [(left_out, self._came(left_out)) for left_out in together]
        for _, came in moves:
            if came is not None:
                self._by_key.pop(came.left_out.key, None)
        for left_out, came in moves:
            if came is None:
                self._add(left_out, steps)
            else:
                self._add(self._from_its_origin(came, left_out), steps | came.steps)

    def _came(self, left_out: LeftOut) -> Standing | None:
        """Return what had been brought to where a file was moved from, if it is the same file."""
        came = None if left_out.moved_from is None else self._by_key.get((left_out.moved_from, False))
        return came if came is not None and came.left_out.now == left_out.now and came.left_out.is_from_elsewhere else None

    def _add(self, left_out: LeftOut, steps: frozenset[str]) -> None:
        known = self._by_key.pop(left_out.key, None)
        if known is not None:
            steps |= known.steps
        if left_out.moved_from == left_out.uri:  # it is back, in the place of whatever the run had put there
            if known is not None and known.left_out.moved_from is not None:
                self._put(_gone(known.left_out), steps)
            if left_out.unsure == _AND_CHANGED:
                self._put(replace(left_out, what="changed", was=None, moved_from=None), steps)
        elif known is None:
            self._put(left_out, steps)
        elif known.left_out.moved_from is None:
            if (in_all := _then(known.left_out, left_out)) is not None:
                self._put(in_all, steps)
        else:
            self._on_top(known.left_out, left_out, steps)

    def _from_its_origin(self, came: Standing, left_out: LeftOut) -> LeftOut:
        """Return a move of what had been brought to where it was moved from, as one from where that came."""
        before = came.left_out
        unsure = before.unsure or left_out.unsure
        if before.was is not None:  # what it was put in the place of is gone with it
            self._put(replace(before, what="deleted", now=None, moved_from=None), came.steps)
        what: ChangeKind = left_out.what if unsure != _AND_CHANGED else "changed"
        return replace(left_out, what=what, moved_from=before.moved_from, unsure=unsure)

    def _on_top(self, first: LeftOut, later: LeftOut, steps: frozenset[str]) -> None:
        """Note what was done to a file that had been moved to its place."""
        is_made = later.moved_from is not None or (later.why == "link" and first.why != "link")  # no content of the old one is in it
        if later.what != "deleted" and not is_made:
            self._put(replace(later, what="changed", was=first.was, moved_from=first.moved_from, unsure=_AND_CHANGED), steps)
            return
        self._put(_gone(first), steps)
        if is_made:
            self._put(replace(later, what="made" if first.was is None else "changed", was=first.was), steps)
        elif first.was is not None:
            self._put(replace(later, what="deleted", was=first.was), steps)

    def _put(self, left_out: LeftOut, steps: frozenset[str]) -> None:
        self._by_key.pop(left_out.key, None)
        self._by_key[left_out.key] = Standing(left_out, steps)

    def settle(self, record: SettledRecord) -> None:
        """Note that something was undone, or told not to be undoable."""
        standing = self._by_key.pop((record.uri, record.of_mode), None)
        if standing is not None and record.state == "told":
            self._by_key[standing.left_out.key] = replace(standing, is_told=True)

    def of(self, names: Collection[str]) -> tuple[Standing, ...]:
        """Return what stands of files with these paths or URIs; all of it where none is named."""
        return tuple(each for each in self if not names or each.left_out.path in names or each.left_out.uri in names)


def _then(first: LeftOut, later: LeftOut) -> LeftOut | None:
    """Return what two changes of a file, or of its permissions, are in all; None where it is as it was."""
    between = None if first.now == later.was else _BETWEEN
    if between is None and first.was == later.now and (first.was is not None or first.what == "made"):
        return None
    was_there, is_there = first.what != "made", later.what != "deleted"
    what: ChangeKind = "changed" if was_there and is_there else "made" if is_there else "deleted"
    return replace(later, what=what, was=first.was, unsure=first.unsure or later.unsure or between)


def _gone(moved: LeftOut) -> LeftOut:
    """Return that a file is gone which had been moved before: from where it was, nothing can be brought back."""
    uri = moved.moved_from or moved.uri
    return replace(moved, uri=uri, path=moved.path_of_origin, what="deleted", was=moved.now, now=None, moved_from=None, unsure=None)
