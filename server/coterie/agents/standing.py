"""What stands of what a run's commands did to files and no text tells: links, permissions, files that are no text.

`agents.history` feeds it what the journal says. What several commands did to one file is one thing, and nothing where it is as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from coterie.domain.edits import LeftOut
from coterie.domain.records import SettledRecord


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

    def add(self, left_out: LeftOut, step_id: str) -> None:
        """Note what a command of a step did."""
        known = self._by_key.pop(left_out.key, None)
        in_all = left_out if known is None else known.left_out.then(left_out)
        if in_all is not None:
            self._by_key[left_out.key] = Standing(in_all, frozenset({step_id} if known is None else {step_id, *known.steps}))

    def settle(self, record: SettledRecord) -> None:
        """Note that something was undone, or told not to be undoable."""
        standing = self._by_key.pop((record.uri, record.of_mode), None)
        if standing is not None and record.state == "told":
            self._by_key[standing.left_out.key] = replace(standing, is_told=True)

    def of(self, names: Collection[str]) -> tuple[Standing, ...]:
        """Return what stands of files with these paths or URIs; all of it where none is named."""
        return tuple(each for each in self if not names or each.left_out.path in names or each.left_out.uri in names)
