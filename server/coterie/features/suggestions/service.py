"""Ghost text as front doors ask for it: walks the stages in their order (see the package's docstring) and remembers how each request ended.

One for each editor: documents, rhythm and what was offered are one person's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from coterie.config.schema import Settings
from coterie.context.fill import gap_at
from coterie.domain.code_ports import LinePredictor
from coterie.domain.model_ports import Providers
from coterie.domain.status import SuggestionsView
from coterie.domain.store_ports import UsageStore
from coterie.domain.suggestions import (
    SnippetUsed,
    Suggestion,
    SuggestionExplanation,
    SuggestionFeedback,
    SuggestionRequest,
    SuggestionSnooze,
)
from coterie.features.suggestions import gate
from coterie.features.suggestions.brackets import fit
from coterie.features.suggestions.decisions import Decisions
from coterie.features.suggestions.extents import Extents
from coterie.features.suggestions.feedback import Feedback
from coterie.features.suggestions.gate import DUPLICATE, Refusal
from coterie.features.suggestions.outcomes import Outcomes
from coterie.features.suggestions.reuse import Candidate, Memory, Spot, spot_at
from coterie.features.suggestions.rhythm import Rhythm
from coterie.features.suggestions.snippets import SnippetSource
from coterie.features.suggestions.turns import LONGEST_S, Turns
from coterie.workspace.documents import Buffer, Documents, Happened

if TYPE_CHECKING:
    from coterie.features.suggestions.sources import Sources

Withheld: TypeAlias = Callable[[str], Awaitable[Literal["secret", "ignored"] | None]]
"""Says why a document is shown to no model, if it is not."""


class SuggestionService:
    """Implements `coterie.features.protocol_faces.Suggestions`. ``snoozed`` is called when that begins or is ended by hand."""

    def __init__(
        self,
        documents: Documents,
        providers: Providers,
        usage: UsageStore,
        predictor: LinePredictor,
        snippets: SnippetSource,
        *,
        extents: Extents,
        settings: Callable[[], Settings],
        withheld: Withheld,
        outcomes: Outcomes,
        snoozed: Callable[[], None] = lambda: None,
    ) -> None:
        self._documents = documents
        self._snippets = snippets
        self._settings = settings
        self._withheld = withheld
        self._outcomes = outcomes
        self._rhythm = Rhythm()
        self._turns = Turns()
        self._memory = Memory(_time)

        def sources() -> Sources:
            from coterie.features.suggestions.sources import Sources  # noqa: PLC0415 - the largest part of ghost text, for who asks for it

            return Sources(
                documents,
                providers,
                usage,
                predictor,
                snippets,
                extents=extents,
                settings=settings,
                outcomes=outcomes,
                memory=self._memory,
                rhythm=self._rhythm,
            )

        self._new_sources = sources
        self._sources: Sources | None = None  # until the first request
        self._feedback = Feedback(self._memory, self._rhythm, outcomes, _time)
        self._decisions = Decisions()
        self._snoozed_until = float("-inf")
        self._snooze = SuggestionSnooze(until=None)
        self._snoozed = snoozed
        documents.listen(self._happened)

    async def suggest(self, ask: SuggestionRequest) -> tuple[Suggestion, ...]:
        """Return a suggestion or none, or several choices where the person asked by hand.

        A request that a later one of its document supersedes is answered at once, with none.
        """
        sources = self._sources = self._sources or self._new_sources()
        asked = _with_popup(ask)
        spot = spot_at(asked.uri, asked.text, asked.offset)
        try:
            with sources.kept(spot):
                if not ask.manual:
                    sources.give_up(ask.uri)
                found = await self._turns.take(ask.uri, self._find(ask, asked, spot, sources), within_s=LONGEST_S)
        except asyncio.CancelledError:
            self._decisions.refused(ask.uri, gate.CANCELLED)
            raise
        match found:
            case tuple():
                self._feedback.on_screen(ask.uri, found[0].suggestion_id)
                self._decisions.offered(ask.uri, found[0], self._feedback.used(found[0].suggestion_id))
                return found
            case Refusal():
                self._feedback.on_screen(ask.uri, None)
                self._decisions.refused(ask.uri, found)
            case "superseded":
                self._decisions.refused(ask.uri, gate.NOT_OPEN if self._documents.get(ask.uri) is None else gate.SUPERSEDED)
            case "timed_out":
                self._feedback.on_screen(ask.uri, None)
                self._decisions.refused(ask.uri, gate.TIMED_OUT)
        return ()

    def _happened(self, buffer: Buffer, happened: Happened) -> None:
        if happened == "closed":
            self._turns.end(buffer.uri)
            if self._sources is not None:
                self._sources.give_up(buffer.uri)

    async def _find(
        self, ask: SuggestionRequest, asked: SuggestionRequest, spot: Spot, sources: Sources
    ) -> tuple[Suggestion, ...] | Refusal:
        if not ask.manual:
            self._rhythm.asked(_time(), ask.uri, _blank_line(asked))
        if (refusal := await self._refusal(ask, asked)) is not None:
            return refusal
        if not await self._snippets.are_current(self._memory.versions(spot)):
            self._memory.outdated(spot)
        found = await (sources.several(asked, spot) if ask.manual else sources.one(asked, spot))
        if self._documents.text(ask.uri) != ask.text:
            return replace(gate.MOVED_ON, used=_used(found))
        return found if isinstance(found, Refusal) else self._offer(ask, asked, found) or replace(DUPLICATE, used=_used(found))

    async def _refusal(self, ask: SuggestionRequest, asked: SuggestionRequest) -> Refusal | None:
        buffer = self._documents.get(ask.uri)
        if buffer is None:
            return gate.NOT_OPEN
        if (refusal := gate.refusal(ask, buffer.language, self._settings(), snoozed=_time() < self._snoozed_until)) is not None:
            return refusal
        match await self._withheld(ask.uri):
            case "secret":
                return gate.SECRET
            case "ignored":
                return gate.IGNORED
            case None:
                return gate.JUST_ACCEPTED if not ask.manual and self._feedback.just_accepted(asked) else None

    def _offer(self, ask: SuggestionRequest, asked: SuggestionRequest, candidates: Sequence[Candidate]) -> tuple[Suggestion, ...]:
        gap = gap_at(asked.text, asked.offset)
        start, end, shown = (ask.offset, ask.offset, "") if ask.popup is None else (ask.popup.start, ask.popup.end, ask.popup.text)
        offered: dict[str, tuple[Candidate, Suggestion]] = {}
        for candidate in candidates:
            fitted = fit(candidate.rest(asked.text, asked.offset) or "", gap.line_before, gap.line_after)
            if fitted.text.strip() and fitted.text not in offered:
                suggestion = Suggestion(
                    suggestion_id=candidate.suggestion_id,
                    text=shown + fitted.text,
                    start=start,
                    end=end + fitted.covered,
                    source=candidate.source,
                )
                offered[fitted.text] = (candidate, suggestion)
        if not offered:
            return ()
        self._memory.offered(asked.uri, [candidate for candidate, _ in offered.values()])
        buffer = self._documents.get(asked.uri)
        for candidate, suggestion in offered.values():
            self._feedback.offered(candidate, suggestion.text, "" if buffer is None else buffer.language)
        return tuple(suggestion for _, suggestion in offered.values())

    def shown(self, suggestion_id: str) -> SuggestionFeedback:
        """Note that the person could see it. Raises `RequestError` ``unknown_suggestion``, as the two others do."""
        return self._feedback.shown(suggestion_id)

    def accepted(self, suggestion_id: str, length: int | None = None) -> SuggestionFeedback:
        """Note that ``length`` UTF-16 units of its text were taken, counted from its start; None: all of it."""
        return self._feedback.accepted(suggestion_id, length)

    def rejected(self, suggestion_id: str) -> SuggestionFeedback:
        """Note that it was dismissed: it does not come again at its place."""
        return self._feedback.rejected(suggestion_id)

    def explain(self, uri: str | None = None) -> SuggestionExplanation:
        """Return how the latest request, of a document or of all, ended."""
        return self._decisions.explain(uri)

    def watch(self, listener: Callable[[SuggestionExplanation], None]) -> None:
        """Call ``listener`` with each decision from now on, of whatever document."""
        self._decisions.on_decided = listener

    def snooze(self, minutes: float) -> SuggestionSnooze:
        """Suggest nothing for so long unless asked by hand; 0 ends it."""
        self._snoozed_until = _time() + 60 * minutes
        until = datetime.now(UTC) + timedelta(minutes=minutes)
        self._snooze = SuggestionSnooze(until=until.isoformat(timespec="milliseconds").replace("+00:00", "Z") if minutes else None)
        self._snoozed()
        return self._snooze

    def view(self) -> SuggestionsView:
        """Say how ghost text stands."""
        until = self._snooze.until if _time() < self._snoozed_until else None
        return SuggestionsView(enabled=self._settings().suggestions.enabled, model=gate.model_of(self._settings()), snoozed_until=until)

    def settings_changed(self) -> None:
        """Forget what another model said, and what was wrong with it."""
        self._memory.forget()
        if self._sources is not None:
            self._sources.settings_changed()

    async def aclose(self) -> None:
        """Give up every call, and book them; write down what became of suggestions."""
        if self._sources is not None:
            await self._sources.aclose()
        await self._outcomes.aclose()


def _with_popup(ask: SuggestionRequest) -> SuggestionRequest:
    """Return the request as it would be if the selected entry of the completion list were inserted."""
    if ask.popup is None:
        return ask
    text = ask.text[: ask.popup.start] + ask.popup.text + ask.text[ask.popup.end :]
    return replace(ask, text=text, offset=ask.popup.start + len(ask.popup.text), popup=None)


def _used(found: Sequence[Candidate] | Refusal) -> tuple[SnippetUsed, ...]:
    """Return what else the model was shown for what was found."""
    return found.used if isinstance(found, Refusal) else next((each.used for each in found if each.used), ())


def _blank_line(asked: SuggestionRequest) -> int | None:
    """Return the number of the cursor's line if nothing stands before the cursor in it."""
    before = asked.text[: asked.offset]
    return None if before.rpartition("\n")[2].strip() else before.count("\n")


def _time() -> float:
    return asyncio.get_running_loop().time()
