"""One call of a model that is no part of a conversation: its answer is a title, a summary, the message of a commit.

It is made once, and booked under the name of what it is for. ``features.titles``, ``features.commit_message`` and `agents.summarising` make
such calls; those that belong to no run's agent go on with the next model of a chain by `first_answer`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from coterie.agents.choosing import Chain
from coterie.base.errors import ProviderError, RequestError
from coterie.domain.messages import Finished, FinishReason, ModelRequest, TextDelta, UsageReported
from coterie.domain.model_ports import ModelChoice, Providers
from coterie.domain.store_ports import UsageStore
from coterie.domain.usage import CallOutcome, Usage
from coterie.providers.prices import book, priced
from coterie.providers.resilience.policy import is_spared_elsewhere

log = logging.getLogger(__name__)


@dataclass(slots=True)
class QuietCall:
    """A call of ``choice``, for a run of a channel. What it has used is known also when it fails or is cancelled.

    ``is_cut``: the answer was longer than it might be, and its end is missing.
    """

    choice: ModelChoice
    books: UsageStore
    run_id: str
    channel_id: str
    used: Usage | None = None
    is_cut: bool = False

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
        self.is_cut = reason == "length"
        if reason == "content_policy":
            raise ProviderError(f"{self.choice.label} declined to answer for its content policy.", kind="content_policy")
        return text


async def first_answer(chain: Chain, providers: Providers, ask: Callable[[ModelChoice], Awaitable[str]]) -> tuple[str, ModelChoice]:
    """Return the answer of the first model of a chain that gives one, each asked once, and the model.

    A host that does whole tasks is not asked: it would begin one. One that failed a short time ago is passed over where there is another.
    Raises the `ProviderError` after which no other is asked, and `RequestError` ``no_provider`` where there is nobody to ask.
    """
    able = [choice for choice in chain.choices if choice.provider.capabilities.tools]
    if not able:
        text = f"{chain.first.label} does whole tasks and answers no questions of ours: set small_model in the settings."
        raise RequestError(text, code="no_provider")

    async def asked(choice: ModelChoice) -> tuple[str, ModelChoice]:
        try:
            answer = await ask(choice)
        except ProviderError as failure:
            providers.settled(choice.id, failure)
            raise
        providers.settled(choice.id, None)
        return answer, choice

    failures: list[ProviderError] = []
    for choice in in_turn(able, providers):
        try:
            return await asked(choice)
        except ProviderError as failure:
            if not is_spared_elsewhere(failure, is_first=choice is chain.first):
                raise
            log.info("%s Going on with another model, if there is one.", failure.message)
            failures.append(failure)
    raise failures[-1]


def in_turn(choices: Sequence[ModelChoice], providers: Providers) -> Iterator[ModelChoice]:
    """Yield the models that are not left alone just now; where all are, each of them.

    Each is looked at when its turn comes: that a model may be tried again is told once, to whoever is to call it.
    """
    is_any = False
    for choice in choices:
        if providers.unavailable(choice.id) is None:
            is_any = True
            yield choice
    if not is_any:
        yield from choices
