"""One model fails and another one goes on: when, with what, and what the person is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent_scripts import BROKEN, EDIT, FIXED, project
from agent_stage import Stage, Turn, calls, says, staged
from coterie.agents.choosing import chain_of
from coterie.base.errors import ProviderError, RequestError
from coterie.base.ids import now
from coterie.config.schema import Settings
from coterie.domain.events import (
    ENDED,
    MessageDelta,
    MessageDiscarded,
    MessageEvent,
    RunEvent,
    StepEvent,
    ToolCallEvent,
    UsageEvent,
    WarningEvent,
)
from coterie.domain.messages import (
    AssistantMessage,
    Finished,
    ModelRequest,
    Reused,
    TextDelta,
    ThoughtDelta,
    ToolCallArguments,
    ToolCallStarted,
    UsageReported,
    Waiting,
)
from coterie.domain.records import CallRecord
from coterie.domain.status import Price
from coterie.domain.usage import NO_USAGE, Usage, UsedCall
from several_hosts import Hosts

DOWN = ProviderError("`first/model` is down.", kind="transient", status=503)
TWO: Mapping[str, Any] = {"fallbacks": ["second/model"]}
THREE: Mapping[str, Any] = {"fallbacks": ["second/model", "third/model"]}
ALONE: Mapping[str, Any] = {}


def opened(tmp_path: Path, hosts: Hosts, settings: Mapping[str, Any] = TWO, **options: Any) -> AbstractAsyncContextManager[Stage]:
    folder = tmp_path / "project"
    if not folder.exists():
        project(folder)
    return staged(tmp_path / "home", folder, {}, model=hosts, settings=settings, **options)


def warned(stage: Stage) -> list[str]:
    return [event.code for event in stage.listener.of(WarningEvent) if event.code != "price_unknown"]


async def by_provider(stage: Stage) -> dict[str, tuple[int | None, int, int]]:
    rows = await stage.store.usage.rows(by="provider")
    return {row.key: (row.input, row.attempts, row.failed) for row in rows}


async def test_the_run_goes_on_with_the_next_model_and_says_which_one_answered(tmp_path: Path) -> None:
    hosts = Hosts(calls(("edit_file", EDIT)), says("Mended."), plays={"first": (DOWN,)})
    async with opened(tmp_path, hosts) as stage:
        run_id = await stage.begin()
        assert (await stage.ended()).state == "succeeded"
        assert stage.text("calc.py") == FIXED
        assert hosts.asked == ["first"] * 4 + ["second"] * 2, "four attempts, then the next; and the first is passed over from then on"
        assert warned(stage) == ["transient"] * 3 + ["fallback", "breaker_open"]
        told = [(event.model, event.state) for event in stage.listener.of(StepEvent)]
        assert told == [("first/model", "running"), ("second/model", "running"), ("second/model", "succeeded")]
        answers = [event for event in stage.listener.of(MessageEvent) if event.role == "assistant"]
        assert {answer.model for answer in answers} == {"second/model"}
        discarded = stage.listener.of(MessageDiscarded)
        assert [event.reason for event in discarded] == ["provider_failed"] * 4
        assert not {event.message_id for event in discarded} & {answer.message_id for answer in answers}
        records = [entry.record for entry in await stage.store.runs.read(run_id)]
        journalled = [(record.model, record.message_id) for record in records if isinstance(record, CallRecord)]
        assert [model for model, _ in journalled] == ["first/model"] * 4 + ["second/model"] * 2
        assert len(set(journalled)) == 6
        assert await by_provider(stage) == {"first": (0, 4, 4), "second": (200, 2, 0)}
        view = await stage.runs.get(run_id)
        assert (view.usage.input, view.usage.output, [step.model for step in view.steps]) == (200, 20, ["second/model"])


async def test_an_answer_that_breaks_off_is_void_and_nothing_of_it_happens(tmp_path: Path) -> None:
    broken = (TextDelta("I begin"), ToolCallStarted("call_0", "edit_file"), ToolCallArguments("call_0", '{"path": "calc.py"'), DOWN)
    hosts = Hosts(says("It subtracts."), plays={"first": broken})
    async with opened(tmp_path, hosts, {**TWO, "retry": {"attempts": 1}}) as stage:
        assert (await stage.play()).state == "succeeded"
        [begun] = {event.message_id for event in stage.listener.of(MessageDelta) if event.text == "I begin"}
        assert [event.message_id for event in stage.listener.of(MessageDiscarded)] == [begun]
        assert stage.listener.of(ToolCallEvent) == []
        assert stage.text("calc.py") == BROKEN
        assert hosts.heard_by["second"][0].messages == hosts.heard_by["first"][0].messages, "the conversation as the journal has it"
        assert stage.listener.of(MessageEvent)[-1].text == "It subtracts."


@pytest.mark.parametrize(
    ("failure", "attempts"),
    [
        (ProviderError("Used up.", kind="quota_exhausted", status=429), 1),
        (ProviderError("Wrong key: set WORK_KEY.", kind="auth_required", status=401), 1),
        (ProviderError("Slow down.", kind="rate_limited", status=429, retry_after=45.0), 1),
        (ProviderError("Slow down.", kind="rate_limited", status=429, retry_after=0.0), 4),
        (ProviderError("Too long.", kind="context_overflow", status=400), 1),
        (ProviderError("Down.", kind="transient", status=500), 4),
    ],
)
async def test_what_another_model_may_be_spared_goes_to_it_and_is_told(tmp_path: Path, failure: ProviderError, attempts: int) -> None:
    hosts = Hosts(says("Done."), plays={"first": (failure,)})
    async with opened(tmp_path, hosts) as stage:
        assert (await stage.play()).state == "succeeded"
        assert hosts.asked == ["first"] * attempts + ["second"]
        [told] = [event.text for event in stage.listener.of(WarningEvent) if event.code == "fallback"]
        assert told == f"{failure.message} Going on with second/model."


@pytest.mark.parametrize("settings", [{"budget": {"wall_s": 30}}, {"agents": {"chat": {"budget": {"wall_s": 30}}}}], ids=["run", "agent"])
@pytest.mark.parametrize(("wish_s", "attempts"), [(45.0, 1), (0.0, 4)])
async def test_no_wait_is_begun_that_outlasts_the_time(tmp_path: Path, settings: Mapping[str, Any], wish_s: float, attempts: int) -> None:
    hosts = Hosts(says("Never."), plays={"first": (ProviderError("Slow down.", kind="rate_limited", status=429, retry_after=wish_s),)})
    async with opened(tmp_path, hosts, settings) as stage:
        end = await stage.play()
        assert (end.state, end.reason, hosts.asked) == ("failed", "rate_limited", ["first"] * attempts)


async def test_a_fallback_that_does_not_exist_is_passed_over(tmp_path: Path) -> None:
    missing = ProviderError("`second/model` is not there.", kind="bad_request", status=404, code="unknown_model")
    hosts = Hosts(says("Done."), plays={"first": (DOWN,), "second": (missing,)})
    async with opened(tmp_path, hosts, {**THREE, "retry": {"attempts": 1}}) as stage:
        assert (await stage.play()).state == "succeeded"
        assert hosts.asked == ["first", "second", "third"]
        told = [event.text for event in stage.listener.of(WarningEvent) if event.code == "fallback"]
        assert told[1] == "`second/model` is not there. Going on with third/model."


async def test_a_first_model_that_does_not_exist_is_hidden_by_no_fallback(tmp_path: Path) -> None:
    missing = ProviderError("`first/model` is not there.", kind="bad_request", status=404, code="unknown_model")
    hosts = Hosts(says("Never."), plays={"first": (missing,)})
    async with opened(tmp_path, hosts) as stage:
        assert (await stage.play()).reason == "unknown_model"
        assert hosts.asked == ["first"]


@pytest.mark.parametrize("kind", ["content_policy", "bad_request"])
async def test_what_would_fail_anywhere_stops(tmp_path: Path, kind: Any) -> None:
    hosts = Hosts(says("Never."), plays={"first": (ProviderError("No.", kind=kind, status=400),)})
    async with opened(tmp_path, hosts) as stage:
        end = await stage.play()
        assert (end.state, end.reason, end.text) == ("failed", kind, "No.")
        assert hosts.asked == ["first"]


async def test_without_a_fallback_a_wrong_key_stops_and_an_open_breaker_is_no_hindrance(tmp_path: Path) -> None:
    wrong = ProviderError("Wrong key: set WORK_KEY.", kind="auth_required", status=401)
    hosts = Hosts(says("Now it works."), plays={"first": (wrong,)})
    async with opened(tmp_path, hosts, ALONE) as stage:
        run_id = await stage.begin()
        end = await stage.ended()
        assert (end.state, end.reason, end.text) == ("failed", "auth_required", wrong.message)
        assert not hosts.breakers.admits("first/model")
        hosts.plays = {}
        stage.listener.events.clear()
        await stage.runs.resume(run_id)
        assert (await stage.ended()).state == "succeeded"
        assert warned(stage) == []


async def test_a_missing_key_is_told_and_the_next_model_begins(tmp_path: Path) -> None:
    hosts = Hosts(says("Done."), missing=ProviderError("`first` needs a key. Set FIRST_KEY.", kind="auth_required"))
    async with opened(tmp_path, hosts) as stage:
        assert (await stage.play()).state == "succeeded"
        [told] = [event.text for event in stage.listener.of(WarningEvent) if event.code == "fallback"]
        assert "Set FIRST_KEY" in told
        assert stage.listener.of(StepEvent)[0].model == "second/model"
    async with opened(tmp_path, hosts, ALONE) as stage:
        with pytest.raises(ProviderError, match="FIRST_KEY"):
            await stage.begin()


async def test_a_conversation_that_is_too_long_goes_to_a_larger_window_only(tmp_path: Path) -> None:
    too_long = ProviderError("Too long.", kind="context_overflow", status=400)
    windows = {"first": 50_000, "second": 50_000, "third": 200_000}
    hosts = Hosts(says("Done."), plays={"first": (too_long,)}, windows=windows)
    async with opened(tmp_path, hosts, THREE) as stage:
        assert (await stage.play()).state == "succeeded"
        assert hosts.asked == ["first", "third"]
    hosts = Hosts(says("Never."), plays={"first": (too_long,)}, windows={**windows, "third": 8_000})
    async with opened(tmp_path, hosts, THREE) as stage:
        end = await stage.play()
        assert (end.state, end.reason) == ("failed", "context_overflow")
        assert hosts.asked == ["first"]


async def test_a_window_that_we_know_to_be_too_small_is_not_asked_at_all(tmp_path: Path) -> None:
    hosts = Hosts(says("Done."), windows={"first": 100, "second": 200_000})
    async with opened(tmp_path, hosts) as stage:
        assert (await stage.play("word " * 2_000)).state == "succeeded"
        assert hosts.asked == ["second"]
        assert warned(stage) == ["fallback"]


async def test_when_all_fail_each_is_tried_in_order_and_the_last_one_s_words_end_the_run(tmp_path: Path) -> None:
    plays = {host: (ProviderError(f"`{host}` is down.", kind="transient", status=503),) for host in ("first", "second", "third")}
    hosts = Hosts(plays=plays)
    async with opened(tmp_path, hosts, THREE) as stage:
        run_id = await stage.begin()
        end = await stage.ended()
        assert (end.state, end.reason, end.text) == ("failed", "provider_failed", "`third` is down.")
        assert hosts.asked == [host for host in ("first", "second", "third") for _ in range(4)]
        hosts.asked.clear()
        hosts.plays = {"first": plays["first"], "second": plays["second"]}
        hosts.script = {"chat": (says("Back."),)}
        stage.listener.events.clear()
        await stage.runs.resume(run_id)
        assert (await stage.ended()).state == "succeeded"
        assert hosts.asked[-1] == "third", "all were open: then all are tried all the same"


async def test_the_first_model_is_tried_again_when_its_rest_is_over(tmp_path: Path) -> None:
    hosts = Hosts(calls(("read_file", {"path": "calc.py"})), says("Read."), plays={"first": (DOWN,)})
    async with opened(tmp_path, hosts) as stage:

        def mend(event: Any) -> None:
            if isinstance(event.event, ToolCallEvent) and event.event.state == "succeeded":
                hosts.plays = {}
                hosts.breakers.forget("first")

        stage.listener.on_event = mend
        assert (await stage.play()).state == "succeeded"
        assert hosts.asked == ["first"] * 4 + ["second", "first"]
        assert [event.model for event in stage.listener.of(StepEvent)] == ["first/model", "second/model", "first/model", "first/model"]


async def test_the_proof_of_a_thought_goes_back_to_its_host_and_to_no_other(tmp_path: Path) -> None:
    thinks: Turn = (ThoughtDelta("Hm.", signature="proof"), *calls(("read_file", {"path": "calc.py"})))
    hosts = Hosts(thinks, calls(("list_files", {})), says("Done."))
    async with opened(tmp_path, hosts) as stage:

        def break_first(event: Any) -> None:
            if isinstance(event.event, ToolCallEvent) and event.event.state == "succeeded":
                hosts.plays = {"first": (DOWN,)} if event.event.tool == "read_file" else {}
                hosts.breakers.forget("first")

        stage.listener.on_event = break_first
        assert (await stage.play()).state == "succeeded"

    def proofs(request: ModelRequest) -> list[str | None]:
        return [message.signature for message in request.messages if isinstance(message, AssistantMessage)]

    assert proofs(hosts.heard_by["second"][0]) == [None]
    assert proofs(hosts.heard_by["first"][-1]) == ["proof", None]
    assert hosts.asked == ["first"] * 5 + ["second", "first"]


async def test_a_host_that_was_never_reached_makes_no_sum_unknown(tmp_path: Path) -> None:
    nobody = ProviderError("Nothing listens there.", kind="transient", reached=False)
    hosts = Hosts(says("Done."), plays={"first": (nobody,)}, price=Price(input=Decimal(1), output=Decimal(1)))
    async with opened(tmp_path, hosts) as stage:
        run_id = await stage.begin()
        await stage.ended()
        usage = (await stage.runs.get(run_id)).usage
        assert (usage.input, usage.output, usage.usd) == (100, 10, Decimal("0.00011"))
        assert await by_provider(stage) == {"first": (0, 4, 4), "second": (100, 1, 0)}


async def test_a_cut_answer_makes_the_sum_unknown(tmp_path: Path) -> None:
    hosts = Hosts(says("Done."), plays={"first": (TextDelta("Half"), DOWN)})
    async with opened(tmp_path, hosts) as stage:
        run_id = await stage.begin()
        await stage.ended()
        assert (await stage.runs.get(run_id)).usage.input is None
        assert await by_provider(stage) == {"first": (None, 4, 4), "second": (100, 1, 0)}


async def test_an_answer_that_was_not_called_for_is_marked_and_free(tmp_path: Path) -> None:
    known = (Reused("cache"), TextDelta("It subtracts."), UsageReported(NO_USAGE), Finished("stop"))
    hosts = Hosts(plays={"first": known})
    async with opened(tmp_path, hosts, {**TWO, "budget": {"tokens": 50_000}}) as stage:
        run_id = await stage.begin()
        assert (await stage.ended()).state == "succeeded"
        assert stage.listener.of(MessageEvent)[-1].reused == "cache"
        assert stage.listener.of(UsageEvent) == []
        assert (await stage.runs.get(run_id)).usage == NO_USAGE
        [row] = await stage.store.usage.rows(by="run")
        assert (row.attempts, row.reused, row.usd) == (0, 1, Decimal(0))


async def test_a_wait_is_told_and_can_be_cancelled(tmp_path: Path) -> None:
    gate = asyncio.Event()
    hosts = Hosts((Waiting("rate_limited", "This call waits."), gate, *says("Never.")))
    async with opened(tmp_path, hosts) as stage:
        run_id = await stage.begin()
        await stage.listener.until(lambda event: event == WarningEvent(code="rate_limited", text="This call waits."))
        assert (await stage.runs.cancel(run_id)).state == "cancelled"
        assert hosts.closed == 1


def settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


@pytest.mark.parametrize(
    ("values", "asked", "chain"),
    [
        ({}, None, ["first/model"]),
        ({"fallbacks": ["b/y", "c/z"]}, None, ["first/model", "b/y", "c/z"]),
        ({"fallbacks": ["b/y"], "agents": {"chat": {"model": "a/x"}}}, None, ["a/x", "b/y"]),
        ({"fallbacks": ["b/y"], "agents": {"chat": {"fallbacks": ["c/z"]}}}, None, ["first/model", "c/z"]),
        ({"fallbacks": ["b/y"], "agents": {"chat": {"fallbacks": []}}}, None, ["first/model"]),
        ({"fallbacks": ["b/y"], "agents": {"chat": {"model": "a/x"}}}, "d/w", ["d/w", "b/y"]),
        ({"fallbacks": ["b/y", "a/x", "b/y"]}, "a/x", ["a/x", "b/y"]),
        ({"fallbacks": ["nowhere/x", "b/y"]}, None, ["first/model", "b/y"]),
    ],
)
def test_a_chain_is_what_was_asked_for_then_the_fallbacks_in_their_order(values: Any, asked: str | None, chain: list[str]) -> None:
    found = chain_of("chat", settings(**values), Hosts(), asked=asked)
    assert [choice.id for choice in found.choices] == chain


def test_a_first_model_that_does_not_exist_is_a_mistake_and_no_case_for_the_next() -> None:
    with pytest.raises(RequestError, match="nowhere"):
        chain_of("chat", settings(fallbacks=["b/y"]), Hosts(), asked="nowhere/x")


def test_an_agents_own_fields_are_for_its_own_model() -> None:
    own = {"model": "a/x", "temperature": 0, "extra": {"thinking": True}}
    chain = chain_of("chat", settings(fallbacks=["b/y"], agents={"chat": own}), Hosts())
    assert [(choice.temperature, choice.extra) for choice in chain.choices] == [(0, {"thinking": True}), (0, {})]


async def test_runs_side_by_side_cannot_spend_the_days_money_twice(tmp_path: Path) -> None:
    gate = asyncio.Event()
    dear = UsageReported(Usage(input=0, cache_read=0, cache_write=0, output=150))
    hosts = Hosts((gate, TextDelta("Done."), dear, Finished("stop")), price=Price(input=Decimal(0), output=Decimal(1_000)))
    # The day has room for 400 tokens: the first call holds 300 of them and then uses 150, which leaves too few for an answer.
    limits = {"agents": {"chat": {"max_tokens": 300}}, "budget": {"usd": 100, "day_usd": "0.40"}}
    async with opened(tmp_path, hosts, limits) as stage:
        first = await stage.begin("one")
        async with asyncio.timeout(60):
            while not hosts.asked:  # noqa: ASYNC110 - what is looked at has no event of its own
                await asyncio.sleep(0)
        second = await stage.begin("two")
        await stage.listener.until(lambda _: len(stage.listener.of(StepEvent)) == 2)
        gate.set()
        await stage.listener.until(lambda _: sum(event.state in ENDED for event in stage.listener.of(RunEvent)) == 2)
        assert (await stage.runs.get(first)).state == "succeeded"
        error = (await stage.runs.get(second)).error
        assert error is not None
        assert error.code == "budget_exhausted"
        assert "this day" in error.text
        assert hosts.asked == ["first"]
        assert (await stage.store.usage.total()).usd == Decimal("0.15")


SPENT = Usage(input=90_000, cache_read=0, cache_write=0, output=0, usd=Decimal(2))


@pytest.mark.parametrize(
    ("limit", "words", "elsewhere"),
    [
        ({"channel_tokens": 90_000}, "this channel", "succeeded"),
        ({"channel_usd": 1}, "this channel", "succeeded"),
        ({"day_tokens": 90_000}, "this day", "failed"),
        ({"day_usd": 1}, "this day", "failed"),
    ],
)
async def test_a_channel_and_a_day_have_budgets_of_their_own(tmp_path: Path, limit: Mapping[str, int], words: str, elsewhere: str) -> None:
    hosts = Hosts(says("Done."), price=Price(input=Decimal(0), output=Decimal(0)))
    async with opened(tmp_path, hosts, {"budget": limit}) as stage:
        run_id = await stage.begin("One")
        assert (await stage.ended()).state == "succeeded"
        channel = (await stage.runs.get(run_id)).channel_id
        title = UsedCall(at=now(), provider="p", model="m", agent="titles", usage=SPENT, run_id="run_x", channel_id=channel)
        await stage.store.usage.add(title)
        stage.listener.events.clear()
        end = await stage.play("Two", channel_id=channel)
        assert (end.state, end.reason) == ("failed", "budget_exhausted")
        assert words in (end.text or "")
        stage.listener.events.clear()
        assert (await stage.play("Three")).state == elsewhere
