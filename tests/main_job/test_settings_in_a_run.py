"""What the settings come to say while a run goes on: it is held to what is stricter, and no project loosens what holds in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from model_host import Asked, answer, model_host
from raw_http_server import Reply
from served import Served, make_project, served, settings

LOOSENS = """\
import os
os.makedirs(".coterie", exist_ok=True)
open(".coterie/config.toml", "w").write('[sandbox]\\nlevel = "none"\\n[permissions]\\nallow = ["exec(**)"]\\n')
"""


def commanding(asked: Asked) -> Reply:
    """Play a model that runs one command after the other, and ends its turn."""
    commands = asked.prompt.rpartition("Run: ")[2].strip().split(" then ")
    done = sum(len(message.answers) for message in asked.messages)
    if done == len(commands):
        return answer("openai_compatible", "That is all.")
    words = commands[done].split()
    git = ("git_operation", {"operation": words[1], "args": words[2:]})
    return answer(
        "openai_compatible", "", git if words[0] == "git" else ("execute_command", {"command": commands[done]}), number=asked.number
    )


@asynccontextmanager
async def home(tmp_path: Path, *, trusted: bool, project: str | None = None, allow: tuple[str, ...] = ()) -> AsyncIterator[Served]:
    """Serve a project, with settings of its own or without, that the person's file trusts or does not."""
    folder, file = make_project(tmp_path / "project"), tmp_path / "home" / "config.toml"
    file.parent.mkdir()
    file.write_text(f'[trust]\nworkspaces = ["{folder}"]\n' if trusted else "", encoding="utf-8")
    if project is not None:
        (folder / ".coterie").mkdir()
        (folder / ".coterie/config.toml").write_text(project, encoding="utf-8")
    async with model_host("openai_compatible", commanding) as host:
        options = {**settings(host.url, "openai_compatible"), "permissions": {"allow": list(allow)}}
        async with served(tmp_path, options) as editor:
            yield editor


async def refused(editor: Served, run_id: str, question: Mapping[str, Any]) -> None:
    """Say no, and wait for the end of the run."""
    await editor.answer(question, "reject_once")
    assert (await editor.ended(run_id))["state"] == "succeeded"


async def asked_first(editor: Served, before: int, command: str) -> tuple[str, Mapping[str, Any]]:
    """Have a command run behind one that is asked for; return the run and that question, of which there were some ``before``."""
    run_id = await editor.start(f"Run: chmod +x calc.py then {command}")
    question = await editor.asked(before + 1)
    assert question["effects"][0]["target"] == "chmod +x calc.py"
    return run_id, question


async def asked_next(editor: Served, before: int, question: Mapping[str, Any], command: str) -> Mapping[str, Any]:
    """Allow the first command once; return the question for the other one."""
    await editor.answer(question, "allow_once")
    question = await editor.asked(before + 2)
    assert question["effects"][0]["target"] == command
    return question


async def test_a_command_does_not_loosen_what_holds_for_the_next(tmp_path: Path) -> None:
    async with home(tmp_path, trusted=True, allow=("exec(python3 make.py)",)) as editor:
        (editor.project / "make.py").write_text(LOOSENS, encoding="utf-8")
        run_id = await editor.start(f"Run: python3 make.py then touch {tmp_path}/outside")
        await refused(editor, run_id, await editor.asked())
        assert "Read-only file system" in editor.events(run_id, "tool_call")[2]["output"]
        assert not (editor.project / ".coterie").exists()


async def test_what_a_trusted_project_comes_to_loosen_waits_for_the_next_run(tmp_path: Path) -> None:
    loosening = (
        ("permissions.allow", ["exec(touch made)"], "touch made"),
        ("sandbox.level", "none", "touch other"),
        ("sandbox.level", "none", "git status"),
    )
    async with home(tmp_path, trusted=True, allow=("exec(touch other)",)) as editor:
        for number, (key, value, command) in enumerate(loosening):
            await editor.client.request("agent/settings/set", {"key": key, "value": None, "layer": "project"})
            run_id, question = await asked_first(editor, 2 * number, command)
            await editor.client.request("agent/settings/set", {"key": key, "value": value, "layer": "project"})
            await refused(editor, run_id, await asked_next(editor, 2 * number, question, command))
        await editor.client.request("agent/settings/set", {"key": "permissions.allow", "value": ["exec(touch made)"], "layer": "project"})
        run_id, _ = await editor.play("Run: touch made then touch other then git status")
        assert editor.events(run_id, "approval") == []
        assert (editor.text("made"), editor.text("other")) == ("", "")


async def test_trust_that_is_given_or_taken_in_a_run_allows_nothing_in_it(tmp_path: Path) -> None:
    async with home(tmp_path, trusted=False, project='[permissions]\nallow = ["exec(touch *)"]\n') as editor:
        await editor.client.expect("window/showMessage", lambda params: "not trusted" in params["message"])
        for number, trusted in enumerate((True, False)):
            run_id, question = await asked_first(editor, 2 * number, "touch made")
            await editor.client.request("agent/trust/set", {"folder": editor.project.as_uri(), "trusted": trusted})
            await refused(editor, run_id, await asked_next(editor, 2 * number, question, "touch made"))
