"""One call of a model that no client sees: its answer is for the server itself, a title or a summary.

It is made once, and booked under the name of what it is for. ``features.titles`` and ``agents.summarising`` make such calls.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, FinishReason, ModelRequest, TextDelta, UsageReported
from coterie.domain.model_ports import ModelChoice
from coterie.domain.store_ports import UsageStore
from coterie.domain.usage import CallOutcome, Usage
from coterie.providers.prices import book, priced


@dataclass(slots=True)
class QuietCall:
    """A call of ``choice``, for a run of a channel. What it has used is known also when it fails or is cancelled."""

    choice: ModelChoice
    books: UsageStore
    run_id: str
    channel_id: str
    used: Usage | None = None

    async def answer(self, request: ModelRequest) -> str:
        """Return what the model says. Raises `ProviderError`; ``content_policy`` when it declines."""
        text = ""
        reason: FinishReason | None = None
        outcome: CallOutcome = "stopped"
        try:
            async with aclosing(self.choice.provider.stream(request)) as events:  # type: ignore[type-var]
                async for event in events:
                    if isinstance(event, TextDelta):
                        text += event.text
                    elif isinstance(event, UsageReported):
                        self.used = priced(event.usage, self.choice)
                    elif isinstance(event, Finished):
                        reason = event.reason
            outcome = "answered"
        except ProviderError:
            outcome = "failed"
            raise
        finally:
            await book(
                self.books,
                self.choice,
                self.used or Usage(),
                agent=request.agent,
                run_id=self.run_id,
                channel_id=self.channel_id,
                outcome=outcome,
            )
        if reason == "content_policy":
            raise ProviderError(f"{self.choice.label} declined to answer for its content policy.", kind="content_policy")
        return text
