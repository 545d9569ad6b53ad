"""What was offered lately, and what became of each: for the next offer, the next wait and nothing else. Kept in memory only."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from coterie.base.errors import InvalidParamsError, RequestError
from coterie.base.text import utf16_length
from coterie.domain.suggestions import SnippetUsed, SuggestionFeedback, SuggestionRequest, SuggestionState
from coterie.features.suggestions.reuse import Candidate, Memory
from coterie.features.suggestions.rhythm import Rhythm

MOST_OFFERS = 250
_ORDER: Final[tuple[SuggestionState, ...]] = ("offered", "shown", "rejected", "partly_accepted", "accepted")
"""What was taken stays taken; a later state never falls behind an earlier one."""


@dataclass(slots=True)
class _Offer:
    """A suggestion: ``candidate`` is what it was made of.

    ``whole`` is how many UTF-16 units it had when it was sent first, ``rest`` how many when it was sent last, which may be fewer: what is
    typed of it goes.
    """

    candidate: Candidate
    whole: int
    rest: int
    state: SuggestionState

    def become(self, state: SuggestionState) -> bool:
        """Take on a state, unless a later one is reached already; say whether that is news."""
        if _ORDER.index(state) <= _ORDER.index(self.state):
            return False
        self.state = state
        return True

    @property
    def told(self) -> SuggestionFeedback:
        """What the editor is told of it."""
        return SuggestionFeedback(suggestion_id=self.candidate.suggestion_id, state=self.state)


class Feedback:
    """The latest offers by id. Every method that takes an id raises `RequestError` ``unknown_suggestion``."""

    def __init__(self, memory: Memory, rhythm: Rhythm) -> None:
        self._memory = memory
        self._rhythm = rhythm
        self._offers: OrderedDict[str, _Offer] = OrderedDict()
        self._accepted: Candidate | None = None

    def offered(self, candidate: Candidate, text: str) -> None:
        """Note an offer; one that is made again keeps its state."""
        known = self._offers.pop(candidate.suggestion_id, None)
        units = utf16_length(text)
        if known is None:
            self._offers[candidate.suggestion_id] = _Offer(candidate, units, units, "offered")
        else:
            self._offers[candidate.suggestion_id] = _Offer(candidate, max(known.whole, units), units, known.state)
        if len(self._offers) > MOST_OFFERS:
            self._offers.popitem(last=False)

    def shown(self, suggestion_id: str) -> SuggestionFeedback:
        """Note that the person could see it."""
        offer = self._offer(suggestion_id)
        offer.become("shown")
        return offer.told

    def accepted(self, suggestion_id: str, length: int | None) -> SuggestionFeedback:
        """Note that ``length`` UTF-16 units of its text were taken (None: all). Raises `InvalidParamsError` when it has fewer.

        An editor that takes it word by word may count from where the suggestion began, or, after asking anew, from where its rest begins.
        """
        offer = self._offer(suggestion_id)
        if length is not None and length > offer.whole:
            raise InvalidParamsError(f"length: the suggestion has {offer.whole} units.")
        self._rhythm.accepted()
        if length in {None, offer.whole, offer.rest}:
            offer.become("accepted")
            self._accepted = offer.candidate
        else:
            offer.become("partly_accepted")
        return offer.told

    def rejected(self, suggestion_id: str) -> SuggestionFeedback:
        """Note that it was dismissed."""
        offer = self._offer(suggestion_id)
        if offer.become("rejected"):
            self._memory.rejected(offer.candidate)
            self._rhythm.rejected()
        return offer.told

    def used(self, suggestion_id: str) -> tuple[SnippetUsed, ...]:
        """Return what else the model was shown for it."""
        return self._offer(suggestion_id).candidate.used

    def just_accepted(self, asked: SuggestionRequest) -> bool:
        """Say whether the cursor is where the latest accepted suggestion of one line ended."""
        taken = self._accepted
        if taken is None or taken.spot.uri != asked.uri or "\n" in taken.text:
            return False
        return taken.rest(asked.text, asked.offset) == ""

    def _offer(self, suggestion_id: str) -> _Offer:
        try:
            return self._offers[suggestion_id]
        except KeyError:
            raise RequestError(f"There is no suggestion {suggestion_id}, or it was long ago.", code="unknown_suggestion") from None
