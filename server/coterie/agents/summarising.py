"""Asks a model for the summary of a conversation's older part: the small model where there is one, else the agent's own.

`agents.compacting` calls it. The call counts for the same budgets as the agent's own calls, and for the run; in the books it stands as
``compaction``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.quiet_call import QuietCall
from coterie.agents.reserving import reserved
from coterie.base.errors import CoterieError, ProviderError, RunError
from coterie.context.compaction import MOST_SUMMARY_TOKENS, sections, summary_request
from coterie.context.learned import Learned
from coterie.context.thread import Placed
from coterie.context.tokens import Sizes
from coterie.domain.model_ports import ModelChoice, Providers
from coterie.domain.store_ports import UsageStore
from coterie.domain.usage import Usage

AGENT = "compaction"
"""Under this name its use is counted, and a recording answers (see `coterie.providers.replay`)."""

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
        """Return the summary of messages. Raises `RunError`: the model cannot be asked, failed, or said nothing of use."""
        choice = await self._choice(own)
        request = replace(
            summary_request(replaced, choice, room=room, instructions=instructions),
            run=self._run.run_id,
            agent=AGENT,
            call=self._run.history.summaries,
        )
        size = await self._sizes.request(request)
        estimate = self._learned.calibration(choice.id).tokens(size)
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
        if (text := sections(answer)) is None:
            raise RunError(f"The answer of {choice.label} is no summary.", code="malformed_answers")
        return Summary(text, choice.label)

    async def _choice(self, own: ModelChoice) -> ModelChoice:
        """Return the small model, or the agent's own where there is none, or none that can be had."""
        try:
            small = await self._small()
        except CoterieError as failure:
            log.info("no small model for a summary: %s", failure.message)
            small = None
        chosen = small or own
        if not chosen.provider.capabilities.tools:
            raise RunError(f"{chosen.label} does whole tasks and summarises nothing; set small_model.", code="no_provider")
        return chosen
