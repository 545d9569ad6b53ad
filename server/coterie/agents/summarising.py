"""Asks a model for the summary of a conversation's older part: the small model, then the agent's own where there is none, or it fails.

`agents.replacing` calls it. The call counts for the same budgets as the agent's own calls, and for the run; in the books it stands as
``compaction``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.quiet_call import QuietCall, in_turn
from coterie.agents.reserving import reserved
from coterie.base.errors import CoterieError, ProviderError, RunError
from coterie.context.compaction import MOST_SUMMARY_TOKENS, sections, summary_request
from coterie.context.learned import Learned
from coterie.context.thread import Placed
from coterie.context.tokens import Sizes
from coterie.domain.messages import ModelRequest
from coterie.domain.model_ports import ModelChoice, Providers
from coterie.domain.store_ports import UsageStore
from coterie.domain.usage import Usage
from coterie.providers.resilience.policy import is_spared_elsewhere

AGENT = "compaction"
"""Under this name its use is counted, and a recording answers (see `coterie.providers.replay`)."""

Wanted: TypeAlias = Callable[[ModelChoice, int | None], ModelRequest]
"""Makes the request to a model that is taken to read so many tokens; None: as many as its window has."""
_LESS = 3
"""After a refusal a third is asked of what the host is then taken to read: a window that is not as the settings say may be far from it."""
_NO_SUMMARY = "malformed_answers"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Summary:
    """The text under the fixed headings, and who wrote it."""

    text: str
    model: str


class Summariser:
    """Makes the summaries of one run. ``small`` finds the small model, None where none is set; it may raise what choosing raises."""

    def __init__(
        self,
        run: LiveRun,
        providers: Providers,
        usage: UsageStore,
        *,
        sizes: Sizes,
        learned: Learned,
        small: Callable[[], Awaitable[ModelChoice | None]],
    ) -> None:
        self._run = run
        self._providers = providers
        self._usage = usage
        self._sizes = sizes
        self._learned = learned
        self._small = small

    async def summarise(
        self, replaced: Sequence[Placed], own: ModelChoice, meters: Sequence[Meter], *, room: int, instructions: str = ""
    ) -> Summary:
        """Return the summary of messages. Raises `RunError`: no model can be asked, all failed, or said nothing of use."""

        def wanted(choice: ModelChoice, taken: int | None) -> ModelRequest:
            calibration = self._learned.calibration(choice)
            return summary_request(replaced, choice, room=room, instructions=instructions, calibration=calibration, taken=taken)

        failures: list[RunError] = []
        for choice in in_turn(await self._choices(own), self._providers):
            try:
                return await self._summary(choice, wanted, meters)
            except RunError as failure:
                if failure.code != _NO_SUMMARY and not is_spared_elsewhere(failure):
                    raise
                log.info("%s Going on with another model, if there is one.", failure.message)
                failures.append(failure)
        raise failures[-1]

    async def _summary(self, choice: ModelChoice, wanted: Wanted, meters: Sequence[Meter]) -> Summary:
        """Ask a model; once more for a summary of less where its host says that this is too long for it."""
        request = wanted(choice, self._learned.taken(choice))
        try:
            text = await self._answer(choice, request, meters)
        except ProviderError as failure:
            if failure.kind != "context_overflow":
                raise
            size = await self._sizes.request(request)
            taken = self._learned.refused(choice, self._learned.calibration(choice).tokens(size))
            text = await self._answer(choice, wanted(choice, taken // _LESS), meters)
        if text is None:
            raise RunError(f"The answer of {choice.label} is no summary.", code=_NO_SUMMARY)
        return Summary(text, choice.label)

    async def _answer(self, choice: ModelChoice, wanted: ModelRequest, meters: Sequence[Meter]) -> str | None:
        """Return what a model says under the headings; None when that is no summary."""
        request = replace(wanted, run=self._run.run_id, agent=AGENT, call=self._run.history.summaries)
        size = await self._sizes.request(request)
        estimate = self._learned.calibration(choice).tokens(size)
        call = QuietCall(choice, self._usage, self._run.run_id, self._run.row.channel_id)
        with await reserved(meters, estimate, choice.price, output_tokens=request.max_output_tokens or MOST_SUMMARY_TOKENS) as held:
            capped = request if held.output_cap is None else replace(request, max_output_tokens=held.output_cap)
            try:
                async with asyncio.timeout(held.left_s):
                    answer = await call.answer(capped)
            except TimeoutError:
                held.check_time()
                raise
            except ProviderError as failure:
                self._providers.settled(choice.id, failure)
                raise
            finally:
                used = call.used or Usage()
                held.settle(used, estimate)
                await self._run.add_usage(used)
        self._providers.settled(choice.id, None)
        self._learned.answered(choice, size, used)
        return sections(answer, is_cut=call.is_cut)

    async def _choices(self, own: ModelChoice) -> Sequence[ModelChoice]:
        """Return the models to ask: the small one, where it can be had, then the agent's own."""
        try:
            small = await self._small()
        except CoterieError as failure:
            log.info("no small model for a summary: %s", failure.message)
            small = None
        chosen = (own,) if small is None or small.id == own.id else (small, own)
        able = [choice for choice in chosen if choice.provider.capabilities.tools]
        if not able:
            raise RunError(f"{chosen[0].label} does whole tasks and summarises nothing; set small_model.", code="no_provider")
        return able
