"""``agent/suggestion/*``: params. Results stand in ``domain.suggestions``."""

from __future__ import annotations

from coterie.domain.wire import wire
from coterie.lsp.payloads.fields import Count, Minutes


@wire
class SuggestionParams:
    """Which suggestion: the id in the arguments of its command."""

    suggestion_id: str


@wire
class SuggestionAcceptedParams:
    """How much of a suggestion was taken: UTF-16 units from the start of its insert text, all in all; absent: the whole of it."""

    suggestion_id: str
    length: Count | None = None


@wire
class SuggestionSnoozeParams:
    """For how long; 0 ends it."""

    minutes: Minutes = 60


@wire
class SuggestionExplainParams:
    """Whose latest request; no document named: the latest of all."""

    uri: str | None = None
