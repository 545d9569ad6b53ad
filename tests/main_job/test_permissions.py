"""Nothing happens before it was allowed: by rule, by a person who is asked first, or by the declared policy when there is nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lsp_client import BARE, ResponseError
from model_host import Asked, Call, ModelHost, answer, model_host
from raw_http_server import Reply
from served import BROKEN, Served, Wire, served, settings

WIRES = pytest.mark.parametrize("wire", ["openai_compatible", "anthropic"])
TOUCH: Call = ("execute_command", {"command": "touch made"})
ALL_TOOLS = (
    *("read_file", "list_files", "search", "symbols", "edit_file", "write_file", "move_file", "delete_file"),
    *("execute_command", "run_tests", "git_operation", "ask_user", "remember"),
)

KINDS = ["allow_once", "allow_run", "allow_session", "allow_always", "reject_once", "reject_always"]

Script = Callable[[Asked], Reply]


@asynccontextmanager
async def chat(
    tmp_path: Path,
    script: Script,
    *,
    wire: Wire = "openai_compatible",
    capabilities: Mapping[str, Any] | None = None,
    **permissions: Any,
) -> AsyncIterator[tuple[Served, ModelHost]]:
    """Serve a project under these permissions, and nothing else, against a scripted host."""
    async with model_host(wire, script) as host:
        options = {**settings(host.url, wire), "permissions": permissions}
        async with served(tmp_path, options, capabilities=capabilities) as editor:
            yield editor, host


def once(*calls: Call, wire: Wire = "openai_compatible") -> Script:
    """Return a model that makes its calls in one message, and ends its turn when they are answered."""

    def script(asked: Asked) -> Reply:
        return answer(wire, "I did what I could.") if asked.last.answers else answer(wire, "", *calls, number=asked.number)

    return script


def last_states(editor: Served, run_id: str) -> list[tuple[str, str]]:
    """Return each tool call of a run with what became of it."""
    latest = {call["callId"]: call for call in editor.events(run_id, "tool_call")}
    return [(call["tool"], call["state"]) for call in latest.values()]


@WIRES
async def test_what_is_denied_is_not_shown_to_the_model_and_denied_with_its_reason_when_it_is_called(tmp_path: Path, wire: Wire) -> None:
    calls = (TOUCH, ("read_file", {"path": "secret.txt"}), ("write_file", {"path": "calc.py", "content": "no"}))
    denied = ["exec(**)", "read(**/secret.txt)", "write(**)"]
    async with chat(tmp_path, once(*calls, wire=wire), wire=wire, deny=denied, allow=["exec(touch *)"]) as (editor, host):
        (editor.project / "secret.txt").write_text("sesame", encoding="utf-8")
        run_id, end = await editor.play("Do it")

        assert end["state"] == "succeeded", end
        assert host.asked[0].tools == ("read_file", "list_files", "search", "symbols", "ask_user")
        assert [state for _, state in last_states(editor, run_id)] == ["denied", "denied", "denied"]
        outputs = [output for _, output in host.asked[1].last.answers]
        for output, rule in zip(outputs, denied, strict=True):
            assert rule in output
        assert "sesame" not in "".join(outputs)
        assert (editor.text("made"), editor.text("calc.py")) == (None, BROKEN)
        assert editor.events(run_id, "approval") == []
        states = [call["state"] for call in editor.events(run_id, "tool_call") if call["tool"] == "read_file"]
        assert states == ["pending", "denied"], "it never ran"


async def test_a_person_is_asked_before_a_command_runs_and_everything_else_goes_on_meanwhile(tmp_path: Path) -> None:
    async with chat(tmp_path, once(TOUCH)) as (editor, host):
        client = editor.client
        run_id = await editor.start("Make it")
        question = await editor.asked()

        assert host.asked[0].tools == ALL_TOOLS
        assert [(effect["kind"], effect["rule"], effect["argv"]) for effect in question["effects"]] == [
            ("exec", "exec(touch made)", ["touch", "made"])
        ]
        assert [option["kind"] for option in question["options"]] == KINDS
        assert "touch made" in question["title"]
        assert editor.text("made") is None
        assert [event["state"] for event in editor.events(run_id, "run")] == ["queued", "running", "waiting"]
        [pending] = (await client.request("agent/approval/list", {}))["approvals"]
        assert (pending["approvalId"], pending["runId"], pending["state"]) == (question["approvalId"], run_id, "pending")
        assert (pending["effects"], pending["options"]) == (question["effects"], question["options"])
        [row] = (await client.request("agent/run/list", {"state": "waiting"}))["runs"]
        assert row["runId"] == run_id
        [channel] = (await client.request("agent/channel/list", {"state": "active"}))["channels"]
        assert (channel["channelId"], channel["pendingApprovals"]) == (pending["channelId"], 1)
        other = await editor.start("Something else")
        assert (await editor.asked(2))["approvalId"] != question["approvalId"]
        assert await client.request("agent/run/cancel", {"runId": other}) == {"runId": other, "state": "cancelled"}

        await check_wrong_answers(editor, question)
        decided = await editor.answer(question, "allow_once")
        assert (decided["decision"]["kind"], decided["decision"]["optionId"]) == ("allow_once", "allow_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert editor.text("made") == ""
        resolved = editor.events(run_id, "approval")[-1]
        assert (resolved["state"], resolved["decision"]["kind"]) == ("resolved", "allow_once")
        assert [event["state"] for event in editor.events(run_id, "run")][2:] == ["waiting", "running", "succeeded"]
        states = [call["state"] for call in editor.events(run_id, "tool_call")]
        assert states == ["pending", "running", "succeeded"]
        with pytest.raises(ResponseError) as second:
            await editor.answer(question, "reject_once")
        assert (second.value.code, second.value.data["code"]) == (-32803, "already_resolved")


async def check_wrong_answers(editor: Served, question: Mapping[str, Any]) -> None:
    approval_id = question["approvalId"]
    for params, code in (
        ({"approvalId": approval_id, "optionId": "sure"}, "invalid_params"),
        ({"approvalId": approval_id, "optionId": "allow_once", "scope": "planet"}, "invalid_params"),
        ({"approvalId": approval_id}, "invalid_params"),
        ({"approvalId": "approval_of_nobody", "optionId": "allow_once"}, "unknown_approval"),
    ):
        with pytest.raises(ResponseError) as wrong:
            await editor.client.request("agent/approval/answer", params)
        assert wrong.value.data["code"] == code, params
        assert wrong.value.code == (-32602 if code == "invalid_params" else -32803), params
    assert len((await editor.client.request("agent/approval/list", {}))["approvals"]) == 1


@WIRES
async def test_what_a_person_rejects_does_not_happen_and_the_model_is_told(tmp_path: Path, wire: Wire) -> None:
    async with chat(tmp_path, once(TOUCH, wire=wire), wire=wire) as (editor, host):
        run_id = await editor.start("Make it")
        await editor.answer(await editor.asked(), "reject_once")

        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert editor.text("made") is None
        assert last_states(editor, run_id) == [("execute_command", "denied")]
        [(_, output)] = host.asked[1].last.answers
        assert "rejected" in output


LASTING: Sequence[tuple[str, Mapping[str, str], int]] = (
    ("allow_once", {}, 4),
    ("allow_run", {}, 2),
    ("allow_once", {"scope": "run"}, 2),
    ("allow_session", {}, 1),
    ("allow_once", {"scope": "session"}, 1),
)
"""Options and scopes, and how often is asked in two runs that want the same thing twice."""


async def test_an_answer_lasts_as_long_as_it_says(tmp_path: Path) -> None:
    def script(asked: Asked) -> Reply:
        done = len([message for message in asked.messages if message.answers])
        touch: Call = ("execute_command", {"command": f"touch {asked.prompt.split()[-1]}"})
        # Something else in between: three identical calls in a row would be no progress.
        calls: Mapping[int, Call] = {0: touch, 1: ("read_file", {"path": "calc.py"}), 2: touch}
        return answer("openai_compatible", "", calls[done], number=asked.number) if done in calls else answer("openai_compatible", "Done.")

    async with chat(tmp_path, script) as (editor, _):
        answered = 0
        for number, (kind, params, expected) in enumerate(LASTING):
            before = answered
            for _ in range(2):
                run_id = await editor.start(f"Make twice made{number}")
                answered = await answer_all(editor, run_id, answered, kind, params)
                assert last_states(editor, run_id).count(("execute_command", "succeeded")) == 2
            assert answered - before == expected, (kind, params)


async def answer_all(editor: Served, run_id: str, answered: int, kind: str, params: Mapping[str, str]) -> int:
    """Answer every question after the first ``answered`` until a run has ended; returns how many are answered then."""
    while True:
        await editor.client.eventually(partial(asks_or_is_over, editor, run_id, answered))
        if len(pending(editor)) == answered:
            return answered
        await editor.answer(pending(editor)[answered], kind, **params)
        answered += 1


def pending(editor: Served) -> list[dict[str, Any]]:
    """Return every question so far."""
    events = [params["event"] for method, params in editor.client.notifications if method == "agent/event"]
    return [event for event in events if event["kind"] == "approval" and event["state"] == "pending"]


def asks_or_is_over(editor: Served, run_id: str, answered: int) -> bool:
    """Say whether there is a question beyond the first ``answered``, or the run has ended."""
    return len(pending(editor)) > answered or any(event["state"] == "succeeded" for event in editor.events(run_id, "run"))


async def test_what_looks_like_a_secret_or_lies_outside_is_asked_for_each_by_itself(tmp_path: Path) -> None:
    calls: tuple[Call, ...] = (
        ("read_file", {"path": ".env"}),
        ("write_file", {"path": ".git/hooks/pre-commit", "content": "#!/bin/sh\n"}),
        ("execute_command", {"command": "cat calc.py | tee copy > ../outside; $(date)"}),
    )

    def script(asked: Asked) -> Reply:
        done = sum(len(message.answers) for message in asked.messages)
        return answer("openai_compatible", "", calls[done], number=done) if done < len(calls) else answer("openai_compatible", "Done.")

    async with chat(tmp_path, script, allow=["exec(cat *)", "exec(tee *)"]) as (editor, host):
        (editor.project / ".env").write_text("KEY=sesame\n", encoding="utf-8")
        (editor.project / ".git/hooks").mkdir(parents=True)
        run_id = await editor.start("Look around")
        rules = []
        for number in range(1, len(calls) + 1):
            question = await editor.asked(number)
            rules.append([effect["rule"] for effect in question["effects"]])
            await editor.answer(question, "reject_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert rules[:2] == [["read(.env)"], ["write(.git/hooks/pre-commit)"]]
        assert f"write({tmp_path}/outside)" in rules[2]
        assert "exec(cat calc.py)" not in rules[2], "what a rule allows is not asked for"
        assert "sesame" not in str(host.asked[-1].messages)
        assert not (tmp_path / "outside").exists()
        assert list((editor.project / ".git/hooks").iterdir()) == []


@pytest.mark.parametrize("policy", ["deny", "allow_list"])
async def test_with_nobody_to_ask_the_declared_policy_decides(tmp_path: Path, policy: str) -> None:
    permissions: dict[str, Any] = {"policyWhenUnattended": policy, "allow": ["exec(touch allowed)"]}
    calls: tuple[Call, ...] = (("execute_command", {"command": "touch allowed"}), TOUCH)
    async with chat(tmp_path, once(*calls), capabilities=BARE, **permissions) as (editor, host):
        run_id = await editor.start("Make them")
        if policy == "deny":
            shown = await editor.client.expect("window/showMessage", lambda message: "needs approval" in message["message"])
            assert "exec(touch made)" in shown["message"]
        else:
            await editor.client.expect("window/logMessage", lambda message: f"{run_id} succeeded" in message["message"])
            [(_, done), (_, output)] = host.asked[1].last.answers
            assert "exit code 0" in done
            assert "exec(touch made) is on no allow list" in output
        run = await editor.client.request("agent/run/get", {"runId": run_id})
        assert (run["state"], run["reason"]) == (("interrupted", "approval_required") if policy == "deny" else ("succeeded", None))
        assert (editor.text("allowed"), editor.text("made")) == ("", None)
        assert not [method for method, _ in editor.client.notifications if method.startswith("agent/")]
        # What warns of an unknown price is not what this test is about.
        editor.client.notifications[:] = [each for each in editor.client.notifications if each[0] != "window/showMessage"]


async def test_a_question_of_the_agent_is_answered_by_a_choice(tmp_path: Path) -> None:
    ask: Call = ("ask_user", {"question": "Which sign?", "options": ["plus", "minus"]})
    async with chat(tmp_path, once(ask)) as (editor, host):
        for number, (label, told) in enumerate((("plus", "plus"), ("No answer", "Decide by yourself")), start=1):
            run_id = await editor.start("Mend it")
            question = await editor.asked(number)
            assert (question["title"], question["effects"]) == ("Which sign?", [])
            option = next(option["optionId"] for option in question["options"] if option["label"] == label)
            await editor.client.request("agent/approval/answer", {"approvalId": question["approvalId"], "optionId": option})
            assert (await editor.ended(run_id))["state"] == "succeeded"
            assert told in host.asked[-1].last.answers[0][1]
