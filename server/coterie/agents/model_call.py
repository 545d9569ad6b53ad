"""One call of a model, as often as it takes: stream it, tell it, retry it, count it.

`agents.loop` gives a request and gets an `AssistantMessage` back. A failure before the end voids what was told (``message_discarded``) and,
where the failure is worth it, the call is made anew with a new message id. Every attempt's use is kept.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from random import random
from typing import Literal, Self, assert_never

from coterie.agents.live_run import LiveRun
from coterie.agents.meter import Meter, Reservation
from coterie.base.errors import BudgetExhaustedError, ProviderError, RunError
from coterie.base.ids import new_id
from coterie.base.text import scalars, utf16_length
from coterie.context.assemble import request_bytes
from coterie.context.tokens import Calibration
from coterie.domain.events import MessageDelta, MessageDiscarded, MessageEvent, WarningEvent
from coterie.domain.events import ThoughtDelta as ThoughtEvent
from coterie.domain.messages import (
    AssistantMessage,
    Finished,
    ModelRequest,
    StreamEvent,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    UsageReported,
)
from coterie.domain.ports import ModelChoice, Providers, UsageStore
from coterie.domain.records import CallRecord, EventRecord, MessageRecord
from coterie.domain.usage import Usage
from coterie.domain.wire import Json
from coterie.providers.prices import book, priced
from coterie.providers.resilience import RetryPolicy

DEFAULT_OUTPUT = 8_192
"""Tokens that an answer is assumed to have at most where nobody knows the model's limit."""


@dataclass(slots=True)
class _Answer:
    """What has come of a message so far."""

    message_id: str
    text: str = ""
    thought: str = ""
    signature: str | None = None
    calls: dict[str, tuple[str, str]] = field(default_factory=dict)
    usage: Usage | None = None
    reason: Literal["stop", "tool_calls", "length", "content_policy"] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anything of it has come."""
        return bool(self.text or self.thought or self.calls or self.usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who calls: a step's agent. ``meters`` are all that must have room, the run's own first."""

    step_id: str
    attempt: int
    agent: str
    choice: ModelChoice
    meters: tuple[Meter, ...]


class ModelCalls:
    """Makes the model calls of one run."""

    def __init__(
        self,
        run: LiveRun,
        providers: Providers,
        usage: UsageStore,
        policy: RetryPolicy,
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
        self._calibrations: dict[str, Calibration] = {}
        self._warned: set[str] = set()

    def calibration(self, asker: Asker) -> Calibration:
        """Return the token count's correction for the asker's model."""
        return self._calibrations.get(asker.choice.id, Calibration())

    async def ask(self, asker: Asker, request: ModelRequest) -> AssistantMessage:
        """Return the model's answer, journalled. Raises `ProviderError` when no attempt succeeds, `BudgetExhaustedError`."""
        await self._warn_of_unknown_price(asker)
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(asker, request)
            except ProviderError as failure:
                self._providers.settled(asker.choice.id, failure)
                delay = self._policy.delay(failure, attempt, self._jitter())
                if delay is None:
                    raise
                text = f"{failure.message} Trying again in {delay:.1f} s (attempt {attempt + 1} of {self._policy.attempts})."
                await self._run.event(WarningEvent(code=failure.kind, text=text))
                await self._pause(delay)

    async def _attempt(self, asker: Asker, request: ModelRequest) -> AssistantMessage:
        calibration = self.calibration(asker)
        size = len(request_bytes(request))
        estimate = calibration.tokens(size)
        longest = request.max_output_tokens or DEFAULT_OUTPUT
        with await reserved(asker, estimate, longest) as held:
            caps = [one.output_cap for one in held.reservations if one.output_cap is not None]
            capped = replace(request, max_output_tokens=min(caps)) if caps else request
            answer = _Answer(new_id("message"))
            await self._run.record(
                CallRecord(step_id=asker.step_id, agent=asker.agent, model=asker.choice.id, call=request.call, message_id=answer.message_id)
            )
            was_refused = False
            try:
                await self._stream(asker, capped, answer, held)
                self._check(asker, answer)
            except ProviderError as failure:
                was_refused = failure.status is not None and not answer.has_begun
                await self._discard(answer, failure)
                raise
            except asyncio.CancelledError:
                await self._keep_partial(asker, answer)
                raise
            finally:
                if not was_refused:  # what a host refuses uses nothing, and makes no sum unknown
                    usage = None if answer.usage is None else priced(answer.usage, asker.choice)
                    held.settle(usage, estimate)
                    await self._count(asker, usage)
            if answer.usage is not None:
                self._calibrations[asker.choice.id] = calibration.corrected(size, answer.usage)
        self._providers.settled(asker.choice.id, None)
        return await self._finish(asker, answer)

    async def _stream(self, asker: Asker, request: ModelRequest, answer: _Answer, held: _Held) -> None:
        try:
            async with asyncio.timeout(held.left_s), aclosing(asker.choice.provider.stream(request)) as stream:  # type: ignore[type-var]
                async for event in stream:
                    await self._take(asker, answer, event)
        except TimeoutError:
            held.check_time()
            raise

    async def _take(self, asker: Asker, answer: _Answer, event: StreamEvent) -> None:
        match event:
            case TextDelta(received):
                text = scalars(received)
                offset = utf16_length(answer.text)
                answer.text += text
                told = MessageDelta(message_id=answer.message_id, offset=offset, text=text)
                await self._run.delta(told, self._message(asker, answer, partial=True))
            case ThoughtDelta(received, signature):
                text = scalars(received)
                offset = utf16_length(answer.thought)
                answer.thought += text
                answer.signature = signature or answer.signature
                if text:
                    await self._run.delta(ThoughtEvent(message_id=answer.message_id, offset=offset, text=text))
            case ToolCallStarted(call_id, tool):
                answer.calls[call_id] = (tool, "")
            case ToolCallArguments(call_id, text):
                tool, so_far = answer.calls[call_id]
                answer.calls[call_id] = (tool, so_far + text)
            case ToolCallEnded():
                pass
            case UsageReported(usage):
                answer.usage = usage
            case Finished(reason):
                answer.reason = reason
            case _:
                assert_never(event)

    def _check(self, asker: Asker, answer: _Answer) -> None:
        if answer.reason == "content_policy":
            raise ProviderError(f"{asker.choice.label} declined to answer for its content policy.", kind="content_policy")
        if answer.reason is None or not (answer.text.strip() or answer.calls):
            raise ProviderError(f"{asker.choice.label} sent an empty answer.", kind="transient")

    def _message(self, asker: Asker, answer: _Answer, *, partial: bool | None = None) -> MessageEvent:
        return MessageEvent(
            message_id=answer.message_id,
            role="assistant",
            text=answer.text,
            model=asker.choice.label,
            agent=asker.agent,
            partial=partial,
        )

    async def _finish(self, asker: Asker, answer: _Answer) -> AssistantMessage:
        calls = tuple(_tool_call(self._unused(call_id), tool, raw) for call_id, (tool, raw) in answer.calls.items())
        if answer.reason == "length":
            await self._run.event(WarningEvent(code="answer_cut", text=f"The answer of {asker.choice.label} was cut at its length limit."))
        message = AssistantMessage(text=answer.text, tool_calls=calls, thought=answer.thought, signature=answer.signature)
        await self._run.record(
            MessageRecord(step_id=asker.step_id, attempt=asker.attempt, message_id=answer.message_id, message=message),
            EventRecord(event=self._message(asker, answer)),
        )
        self._run.settled(answer.message_id)
        return message

    def _unused(self, call_id: str) -> str:
        """Return the host's id of a call, or one of our own where a host counts anew: the journal tells calls apart by it."""
        taken = self._run.history.made_by
        return call_id if call_id and call_id not in taken else new_id("call")

    async def _discard(self, answer: _Answer, failure: RunError) -> None:
        self._run.settled(answer.message_id)
        await self._run.event(MessageDiscarded(message_id=answer.message_id, reason=failure.code))

    async def _keep_partial(self, asker: Asker, answer: _Answer) -> None:
        """Keep what the person has seen of a message that was stopped; it is not part of the conversation with the model."""
        self._run.settled(answer.message_id)
        if answer.text:
            await self._run.event(self._message(asker, answer, partial=True))
        else:
            await self._run.event(MessageDiscarded(message_id=answer.message_id, reason="stopped"))

    async def _count(self, asker: Asker, usage: Usage | None) -> None:
        used = usage or Usage()
        await self._run.add_usage(used)
        await book(self._usage, asker.choice, used, agent=asker.agent, run_id=self._run.run_id, channel_id=self._run.row.channel_id)

    async def _warn_of_unknown_price(self, asker: Asker) -> None:
        has_money_limit = any(meter.budget.usd is not None for meter in asker.meters)
        price = asker.choice.price
        if has_money_limit and (price is None or price.input is None or price.output is None) and "price_unknown" not in self._warned:
            self._warned.add("price_unknown")
            text = f"The price of {asker.choice.label} is not known: its budget counts tokens and time only."
            await self._run.event(WarningEvent(code="price_unknown", text=text))


class _Held:
    """The reservations of one call on all of its meters."""

    def __init__(self, meters: tuple[Meter, ...]) -> None:
        self._meters = meters
        self.reservations: list[Reservation] = []

    def settle(self, usage: Usage | None, estimate: int) -> None:
        """Settle all of them, once."""
        for meter, held in zip(self._meters, self.reservations, strict=False):
            meter.settle(held, usage, estimate=estimate)
        self.reservations.clear()

    @property
    def left_s(self) -> float | None:
        """Seconds that the call may take, None without a limit."""
        return min((left for meter in self._meters if (left := meter.left_s) is not None), default=None)

    def check_time(self) -> None:
        """Raise `BudgetExhaustedError` when a meter's time is up."""
        for meter in self._meters:
            meter.check_time()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.settle(None, 0)


async def reserved(asker: Asker, estimate: int, longest: int) -> _Held:
    """Reserve on every meter. What calls side by side hold may come back unused: it is waited for before a budget is said to be used up."""
    while True:
        try:
            return _reserve(asker, estimate, longest)
        except BudgetExhaustedError:
            held_by_others = next((meter for meter in asker.meters if meter.is_held), None)
            if held_by_others is None:
                raise
            held_by_others.check_time()
            await held_by_others.settlement()


def _reserve(asker: Asker, estimate: int, longest: int) -> _Held:
    held = _Held(asker.meters)
    try:
        for meter in asker.meters:
            held.reservations.append(meter.reserve(estimate, asker.choice.price, output_tokens=longest))
    except RunError:
        held.settle(None, 0)
        raise
    return held


def _tool_call(call_id: str, tool: str, raw: str) -> ToolCall:
    try:
        arguments: Json = json.loads(raw or "{}")
        json.dumps(arguments, ensure_ascii=False).encode()
    except ValueError:
        arguments = None
    raw = scalars(raw)
    return ToolCall(call_id=call_id, tool=tool, arguments=arguments if isinstance(arguments, dict) else None, raw=raw)
