"""What a person has answered for longer than one call is listed in one place, and taken back there it holds no more for the next call."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lsp_client import ResponseError
from model_host import Asked, answer, model_host
from raw_http_server import Reply
from served import Served, served, settings

MINE = """\
[permissions]
allow = [
  "exec(ls *)", # looking
]
"""
HOLD = "chmod +x calc.py"


def commanding(asked: Asked) -> Reply:
    """Play a model that runs one command after the other, and ends its turn."""
    commands = asked.prompt.rpartition("Run: ")[2].strip().split(" then ")
    done = sum(len(message.answers) for message in asked.messages)
    if done == len(commands):
        return answer("openai_compatible", "That is all.")
    return answer("openai_compatible", "", ("execute_command", {"command": commands[done]}), number=asked.number)


@asynccontextmanager
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    """Serve a project from a home with a file of settings."""
    file = tmp_path / "home" / "config.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(MINE, encoding="utf-8")
    async with model_host("openai_compatible", commanding) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        yield editor


async def grants(editor: Served) -> list[dict[str, Any]]:
    return list((await editor.client.request("agent/grant/list", {}))["grants"])


async def revoke(editor: Served, scope: str) -> Mapping[str, Any]:
    """Take back the only grant for so long that is not of the settings as they were."""
    [grant] = [each for each in await grants(editor) if each["scope"] == scope and each["rule"] != "exec(ls *)"]
    revoked: Mapping[str, Any] = await editor.client.request("agent/grant/revoke", {"grantId": grant["grantId"]})
    assert revoked == grant
    return revoked


async def question(editor: Served, number: int, command: str) -> Mapping[str, Any]:
    """Return the question with this number, which is about a command."""
    asked = await editor.asked(number)
    assert [effect["target"] for effect in asked["effects"]] == [command]
    return asked


@pytest.mark.parametrize(
    ("scope", "kind", "command"),
    [
        ("run", "allow_run", "touch made"),
        ("session", "allow_session", "touch made"),
        ("user", "allow_always", "touch made"),
        ("run", "allow_run", "grep 'a*' calc.py"),
    ],
)
async def test_what_is_revoked_is_asked_for_by_the_next_call_of_a_run_that_goes_on(
    tmp_path: Path, scope: str, kind: str, command: str
) -> None:
    async with home(tmp_path) as editor:
        standing = await grants(editor)
        assert [(each["scope"], each["answer"], each["rule"], each["runId"]) for each in standing] == [
            ("user", "allow_always", "exec(ls *)", None)
        ]
        run_id = await editor.start(f"Run: {command} then {command} then {HOLD} then {command}")
        await editor.answer(await editor.asked(), kind)
        held = await question(editor, 2, HOLD)
        assert len([each for each in editor.events(run_id, "tool_call") if each["state"] == "succeeded"]) == 2, "it was not asked for again"
        revoked = await revoke(editor, scope)
        assert (revoked["answer"], revoked["verdict"]) == (kind, "allow")
        if scope == "run":
            assert (revoked["runId"], revoked["title"].partition(" then ")[0]) == (run_id, f"Run: {command}")
        assert await grants(editor) == standing
        await editor.answer(held, "reject_once")
        await editor.answer(await question(editor, 3, command), "reject_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert (tmp_path / "home/config.toml").read_text(encoding="utf-8") == MINE
        with pytest.raises(ResponseError) as gone:
            await editor.client.request("agent/grant/revoke", {"grantId": revoked["grantId"]})
        assert gone.value.data["code"] == "unknown_grant"


def coterie(tmp_path: Path, *arguments: str) -> tuple[int, Any]:
    """Run ``coterie grants`` in a process of its own, on the same home; returns its status and what it says as JSON."""
    environment = {"COTERIE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    line = [sys.executable, "-m", "coterie", "grants", *arguments, "--json"]
    done = subprocess.run(line, env=environment, cwd=tmp_path / "project", stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, json.loads(done.stdout or done.stderr)


def told(said: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    return [(each["scope"], each["rule"]) for each in said["grants"]]


async def test_a_run_that_waits_to_be_resumed_has_what_it_was_granted_and_a_terminal_takes_that_back(tmp_path: Path) -> None:
    async with home(tmp_path) as editor:
        run_id = await editor.start(f"Run: touch made then {HOLD} then touch made")
        await editor.answer(await editor.asked(), "allow_run")
        await question(editor, 2, HOLD)
        status, said = coterie(tmp_path)
        assert (status, told(said)) == (0, [("run", "exec(touch made)"), ("user", "exec(ls *)")])
        grant_id = said["grants"][0]["grantId"]
        status, refused = coterie(tmp_path, "revoke", grant_id)
        assert (status, refused["error"]["code"]) == (1, "run_active"), "another server runs it"
        await editor.client.request("agent/run/interrupt", {"runId": run_id})
        status, said = coterie(tmp_path, "revoke", grant_id)
        assert (status, said["revoked"]["rule"]) == (0, "exec(touch made)")
        assert [each["scope"] for each in await grants(editor)] == ["user"]
        await editor.client.request("agent/run/resume", {"runId": run_id})
        await editor.answer(await question(editor, 3, HOLD), "reject_once")
        await editor.answer(await question(editor, 4, "touch made"), "reject_once")
        await editor.client.eventually(lambda: [event["state"] for event in editor.events(run_id, "run")][-1] == "succeeded")
