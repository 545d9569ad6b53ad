"""What was suggested before and still fits: the rest of a suggestion that the person types, and places asked about again. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, TypeAlias

from coterie.domain.suggestions import SnippetUsed, SuggestionRequest, SuggestionSource
from coterie.features.suggestions.brackets import CLOSERS
from coterie.features.suggestions.gate import REJECTED, Refusal

BEFORE, AFTER = 1_000, 500
MOST_ENTRIES = 250
KEPT_S = 300.0
Versions: TypeAlias = Mapping[str, int]
"""The hash of each text of other files that an answer rests on, by the file's URI."""
_NOTHING: Final[Versions] = MappingProxyType({})
MOST_CLOSED = 3
"""Brackets and quotes that an editor closes by itself while a suggestion is typed."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, known by the text around it."""

    uri: str
    before: str
    after: str


def spot_at(uri: str, text: str, offset: int) -> Spot:
    """Return the place at an offset."""
    return Spot(uri, text[max(0, offset - BEFORE) : offset], text[offset : offset + AFTER])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A suggestion as it was made, with the place it was made for. ``text`` is not yet fitted to what stands behind the cursor.

    ``score`` is how likely it is to be right, where its source says so. ``used`` is what else the model was shown for it. ``has_rivals``:
    the model was asked for something else than this already.
    """

    suggestion_id: str
    spot: Spot
    offset: int
    text: str
    source: SuggestionSource = "model"
    score: float = 0.0
    used: tuple[SnippetUsed, ...] = ()
    has_rivals: bool = False

    def rest(self, text: str, offset: int) -> str | None:
        """Return what is left of it when the person has typed its beginning; None when they did anything else."""
        if offset < self.offset or text[max(0, self.offset - BEFORE) : self.offset] != self.spot.before:
            return None
        typed = text[self.offset : offset].replace("\r\n", "\n")
        behind = any(
            text[offset + closed : offset + closed + AFTER] == self.spot.after and CLOSERS.issuperset(text[offset : offset + closed])
            for closed in range(MOST_CLOSED + 1)
        )
        return self.text[len(typed) :] if behind and self.text.startswith(typed) else None


class Recent:
    """The latest answers by place; one that is looked up counts as new, one that is too old is gone. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[Spot, tuple[float, Candidate | Refusal, Versions]] = OrderedDict()

    def get(self, spot: Spot) -> Candidate | Refusal | None:
        """Return the answer for a place."""
        made, entry, _ = self._entries.get(spot, (0.0, None, _NOTHING))
        if entry is None or self._clock() - made >= KEPT_S:
            self._entries.pop(spot, None)
            return None
        self._entries.move_to_end(spot)
        return entry

    def versions(self, spot: Spot) -> Versions:
        """Return what the answer for a place rests on."""
        return self._entries[spot][2] if spot in self._entries else _NOTHING

    def put(self, spot: Spot, entry: Candidate | Refusal, versions: Versions = _NOTHING) -> None:
        """Keep an answer."""
        self._entries[spot] = (self._clock(), entry, versions)
        self._entries.move_to_end(spot)
        if len(self._entries) > MOST_ENTRIES:
            self._entries.popitem(last=False)

    def drop(self, spot: Spot) -> None:
        """Drop one of them."""
        self._entries.pop(spot, None)

    def clear(self) -> None:
        """Drop all of them."""
        self._entries.clear()


class Memory:
    """What was answered at which place, what was offered last in each document, and what stands by there: a model's answer behind that."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._recent = Recent(clock)
        self._latest: dict[str, tuple[Candidate, ...]] = {}
        self._standing: dict[str, Candidate] = {}

    def find(self, asked: SuggestionRequest, spot: Spot) -> Candidate | Refusal | None:
        """Return the candidate whose beginning is being typed, or else what was answered at this place."""
        known = self._recent.get(spot)
        if known is REJECTED:
            return known
        if fitting := self.fitting(asked, spot):
            return fitting[0]
        return known if isinstance(known, Refusal) else None

    def fitting(self, asked: SuggestionRequest, spot: Spot) -> tuple[Candidate, ...]:
        """Return every candidate that still fits: shown or standing by, with its beginning being typed, and a model's for this place."""
        behind = (self._standing[asked.uri],) if asked.uri in self._standing else ()
        latest = tuple(each for each in (*self._latest.get(asked.uri, ()), *behind) if each.rest(asked.text, asked.offset))
        known = self._recent.get(spot)
        if isinstance(known, Candidate) and known.suggestion_id not in {each.suggestion_id for each in latest}:
            return (*latest, replace(known, offset=asked.offset))  # the lines above it may have changed since
        return latest

    def answered(self, spot: Spot, answer: Candidate | Refusal, versions: Versions = _NOTHING) -> None:
        """Keep what came of a call, and the versions of the texts that the model was shown for it."""
        self._recent.put(spot, answer, versions)

    def versions(self, spot: Spot) -> Versions:
        """Return the versions of the texts that the answer for a place rests on."""
        return self._recent.versions(spot)

    def outdated(self, spot: Spot) -> None:
        """Drop the answer for a place, shown or not: a text that it rests on is another one now."""
        self._recent.drop(spot)
        self._latest[spot.uri] = tuple(each for each in self._latest.get(spot.uri, ()) if each.spot != spot)
        if spot.uri in self._standing and self._standing[spot.uri].spot == spot:
            del self._standing[spot.uri]

    def offered(self, uri: str, candidates: Sequence[Candidate]) -> None:
        """Note what is shown now in a document."""
        self._latest[uri] = tuple(candidates)

    def stands_by(self, candidate: Candidate) -> None:
        """Keep an answer for when what is shown before it does not fit any more."""
        self._standing[candidate.spot.uri] = candidate

    def rejected(self, candidate: Candidate) -> bool:
        """See to it that a candidate does not come again at its place, nor another one there unless it is asked for by hand.

        Says whether it is the first one there: several choices may be dismissed at once.
        """
        uri = candidate.spot.uri
        is_first = self._recent.get(candidate.spot) is not REJECTED
        self._recent.put(candidate.spot, REJECTED)
        self._standing.pop(uri, None)
        self._latest[uri] = tuple(each for each in self._latest.get(uri, ()) if each.suggestion_id != candidate.suggestion_id)
        return is_first

    def forget(self) -> None:
        """Drop everything, when it was made under other settings."""
        self._recent.clear()
        self._latest.clear()
        self._standing.clear()
