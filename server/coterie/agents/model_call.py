"""One call of a model, as often as it takes: stream it, tell it, retry it, go on with another model, count it.

`agents.loop` gives what makes a request and gets an `AssistantMessage` back. A failure before the end voids what was told
(``message_discarded``). Where the failure is worth it the call is made anew, with a new message id; where that does not help, or cannot,
the next model of the agent's chain gets the same conversation, as the journal has it. Every attempt is journalled and kept in the books.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from random import random
from typing import Protocol

from coterie.agents.answer import Answer
from coterie.agents.choosing import Chain
from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter
from coterie.agents.reserving import Held, reserved
from coterie.base.errors import ProviderError, RunError
from coterie.base.ids import new_id
from coterie.context.learned import Learned
from coterie.context.tokens import Sizes
from coterie.domain.events import MessageDiscarded, WarningEvent
from coterie.domain.messages import AssistantMessage, ModelRequest
from coterie.domain.model_ports import ModelChoice, Providers
from coterie.domain.records import CallRecord, EventRecord, MessageRecord
from coterie.domain.store_ports import UsageStore
from coterie.domain.usage import NO_USAGE, CallOutcome, Usage
from coterie.providers.prices import book, priced
from coterie.providers.resilience.policy import RetryPolicy, is_spared_elsewhere

DEFAULT_OUTPUT = 8_192
"""Tokens that an answer is assumed to have at most where nobody knows the model's limit."""


class Compose(Protocol):
    """Makes the request for a model."""

    async def __call__(self, choice: ModelChoice, *, overflowed: bool = False) -> ModelRequest:
        """Return it; a smaller one than before when that one ``overflowed`` the host. Raises `RunError` ``context_overflow``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who calls: a step's agent, with its models. ``meters`` are all that must have room."""

    step_id: str
    attempt: int
    agent: str
    chain: Chain
    meters: Sequence[Meter]


class ModelCalls:
    """Makes the model calls of one run. ``learned`` is what hosts have shown of how they count, in this run and others."""

    def __init__(
        self,
        run: LiveRun,
        providers: Providers,
        usage: UsageStore,
        policy: RetryPolicy,
        learned: Learned,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random,
    ) -> None:
        self._run = run
        self._providers = providers
        self._usage = usage
        self._policy = policy
        self._pause = pause
        self._jitter = jitter
        self.sizes = Sizes()
        self.learned = learned
        self._warned: set[str] = set()

    async def ask(self, asker: Asker, compose: Compose) -> AssistantMessage:
        """Return the answer of the first model of the chain that gives one, journalled. Raises `ProviderError`, `BudgetExhaustedError`."""
        for missing in asker.chain.left_out:
            await self._warn_once("fallback", f"{missing.message} Going on without it.", key=missing.message)
        left = len(asker.chain.choices)
        failed: ModelChoice | None = None
        failure = RunError(f"The {asker.agent} has no model.", code="no_provider")
        async with aclosing(self._candidates(asker)) as candidates:
            async for choice in candidates:
                left -= 1
                if failed is not None:
                    if _is_in_vain(choice, failed, failure):
                        continue
                    text = f"{failure.message} Going on with {choice.label}."
                    await self._run.event(WarningEvent(code="fallback", text=text))
                try:
                    return await self._answered(asker, choice, compose, has_next=left > 0)
                except RunError as ended:
                    if not is_spared_elsewhere(ended, is_first=choice is asker.chain.first):
                        raise
                    failed, failure = choice, ended
        raise failure

    async def _candidates(self, asker: Asker) -> AsyncGenerator[ModelChoice, None]:
        """Yield the models to ask: first those that nothing speaks against, then the others, because there is nothing else left."""
        choices, deferred = asker.chain.choices, list[ModelChoice]()
        for choice in choices:
            why = self._providers.unavailable(choice.id) if len(choices) > 1 else None
            if why is None:
                yield choice
            else:
                deferred.append(choice)
                words = "failed a short time ago" if why == "breaker_open" else "asked for no calls for a while"
                await self._warn_once(why, f"{choice.label} {words}: it is passed over for now.", key=f"passed over {choice.id}")
        for choice in deferred:
            yield choice

    async def _answered(self, asker: Asker, choice: ModelChoice, compose: Compose, *, has_next: bool) -> AssistantMessage:
        """Ask one model; when it says that the conversation is too long, once more with a shorter one."""
        request = await compose(choice)
        try:
            return await self._persist(asker, choice, request, has_next=has_next)
        except ProviderError as failure:
            if failure.kind != "context_overflow":
                raise
            try:
                shorter = await compose(choice, overflowed=True)
            except RunError as stuck:
                if stuck.code != failure.code:
                    raise
                raise failure from None
        return await self._persist(asker, choice, shorter, has_next=has_next)

    async def _persist(self, asker: Asker, choice: ModelChoice, request: ModelRequest, *, has_next: bool) -> AssistantMessage:
        """Ask one model, as often as the policy says."""
        await self._warn_of_unknown_price(asker, choice)
        await self._tell_model(asker, choice)
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(asker, choice, request)
            except ProviderError as failure:
                self._providers.settled(choice.id, failure)
                delay = self._policy.delay(failure, attempt, self._jitter(), has_next=has_next)
                if delay is None or (has_next and self._providers.unavailable(choice.id)) or _outlasts(asker.meters, delay):
                    raise
                text = f"{failure.message} Trying again in {delay:.1f} s (attempt {attempt + 1} of {self._policy.attempts})."
                await self._run.event(WarningEvent(code=failure.kind, text=text))
                await self._pause(delay)

    async def _attempt(self, asker: Asker, choice: ModelChoice, request: ModelRequest) -> AssistantMessage:
        size = await self.sizes.request(request)
        estimate = self.learned.calibration(choice).tokens(size)
        longest = request.max_output_tokens or DEFAULT_OUTPUT
        with await reserved(asker.meters, estimate, choice.price, output_tokens=longest) as held:
            capped = request if held.output_cap is None else replace(request, max_output_tokens=held.output_cap)
            answer = Answer(new_id("message"), asker.step_id, asker.agent, choice)
            await self._run.record(
                CallRecord(step_id=asker.step_id, agent=asker.agent, model=choice.id, call=request.call, message_id=answer.message_id)
            )
            outcome: CallOutcome = "failed"
            cost_nothing = False
            try:
                await self._stream(capped, answer, held)
                answer.check()
                outcome = "answered" if answer.reused is None else "reused"
                cost_nothing = answer.reused is not None
            except RunError as failure:
                cost_nothing = isinstance(failure, ProviderError) and not answer.has_begun and failure.used_nothing
                await self._discard(answer, failure)
                raise
            except asyncio.CancelledError:
                outcome = "stopped"
                await self._keep_partial(answer)
                raise
            finally:
                if cost_nothing:
                    held.release()
                    await self._book(asker, choice, NO_USAGE, outcome)
                else:
                    used = priced(answer.usage or Usage(), choice)
                    held.settle(used, estimate)
                    await self._run.add_usage(used)
                    await self._book(asker, choice, used, outcome)
            if answer.usage is not None and answer.reused is None:
                self.learned.answered(choice, size, answer.usage)
        self._providers.settled(choice.id, None)
        self._warned.discard(f"passed over {choice.id}")
        return await self._finish(asker, answer)

    async def _stream(self, request: ModelRequest, answer: Answer, held: Held) -> None:
        try:
            async with asyncio.timeout(held.left_s), aclosing(answer.choice.provider.stream(request)) as stream:  # type: ignore[type-var]
                async for event in stream:
                    await answer.take(event, self._run)
        except TimeoutError:
            held.check_time()
            raise

    async def _finish(self, asker: Asker, answer: Answer) -> AssistantMessage:
        if answer.reason == "length":
            await self._run.event(WarningEvent(code="answer_cut", text=f"The answer of {answer.choice.label} was cut at its length limit."))
        message = answer.message(self._run)
        await self._run.record(
            MessageRecord(step_id=asker.step_id, attempt=asker.attempt, message_id=answer.message_id, message=message),
            EventRecord(event=answer.event()),
        )
        self._run.settled(answer.message_id)
        return message

    async def _discard(self, answer: Answer, failure: RunError) -> None:
        self._run.settled(answer.message_id)
        await self._run.event(MessageDiscarded(message_id=answer.message_id, reason=failure.code))

    async def _keep_partial(self, answer: Answer) -> None:
        """Keep what the person has seen of a message that was stopped; it is not part of the conversation with the model."""
        self._run.settled(answer.message_id)
        if answer.text:
            await self._run.event(answer.event(partial=True))
        else:
            await self._run.event(MessageDiscarded(message_id=answer.message_id, reason="stopped"))

    async def _book(self, asker: Asker, choice: ModelChoice, used: Usage, outcome: CallOutcome) -> None:
        row = self._run.row
        await book(self._usage, choice, used, agent=asker.agent, run_id=row.run_id, channel_id=row.channel_id, outcome=outcome)

    async def _tell_model(self, asker: Asker, choice: ModelChoice) -> None:
        """Tell the step's model where it is not the one that was told before."""
        step = self._run.history.steps.get(asker.step_id)
        if step is not None and step.model != choice.label:
            await self._run.event(replace(step, model=choice.label))

    async def _warn_of_unknown_price(self, asker: Asker, choice: ModelChoice) -> None:
        price = choice.price
        is_known = choice.bills or (price is not None and price.input is not None and price.output is not None)
        if not is_known and any(meter.budget.usd is not None for meter in asker.meters):
            text = f"The price of {choice.label} is not known: its budget counts tokens and time only."
            await self._warn_once("price_unknown", text, key="price_unknown")

    async def _warn_once(self, code: str, text: str, *, key: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            await self._run.event(WarningEvent(code=code, text=text))


def _outlasts(meters: Sequence[Meter], delay: float) -> bool:
    """Say whether time is up before a wait would be over: what comes of it is known, and nobody is kept waiting for it."""
    return any(meter.left_s is not None and meter.left_s <= delay for meter in meters)


def _is_in_vain(choice: ModelChoice, failed: ModelChoice, failure: RunError) -> bool:
    """Say whether a model is known to take no more than the one for which the conversation was too long."""
    if failure.code != "context_overflow" or choice.context_tokens is None or failed.context_tokens is None:
        return False
    return choice.context_tokens <= failed.context_tokens
