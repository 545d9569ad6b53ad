"""Files that are moved and deleted, and git, through the real server: told, shown as a diff, and taken back as they were."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cassettes import playing, record
from lsp_client import ResponseError
from served import BROKEN, FIXED, Served, make_project, served

SCRIPT = "#!/bin/sh\r\necho hello\r\n"
FIX = {"path": "lib/math.py", "edits": [{"old": "a - b", "new": "a + b"}]}
CALLS = [
    [("move_file", {"path": "run.sh", "to": "bin/run.sh"}), ("move_file", {"path": "calc.py", "to": "lib/calc.py"})],
    [("move_file", {"path": "lib/calc.py", "to": "lib/math.py"}), ("edit_file", FIX), ("delete_file", {"path": "test_calc.py"})],
    ["Done."],
]


def git(folder: Path, *words: str) -> str:
    """Run git as a person would, and return what it says."""
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def repository(folder: Path) -> Path:
    """Make the project, with a script, and commit all of it."""
    project = make_project(folder / "project")
    (project / "run.sh").write_bytes(SCRIPT.encode())
    (project / "run.sh").chmod(0o755)
    git(project, "init", "-q", "-b", "main")
    git(project, "config", "user.name", "A")
    git(project, "config", "user.email", "a@example.org")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "first")
    return project


async def diffs(editor: Served, run_id: str, *paths: str) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = (await editor.client.request("agent/run/diff", {"runId": run_id, "paths": list(paths)}))["files"]
    return files


async def test_moved_and_deleted_files_are_told_and_come_back_as_they_were(tmp_path: Path) -> None:
    project = repository(tmp_path)
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", {"chat": CALLS}))) as editor:
        run_id, end = await editor.play("Tidy up")
        assert end["state"] == "succeeded", editor.events(run_id, "tool_call")
        assert editor.events(run_id, "approval") == []
        assert [call["output"] for call in editor.events(run_id, "tool_call") if call["state"] == "failed"] == []
        assert editor.text("lib/math.py") == FIXED
        assert (project / "bin" / "run.sh").read_bytes() == SCRIPT.encode()
        assert stat.S_IMODE((project / "bin" / "run.sh").stat().st_mode) == 0o755
        assert [editor.text(path) for path in ("run.sh", "calc.py", "lib/calc.py", "test_calc.py")] == [None] * 4

        files = await diffs(editor, run_id)
        assert sorted((each["status"], each["from"], each["path"]) for each in files if each["from"]) == [
            ("moved", "calc.py", "lib/math.py"),
            ("moved", "run.sh", "bin/run.sh"),
        ]
        assert [(each["status"], each["path"]) for each in files if not each["from"]] == [("deleted", "test_calc.py")]
        patch = tmp_path / "patch.diff"
        patch.write_text("".join(each["diff"] for each in files), encoding="utf-8", newline="")
        git(tmp_path, "clone", "-q", str(project), "clone")
        git(tmp_path / "clone", "apply", str(patch))
        assert (tmp_path / "clone" / "lib" / "math.py").read_text(encoding="utf-8") == FIXED
        assert not (tmp_path / "clone" / "run.sh").exists()

        one = await editor.client.request("agent/run/undo", {"runId": run_id, "scope": "file", "ids": ["bin/run.sh"]})
        assert (sorted(one["restored"]), one["conflicts"]) == (["bin/run.sh", "run.sh"], [])
        assert stat.S_IMODE((project / "run.sh").stat().st_mode) == 0o755
        assert {each["path"] for each in await diffs(editor, run_id)} == {"lib/math.py", "test_calc.py"}
        with pytest.raises(ResponseError) as never:
            await editor.client.request("agent/run/undo", {"runId": run_id, "scope": "file", "ids": ["lib/math.py", "nonesuch.py"]})
        assert "nonesuch.py" in str(never.value)
        assert "lib/math.py" not in str(never.value)
        assert editor.text("lib/math.py") == FIXED, "all or nothing"
        again = await editor.client.request("agent/run/undo", {"runId": run_id, "scope": "file", "ids": ["bin/run.sh"]})
        assert again == {"restored": [], "conflicts": []}, "it is undone already"
        rest = await editor.client.request("agent/run/undo", {"runId": run_id})
        assert rest["conflicts"] == []
        assert editor.text("calc.py") == BROKEN
        assert git(project, "status", "--porcelain") == ""
        assert sorted(path.name for path in project.iterdir()) == [".git", "calc.py", "run.sh", "test_calc.py"]


async def test_a_moved_file_that_the_person_wrote_in_is_not_taken_back_over_their_words(tmp_path: Path) -> None:
    repository(tmp_path)
    calls = [[("move_file", {"path": "calc.py", "to": "lib/calc.py"})], ["Done."]]
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", {"chat": calls}))) as editor:
        run_id, _ = await editor.play("Move it")
        (editor.project / "lib" / "calc.py").write_text(BROKEN + "# mine\n", encoding="utf-8")
        undone = await editor.client.request("agent/run/undo", {"runId": run_id})
        assert [conflict["path"] for conflict in undone["conflicts"]] == ["lib/calc.py"]
        assert editor.text("lib/calc.py") == BROKEN + "# mine\n"
        assert editor.text("calc.py") == BROKEN


async def test_a_file_with_unsaved_text_stays_where_it_is(tmp_path: Path) -> None:
    repository(tmp_path)
    calls = [[("move_file", {"path": "calc.py", "to": "lib/calc.py"})], ["It is open."]]
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", {"chat": calls}))) as editor:
        await editor.client.open((editor.project / "calc.py").as_uri(), BROKEN + "# unsaved\n")
        run_id, _ = await editor.play("Move it")
        (failed,) = (call for call in editor.events(run_id, "tool_call") if call["state"] == "failed")
        assert "unsaved text" in failed["output"]
        assert (editor.text("calc.py"), editor.text("lib/calc.py")) == (BROKEN, None)
        assert await diffs(editor, run_id) == []
        assert [event["code"] for event in editor.events(run_id, "warning")].count("edit_refused") == 1
        assert editor.events(run_id, "change") == []
        undone = await editor.client.request("agent/run/undo", {"runId": run_id})
        assert undone["restored"] == [], "nothing was moved, so nothing can be moved back"
        for ids in (["calc.py"], ["lib/calc.py"], ["calc.py", "nonesuch"]):
            with pytest.raises(ResponseError) as never:
                await editor.client.request("agent/run/undo", {"runId": run_id, "scope": "file", "ids": ids})
            assert (never.value.code, never.value.data["code"]) == (-32602, "invalid_params")
            assert ids[-1] in str(never.value)


async def test_nobody_is_asked_about_a_file_that_is_not_there_nor_told_of_one_that_is_denied(tmp_path: Path) -> None:
    repository(tmp_path)
    calls = [
        [("delete_file", {"path": "gone.py"}), ("move_file", {"path": "gone.py", "to": "here.py"})],
        [("move_file", {"path": "calc.py", "to": "run.sh"}), ("delete_file", {"path": "secret/gone.py"})],
        ["Done."],
    ]
    rules = {"ask": ["write(**)"], "deny": ["write(secret/**)"]}
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", {"chat": calls}), permissions=rules)) as editor:
        run_id, end = await editor.play("Tidy up")
        assert end["state"] == "succeeded"
        assert editor.events(run_id, "approval") == []
        ended = [(call["state"], call["output"]) for call in editor.events(run_id, "tool_call") if call["output"] is not None]
        assert [state for state, _ in ended] == ["failed", "failed", "failed", "denied"]
        for (_, output), words in zip(ended, ("no file gone.py", "no file gone.py", "run.sh exists", "Denied"), strict=True):
            assert words in output


async def test_looking_is_not_asked_for_and_a_commit_is(tmp_path: Path) -> None:
    project = repository(tmp_path)
    (project / "calc.py").write_text(FIXED, encoding="utf-8")
    (project / "notes.txt").write_text("the only copy\n", encoding="utf-8")
    calls = [
        [("git_operation", {"operation": "diff", "args": ["--stat"]}), ("git_operation", {"operation": "log", "args": ["--oneline"]})],
        [("git_operation", {"operation": "commit", "args": ["-q", "-a", "-m", "Correct the sign"]})],
        [("delete_file", {"path": "notes.txt"})],
        ["Done."],
    ]
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", {"chat": calls}))) as editor:
        run_id = await editor.start("Commit it")
        commit = await editor.asked()
        looked = [call["output"] for call in editor.events(run_id, "tool_call") if call["state"] == "succeeded"]
        assert "calc.py" in looked[0]
        assert "first" in looked[1]
        assert [effect["rule"] for effect in commit["effects"]] == ["exec(git commit -q -a -m 'Correct the sign')"]
        await editor.answer(commit, "allow_once")
        delete = await editor.asked(2)
        assert [effect["rule"] for effect in delete["effects"]] == ["exec(rm notes.txt)"]
        await editor.answer(delete, "reject_once")
        await editor.ended(run_id)
        assert git(project, "log", "--format=%s").split("\n")[0] == "Correct the sign"
        assert editor.text("notes.txt") == "the only copy\n"


async def test_what_git_does_to_files_is_told_and_taken_back_like_any_edit(tmp_path: Path) -> None:
    project = repository(tmp_path)
    (project / "run.sh").chmod(0o755)
    (project / "calc.py").write_text(FIXED, encoding="utf-8")  # the person's own work, which git has no copy of
    before = {path.name: (path.read_bytes(), path.stat().st_mode) for path in project.iterdir() if path.is_file()}
    calls = [
        [("git_operation", {"operation": "mv", "args": ["test_calc.py", "check_calc.py"]})],
        [("git_operation", {"operation": "rm", "args": ["-q", "run.sh"]})],
        [("git_operation", {"operation": "checkout", "args": ["--", "calc.py"]})],
        ["Done."],
    ]
    rules = {"allow": ["exec(git *)"]}
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", {"chat": calls}), permissions=rules)) as editor:
        run_id, end = await editor.play("Tidy up")
        assert end["state"] == "succeeded"
        assert editor.text("calc.py") == BROKEN
        diff = (await editor.client.request("agent/run/diff", {"runId": run_id}))["files"]
        told = {(file["path"], file["status"], file.get("from")) for file in diff}
        assert told == {("calc.py", "modified", None), ("check_calc.py", "moved", "test_calc.py"), ("run.sh", "deleted", None)}
        undone = await editor.client.request("agent/run/undo", {"runId": run_id})
        assert undone["conflicts"] == []
        after = {path.name: (path.read_bytes(), path.stat().st_mode) for path in project.iterdir() if path.is_file()}
        assert after == before
