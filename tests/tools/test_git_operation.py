"""Which git operations only look, and what the tools for moving and deleting declare."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from coterie.base.errors import ModelMistakeError
from coterie.domain.edits import FileRef
from coterie.domain.permissions import Verdict
from coterie.domain.proposals import CommandProposal, MoveProposal
from coterie.domain.workspace_ports import Folder
from coterie.tools.registry import Toolbox, toolbox
from coterie.tools.rules import Policy, evaluate
from coterie.tools.tool import Place
from coterie.workspace.folders import Folders
from workspace_fake import FakeWorkspace


async def always() -> bool:
    return True


def run(folder: Path, *words: str) -> str:
    """Run a command and return its output."""
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    """Return tools for a repository that knows ``known.py``."""
    for name in ("known.py", "unknown.py"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    run(tmp_path, "git", "init", "-q")
    run(tmp_path, "git", "add", "known.py")
    workspace = FakeWorkspace(tmp_path, {"known.py": "x\n", "unknown.py": "x\n"})
    return toolbox(Place(workspace=workspace, confined=always), Policy())


async def verdict(box: Toolbox, tool: str, **arguments: object) -> tuple[Verdict, list[str]]:
    effects = await box.get(tool).effects(arguments)
    return evaluate(effects, Policy()).verdict, [effect.rule for effect in effects]


@pytest.mark.parametrize(
    ("operation", "args"),
    [
        ("status", []),
        ("status", "--short --branch"),
        ("diff", ["HEAD~1..HEAD", "--", "known.py"]),
        ("log", ["-3", "--oneline", "--", "known.py"]),
        ("show", ["HEAD:known.py"]),
        ("blame", ["-L", "1,2", "known.py"]),
    ],
)
async def test_what_only_looks_is_allowed(box: Toolbox, operation: str, args: object) -> None:
    assert await verdict(box, "git_operation", operation=operation, args=args) == ("allow", ["read(.git)"])
    proposal = await box.get("git_operation").propose({"operation": operation, "args": args})
    assert isinstance(proposal, CommandProposal)
    assert (proposal.repository, proposal.network) == (False, False)
    assert "--no-optional-locks" in proposal.command
    assert "core.fsmonitor=false" in proposal.command


@pytest.mark.parametrize(
    ("operation", "args"),
    [
        ("push", ["origin", "main"]),
        ("commit", ["-m", "x"]),
        ("add", ["."]),
        ("checkout", ["main"]),
        ("branch", []),
        ("config", ["--list"]),
        ("diff", ["--output=known.py"]),
        ("diff", ["--outp", "known.py"]),
        ("log", ["--ext-diff"]),
        ("show", ["--textconv"]),
        ("diff", ["--no-index", "a", "b"]),
        ("diff", ["/etc/passwd", "known.py"]),
        ("diff", ["../secret", "known.py"]),
        ("diff", ["-O/etc/passwd"]),
        ("blame", ["--contents", "x", "known.py"]),
        ("blame", ["-S/etc/passwd", "known.py"]),
        ("blame", ["~/x"]),
    ],
)
async def test_everything_else_is_asked_for_as_the_command_that_it_is(box: Toolbox, operation: str, args: list[str]) -> None:
    said, rules = await verdict(box, "git_operation", operation=operation, args=args)
    assert (said, len(rules)) == ("ask", 1)
    assert rules[0].startswith(f"exec(git {operation}")
    proposal = await box.get("git_operation").propose({"operation": operation, "args": args})
    assert isinstance(proposal, CommandProposal)
    assert (proposal.repository, proposal.network) == (True, operation == "push")


async def test_where_nothing_confines_commands_looking_is_asked_for_too(tmp_path: Path) -> None:
    box = toolbox(Place(workspace=FakeWorkspace(tmp_path)), Policy())
    assert await verdict(box, "git_operation", operation="status") == ("ask", ["read(.git)", "exec(git status)"])


@pytest.mark.parametrize("operation", ["-c core.editor=x", "--exec-path", "Status", "log; rm x", ""])
async def test_an_operation_is_one_word_of_gits(box: Toolbox, operation: str) -> None:
    with pytest.raises(ModelMistakeError, match="operation"):
        await box.get("git_operation").effects({"operation": operation})


async def test_only_what_version_control_knows_is_deleted_without_a_question(box: Toolbox, tmp_path: Path) -> None:
    assert await verdict(box, "delete_file", path="known.py") == ("allow", ["write(known.py)"])
    assert await verdict(box, "delete_file", path="unknown.py") == ("ask", ["write(unknown.py)", "exec(rm unknown.py)"])
    (tmp_path / ".git" / "index").unlink()
    assert (await verdict(box, "delete_file", path="known.py"))[0] == "ask"


async def test_a_repositorys_own_programs_are_not_started_to_look(box: Toolbox, tmp_path: Path) -> None:
    (tmp_path / "evil").write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n", encoding="utf-8")
    (tmp_path / "evil").chmod(0o755)
    for name in ("core.fsmonitor", "diff.external", "core.pager", "gpg.program"):
        run(tmp_path, "git", "config", name, str(tmp_path / "evil"))
    run(tmp_path, "git", "-c", "core.fsmonitor=false", "add", "evil")
    (tmp_path / "known.py").write_text("y\n", encoding="utf-8")
    await verdict(box, "delete_file", path="known.py")
    for operation, args in (("status", ()), ("diff", ())):
        proposal = await box.get("git_operation").propose({"operation": operation, "args": args})
        assert isinstance(proposal, CommandProposal)
        assert "known.py" in run(tmp_path, "/bin/sh", "-c", proposal.command)
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(("path", "to", "wrong"), [("none.py", "a.py", "no file none.py"), ("known.py", "unknown.py", "exists already")])
async def test_a_move_needs_a_file_and_a_free_place(box: Toolbox, path: str, to: str, wrong: str) -> None:
    assert await verdict(box, "move_file", path="known.py", to="lib/a.py") == ("allow", ["write(known.py)", "write(lib/a.py)"])
    assert isinstance(await box.get("move_file").propose({"path": "known.py", "to": "lib/a.py"}), MoveProposal)
    with pytest.raises(ModelMistakeError, match=wrong):
        await box.get("move_file").propose({"path": path, "to": to})


@pytest.mark.parametrize(("tool", "more"), [("delete_file", {}), ("move_file", {"to": "a.py"})])
@pytest.mark.parametrize("spelt", ["link.py", "./link.py", "{root}/link.py", "file://{root}/link.py"])
async def test_a_link_is_not_taken_for_the_file_that_it_leads_to(tmp_path: Path, tool: str, more: dict[str, str], spelt: str) -> None:
    folders = Folders([Folder(uri=tmp_path.as_uri(), name="w", absolute=str(tmp_path))])
    (tmp_path / "known.py").write_text("x\n", encoding="utf-8")
    (tmp_path / "link.py").symlink_to("known.py")

    class Linked(FakeWorkspace):
        def locate(self, path: str, folder: str | None = None) -> FileRef:
            return folders.locate(path, folder)

    box = toolbox(Place(workspace=Linked(tmp_path, {"known.py": "x\n"}), confined=always), Policy())
    with pytest.raises(ModelMistakeError, match="is a symbolic link to known"):
        await box.get(tool).propose({"path": spelt.format(root=tmp_path), **more})
