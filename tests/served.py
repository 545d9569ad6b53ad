"""The real server on real pipes, with a real project and a model host, for the tests of the main job.

`served` starts ``coterie serve --stdio`` in a home of its own and introduces a rich editor. The team's agents each have a model of their
own, so that a host's fixtures can tell them apart by it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from coterie.config.environment import KNOWN_HOSTS
from coterie.config.facade import VARIABLES
from lsp_client import LspClient, lsp_client

SERVE = (sys.executable, "-m", "coterie", "serve", "--stdio")
AGENTS = ("planner", "coder", "reviewer", "tester", "documenter")
NO_KEYRING = "keyring.backends.fail.Keyring"
"""Data keys of tests go into files, never into the keyring of whoever runs them."""
OWN = {"PYTHON_KEYRING_BACKEND": NO_KEYRING, "COTERIE_DISCOVERY": "false"}
"""What listens at usual ports on the machine of whoever runs the tests is none of theirs either."""
OTHERS = ("COTERIE_", *VARIABLES, *(name for host in KNOWN_HOSTS for name in (*host.keys, *host.or_any, *host.addresses)))
"""Variables of whoever runs the tests: settings of theirs, and hosts that would be there by them."""
ENDED = {"succeeded", "failed", "cancelled", "interrupted"}
Wire = Literal["openai_compatible", "anthropic"]

BROKEN = "def add(a, b):\n    return a - b\n"
FIXED = "def add(a, b):\n    return a + b\n"
TESTS = (
    "import unittest\n\nfrom calc import add\n\n\nclass TestAdd(unittest.TestCase):\n"
    "    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
)
SUITE = "python3 -m unittest discover -v"
ALLOW = ("exec(python3 -m unittest *)", "gate(plan)")


def make_project(folder: Path) -> Path:
    """Make the project: a wrong sign, and a test that says so."""
    folder.mkdir(parents=True)
    (folder / "calc.py").write_text(BROKEN, encoding="utf-8")
    (folder / "test_calc.py").write_text(TESTS, encoding="utf-8")
    return folder


def settings(url: str, wire: Wire, **more: Any) -> dict[str, Any]:
    """Return the editor's settings: one host, a model for each agent, the project's own way to run its tests."""
    base_url = f"{url}/v1" if wire == "openai_compatible" else url
    made: dict[str, Any] = {
        "model": "work/chat-model",
        "providers": {"work": {"type": wire, "baseUrl": base_url, "apiKey": "env:WORK_KEY"}},
        "agents": {agent: {"model": f"work/{agent}-model"} for agent in AGENTS},
        "permissions": {"allow": list(ALLOW)},
        "tests": {"command": SUITE},
        "retry": {"attempts": 4, "baseMs": 10, "maxMs": 50},
    }
    for key, value in more.items():
        made[key] = {**made[key], **value} if isinstance(value, dict) and isinstance(made.get(key), dict) else value
    return made


@dataclass
class Served:
    """One editor with its server."""

    client: LspClient
    project: Path
    home: Path

    async def start(self, prompt: str = "Make test_add pass", **params: Any) -> str:
        """Start a run and return its id."""
        started = await self.client.request("agent/run/start", {"prompt": prompt, **params})
        run_id: str = started["runId"]
        return run_id

    async def ended(self, run_id: str) -> dict[str, Any]:
        """Wait for the run's end and return its last ``run`` event; the events stay where they are."""

        def last() -> list[dict[str, Any]]:
            return [each["event"] for each in self.of(run_id) if each["event"]["kind"] == "run" and each["event"]["state"] in ENDED]

        await self.client.eventually(lambda: bool(last()))
        return last()[-1]

    async def play(self, prompt: str = "Make test_add pass", **params: Any) -> tuple[str, dict[str, Any]]:
        """Start a run and wait for its end."""
        run_id = await self.start(prompt, **params)
        return run_id, await self.ended(run_id)

    def of(self, run_id: str) -> list[dict[str, Any]]:
        """Return the ``agent/event`` payloads of a run so far."""
        return [params for method, params in self.client.notifications if method == "agent/event" and params["runId"] == run_id]

    def events(self, run_id: str, kind: str) -> list[dict[str, Any]]:
        """Return a run's events of a kind so far."""
        return [each["event"] for each in self.of(run_id) if each["event"]["kind"] == kind]

    async def asked(self, number: int = 1) -> dict[str, Any]:
        """Wait for the ``number``-th question and return its event."""

        def pending() -> list[dict[str, Any]]:
            told = [params["event"] for method, params in self.client.notifications if method == "agent/event"]
            return [event for event in told if event["kind"] == "approval" and event["state"] == "pending"]

        await self.client.eventually(lambda: len(pending()) >= number)
        return pending()[number - 1]

    async def answer(self, question: Mapping[str, Any], kind: str, **params: Any) -> Any:
        """Answer a question with its option of a kind."""
        option = next(option["optionId"] for option in question["options"] if option["kind"] == kind)
        return await self.client.request("agent/approval/answer", {"approvalId": question["approvalId"], "optionId": option, **params})

    def text(self, path: str) -> str | None:
        """Return a project file's text."""
        file = self.project / path
        return file.read_text(encoding="utf-8") if file.exists() else None


@asynccontextmanager
async def served(
    tmp_path: Path,
    options: Mapping[str, Any],
    *,
    capabilities: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    argv: Sequence[str] = SERVE,
    **introduction: Any,
) -> AsyncIterator[Served]:
    """Serve the project below ``tmp_path``, made when it is not there, from the home beside it.

    ``introduction`` is what the editor says of itself besides, in ``initialize``.
    """
    project, home = tmp_path / "project", tmp_path / "home"
    if not project.exists():
        make_project(project)
    # Settings and keys of whoever runs the tests are none of theirs.
    own = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
    environment = {**own, "COTERIE_HOME": str(home), "WORK_KEY": "key-of-the-host", **OWN, **(env or {})}
    async with lsp_client(argv, env=environment, cwd=project) as client:
        await client.initialize(capabilities, folders=[project], initializationOptions=options, **introduction)
        yield Served(client, project, home)


def fixture(model: str, turn: int, *, text: str = "", calls: Sequence[tuple[str, Mapping[str, Any]]] = (), **match: Any) -> dict[str, Any]:
    """Return aimock's answer to a model's ``turn``-th request of a conversation."""
    response: dict[str, Any] = {"usage": {"prompt_tokens": 100, "completion_tokens": 10}}
    if text:
        response["content"] = text
    if calls:
        response["toolCalls"] = [
            {"id": f"call_{turn}_{i}", "name": name, "arguments": dict(given)} for i, (name, given) in enumerate(calls)
        ]
    return {"match": {"model": model, "turnIndex": turn, **match}, "response": response}
