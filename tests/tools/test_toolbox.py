"""What the model is told of tools, and which of them it sees."""

import json
from pathlib import Path

import pytest

from coterie.base.errors import ModelMistakeError
from coterie.domain.proposals import CommandProposal, QuestionProposal, Submission
from coterie.index.client import IndexProcess
from coterie.tools.registry import READ_ONLY, toolbox
from coterie.tools.rules import Policy, RuleLayer
from coterie.tools.tool import Place
from workspace_fake import FakeWorkspace

ARTIFACT = {"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"]}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(workspace=FakeWorkspace(tmp_path, {"a.py": ""}), index=IndexProcess(tmp_path))


def test_the_names_and_arguments_are_those_that_are_promised(place: Place) -> None:
    told = {spec.name: list(spec.schema.get("properties", {})) for spec in toolbox(place, Policy(), artifact=ARTIFACT).specs}
    assert told == {
        "read_file": ["path", "start_line", "end_line"],
        "list_files": ["path", "pattern"],
        "search": ["query", "path", "regex"],
        "symbols": ["query"],
        "edit_file": ["path", "edits"],
        "write_file": ["path", "content"],
        "move_file": ["path", "to"],
        "delete_file": ["path"],
        "execute_command": ["command", "cwd", "timeout_s"],
        "run_tests": ["command", "paths"],
        "git_operation": ["operation", "args"],
        "ask_user": ["question", "options"],
        "remember": ["note"],
        "submit": ["summary"],
    }


def test_the_tools_are_told_in_few_bytes_and_without_references(place: Place) -> None:
    told = json.dumps([[spec.name, spec.description, spec.schema] for spec in toolbox(place, Policy(), artifact=ARTIFACT).specs])
    assert len(told) < 3_000
    assert "$ref" not in told
    edits = json.loads(told)[4][2]["properties"]["edits"]
    assert edits["items"]["required"] == ["old", "new"]


@pytest.mark.parametrize(
    ("rule", "hidden"),
    [
        ("write(**)", {"edit_file", "write_file", "move_file", "delete_file", "remember"}),
        ("exec(*)", {"execute_command", "run_tests", "git_operation"}),
        ("read(workspace/**)", set(READ_ONLY)),
        ("exec(rm *)", set()),
        ("write(docs/**)", set()),
    ],
)
def test_tools_that_could_never_be_allowed_are_not_shown(place: Place, rule: str, hidden: set[str]) -> None:
    box = toolbox(place, Policy(layers=(RuleLayer.of("user settings", deny=[rule]),)))
    assert set(box.hidden) == hidden
    assert not hidden & {spec.name for spec in box.specs}
    assert all(rule in reason and "user settings" in reason for reason in box.hidden.values())
    assert all(box.get(name) for name in hidden)


def test_an_unknown_tool_is_answered_with_those_that_are_there(place: Place) -> None:
    with pytest.raises(ModelMistakeError, match="read_file, list_files, search"):
        toolbox(place, Policy(), names=READ_ONLY).get("edit_file")


def test_only_tools_that_read_may_run_side_by_side(place: Place) -> None:
    assert {name for name, tool in toolbox(place, Policy(), artifact=ARTIFACT).tools.items() if tool.reads_only} == set(READ_ONLY)


async def test_commands_questions_and_artifacts_are_proposed(place: Place) -> None:
    box = toolbox(place, Policy(), artifact=ARTIFACT)
    command = await box.get("execute_command").propose({"command": "ls | wc", "timeout_s": 5})
    assert command == CommandProposal(command="ls | wc", cwd=str(place.root), timeout_s=5, only_reads=True)
    question = await box.get("ask_user").propose({"question": "Which?", "options": ["a", "b"]})
    assert question == QuestionProposal("Which?", ("a", "b"))
    assert await box.get("submit").propose({"summary": "done"}) == Submission({"summary": "done"})


@pytest.mark.parametrize(
    ("given", "setting", "expected"),
    [
        ({}, None, "python3 -m pytest"),
        ({"paths": ["tests/test a.py"]}, None, "python3 -m pytest 'tests/test a.py'"),
        ({}, "make check", "make check"),
        ({"command": "pytest -x"}, "make check", "pytest -x"),
    ],
)
async def test_the_tests_that_run(tmp_path: Path, given: dict[str, object], setting: str | None, expected: str) -> None:
    (tmp_path / "test_a.py").write_text("def test_a(): pass\n")
    box = toolbox(Place(workspace=FakeWorkspace(tmp_path), tests_command=setting), Policy())
    proposal = await box.get("run_tests").propose(given)
    assert isinstance(proposal, CommandProposal)
    assert (proposal.command, proposal.is_tests) == (expected, True)
    assert [effect.kind for effect in await box.get("run_tests").effects(given)] == ["exec"]
