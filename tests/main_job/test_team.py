"""The team end to end: a model for each agent, the project's real tests in the real sandbox, a person at the gate, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from aimock_server import AimockServer, aimock
from lsp_client import ResponseError
from served import AGENTS, BROKEN, FIXED, Served, Wire, fixture, make_project, served, settings

Fixture = Mapping[str, Any]
WIRES = pytest.mark.parametrize("wire", ["openai_compatible", "anthropic"])
PATHS = {"openai_compatible": "/v1/chat/completions", "anthropic": "/v1/messages"}
SUITE_ALLOWED = {"permissions": {"allow": ["exec(python3 -m unittest *)"]}}

PLAN: dict[str, Any] = {
    "goal": "add adds",
    "criteria": ["add(1, 2) is 3"],
    "files": ["calc.py"],
    "steps": [{"id": "s1", "title": "Correct the sign", "files": ["calc.py"]}],
}
EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
WORSE = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a * b"}]}
MENDED = {"path": "calc.py", "edits": [{"old": "a * b", "new": "a + b"}]}
DOCUMENTED = {"path": "calc.py", "edits": [{"old": "def add(a, b):\n", "new": 'def add(a, b):\n    """Add."""\n'}]}
PATCH = {"summary": "The sign was wrong.", "steps_done": ["s1"]}
VETO = {
    "verdict": "request_changes",
    "findings": [
        {"severity": "blocking", "confidence": 0.9, "file": "calc.py", "line": 1, "title": "No docstring", "evidence": "def add(a, b):"}
    ],
}
APPROVAL = {"verdict": "approve", "findings": []}
README = {"path": "README.md", "content": "# calc\n\nadd(a, b) adds.\n"}
AGAIN = {"userMessage": "Your patch above is in the files"}
UNRELATED = "import unittest\n\n\nclass TestMoon(unittest.TestCase):\n    def test_cheese(self):\n        self.fail('no cheese')\n"

PLANNER = (
    fixture("planner-model", 0, calls=[("read_file", {"path": "calc.py"})]),
    fixture("planner-model", 1, calls=[("submit", PLAN)]),
)
CODER = (
    fixture("coder-model", 0, calls=[("edit_file", EDIT)]),
    fixture("coder-model", 1, calls=[("submit", PATCH)]),
)
REVIEWER = (fixture("reviewer-model", 0, calls=[("submit", APPROVAL)]),)
TESTER = (
    fixture("tester-model", 0, text="I run them.", calls=[("run_tests", {})]),
    fixture("tester-model", 1, calls=[("submit", {"summary": "All is green."})]),
)
DOCUMENTER = (
    fixture("documenter-model", 0, calls=[("write_file", README)]),
    fixture("documenter-model", 1, calls=[("submit", {"summary": "Says what add does."})]),
)
TEAM: Sequence[Fixture] = (*PLANNER, *CODER, *REVIEWER, *TESTER, *DOCUMENTER)


def hashes(folder: Path) -> dict[str, str]:
    """Name every file's content; what Python caches is nobody's."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def suites(editor: Served, run_id: str) -> list[dict[str, Any]]:
    """Return the runs of the tests that have ended: the server's own, which has no step, and the tester's."""
    return [call for call in editor.events(run_id, "tool_call") if call["tool"] == "run_tests" and call["state"] in {"succeeded", "failed"}]


def artifact(editor: Served, run_id: str, kind: str) -> dict[str, Any]:
    """Return the latest artifact of a type."""
    value: dict[str, Any] = [event["value"] for event in editor.events(run_id, "artifact") if event["type"] == kind][-1]
    return value


async def first_message(host: AimockServer, model: str, number: int = 0) -> str:
    """Return what the ``number``-th conversation with a model began with."""
    openings = [request.messages[1]["content"] for request in await host.journal() if request.model == model and len(request.messages) == 2]
    text: str = openings[number]
    return text


@WIRES
async def test_a_plan_is_approved_carried_out_reviewed_tested_documented_and_undone(tmp_path: Path, wire: Wire) -> None:
    options = {**settings("", wire), **SUITE_ALLOWED}
    async with aimock(TEAM) as host, served(tmp_path, {**options, **providers(host.url, wire)}) as editor:
        before = hashes(editor.project)
        run_id = await editor.start(workflow="team")

        question = await editor.asked()
        assert [(effect["kind"], effect["rule"]) for effect in question["effects"]] == [("gate", "gate(plan)")]
        assert [option["kind"] for option in question["options"]] == ["approve", "edit", "reject"]
        waiting = await editor.client.request("agent/run/get", {"runId": run_id})
        assert (waiting["state"], waiting["plan"]["goal"]) == ("waiting", PLAN["goal"])
        await editor.answer(question, "approve")
        end = await editor.ended(run_id)

        assert end["state"] == "succeeded", end
        assert [event["state"] for event in editor.events(run_id, "run")] == ["queued", "running", "waiting", "running", "succeeded"]
        run = await editor.client.request("agent/run/get", {"runId": run_id})
        assert [(step["stepId"], step["agent"], step["model"], step["state"]) for step in run["steps"]] == [
            (step, agent, f"work/{agent}-model", "succeeded")
            for step, agent in zip(("plan", "code", "review", "test", "docs"), AGENTS, strict=True)
        ]
        assert (run["usage"]["input"], run["usage"]["output"], run["usage"]["usd"]) == (900, 90, None)
        await check_what_happened(editor, run_id)
        await check_what_the_models_got(host, wire)

        undone = await editor.client.request("agent/run/undo", {"runId": run_id})
        assert (sorted(undone["restored"]), undone["conflicts"]) == (["README.md", "calc.py"], [])
        assert hashes(editor.project) == before
        assert (await editor.client.request("agent/run/diff", {"runId": run_id}))["files"] == []


async def check_what_happened(editor: Served, run_id: str) -> None:
    baseline, after = suites(editor, run_id)
    assert "stepId" not in baseline or baseline["stepId"] is None
    assert "FAILED (failures=1)" in baseline["output"]
    assert (after["stepId"], after["state"]) == ("test", "succeeded")
    assert "test_add" in after["output"]
    assert "\nOK" in after["output"]
    testrun = artifact(editor, run_id, "testrun")
    assert (testrun["exit_code"], testrun["failed"], testrun["failures"]) == (0, False, [])
    assert "+    return a + b" in artifact(editor, run_id, "patch")["files"][0]["diff"]
    assert [file["path"] for file in artifact(editor, run_id, "docs")["files"]] == ["README.md"]
    assert (editor.text("calc.py"), editor.text("README.md")) == (FIXED, README["content"])
    files = (await editor.client.request("agent/run/diff", {"runId": run_id}))["files"]
    assert [(file["path"], file["status"]) for file in files] == [("calc.py", "modified"), ("README.md", "added")]
    assert [(file["before"], file["after"]) for file in files] == [(None, None)] * 2, "texts are long, and only told who wants them"
    whole = (await editor.client.request("agent/run/diff", {"runId": run_id, "texts": True}))["files"]
    assert [(file["before"], file["after"]) for file in whole] == [(BROKEN, FIXED), (None, README["content"])]
    assert "-    return a - b\n+    return a + b\n" in files[0]["diff"]
    [report] = [event["text"] for event in editor.events(run_id, "message") if event.get("agent") == "team"]
    assert "`python3 -m unittest discover -v` passed" in report
    assert "price unknown" in report


async def check_what_the_models_got(host: AimockServer, wire: Wire) -> None:
    requests = await host.journal()
    assert {request.path for request in requests} == {PATHS[wire]}
    models = [request.model for request in requests]
    assert models[:4] == ["planner-model", "planner-model", "coder-model", "coder-model"]
    assert sorted(models[4:7]) == ["reviewer-model", "tester-model", "tester-model"]
    assert models[7:] == ["documenter-model", "documenter-model"]
    tools = {request.model: set(request.tools) for request in requests}
    reading = {"read_file", "list_files", "search", "symbols"}
    assert tools["planner-model"] == reading | {"ask_user", "submit"}
    assert tools["reviewer-model"] == reading | {"submit"}
    writing = {"edit_file", "write_file", "move_file", "delete_file"}
    assert tools["coder-model"] == reading | writing | {"git_operation", "execute_command", "run_tests", "ask_user", "submit"}
    assert tools["tester-model"] == reading | {"execute_command", "run_tests", "submit"}
    assert tools["documenter-model"] == reading | {"edit_file", "write_file", "submit"}
    review = await first_message(host, "reviewer-model")
    assert "+    return a + b" in review
    assert PLAN["goal"] in review
    assert "I run them." not in await first_message(host, "documenter-model")


def providers(url: str, wire: Wire) -> dict[str, Any]:
    """Return the entry of a host that is known by now."""
    return {"providers": settings(url, wire)["providers"]}


LOOPS: Mapping[str, tuple[Sequence[Fixture], str, str]] = {
    "failing tests": (
        (
            fixture("coder-model", 0, calls=[("edit_file", MENDED)], **AGAIN),
            fixture("coder-model", 1, calls=[("submit", PATCH)]),
            fixture("coder-model", 0, calls=[("edit_file", WORSE)]),
            *PLANNER, *REVIEWER, *TESTER, *DOCUMENTER,
        ),
        "test_calc.TestAdd.test_add",
        FIXED,
    ),
    "a blocking finding": (
        (
            fixture("coder-model", 0, calls=[("edit_file", DOCUMENTED)], **AGAIN),
            *CODER,
            fixture("reviewer-model", 0, calls=[("submit", VETO)], sequenceIndex=0),
            *PLANNER, *REVIEWER, *TESTER, *DOCUMENTER,
        ),
        "No docstring",
        'def add(a, b):\n    """Add."""\n    return a + b\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize("why", LOOPS)
async def test_what_is_wrong_goes_back_to_the_coder_until_it_is_mended(tmp_path: Path, why: str) -> None:
    fixtures, told, mended = LOOPS[why]
    async with aimock(fixtures) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        run_id, end = await editor.play(workflow="team")

        assert end["state"] == "succeeded", end
        assert editor.text("calc.py") == mended
        again = await first_message(host, "coder-model", 1)
        assert told in again
        assert AGAIN["userMessage"] in again
        ended = [(step["stepId"], step["attempt"]) for step in editor.events(run_id, "step") if step["state"] == "succeeded"]
        assert ended[:2] == [("plan", 1), ("code", 1)]
        assert sorted(ended[2:4]) == [("review", 1), ("test", 1)]
        assert ended[4] == ("code", 2)
        assert sorted(ended[5:7]) == [("review", 2), ("test", 2)]
        assert ended[7:] == [("docs", 1)]
        assert len(suites(editor, run_id)) == 3


async def test_what_a_reviewer_found_is_published_to_every_client_until_somebody_deals_with_it(tmp_path: Path) -> None:
    found = {"severity": "minor", "confidence": 0.8, "file": "calc.py", "line": 1, "title": "No docstring", "evidence": "def add(a, b):"}
    noted = fixture("reviewer-model", 0, calls=[("submit", {"verdict": "approve", "findings": [found]})])
    fixtures = (*PLANNER, *CODER, noted, *TESTER, *DOCUMENTER)
    async with aimock(fixtures) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        await editor.play(workflow="team")

        told = await editor.client.expect("textDocument/publishDiagnostics")
        assert told["uri"] == (editor.project / "calc.py").as_uri()
        [diagnostic] = told["diagnostics"]
        assert diagnostic["message"] == "No docstring\ndef add(a, b):"
        argument = {"findingId": diagnostic["data"]["findingId"]}
        await editor.client.request("workspace/executeCommand", {"command": "coterie.dismiss", "arguments": [argument]})
        assert (await editor.client.expect("textDocument/publishDiagnostics"))["diagnostics"] == []


async def test_a_test_that_failed_before_and_that_nobody_asked_about_is_reported_and_holds_nothing_up(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    (project / "test_moon.py").write_text(UNRELATED, encoding="utf-8")
    async with aimock(TEAM) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        run_id, end = await editor.play("Correct the sign in add", workflow="team")

        assert end["state"] == "succeeded", end
        testrun = artifact(editor, run_id, "testrun")
        assert (testrun["exit_code"], testrun["failed"], testrun["failures"]) == (1, False, [])
        assert testrun["known_failures"] == ["test_moon.TestMoon.test_cheese"]
        report = [event["text"] for event in editor.events(run_id, "message")][-1]
        assert "`test_moon.TestMoon.test_cheese` failed before the run and still does" in report


async def test_a_plan_can_be_rejected_or_edited(tmp_path: Path) -> None:
    async with aimock(TEAM) as host, served(tmp_path, {**settings(host.url, "openai_compatible"), **SUITE_ALLOWED}) as editor:
        rejected = await editor.start(workflow="team")
        await editor.answer(await editor.asked(1), "reject")
        end = await editor.ended(rejected)
        assert (end["state"], end["reason"]) == ("cancelled", "plan_rejected")
        assert editor.text("calc.py") == BROKEN
        assert {request.model for request in await host.journal()} == {"planner-model"}

        edited = await editor.start(workflow="team")
        question = await editor.asked(2)
        for steps, complaint in (
            ([], "steps"),
            ([{"id": "s1", "title": "Wait", "depends_on": ["s2"]}], "s1 depends on s2"),
            ([*PLAN["steps"], {"id": "s2", "title": ""}], "steps.1.title (of the step s2)"),
        ):
            with pytest.raises(ResponseError) as refused:
                await editor.answer(question, "edit", plan={**PLAN, "steps": steps})
            assert refused.value.code == -32602, steps
            assert complaint in refused.value.message
        added = {"id": "s0", "title": "Look first"}
        decided = await editor.answer(question, "edit", plan={**PLAN, "goal": "add really adds", "steps": [added, *PLAN["steps"]]})
        assert decided["decision"]["kind"] == "edit"
        assert (await editor.ended(edited))["state"] == "succeeded"
        assert editor.events(edited, "plan")[-1]["plan"]["goal"] == "add really adds"
        assert [step["id"] for step in editor.events(edited, "plan")[-1]["plan"]["steps"]] == [
            "s0",
            *(step["id"] for step in PLAN["steps"]),
        ]
        assert "add really adds" in (heard := await first_message(host, "coder-model"))
        assert heard.index("Look first") < heard.index(PLAN["steps"][0]["title"]), "in the person's order"


def costing(answer: Fixture, prompt_tokens: int, completion_tokens: int) -> Fixture:
    """Return an answer whose host reports this use."""
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    return {**answer, "response": {**answer["response"], "usage": usage}}


async def test_a_used_up_budget_ends_a_run_and_keeps_its_work(tmp_path: Path) -> None:
    fixtures = [
        costing(fixture("chat-model", 0, calls=[("edit_file", EDIT)]), 4_000, 200),
        costing(fixture("chat-model", 1, text="Done."), 4_000, 200),
        costing(PLANNER[0], 5_000, 10),
        *TEAM,
    ]
    async with aimock(fixtures) as host:
        options = settings(host.url, "openai_compatible")
        options["providers"]["work"]["price"] = {"chat-model": {"input": "10", "output": "20", "cacheRead": "1", "cacheWrite": "10"}}
        options["agents"]["planner"]["budget"] = {"tokens": 6_000}
        async with served(tmp_path, options) as editor:
            team, end = await editor.play(workflow="team")
            assert (end["state"], end["reason"]) == ("failed", "budget_exhausted")
            assert "the planner, 6000 tokens" in end["text"]
            assert (await editor.client.request("agent/run/get", {"runId": team}))["error"]["code"] == "budget_exhausted"
            assert [event["code"] for event in editor.events(team, "warning")] == ["price_unknown"]

            poor, end = await editor.play("Mend add", budget={"usd": "0.05"})
            assert (end["state"], end["reason"]) == ("failed", "budget_exhausted")
            assert "$0.05" in end["text"]
            assert editor.text("calc.py") == FIXED
            assert (await editor.client.request("agent/run/undo", {"runId": poor}))["restored"] == ["calc.py"]

            rich, end = await editor.play("Mend add", budget={"usd": "3"})
            assert end["state"] == "succeeded", end
            run = await editor.client.request("agent/run/get", {"runId": rich})
            assert (run["usage"]["usd"], run["budget"]["usd"]) == ("0.088", "3.0")
            assert editor.events(rich, "warning") == []
