"""Recorded sessions for the tests of the main job that need no host: what each agent's model answers, call by call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from served import AGENTS, ALLOW, SUITE

PLAN = {
    "goal": "make test_add pass",
    "criteria": ["add(1, 2) is 3"],
    "files": ["calc.py"],
    "steps": [{"id": "s1", "title": "Correct the sign"}],
}
EDIT = {"path": "calc.py", "edits": [{"old": "return a - b", "new": "return a + b"}]}
README = "# calc\n\n`add(a, b)` adds.\n"

Answer = Sequence[str | tuple[str, Mapping[str, Any]]]
"""One answer of a model: words, and calls of tools."""

TEAM: Mapping[str, Sequence[Answer]] = {
    "planner": (["I look. ", "At calc.py.", ("read_file", {"path": "calc.py"})], [("submit", PLAN)]),
    "coder": (["The sign.", ("edit_file", EDIT)], [("submit", {"summary": "The sign was wrong.", "steps_done": ["s1"]})]),
    "reviewer": (["Good.", ("submit", {"verdict": "approve", "findings": []})],),
    "tester": ([("run_tests", {})], [("submit", {"summary": "All green."})]),
    "documenter": ([("write_file", {"path": "README.md", "content": README})], [("submit", {"summary": "Says what add does."})]),
}


def record(file: Path, answers: Mapping[str, Sequence[Answer]]) -> Path:
    """Write a recording and return its file."""
    made = [
        {"agent": agent, "call": number, "events": [*map(_piece, answer), _finish(answer)]}
        for agent, calls in answers.items()
        for number, answer in enumerate(calls)
    ]
    file.write_text(json.dumps({"version": 1, "calls": made}), encoding="utf-8")
    return file


def playing(cassette: Path, **more: Any) -> dict[str, Any]:
    """Return the settings of an editor whose every model is a recording."""
    return {
        "model": "work/recorded",
        "providers": {"work": {"type": "replay", "cassette": str(cassette), "extra": {"speed": 0}}},
        "agents": {agent: {"model": "work/recorded"} for agent in AGENTS},
        "permissions": {"allow": list(ALLOW)},
        "tests": {"command": SUITE},
        **more,
    }


def _piece(said: str | tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {"text": said} if isinstance(said, str) else {"tool": said[0], "arguments": said[1]}


def _finish(answer: Answer) -> dict[str, Any]:
    return {"finish": "stop" if all(isinstance(said, str) for said in answer) else "tool_calls"}
