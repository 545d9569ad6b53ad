"""Who answers at a place: the project itself, the model, or both, and who of them first.

``service`` asks for one candidate after a key, for several when the person asks by hand, where its memory has nothing that fits or too
little. The stages from the predictor to the filters are behind this: `predicting`, the wait for the next key, `turns.Calls`, `filling`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote

from coterie.base.ids import new_id
from coterie.base.tasks import TaskSupervisor
from coterie.config.schema import Settings
from coterie.context.fill import gap_at
from coterie.domain.code_ports import LinePredictor
from coterie.domain.model_ports import Providers
from coterie.domain.store_ports import UsageStore
from coterie.domain.suggestions import SuggestionRequest
from coterie.features.suggestions import gate
from coterie.features.suggestions.extents import Extents
from coterie.features.suggestions.filling import Filling, Job
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
from coterie.features.suggestions.reuse import Candidate, Memory, Spot
from coterie.features.suggestions.rhythm import Rhythm
from coterie.features.suggestions.snippets import SnippetSource
from coterie.features.suggestions.spending import Spending
from coterie.features.suggestions.syntax import breaks
from coterie.features.suggestions.turns import LONGEST_S, Calls, Turns
from coterie.features.suggestions.whole import around
from coterie.workspace.documents import Documents

LONGEST_UNASKED_S = 10.0
"""How long a request that a key caused may wait for a model. Who has not gone on by then looks at something else."""


class Sources:
    """The predictor and the model of one editor. ``memory`` gets what the model said, ``rhythm`` how long it took."""

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
        outcomes: Outcomes,
        memory: Memory,
        rhythm: Rhythm,
    ) -> None:
        self._documents = documents
        self._predictor = predictor
        self._snippets = snippets
        self._extents = extents
        self._settings = settings
        self._outcomes = outcomes
        self._memory = memory
        self._rhythm = rhythm
        self._spending = Spending(usage)
        self._filling = Filling(providers, rhythm, self._spending)
        self._behind = Turns()  # the model's answers that are not waited for, or no longer
        self._tasks = TaskSupervisor("suggestions")
        self._calls: Calls[Candidate | Refusal] = Calls(self._tasks)

    @property
    def model(self) -> str | None:
        """The model that fills in ghost text; None: the predictor is alone."""
        return gate.model_of(self._settings())

    async def one(self, asked: SuggestionRequest, spot: Spot) -> tuple[Candidate, ...] | Refusal:
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
        if self.model is None:
            found = foreseen
        elif isinstance(foreseen, Refusal):
            found = known or await self._ask_for_a_while(asked, spot, job, since=started)
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

    async def several(self, asked: SuggestionRequest, spot: Spot) -> tuple[Candidate, ...] | Refusal:
        """Return what is shown to who asked by hand: what is there already, a model's answers and their first lines, and the predictor's.

        Who sees one answer alone, and asks, wants others: the model is asked for another one, once.
        """
        known = self._memory.fitting(asked, spot)
        job = await self._job(asked)
        foreseen = await self._predicted(asked, spot, job)
        said: Candidate | Refusal | None = None
        if self.model is not None and all(each.source != "model" for each in known):
            said = await self._ask(asked, spot, job, since=_time())
        elif self.model is not None and len(known) == 1 and not known[0].has_rivals:
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

    async def _ask_in_time(self, asked: SuggestionRequest, spot: Spot, job: Job, *, since: float, within_s: float) -> Candidate | Refusal:
        """Ask the model as long as it is worth waiting for when there is another answer already."""
        try:
            async with asyncio.timeout(within_s):
                return await self._ask(asked, spot, job, since=since)
        except TimeoutError:
            self._rhythm.answered(PATIENCE_S)  # at least
            return gate.SLOW

    async def _ask_for_a_while(self, asked: SuggestionRequest, spot: Spot, job: Job, *, since: float) -> Candidate | Refusal:
        """Ask the model, and answer without it when that takes long.

        The call goes on behind: a host that is loading the model would begin anew each time, and what it says is there when the place is
        asked about again.
        """
        call = self._behind.take(asked.uri, self._ask(asked, spot, job, since=since), within_s=LONGEST_S)
        asking = self._tasks.spawn(call, name="a model's answer")
        try:
            await asyncio.wait({asking}, timeout=LONGEST_UNASKED_S)
        except asyncio.CancelledError:
            asking.cancel()
            raise
        said = asking.result() if asking.done() else "timed_out"
        if said == "timed_out":
            return gate.TIMED_OUT
        return gate.SUPERSEDED if said == "superseded" else said

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
        call = _call(spot, job.other_than)
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
        gap = gap_at(whole, len(cells.above) + asked.offset, self._filling.calibration(self.model))
        return Job(
            gap=gap,
            extent=await self._extents.extent(gap, language, manual=asked.manual),
            path=PurePosixPath(unquote(asked.uri)).name,
            language=language,
            manual=asked.manual,
        )

    async def _fill(self, asked: SuggestionRequest, spot: Spot, job: Job) -> Candidate | Refusal:
        found = await self._snippets.gather(asked, job.gap, self._filling.calibration(self.model))
        job = replace(job, path=found.path, project=found.project, snippets=found.snippets)
        versions = {**found.versions, **around(self._documents, asked.uri).versions}
        text = await self._filling.fill(self.model or "", job)
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

    def kept(self, spot: Spot) -> AbstractContextManager[None]:
        """Let a call for this place not end while a request for it is looked into."""
        return self._calls.kept(_call(spot))

    def give_up(self, uri: str) -> None:
        """End the call in a document that goes on behind a prediction, or an answer without it."""
        self._behind.end(uri)

    def settings_changed(self) -> None:
        """Forget what was wrong with the model."""
        self._filling.go_on()

    async def aclose(self) -> None:
        """Give up every call, and book them."""
        await self._tasks.aclose()
        await self._extents.aclose()
        await self._spending.aclose()


def _call(spot: Spot, other_than: Sequence[str] = ()) -> Hashable:
    """Return what equal calls have in common."""
    return (spot, tuple(other_than))


def _time() -> float:
    return asyncio.get_running_loop().time()
