"""Ghost text as front doors ask for it: walks the stages in their order (see the package's docstring) and remembers how each request ended.

One for each editor: documents, rhythm and what was offered are one person's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Literal, TypeAlias
from urllib.parse import unquote

from coterie.base.ids import new_id
from coterie.base.tasks import TaskSupervisor
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
from coterie.features.suggestions.filling import Filling, Job
from coterie.features.suggestions.filters import DUPLICATE
from coterie.features.suggestions.gate import REJECTED, Refusal
from coterie.features.suggestions.outcomes import Outcomes
from coterie.features.suggestions.predicting import predicted
from coterie.features.suggestions.ranking import (
    MOST_CHOICES,
    PATIENCE_BY_HAND_S,
    PATIENCE_S,
    SOURCES,
    Accepted,
    first_line,
    in_order,
    is_worth_showing,
    leads,
    suffices,
    yields,
)
from coterie.features.suggestions.reuse import Candidate, Memory, Spot, spot_at
from coterie.features.suggestions.rhythm import Rhythm
from coterie.features.suggestions.snippets import SnippetSource
from coterie.features.suggestions.spending import Spending
from coterie.features.suggestions.syntax import breaks
from coterie.features.suggestions.turns import Calls, Turns
from coterie.features.suggestions.whole import around
from coterie.workspace.documents import Buffer, Documents, Happened

LONGEST_S = 30.0
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
        self._predictor = predictor
        self._snippets = snippets
        self._settings = settings
        self._withheld = withheld
        self._rhythm = Rhythm()
        self._spending = Spending(usage)
        self._filling = Filling(providers, self._rhythm, self._spending)
        self._turns = Turns()
        self._behind = Turns()  # the model's answers behind predictions that are shown
        self._tasks = TaskSupervisor("suggestions")
        self._calls: Calls[Candidate | Refusal] = Calls(self._tasks)
        self._memory = Memory(_time)
        self._outcomes = outcomes
        self._extents = extents
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
        if not ask.manual:
            self._behind.end(ask.uri)
        try:
            found = await self._turns.take(ask.uri, self._find(ask), within_s=LONGEST_S)
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
            self._behind.end(buffer.uri)

    async def _find(self, ask: SuggestionRequest) -> tuple[Suggestion, ...] | Refusal:
        asked = _with_popup(ask)
        if not ask.manual:
            self._rhythm.asked(_time(), ask.uri, _blank_line(asked))
        if (refusal := await self._refusal(ask, asked)) is not None:
            return refusal
        spot = spot_at(asked.uri, asked.text, asked.offset)
        if not await self._snippets.are_current(self._memory.versions(spot)):
            self._memory.outdated(spot)
        found = await (self._choices(asked, spot) if ask.manual else self._choice(asked, spot))
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

    async def _choice(self, asked: SuggestionRequest, spot: Spot) -> tuple[Candidate, ...] | Refusal:
        """Return what is shown without having been asked for: one candidate."""
        known = self._memory.find(asked, spot)
        if isinstance(known, Candidate):
            return (known,)
        if known is REJECTED:
            return known
        started, job = _time(), await self._job(asked)
        foreseen = await self._predicted(asked, spot, job)
        wanted = self._wanted(job.language)
        if isinstance(foreseen, Candidate) and not is_worth_showing(foreseen.score, wanted["predictor"]):
            foreseen = gate.SELDOM_ACCEPTED
        if self._model is None:
            found = foreseen
        elif isinstance(foreseen, Refusal):
            found = known or await self._ask(asked, spot, job, since=started)
        elif known is None and job.extent == "line" and suffices(foreseen.score, self._rhythm.latency, wanted):
            found = foreseen
        elif known is None and job.extent == "line" and leads(foreseen.score, wanted):
            self._tasks.spawn(self._stand_by(asked, spot, job, since=started), name="a model's answer behind a prediction")
            found = foreseen
        else:
            wait = self._wait(job.language)
            said = known or await self._ask_in_time(asked, spot, job, since=started, within_s=wait + PATIENCE_S)
            if isinstance(said, Candidate):
                return (await self._in_order(asked, job, [said, foreseen]))[:1]
            found = foreseen if yields(said) else said
        return found if isinstance(found, Refusal) else (found,)

    async def _choices(self, asked: SuggestionRequest, spot: Spot) -> tuple[Candidate, ...] | Refusal:
        """Return what is shown to who asked by hand: what is there already, a model's answers and their first lines, and the predictor's.

        Who sees one answer alone, and asks, wants others: the model is asked for another one, once.
        """
        known = self._memory.fitting(asked, spot)
        job = await self._job(asked)
        foreseen = await self._predicted(asked, spot, job)
        said: Candidate | Refusal | None = None
        if self._model is not None and all(each.source != "model" for each in known):
            said = await self._ask(asked, spot, job, since=_time())
        elif self._model is not None and len(known) == 1 and not known[0].has_rivals:
            another = replace(job, other_than=(known[0].rest(asked.text, asked.offset) or "",))
            known = (replace(known[0], has_rivals=True),)
            said = await self._ask_in_time(asked, spot, another, since=_time(), within_s=PATIENCE_BY_HAND_S)
        found = list(dict.fromkeys(each for each in (*known, said, foreseen) if isinstance(each, Candidate)))
        lines = [line for each in found if (line := first_line(each)) is not None]
        found += lines[: max(0, MOST_CHOICES - len(found))]
        if found:
            return await self._in_order(asked, job, found)
        return said if isinstance(said, Refusal) else foreseen if isinstance(foreseen, Refusal) else gate.NOT_SURE

    async def _predicted(self, asked: SuggestionRequest, spot: Spot, job: Job) -> Candidate | Refusal:
        cells = around(self._documents, asked.uri)
        return await predicted(self._predictor, asked, spot, job.gap, job.language, above=cells.above, below=cells.below)

    async def _in_order(self, asked: SuggestionRequest, job: Job, found: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Put the candidates for a place in order."""
        rests = [(each, each.rest(asked.text, asked.offset) or "") for each in found]
        parser = await self._extents.parser(job.language) if len(found) > 1 else None
        breaking = () if parser is None else [rest for _, rest in rests if breaks(parser, job.gap, rest)]
        return in_order(rests, self._wanted(job.language), breaking)

    def _wanted(self, language: str) -> Accepted:
        return {source: self._outcomes.rate(source, language) for source in SOURCES}

    @property
    def _model(self) -> str | None:
        """The model that fills in ghost text; None: the predictor is alone."""
        model = self._settings().completion_model
        return None if model == "none" else model

    async def _ask_in_time(self, asked: SuggestionRequest, spot: Spot, job: Job, *, since: float, within_s: float) -> Candidate | Refusal:
        """Ask the model as long as it is worth waiting for when there is another answer already."""
        try:
            async with asyncio.timeout(within_s):
                return await self._ask(asked, spot, job, since=since)
        except TimeoutError:
            self._rhythm.answered(PATIENCE_S)  # at least
            return gate.SLOW

    async def _stand_by(self, asked: SuggestionRequest, spot: Spot, job: Job, *, since: float) -> None:
        """Ask the model while a prediction is shown; its answer takes no place before the person types something else."""
        if self._documents.text(asked.uri) != asked.text:
            return  # the next key came before this began
        said = await self._behind.take(asked.uri, self._ask(asked, spot, job, since=since), within_s=LONGEST_S)
        if isinstance(said, Candidate):
            self._memory.stands_by(said)

    async def _ask(self, asked: SuggestionRequest, spot: Spot, job: Job, *, since: float) -> Candidate | Refusal:
        """Ask the model once no further key has come ``since``, or wait with those who have asked it the same."""
        if (broke := self._spending.exhausted(self._settings().budget.day_usd)) is not None:
            return broke
        if not asked.manual and (resting := self._filling.resting()) is not None:
            return resting
        call = (spot, job.other_than)
        if call not in self._calls and not asked.manual:
            await asyncio.sleep(max(0.0, since + self._wait(job.language) - _time()))
        found = await self._calls.share(call, lambda: self._fill(asked, spot, job))
        return found if isinstance(found, Refusal) else replace(found, offset=asked.offset)

    def _wait(self, language: str) -> float:
        return self._rhythm.wait(self._settings().suggestions.min_delay_ms / 1000, self._outcomes.rate("model", language))

    async def _job(self, asked: SuggestionRequest) -> Job:
        buffer = self._documents.get(asked.uri)
        language = "" if buffer is None else buffer.language
        cells = around(self._documents, asked.uri)
        whole = f"{cells.above}{asked.text}{cells.below}"
        gap = gap_at(whole, len(cells.above) + asked.offset, self._filling.calibration(self._model))
        return Job(
            gap=gap,
            extent=await self._extents.extent(gap, language, manual=asked.manual),
            path=PurePosixPath(unquote(asked.uri)).name,
            language=language,
            manual=asked.manual,
        )

    async def _fill(self, asked: SuggestionRequest, spot: Spot, job: Job) -> Candidate | Refusal:
        found = await self._snippets.gather(asked, job.gap, self._filling.calibration(self._model))
        job = replace(job, path=found.path, project=found.project, snippets=found.snippets)
        versions = {**found.versions, **around(self._documents, asked.uri).versions}
        text = await self._filling.fill(self._model or "", job)
        if not isinstance(text, Refusal):
            candidate = Candidate(new_id("suggestion"), spot, asked.offset, text, used=found.used)
            if not job.other_than:
                self._memory.answered(spot, candidate, versions)
            return candidate
        if text.stage != "filter":  # nothing was answered
            return text
        text = replace(text, used=found.used)
        if not job.other_than:
            self._memory.answered(spot, text, versions)
        return text

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
        settings = self._settings()
        model = settings.completion_model if settings.completion_model != "none" else None
        until = self._snooze.until if _time() < self._snoozed_until else None
        return SuggestionsView(enabled=settings.suggestions.enabled, model=model, snoozed_until=until)

    def settings_changed(self) -> None:
        """Forget what another model said, and what was wrong with it."""
        self._memory.forget()
        self._filling.go_on()

    async def aclose(self) -> None:
        """Give up every call, and book them; write down what became of suggestions."""
        await self._tasks.aclose()
        await self._extents.aclose()
        await self._outcomes.aclose()
        await self._spending.aclose()


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
