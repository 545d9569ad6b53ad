"""One agent's loop: calls, mistakes, permissions, questions, steering, and what comes of a stop at each of its await points."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent_scripts import BROKEN, EDIT, FIXED, project, suite
from agent_stage import ANSWER_USAGE, Fails, FakeSandbox, Stage, Turn, answering, calls, says, staged
from coterie.base.errors import ProviderError, RequestError
from coterie.base.ids import now
from coterie.domain.events import MessageDelta, MessageEvent, ToolCallEvent, WarningEvent
from coterie.domain.messages import AssistantMessage, Finished, TextDelta, ToolMessage, UserMessage
from coterie.domain.usage import Usage, UsedCall
from coterie.domain.workspace_ports import CommandResult

RUN = ("execute_command", {"command": "touch made"})


def opened(tmp_path: Path, *turns: Turn, **options: Any) -> Any:
    folder = tmp_path / "project"
    if not folder.exists():
        project(folder)
    options.setdefault("sandbox", suite(folder))
    return staged(tmp_path / "home", folder, {"chat": turns}, **options)


def results(stage: Stage, call: int) -> list[str]:
    """Return the outputs that the model was given with its request number ``call``."""
    last = stage.model.requests[call].messages[-1]
    assert isinstance(last, ToolMessage)
    return [result.output for result in last.results]


async def test_a_run_whose_parts_are_gone_says_so_and_goes_on_once_they_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path, says("Never.")) as stage:
        monkeypatch.setitem(sys.modules, "coterie.agents.mustering", None)
        run_id = await stage.begin()
        end = await stage.ended()
        assert (end.state, end.reason) == ("interrupted", "internal")
        assert "installed anew" in (end.text or "")
    monkeypatch.undo()
    async with opened(tmp_path, says("Here.")) as stage:
        await stage.runs.resume(run_id)
        assert (await stage.ended()).state == "succeeded"


async def test_reading_calls_are_answered_in_their_order(tmp_path: Path) -> None:
    both = calls(("read_file", {"path": "calc.py"}), ("read_file", {"path": "tests/test_calc.py"}))
    async with opened(tmp_path, both, says("Read.")) as stage:
        await stage.play()
        first, second = results(stage, 1)
        assert "a - b" in first
        assert "test_add" in second


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("no_such_tool", {}), "read_file"),
        (("read_file", {}), "path"),
        (("edit_file", {"path": "calc.py", "edits": [{"old": "a * b", "new": "x"}]}), "a - b"),
        (("read_file", {"path": "../outside.txt"}), "outside"),
        (("submit", {"summary": "x"}), "submit"),
    ],
)
async def test_a_mistake_goes_back_to_the_model_and_changes_nothing(tmp_path: Path, call: tuple[str, Any], told: str) -> None:
    async with opened(tmp_path, calls(call), says("I see.")) as stage:
        assert (await stage.play()).state == "succeeded"
        assert told in results(stage, 1)[0]
        assert stage.text("calc.py") == BROKEN


async def test_arguments_that_are_no_json_go_back_and_the_third_time_ends_the_run(tmp_path: Path) -> None:
    def garbled(number: int) -> Turn:
        events = list(calls(("read_file", {"path": "calc.py"})))
        piece: Any = events[1]
        events[1] = type(piece)(piece.call_id, "{" * number)
        return events

    async with opened(tmp_path, garbled(1), garbled(2), garbled(3)) as stage:
        end = await stage.play()
        assert (end.state, end.reason) == ("failed", "malformed_answers")
        assert "JSON" in results(stage, 1)[0]


async def test_the_same_call_three_times_in_a_row_ends_the_run(tmp_path: Path) -> None:
    async with opened(tmp_path, *[calls(("read_file", {"path": "calc.py"}))] * 3) as stage:
        end = await stage.play()
        assert (end.state, end.reason) == ("failed", "no_progress")


async def test_a_command_is_asked_for_before_it_runs(tmp_path: Path) -> None:
    async with opened(tmp_path, calls(RUN), says("Done.")) as stage:
        await stage.begin()
        question = await stage.asked()
        assert stage.sandbox.ran == []
        assert [effect.rule for effect in question.effects] == ["exec(touch made)"]
        stage.approvals.answer(question.approval_id, "allow_once")
        assert (await stage.ended()).state == "succeeded"
        assert [command.argv[-1] for command in stage.sandbox.ran] == ["touch made"]
        with pytest.raises(RequestError) as error:
            stage.approvals.answer(question.approval_id, "allow_once")
        assert error.value.code == "already_resolved"


async def test_a_rejected_command_does_not_run_and_the_run_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path, calls(RUN), says("Then not.")) as stage:
        answering(stage, "reject_once")
        assert (await stage.play()).state == "succeeded"
        assert stage.sandbox.ran == []
        assert "rejected" in results(stage, 1)[0]
        assert stage.listener.of(ToolCallEvent)[-1].state == "denied"


@pytest.mark.parametrize(("kind", "questions"), [("allow_once", 2), ("allow_run", 1), ("allow_session", 1)])
async def test_an_answer_lasts_as_long_as_it_says(tmp_path: Path, kind: str, questions: int) -> None:
    async with opened(tmp_path, calls(RUN), calls(("read_file", {"path": "calc.py"})), calls(RUN), says("Done.")) as stage:
        answering(stage, kind)
        assert (await stage.play()).state == "succeeded"
        pending = [event for event in stage.listener.events if event.event.kind == "approval" and event.event.state == "pending"]
        assert len(pending) == questions
        assert len(stage.sandbox.ran) == 2


@pytest.mark.parametrize(("policy", "end"), [("deny", ("interrupted", "approval_required")), ("allow_list", ("succeeded", None))])
async def test_with_nobody_there_the_declared_policy_decides(tmp_path: Path, policy: str, end: tuple[str, str | None]) -> None:
    rules = {"permissions": {"policy_when_unattended": policy}}
    async with opened(tmp_path, calls(RUN), says("Then not."), can_answer=False, settings=rules) as stage:
        ended = await stage.play()
        assert (ended.state, ended.reason) == end
        assert stage.sandbox.ran == []


async def test_without_a_sandbox_even_an_allowed_command_is_asked_for(tmp_path: Path) -> None:
    rules = {"permissions": {"allow": ["exec(touch *)"]}}
    async with opened(tmp_path, calls(RUN), says("Done."), sandbox=FakeSandbox(level="none"), settings=rules) as stage:
        await stage.begin()
        question = await stage.asked()
        assert [effect.rule for effect in question.effects] == ["exec(touch made)"]


async def test_without_a_sandbox_the_command_lines_own_rule_is_the_persons_word(tmp_path: Path) -> None:
    yes_to = {"permissions": {"allow": ["exec(touch *)"]}}
    sandbox = FakeSandbox(level="none")
    async with opened(tmp_path, calls(RUN), says("Done."), sandbox=sandbox, can_answer=False, command_line=yes_to) as stage:
        assert (await stage.play()).state == "succeeded"
        assert len(sandbox.ran) == 1


async def test_a_tool_that_a_rule_denies_is_not_shown_and_not_unknown(tmp_path: Path) -> None:
    rules = {"permissions": {"deny": ["exec(**)"]}}
    async with opened(tmp_path, calls(RUN), says("Then not."), settings=rules) as stage:
        await stage.play()
        assert "execute_command" not in [tool.name for tool in stage.model.requests[0].tools]
        assert "exec(**)" in results(stage, 1)[0]
        assert stage.listener.of(ToolCallEvent)[-1].state == "denied"


async def test_the_agent_can_ask_a_question(tmp_path: Path) -> None:
    asks = calls(("ask_user", {"question": "Which?", "options": ["red", "blue"]}))
    async with opened(tmp_path, asks, says("Blue.")) as stage:
        await stage.begin()
        question = await stage.asked()
        assert question.title == "Which?"
        chosen = next(option for option in question.options if option.label == "blue")
        stage.approvals.answer(question.approval_id, chosen.option_id)
        await stage.ended()
        assert results(stage, 1) == ["blue"]


async def test_what_the_person_says_meanwhile_is_heard_at_the_next_boundary(tmp_path: Path) -> None:
    wait = asyncio.Event()
    async with opened(tmp_path, (wait, *calls(("read_file", {"path": "calc.py"}))), says("As you like.")) as stage:
        run_id = await stage.begin()
        await at_the_model(stage)
        await stage.runs.steer(run_id, "Only look.")
        wait.set()
        await stage.ended()
        *_, result, steer = stage.model.requests[1].messages
        assert isinstance(result, ToolMessage)
        assert steer == UserMessage(text="Only look.")
        with pytest.raises(RequestError) as error:
            await stage.runs.steer(run_id, "Too late.")
        assert error.value.code == "run_ended"


async def test_a_steer_during_the_last_words_keeps_the_run_going(tmp_path: Path) -> None:
    wait = asyncio.Event()
    async with opened(tmp_path, (TextDelta("Done"), wait, Finished("stop")), says("And that too.")) as stage:
        run_id = await stage.begin()
        await stage.listener.until(lambda event: isinstance(event, MessageDelta))
        await stage.runs.steer(run_id, "One more thing.")
        wait.set()
        await stage.ended()
        assert stage.model.requests[1].messages[-1] == UserMessage(text="One more thing.")


async def test_a_chat_goes_on_where_the_channel_is(tmp_path: Path) -> None:
    async with opened(tmp_path, says("First."), says("never")) as stage:
        run_id = await stage.begin("One")
        await stage.ended()
        channel = (await stage.runs.get(run_id)).channel_id
    async with opened(tmp_path, says("Second.")) as stage:
        await stage.play("Two", channel_id=channel)
        texts = [message.text for message in stage.model.requests[0].messages]
        assert texts[-2:] == ["First.", "Two"]
        assert len(texts) == 3


async def in_mid_answer(stage: Stage) -> None:
    await stage.listener.until(lambda event: isinstance(event, MessageDelta) and event.text.startswith("Half"))


async def at_the_model(stage: Stage, call: int = 0) -> None:
    await eventually(lambda: len(stage.model.requests) > call)


async def at_the_second_call(stage: Stage) -> None:
    await at_the_model(stage, 1)


async def in_a_command(stage: Stage) -> None:
    await eventually(lambda: bool(stage.sandbox.ran))


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what is looked at has no event of its own
            await asyncio.sleep(0)


async def at_a_question(stage: Stage) -> None:
    await stage.asked()


async def in_a_retry(stage: Stage) -> None:
    await stage.listener.until(lambda event: isinstance(event, WarningEvent) and event.code == "transient")


ALLOWED: Mapping[str, Any] = {
    "permissions": {"allow": ["exec(touch *)"]},
    "retry": {"attempts": 4, "base_ms": 600_000, "max_ms": 600_000},
}
AWAITS: Sequence[Any] = (
    pytest.param(at_the_second_call, (asyncio.Event(), *says("never")), ALLOWED, id="before the model answers"),
    pytest.param(in_mid_answer, (TextDelta("Half"), asyncio.Event(), *says("never")), ALLOWED, id="in mid-answer"),
    pytest.param(in_a_command, calls(RUN), ALLOWED, id="in a command"),
    pytest.param(at_a_question, calls(RUN), {}, id="at a question"),
    pytest.param(in_a_retry, (Fails(ProviderError("Down.", kind="transient"), 9),), ALLOWED, id="in a retry's pause"),
)


@pytest.mark.parametrize(("there", "turn", "settings"), AWAITS)
@pytest.mark.parametrize("how", ["cancelled", "interrupted"])
async def test_a_stop_at_any_await_point(tmp_path: Path, how: str, there: Any, turn: Turn, settings: Mapping[str, Any]) -> None:
    folder = project(tmp_path / "project")
    sandbox = FakeSandbox(hold=asyncio.Event())
    first = calls(("edit_file", EDIT), text="I mend it.")
    async with opened(tmp_path, first, turn, sandbox=sandbox, settings=settings) as stage:
        run_id = await stage.begin()
        await there(stage)
        stop = stage.runs.cancel if how == "cancelled" else stage.runs.interrupt
        assert (await stop(run_id)).state == how
        assert (await stop(run_id)).state == how
        assert stage.approvals.list() == ()
        assert stage.model.closed == len(stage.model.requests)
        assert sandbox.killed == len(sandbox.ran)
        assert (folder / "calc.py").read_text() == FIXED
    async with opened(tmp_path, first, says("Going on."), says("And on.")) as stage:
        answering(stage, "allow_once")
        if how == "cancelled":
            with pytest.raises(RequestError, match="nothing to resume"):
                await stage.runs.resume(run_id)
            return
        await stage.runs.resume(run_id)
        assert (await stage.ended()).state == "succeeded"
        assert_valid(stage.model.requests[-1].messages)


def assert_valid(messages: Sequence[Any]) -> None:
    """Every call is answered once, right after the message that made it."""
    for message, following in zip(messages, [*messages[1:], None], strict=True):
        if isinstance(message, AssistantMessage) and message.tool_calls:
            assert isinstance(following, ToolMessage)
            assert [result.call_id for result in following.results] == [call.call_id for call in message.tool_calls]


async def test_words_that_were_stopped_are_kept_as_partial(tmp_path: Path) -> None:
    async with opened(tmp_path, (TextDelta("Half a sen"), asyncio.Event())) as stage:
        run_id = await stage.begin()
        await in_mid_answer(stage)
        await stage.runs.cancel(run_id)
        last = stage.listener.of(MessageEvent)[-1]
        assert (last.text, last.partial) == ("Half a sen", True)


async def test_a_client_that_comes_late_gets_the_words_so_far(tmp_path: Path) -> None:
    wait = asyncio.Event()
    async with opened(tmp_path, (TextDelta("Half"), wait, TextDelta(" more"), Finished("stop"))) as stage:
        run_id = await stage.begin()
        await in_mid_answer(stage)
        caught_up = await stage.runs.events(run_id)
        last = caught_up.events[-1]
        assert isinstance(last.event, MessageEvent)
        assert (last.event.text, last.event.partial, last.seq) == ("Half", True, caught_up.last)
        wait.set()
        await stage.ended()
        rest = await stage.runs.events(run_id, caught_up.last)
        assert [event.event.text for event in rest.events if isinstance(event.event, MessageEvent)] == ["Half more"]


async def test_the_output_of_tests_is_counted_from_what_ran(tmp_path: Path) -> None:
    failing = CommandResult(exit_code=1, output="1 failed", full_output="FAILED t.py::test_x - no\n1 failed\n")
    sandbox = FakeSandbox(answer=lambda _: failing)
    async with opened(tmp_path, calls(("run_tests", {})), says("Red."), sandbox=sandbox) as stage:
        answering(stage, "allow_once")
        run_id = await stage.begin()
        await stage.ended()
        [ran] = (await stage.coordinator.history(run_id)).tests
        assert (ran.exit_code, ran.failures) == (1, ("t.py::test_x",))


async def spend(stage: Stage, run_id: str, usage: Usage) -> None:
    """Keep a call of today that was made before."""
    call = UsedCall(at=now(), run_id=run_id, channel_id="c", provider="p", model="m", agent="chat", usage=usage)
    await stage.store.usage.add(call)


async def test_a_call_of_unknown_cost_does_not_undo_the_days_limit(tmp_path: Path) -> None:
    async with opened(tmp_path, says("Never said."), settings={"budget": {"day_usd": 4}}) as stage:
        await spend(stage, "run_before", replace(ANSWER_USAGE, usd=Decimal(5)))
        await spend(stage, "run_before", Usage())
        ended = await stage.play()
        assert (ended.state, ended.reason) == ("failed", "budget_exhausted")
        assert stage.model.requests == []


async def test_a_resumed_run_goes_on_with_what_is_left_of_its_budget(tmp_path: Path) -> None:
    rules = {"budget": {"tokens": 50_000}}
    async with opened(tmp_path, calls(RUN), says("Never said."), can_answer=False, settings=rules) as stage:
        run_id = await stage.begin()
        assert (await stage.ended()).state == "interrupted"
        stage.listener.events.clear()
        await spend(stage, run_id, Usage(input=49_000, output=900))
        await spend(stage, run_id, Usage())
        stage.listener.can_answer = True
        answering(stage, "allow_once")
        await stage.runs.resume(run_id)
        ended = await stage.ended()
        assert (ended.state, ended.reason) == ("failed", "budget_exhausted")


async def test_what_a_host_refuses_uses_nothing(tmp_path: Path) -> None:
    refused = Fails(ProviderError("Slow down.", kind="rate_limited", status=429), 2)
    async with opened(tmp_path, (refused, *says("Done."))) as stage:
        run_id = await stage.begin()
        await stage.ended()
        view = await stage.runs.get(run_id)
        assert (view.usage.input, view.usage.output) == (100, 10)
