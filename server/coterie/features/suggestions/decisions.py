"""How the latest request of each document ended: what ``agent/suggestion/explain`` and, of the latest of all, ``coterie doctor`` tell."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from coterie.base.ids import now
from coterie.domain.suggestions import SnippetUsed, Suggestion, SuggestionExplanation
from coterie.features.suggestions.gate import NEVER_ASKED, OFFERED, Refusal

MOST_DOCUMENTS = 250


class Decisions:
    """The latest decision by document."""

    def __init__(self) -> None:
        self._decisions: OrderedDict[str, SuggestionExplanation] = OrderedDict()
        self.on_decided: Callable[[SuggestionExplanation], None] = lambda _: None

    def offered(self, uri: str, suggestion: Suggestion, used: tuple[SnippetUsed, ...] = ()) -> None:
        """Note that there was a suggestion, and what else the model was shown for it."""
        self._note(uri, OFFERED, suggestion, used)

    def refused(self, uri: str, why: Refusal) -> None:
        """Note that there was none, and what a model was shown all the same."""
        self._note(uri, why, None, why.used)

    def explain(self, uri: str | None) -> SuggestionExplanation:
        """Return the latest decision about a document, or about any."""
        known = self._decisions.get(uri) if uri is not None else next(reversed(self._decisions.values()), None)
        return known or SuggestionExplanation(uri=uri, stage=NEVER_ASKED.stage, reason=NEVER_ASKED.reason, text=NEVER_ASKED.text)

    def _note(self, uri: str, why: Refusal, offered: Suggestion | None, used: tuple[SnippetUsed, ...]) -> None:
        self._decisions.pop(uri, None)
        decision = SuggestionExplanation(
            uri=uri,
            at=now(),
            stage=why.stage,
            reason=why.reason,
            text=why.text,
            suggestion_id=None if offered is None else offered.suggestion_id,
            source=None if offered is None else offered.source,
            snippets=used,
        )
        self._decisions[uri] = decision
        if len(self._decisions) > MOST_DOCUMENTS:
            self._decisions.popitem(last=False)
        self.on_decided(decision)
