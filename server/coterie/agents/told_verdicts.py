"""What a person decided about the hunks of a run, and which of its conversations know. Pure; `agents.history` feeds it.

A model believes that what it was told is done is in the files. So it has to learn what a person took out since, and what they let in of a
change that was only proposed: once in each conversation, by the result of the call that proposed it, or with the next thing it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from coterie.domain.events import ChangeEvent
from coterie.domain.reviews import DecidedHunk


@dataclass(slots=True)
class ToldVerdicts:
    """Who knows what of the verdicts.

    ``changes`` are those of the run as they stand; whoever owns them goes on changing them. ``place_of`` says by a change's id where its
    file lies.
    """

    changes: Mapping[str, ChangeEvent]
    place_of: Callable[[str], str]
    _offered: set[str] = field(default_factory=set)  # the changes that were not made at once, but proposed
    _answered_for: set[str] = field(default_factory=set)  # the hunks of which the result of their call says what became
    _told: dict[tuple[str, int], set[str]] = field(default_factory=dict)  # by conversation: the hunks whose verdict it knows

    def offer(self, change_id: str) -> None:
        """Note that a change was proposed before it was made."""
        self._offered.add(change_id)

    def answer_for(self, change_ids: Iterable[str]) -> AbstractSet[str]:
        """Note that a call's own result says what became of its proposals; return the hunks that are decided by now."""
        hunks = [hunk for change_id in change_ids for hunk in self.changes[change_id].hunks]
        decided = {hunk.hunk_id for hunk in hunks if not (hunk.state == "proposed" and hunk.is_open)}
        self._answered_for |= decided
        return decided

    def tell(self, step_id: str, attempt: int, hunk_ids: Iterable[str]) -> None:
        """Note that the conversation of an attempt knows the verdicts on these hunks."""
        self._told.setdefault((step_id, attempt), set()).update(hunk_ids)

    def forget(self, step_id: str, attempt: int) -> None:
        """Note that the conversation of an attempt begins anew, and knows of nothing."""
        self._told.pop((step_id, attempt), None)

    def told(self, step_id: str, attempt: int) -> frozenset[str]:
        """Return the hunks whose verdicts an attempt's conversation knows."""
        return frozenset(self._told.get((step_id, attempt), ()))

    @property
    def decided(self) -> tuple[DecidedHunk, ...]:
        """The verdicts by which a file is not as the model believes that it is: what was rejected, and what is applied after all."""
        return tuple(
            DecidedHunk(change.path, hunk, self.place_of(change.change_id))
            for change in self.changes.values()
            for hunk in change.hunks
            if hunk.review == "rejected"
            or (hunk.review == "accepted" and change.change_id in self._offered and hunk.hunk_id not in self._answered_for)
        )

    def untold(self, step_id: str, attempt: int, earlier: Iterable[DecidedHunk] = ()) -> tuple[DecidedHunk, ...]:
        """Return the verdicts, of this run and ``earlier`` ones, that the model of an attempt's conversation has to learn yet."""
        told = self.told(step_id, attempt)
        return tuple(each for each in (*earlier, *self.decided) if each.hunk.hunk_id not in told)
