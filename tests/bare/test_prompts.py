"""A client with nothing installed is asked by prompts, and sees and stops runs by progress. Real server, real pipes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aimock_server import aimock
from lsp_client import ResponseError
from model_host import Asked, Call, Wait, answer, model_host
from plain_editor import PROMPT, command, plain, progress_ended
from raw_http_server import Reply
from served import FIXED, Served, fixture

TOUCH: Call = ("execute_command", {"command": "touch made"})
PLAN = {"goal": "add adds", "criteria": ["it adds"], "files": ["calc.py"], "steps": [{"id": "s1", "title": "Correct the sign"}]}
EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}


def touching(asked: Asked) -> Reply:
    """Make the call, then end the turn."""
    return answer("openai_compatible", "I did what I could.", *(() if asked.last.answers else (TOUCH,)), number=asked.number)


async def state_at_end(editor: Served, run_id: str) -> tuple[str, str | None]:
    """Wait until a run's progress has ended, and return its state and why."""
    await progress_ended(editor.client)
    run = await editor.client.request("agent/run/get", {"runId": run_id})
    return run["state"], run["reason"]


@pytest.mark.parametrize(("choice", "made"), [("Allow once", ""), ("Reject", None), (None, None)])
async def test_a_permission_is_a_prompt_and_closing_it_means_not_now(tmp_path: Path, choice: str | None, made: str | None) -> None:
    async with model_host("openai_compatible", touching) as host, plain(tmp_path, host.url) as editor:
        run_id = (await command(editor.client, "coterie.run", {"prompt": "Make it"}))["runId"]
        prompt, params = await editor.client.question(PROMPT)
        assert "touch made" in params["message"]
        assert "Allow always: exec(touch made). Holds in every project and for every agent; also within" in params["message"]
        [pending] = (await editor.client.request("agent/approval/list", {}))["approvals"]
        assert [action["title"] for action in params["actions"]] == [option["label"] for option in pending["options"]]
        assert editor.text("made") is None
        await editor.client.reply(prompt, None if choice is None else {"title": choice})

        assert await state_at_end(editor, run_id) == ("succeeded", None)
        assert editor.text("made") == made
        assert ("rejected" in host.asked[1].last.answers[0][1]) is (made is None)


@pytest.mark.parametrize(
    ("name", "choice", "made"),
    [("Eglot", "", None), ("Eglot", "Allow once", ""), ("helix", "Not now", None), ("helix", "Allow once", "")],
)
async def test_a_stray_enter_in_a_prompt_means_not_now(tmp_path: Path, name: str, choice: str, made: str | None) -> None:
    introduction = {"clientInfo": {"name": name}}
    async with model_host("openai_compatible", touching) as host, plain(tmp_path, host.url, introduction=introduction) as editor:
        run_id = (await command(editor.client, "coterie.run", {"prompt": "Make it"}))["runId"]
        prompt, params = await editor.client.question(PROMPT)
        [first, *titles] = [action["title"] for action in params["actions"]]
        [pending] = (await editor.client.request("agent/approval/list", {}))["approvals"]
        assert first == {"Eglot": "", "helix": "Not now"}[name]
        assert titles == [option["label"] for option in pending["options"]]
        said = f"\n\n{'; '.join(titles)}; nothing: not now"
        assert params["message"].endswith(said) is (not first), "an empty answer is not seen, and eglot shows no others by itself"
        await editor.client.reply(prompt, {"title": choice})

        assert await state_at_end(editor, run_id) == ("succeeded", None)
        assert editor.text("made") == made


@pytest.mark.parametrize("garbage", [[], "Allow once", 7, {"title": ["Allow once"]}, {"title": {"Allow once": 1}}, {"title": "allow once"}])
async def test_an_answer_that_is_none_of_the_options_is_not_now(tmp_path: Path, garbage: Any) -> None:
    async with model_host("openai_compatible", touching) as host, plain(tmp_path, host.url) as editor:
        run_id = (await command(editor.client, "coterie.run", {"prompt": "Make it"}))["runId"]
        prompt, _ = await editor.client.question(PROMPT)
        await editor.client.reply(prompt, garbage)
        assert await state_at_end(editor, run_id) == ("succeeded", None)
        assert editor.text("made") is None


async def test_an_answer_to_a_withdrawn_prompt_is_ignored(tmp_path: Path) -> None:
    async with model_host("openai_compatible", touching) as host, plain(tmp_path, host.url) as editor:
        run_id = (await command(editor.client, "coterie.run", {"prompt": "Make it"}))["runId"]
        prompt, _ = await editor.client.question(PROMPT)
        assert await command(editor.client, "coterie.cancel") == {"runId": run_id, "state": "cancelled"}
        await editor.client.reply(prompt, {"title": "Allow once"})

        again = (await command(editor.client, "coterie.run", {"prompt": "Make it again"}))["runId"]
        prompt, _ = await editor.client.question(PROMPT)
        decided = await command(editor.client, "coterie.approve")
        assert decided["decision"]["kind"] == "allow_once"
        await editor.client.reply(prompt, {"title": "Reject"})
        await editor.client.expect("window/logMessage", lambda message: f"{again} succeeded" in message["message"])
        assert editor.text("made") == ""
        with pytest.raises(ResponseError) as nothing:
            await command(editor.client, "coterie.approve")
        assert nothing.value.data["code"] == "unknown_approval"


async def test_progress_tells_what_goes_on_and_cancels(tmp_path: Path) -> None:
    hold = Wait()

    def script(asked: Asked) -> Reply:
        return (
            answer("openai_compatible", "Read, then think for long.", number=asked.number, hold=hold if asked.last.answers else None)
            if (asked.last.answers)
            else answer("openai_compatible", "", ("read_file", {"path": "calc.py"}))
        )

    async with model_host("openai_compatible", script) as host, plain(tmp_path, host.url) as editor:
        run_id = (await command(editor.client, "coterie.ask", {"prompt": "Why does it not add?"}))["runId"]
        begun = await editor.client.expect("$/progress", lambda params: params["value"]["kind"] == "begin")
        assert (begun["value"]["cancellable"], begun["value"]["title"]) == (True, "Coterie: Why does it not add?")
        assert ("window/workDoneProgress/create", {"token": begun["token"]}) in editor.client.wanted
        if "read_file" not in begun["value"]["message"]:
            await editor.client.expect("$/progress", lambda params: params["value"].get("message") == "chat: read_file calc.py")
        await editor.client.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
        assert await state_at_end(editor, run_id) == ("cancelled", "cancelled")
        hold.set()


async def test_progress_of_a_resumed_run_says_what_was_asked_and_which_step_goes_on(tmp_path: Path) -> None:
    async with model_host("openai_compatible", touching) as host, plain(tmp_path, host.url) as editor:
        run_id = (await command(editor.client, "coterie.run", {"prompt": "Make it"}))["runId"]
        await editor.client.question(PROMPT)
        await editor.client.request("agent/run/interrupt", {"runId": run_id})
        assert await progress_ended(editor.client) == "interrupted"
        await editor.client.expect("window/showMessage")
        told = len(editor.client.notifications)

        def values() -> list[Any]:
            return [params["value"] for method, params in editor.client.notifications[told:] if method == "$/progress"]

        await command(editor.client, "coterie.resume")
        prompt, _ = await editor.client.question(PROMPT)
        await editor.client.eventually(lambda: bool(values()))
        await editor.client.reply(prompt, {"title": "Allow once"})
        assert await progress_ended(editor.client) == "succeeded"
        assert values()[0]["title"] == "Coterie: Make it"
        assert values()[-1]["message"] == "chat: execute_command touch made"


@pytest.mark.parametrize("choice", ["Approve", "Reject", None])
async def test_the_plan_is_shown_and_its_gate_is_a_prompt(tmp_path: Path, choice: str | None) -> None:
    fixtures = [
        fixture("planner-model", 0, calls=[("submit", PLAN)]),
        fixture("coder-model", 0, calls=[("edit_file", EDIT)]),
        fixture("coder-model", 1, calls=[("submit", {"summary": "The sign was wrong.", "steps_done": ["s1"]})]),
        fixture("reviewer-model", 0, calls=[("submit", {"verdict": "approve", "findings": []})]),
        fixture("tester-model", 0, calls=[("run_tests", {})]),
        fixture("tester-model", 1, calls=[("submit", {"summary": "Green."})]),
        fixture("documenter-model", 0, calls=[("submit", {"summary": "Nothing to say."})]),
    ]
    allow = {"allow": ["exec(python3 -m unittest *)"]}
    async with aimock(fixtures) as host, plain(tmp_path, host.url, permissions=allow) as editor:
        run_id = (await command(editor.client, "coterie.run", {"prompt": "Mend add", "workflow": "team"}))["runId"]
        prompt, params = await editor.client.question(PROMPT)
        assert params["message"] == "Coterie: Approve the plan?\n\nadd adds\n1. Correct the sign"
        assert [action["title"] for action in params["actions"]][:1] == ["Approve"]
        await editor.client.reply(prompt, None if choice is None else {"title": choice})
        end = {"Approve": ("succeeded", None), "Reject": ("cancelled", "plan_rejected"), None: ("interrupted", "approval_required")}
        assert await state_at_end(editor, run_id) == end[choice]
        if choice is None:
            await editor.client.expect("window/showMessage", lambda message: "did not approve the plan" in message["message"])
            assert await command(editor.client, "coterie.resume") == {"runId": run_id, "state": "running"}
            prompt, params = await editor.client.question(PROMPT)
            await editor.client.reply(prompt, {"title": "Approve"})
            assert await state_at_end(editor, run_id) == ("succeeded", None)
        assert (editor.text("calc.py") == FIXED) is (choice != "Reject")


async def test_a_plan_is_changed_as_a_document_and_approved_there(tmp_path: Path) -> None:
    fixtures = [
        fixture("planner-model", 0, calls=[("submit", PLAN)]),
        fixture("coder-model", 0, text="That is all.", userMessage="subtraction goes"),
    ]
    async with aimock(fixtures) as host, plain(tmp_path, host.url, permissions={"allow": ["exec(python3 -m unittest *)"]}) as editor:
        client = editor.client
        run_id = (await command(client, "coterie.run", {"prompt": "Mend add", "workflow": "team"}))["runId"]
        prompt, params = await client.question(PROMPT)
        assert [action["title"] for action in params["actions"]] == ["Approve", "Approve an edited plan", "Reject"]
        await client.reply(prompt, {"title": "Approve an edited plan"})
        await client.eventually(lambda: any(method == "window/showDocument" for method, _ in client.wanted))
        uri = next(params["uri"] for method, params in client.wanted if method == "window/showDocument")
        document = {"textDocument": {"uri": uri}}
        await client.open(uri, json.dumps(PLAN), "json")
        [approve, reject] = await client.request("textDocument/codeLens", document)
        assert reject["command"]["title"] == "Coterie: Reject"

        await client.type(uri, 0, 1, "not JSON")
        with pytest.raises(ResponseError, match="not JSON"):
            await client.request("workspace/executeCommand", approve["command"])
        buffer = client.buffers[uri]
        await client.type(uri, 0, len(buffer.text), json.dumps({**PLAN, "goal": "subtraction goes"}))
        context = {"range": approve["range"], "context": {"diagnostics": []}}
        actions = await client.request("textDocument/codeAction", {**document, **context})
        decided = await client.request("workspace/executeCommand", actions[0]["command"])
        assert decided["decision"]["kind"] == "edit"
        await progress_ended(client)
        run = await client.request("agent/run/get", {"runId": run_id})
        assert run["plan"]["goal"] == "subtraction goes"
        assert await client.request("textDocument/codeLens", document) == []
        client.notifications[:] = [each for each in client.notifications if each[0] != "window/showMessage"]
