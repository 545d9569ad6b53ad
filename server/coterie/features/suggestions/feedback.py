"""What was offered lately, and what became of each: for the next offer and the next wait. In memory only, but for the counts of `outcomes`.

Editors do not say how long a suggestion stands on the screen: it does from its offer, or from their word that it is shown, until a request
of its document is answered by something else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from coterie.base.errors import InvalidParamsError, RequestError
from coterie.base.text import utf16_length
from coterie.domain.suggestions import SnippetUsed, SuggestionFeedback, SuggestionRequest, SuggestionState
from coterie.features.suggestions.outcomes import Outcomes
from coterie.features.suggestions.reuse import Candidate, Memory
from coterie.features.suggestions.rhythm import Rhythm

MOST_OFFERS = 250
READ_S: Final = 0.75
"""So long a suggestion has to stand there to have been read."""
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
    language: str
    is_counted: bool = False

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

    def __init__(self, memory: Memory, rhythm: Rhythm, outcomes: Outcomes, clock: Callable[[], float]) -> None:
        self._memory = memory
        self._rhythm = rhythm
        self._outcomes = outcomes
        self._clock = clock
        self._on_screen: dict[str, tuple[str, float]] = {}
        self._offers: OrderedDict[str, _Offer] = OrderedDict()
        self._accepted: Candidate | None = None

    def offered(self, candidate: Candidate, text: str, language: str) -> None:
        """Note an offer; one that is made again keeps its state."""
        known = self._offers.pop(candidate.suggestion_id, None)
        units = utf16_length(text)
        if known is None:
            self._offers[candidate.suggestion_id] = _Offer(candidate, units, units, "offered", language)
        else:
            self._offers[candidate.suggestion_id] = replace(known, candidate=candidate, whole=max(known.whole, units), rest=units)
        if len(self._offers) > MOST_OFFERS:
            self._offers.popitem(last=False)

    def on_screen(self, uri: str, suggestion_id: str | None) -> None:
        """Note what stands in a document now; what stood there before was seen, if it stood there long enough to be read."""
        before, since = self._on_screen.get(uri, ("", 0.0))
        if before == suggestion_id:
            return
        self._on_screen.pop(uri, None)
        if before in self._offers and self._clock() - since >= READ_S:
            self._count(self._offers[before], accepted=False)
        if suggestion_id is not None:
            self._on_screen[uri] = (suggestion_id, self._clock())

    def shown(self, suggestion_id: str) -> SuggestionFeedback:
        """Note that the person could see it."""
        offer = self._offer(suggestion_id)
        if offer.become("shown"):
            self.on_screen(offer.candidate.spot.uri, suggestion_id)
        return offer.told

    def accepted(self, suggestion_id: str, length: int | None) -> SuggestionFeedback:
        """Note that ``length`` UTF-16 units of its text were taken (None: all). Raises `InvalidParamsError` when it has fewer.

        An editor that takes it word by word may count from where the suggestion began, or, after asking anew, from where its rest begins.
        """
        offer = self._offer(suggestion_id)
        if length is not None and length > offer.whole:
            raise InvalidParamsError(f"length: the suggestion has {offer.whole} units.")
        self._rhythm.accepted()
        self._count(offer, accepted=True)
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
            self.on_screen(offer.candidate.spot.uri, None)
            if self._memory.rejected(offer.candidate):
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

    def _count(self, offer: _Offer, *, accepted: bool) -> None:
        if not offer.is_counted:
            offer.is_counted = True
            self._outcomes.count(offer.candidate.source, offer.language, accepted=accepted)

    def _offer(self, suggestion_id: str) -> _Offer:
        try:
            return self._offers[suggestion_id]
        except KeyError:
            raise RequestError(f"There is no suggestion {suggestion_id}, or it was long ago.", code="unknown_suggestion") from None
