"""A team whose members each have a host of another kind: what one hands over the next one understands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aimock_server import aimock
from served import AGENTS, FIXED, fixture, served, settings

HOSTS: Mapping[str, tuple[str, str]] = {
    "planner": ("anthropic", ""),
    "coder": ("openai_compatible", "/v1"),
    "reviewer": ("ollama", ""),
    "tester": ("llama_cpp", ""),
    "documenter": ("litellm", "/v1"),
}
PATHS = {
    "planner": "/v1/messages",
    "coder": "/v1/chat/completions",
    "reviewer": "/api/chat",
    "tester": "/v1/chat/completions",
    "documenter": "/v1/chat/completions",
}
PLAN: Mapping[str, Any] = {
    "goal": "add adds",
    "criteria": ["add(1, 2) is 3"],
    "files": ["calc.py"],
    "steps": [{"id": "s1", "title": "Correct the sign", "files": ["calc.py"]}],
}
EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
TEAM = (
    fixture("planner-model", 0, text="I look.", calls=[("read_file", {"path": "calc.py"})]),
    fixture("planner-model", 1, calls=[("submit", PLAN)]),
    fixture("coder-model", 0, calls=[("edit_file", EDIT)]),
    fixture("coder-model", 1, calls=[("submit", {"summary": "The sign was wrong.", "steps_done": ["s1"]})]),
    fixture("reviewer-model", 0, calls=[("read_file", {"path": "calc.py"})]),
    fixture("reviewer-model", 1, calls=[("submit", {"verdict": "approve", "findings": []})]),
    fixture("tester-model", 0, calls=[("run_tests", {})]),
    fixture("tester-model", 1, calls=[("submit", {"summary": "All is green."})]),
    fixture("documenter-model", 0, calls=[("write_file", {"path": "README.md", "content": "add adds.\n"})]),
    fixture("documenter-model", 1, calls=[("submit", {"summary": "Says what add does."})]),
)


async def test_a_team_of_five_kinds_of_hosts_does_its_work(tmp_path: Path) -> None:
    async with aimock(TEAM, chunk_size=7) as host:
        options = settings(host.url, "openai_compatible")
        options["providers"] |= {agent: {"type": kind, "baseUrl": host.url + path} for agent, (kind, path) in HOSTS.items()}
        options["agents"] = {agent: {"model": f"{agent}/{agent}-model"} for agent in AGENTS}
        async with served(tmp_path, options) as editor:
            run_id, end = await editor.play(workflow="team")
            assert end["state"] == "succeeded", end
            assert editor.text("calc.py") == FIXED
            assert editor.text("README.md") == "add adds.\n"
            steps = (await editor.client.request("agent/run/get", {"runId": run_id}))["steps"]
            assert {step["agent"]: step["model"] for step in steps} == {agent: f"{agent}/{agent}-model" for agent in AGENTS}
            asked = {(request.path, request.model) for request in await host.journal()}
            assert asked >= {(path, f"{agent}-model") for agent, path in PATHS.items()}
            assert not editor.events(run_id, "message_discarded")
            rows = (await editor.client.request("agent/usage", {"by": "provider"}))["rows"]
            assert {row["key"]: row["attempts"] for row in rows} == dict.fromkeys(AGENTS, 2)
