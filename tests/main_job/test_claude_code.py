"""The main job through the real Claude Code command line: as a host of models under our loop, and as an agent of its own beside it."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from aimock_server import AimockServer, StartAimock
from claude_cli import REAL, with_real
from killing import killed
from served import BROKEN, FIXED, Served, make_project, served

pytestmark = with_real

EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
ASKING = {"allow": [], "ask": ["write(**)"]}


def turn(number: int, text: str, *calls: tuple[str, Mapping[str, Any]], **match: Any) -> dict[str, Any]:
    """Return what the model answers at its ``number``-th turn."""
    made = [{"id": f"toolu_{number}_{i}", "name": name, "arguments": dict(given)} for i, (name, given) in enumerate(calls)]
    response: dict[str, Any] = {"content": text, "usage": {"prompt_tokens": 100, "completion_tokens": 10}}
    return {"match": {"turnIndex": number, **match}, "response": {**response, **({"toolCalls": made} if made else {})}}


@asynccontextmanager
async def chatting(
    tmp_path: Path, server: AimockServer, *, agent: Mapping[str, Any] | None = None, permissions: Mapping[str, Any] | None = None
) -> AsyncIterator[Served]:
    """Serve a project whose chat agent's model is Claude Code's."""
    provider = {"type": "claude_code", "baseUrl": server.url, "apiKey": "env:WORK_KEY", "command": str(REAL), "models": ["sonnet"]}
    options = {
        "model": "claude/sonnet",
        "providers": {"claude": provider},
        "agents": {"chat": dict(agent or {})},
        "permissions": dict(permissions or {}),
    }
    (tmp_path / "person").mkdir(exist_ok=True)
    async with served(tmp_path, options, env={"HOME": str(tmp_path / "person")}) as editor:
        yield editor


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as somebody."""
    who = ("-c", "user.name=someone", "-c", "user.email=someone@example.org")
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def calls(editor: Served, run_id: str) -> list[tuple[str, str]]:
    """Return the calls that were told, each with the state that it came to."""
    return [(event["tool"], event["state"]) for event in {each["callId"]: each for each in editor.events(run_id, "tool_call")}.values()]


async def test_as_a_host_of_models_it_edits_with_our_tools_after_our_permission(tmp_path: Path, start_aimock: StartAimock) -> None:
    script = [turn(0, "I mend it.", ("mcp__coterie__edit_file", EDIT)), turn(1, "The sign was wrong.")]
    async with start_aimock(script) as server, chatting(tmp_path, server, permissions=ASKING) as editor:
        assert (await editor.client.request("agent/provider/check", {"provider": "claude"}))["state"] == "ready"
        run_id = await editor.start()
        question = await editor.asked()
        assert editor.text("calc.py") == BROKEN
        assert [effect["rule"] for effect in question["effects"]] == ["write(calc.py)"]
        await editor.answer(question, "allow_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert editor.text("calc.py") == FIXED
        assert calls(editor, run_id) == [("edit_file", "succeeded")]
        run = await editor.client.request("agent/run/get", {"runId": run_id})
        assert (run["usage"]["input"], run["usage"]["output"]) == (200, 20)
        assert float(run["usage"]["usd"]) > 0
        messages = [event["text"] for event in editor.events(run_id, "message") if event["role"] == "assistant"]
        assert messages == ["I mend it.", "The sign was wrong."]
        assert editor.events(run_id, "warning") == []
        undone = await editor.client.request("agent/run/undo", {"runId": run_id})
        assert undone == {"restored": ["calc.py"], "conflicts": []}
        assert editor.text("calc.py") == BROKEN


async def test_after_a_crash_the_conversation_goes_on_in_a_new_session(tmp_path: Path, start_aimock: StartAimock) -> None:
    retold = {"match": {"userMessage": "<conversation>"}, "response": {"content": "Mended after all."}}
    script = [retold, turn(0, "I mend it.", ("mcp__coterie__edit_file", EDIT))]
    async with start_aimock(script) as server:
        async with chatting(tmp_path, server, permissions=ASKING) as mortal:
            run_id = await mortal.start()
            await mortal.asked()
            assert mortal.client.process is not None
            (cli,) = [one for one in psutil.Process(mortal.client.process.pid).children() if "claude" in " ".join(one.cmdline())]
            mortal.client.process.kill()
            await killed(mortal.client)
            cli.wait(60)  # it ends with its server
        async with chatting(tmp_path, server, permissions=ASKING) as editor:
            await editor.client.request("agent/run/resume", {"runId": run_id})
            await editor.answer(await editor.asked(), "allow_once")
            assert (await editor.ended(run_id))["state"] == "succeeded"
            assert editor.text("calc.py") == FIXED
            told = (await server.journal())[-1].messages[-1]["content"]
    assert '<call tool="edit_file">' in told
    assert '<result tool="edit_file">' in told


EXTERNAL = {"external": True}
MENDS: Sequence[dict[str, Any]] = (
    turn(0, "I look.", ("Read", {"file_path": "calc.py"})),
    turn(1, "I mend it.", ("Edit", {"file_path": "calc.py", "old_string": "a - b", "new_string": "a + b"})),
    turn(2, "And a note.", ("Bash", {"command": "echo noted > NOTES.md", "description": "write a note"})),
    turn(3, "Mended, with a note."),
)


@pytest.mark.parametrize("repository", [True, False])
async def test_as_an_agent_of_its_own_it_works_aside_and_its_changes_are_ours(
    repository: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
    start_aimock: StartAimock,
) -> None:
    project = make_project(tmp_path / "project")
    if repository:
        git(project, "init", "-q")
        git(project, "add", ".")
        git(project, "commit", "-q", "-m", "begin")
    async with start_aimock(MENDS) as server, chatting(tmp_path, server, agent=EXTERNAL) as editor:
        run_id = await editor.start()
        question = await editor.asked()
        assert question["title"] == "Bash echo noted > NOTES.md"
        assert "exec(echo noted)" in [effect["rule"] for effect in question["effects"]]
        assert editor.text("calc.py") == BROKEN, "what it has edited so far is in its copy"
        await editor.answer(question, "allow_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert (editor.text("calc.py"), editor.text("NOTES.md")) == (FIXED, "noted\n")
        assert calls(editor, run_id) == [
            *(("Read", "succeeded"), ("Edit", "succeeded"), ("Bash", "succeeded")),
            ("import_changes", "succeeded"),
        ]
        run = await editor.client.request("agent/run/get", {"runId": run_id})
        assert {change["path"]: change["state"] for change in run["changes"]} == {"NOTES.md": "applied", "calc.py": "applied"}
        assert run["usage"]["input"] == 400
        messages = [event["text"] for event in editor.events(run_id, "message") if event["role"] == "assistant"]
        assert messages == ["I look.", "I mend it.", "And a note.", "Mended, with a note."]
        undone = await editor.client.request("agent/run/undo", {"runId": run_id})
        assert sorted(undone["restored"]) == ["NOTES.md", "calc.py"]
        assert (editor.text("calc.py"), editor.text("NOTES.md")) == (BROKEN, None)
        if repository:
            assert len(git(project, "worktree", "list").splitlines()) == 1, "nothing of its copy is left"


async def test_what_it_would_allow_by_itself_is_judged_too(tmp_path: Path, start_aimock: StartAimock) -> None:
    look, read = ("Bash", {"command": "ls", "description": "look"}), ("Read", {"file_path": "calc.py"})
    script = [turn(0, "", look, read), turn(1, "I may not.")]
    rules = {"deny": ["exec(ls *)", "read(calc.py)"]}
    async with start_aimock(script) as server, chatting(tmp_path, server, agent=EXTERNAL, permissions=rules) as editor:
        run_id, end = await editor.play()
        assert end["state"] == "succeeded"
        assert calls(editor, run_id)[:2] == [("Bash", "denied"), ("Read", "denied")]
        said = (await server.journal())[-1].messages
    assert [each["content"].startswith("Denied:") for each in said if each["role"] == "tool"] == [True, True]


async def test_interrupted_it_goes_on_in_its_own_session(tmp_path: Path, start_aimock: StartAimock) -> None:
    script = [
        turn(0, "I mend it.", ("Edit", {"file_path": "calc.py", "old_string": "a - b", "new_string": "a + b"})),
        turn(1, "Shall I?", ("Bash", {"command": "touch made", "description": "make"})),
        {"match": {"userMessage": "You were interrupted"}, "response": {"content": "Then I leave it at that."}},
    ]
    async with start_aimock([script[2], *script[:2]]) as server, chatting(tmp_path, server, agent=EXTERNAL) as editor:
        run_id = await editor.start()
        await editor.asked()
        stopped = await editor.client.request("agent/run/interrupt", {"runId": run_id})
        assert stopped["state"] == "interrupted"
        assert editor.text("calc.py") == BROKEN
        assert ("Bash", "failed") in calls(editor, run_id)
        sessions = {entry.headers["x-claude-code-session-id"] for entry in await server.journal()}
        await editor.client.request("agent/run/resume", {"runId": run_id})
        await editor.client.eventually(lambda: editor.events(run_id, "run")[-1]["state"] == "succeeded")
        assert editor.text("calc.py") == FIXED, "what it had edited before is taken over"
        assert editor.text("made") is None
        assert {entry.headers["x-claude-code-session-id"] for entry in await server.journal()} == sessions


async def test_what_the_person_typed_meanwhile_is_merged(tmp_path: Path, start_aimock: StartAimock) -> None:
    async with start_aimock(MENDS) as server, chatting(tmp_path, server, agent=EXTERNAL) as editor:
        run_id = await editor.start()
        question = await editor.asked()
        (editor.project / "calc.py").write_text("# mine\n\n\n" + BROKEN, encoding="utf-8")
        await editor.answer(question, "allow_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert editor.text("calc.py") == "# mine\n\n\n" + FIXED
        await editor.client.request("agent/run/undo", {"runId": run_id})
        assert editor.text("calc.py") == "# mine\n\n\n" + BROKEN


async def test_where_the_person_changed_the_same_line_theirs_stays(tmp_path: Path, start_aimock: StartAimock) -> None:
    async with start_aimock(MENDS) as server, chatting(tmp_path, server, agent=EXTERNAL) as editor:
        run_id = await editor.start()
        question = await editor.asked()
        (editor.project / "calc.py").write_text(BROKEN.replace("a - b", "a * b"), encoding="utf-8")
        await editor.answer(question, "allow_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert (editor.text("calc.py"), editor.text("NOTES.md")) == (BROKEN.replace("a - b", "a * b"), "noted\n")
        warnings = {event["code"]: event["text"] for event in editor.events(run_id, "warning")}
        assert "calc.py" in warnings["not_imported"]


async def test_only_claude_code_works_on_its_own(tmp_path: Path) -> None:
    options = {
        "model": "work/chat-model",
        "providers": {"work": {"type": "openai_compatible", "baseUrl": "http://127.0.0.1:9/v1"}},
        "agents": {"chat": EXTERNAL},
    }
    async with served(tmp_path, options) as editor:
        _, end = await editor.play()
    assert (end["state"], end["reason"]) == ("failed", "no_worker")
