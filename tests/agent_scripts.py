"""The scripts and the small project that the team's tests share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_stage import FakeSandbox, Turn, calls, says
from coterie.domain.workspace_ports import Command, CommandResult

BROKEN = "def add(a, b):\n    return a - b\n"
FIXED = "def add(a, b):\n    return a + b\n"
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
FAILING = "FAILED tests/test_calc.py::test_add - assert -1 == 3\n1 failed in 0.01s\n"

PLAN: dict[str, Any] = {
    "goal": "make test_add pass",
    "criteria": ["add(1, 2) is 3"],
    "files": ["calc.py"],
    "steps": [{"id": "s1", "title": "Correct the sign"}],
}
EDIT = {"path": "calc.py", "edits": [{"old": "return a - b", "new": "return a + b"}]}
FINDING = {"severity": "blocking", "confidence": 0.9, "file": "calc.py", "line": 2, "title": "No docstring", "evidence": "def add"}
APPROVE = calls(("submit", {"verdict": "approve", "findings": []}))
VETO = calls(("submit", {"verdict": "request_changes", "findings": [FINDING]}))
PATCH = calls(("submit", {"summary": "The sign was wrong.", "steps_done": ["s1"]}))
TESTED: Sequence[Turn] = (calls(("run_tests", {})), calls(("submit", {"summary": "All green."})))
README = {"path": "README.md", "content": "# calc\n\nadd(a, b) adds.\n"}

TEAM: Mapping[str, Sequence[Turn]] = {
    "planner": (calls(("read_file", {"path": "calc.py"})), calls(("submit", PLAN))),
    "coder": (calls(("edit_file", EDIT)), PATCH),
    "reviewer": (APPROVE,),
    "tester": TESTED,
    "documenter": (calls(("write_file", README)), calls(("submit", {"summary": "Says what add does."}))),
}
CHAT: Mapping[str, Sequence[Turn]] = {"chat": (says("It subtracts."),)}


def project(folder: Path) -> Path:
    """Make the project: a wrong sign, and a test that says so."""
    (folder / "tests").mkdir(parents=True)
    (folder / "calc.py").write_text(BROKEN, encoding="utf-8")
    (folder / "tests" / "test_calc.py").write_text(TEST, encoding="utf-8")
    return folder


def suite(folder: Path) -> FakeSandbox:
    """Return a sandbox in which the project's tests say what they really would."""

    def answer(_: Command) -> CommandResult:
        passes = (folder / "calc.py").read_text(encoding="utf-8").find("a + b") > 0
        output = "1 passed in 0.01s\n" if passes else FAILING
        return CommandResult(exit_code=0 if passes else 1, output=output, full_output=output)

    return FakeSandbox(answer=answer)
