"""What an agent's shell changes, over the wire: the real server and sandbox run `sed -i`; it is shown, taken back in part and in all.

`tests/agents/test_command_changes.py` has what else commands may do to files, and `test_command_crash.py` every point of a death.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cassettes import Answer, playing, record
from killing import killed
from lsp_client import BOUND_S
from served import Served, make_project, served

BEFORE = "".join(f"line {number}\n" for number in range(1, 10))
SED = "sed -i -e 's/line 2/second/' -e 's/line 8/eighth/' a.txt"
AFTER = BEFORE.replace("line 2", "second").replace("line 8", "eighth")
ALLOW = {"allow": ["exec(**)", "write(**)"]}


@asynccontextmanager
async def shell(tmp_path: Path, *lines: str, level: str = "bubblewrap", **more: Any) -> AsyncIterator[Served]:
    """Serve an editor whose agent runs these commands."""
    if not (tmp_path / "project").exists():
        (make_project(tmp_path / "project") / "a.txt").write_text(BEFORE, encoding="utf-8")
    answers: Sequence[Answer] = (*([("execute_command", {"command": line})] for line in lines), ["Done."])
    cassette = record(tmp_path / "cassette.json", {"chat": answers})
    async with served(tmp_path, playing(cassette, permissions=ALLOW, sandbox={"level": level}, **more)) as editor:
        yield editor


async def ask(editor: Served, method: str, run_id: str, **params: Any) -> Any:
    """Ask something about a run."""
    return await editor.client.request(f"agent/run/{method}", {"runId": run_id, **params})


async def undo(editor: Served, run_id: str, **params: Any) -> Any:
    """Undo something of a run, which tells where lies what it has taken away."""
    undone = await ask(editor, "undo", run_id, **params)
    assert list(Path(undone.pop("keptIn")).iterdir()) != []
    return undone


async def seen(editor: Served, holds: Callable[[], bool]) -> None:
    """Wait until a condition of the disk holds, of which nothing tells; looked at after each answer of the server."""
    async with asyncio.timeout(BOUND_S):
        while not holds():
            await editor.client.request("agent/run/list", {})


def hunks(editor: Served, run_id: str) -> list[Mapping[str, Any]]:
    """Return the hunks that were told as applied first."""
    return [hunk for change in editor.events(run_id, "change")[:1] for hunk in change["hunks"]]


@pytest.mark.parametrize("level", ["bubblewrap", "none"])
async def test_what_a_command_changed_is_shown_and_undone(tmp_path: Path, level: str) -> None:
    async with shell(tmp_path, SED, level=level) as editor:
        run_id, end = await editor.play("Change it")
        assert (end["state"], editor.text("a.txt")) == ("succeeded", AFTER)
        [change] = editor.events(run_id, "change")
        assert (change["path"], change["state"], change["unsure"]) == ("a.txt", "applied", None)
        assert [hunk["newText"] for hunk in change["hunks"]] == ["second\n", "eighth\n"]
        [call] = [event for event in editor.events(run_id, "tool_call") if event["state"] == "succeeded"]
        assert call["output"].endswith("[exit code 0]\n[Files: changed a.txt.]")
        [file] = (await ask(editor, "diff", run_id))["files"]
        assert (file["path"], file["status"]) == ("a.txt", "modified")
        assert "-line 2\n+second\n" in file["diff"]
        assert [each["path"] for each in (await ask(editor, "get", run_id))["changes"]] == ["a.txt"]
        assert await undo(editor, run_id) == {"restored": ["a.txt"], "conflicts": []}
        assert editor.text("a.txt") == BEFORE


async def test_a_hunk_of_a_command_is_rejected_and_the_rest_undone_around_what_the_person_wrote(tmp_path: Path) -> None:
    async with shell(tmp_path, SED) as editor:
        run_id, _ = await editor.play("Change it")
        [first, _] = hunks(editor, run_id)
        await editor.client.request("agent/hunk/reject", {"runId": run_id, "hunkIds": [first["hunkId"]]})
        assert editor.text("a.txt") == AFTER.replace("second", "line 2")
        (editor.project / "a.txt").write_text("mine\n" + AFTER.replace("second", "line 2"), encoding="utf-8")
        assert await undo(editor, run_id, scope="file", ids=["a.txt"]) == {"restored": ["a.txt"], "conflicts": []}
        assert editor.text("a.txt") == "mine\n" + BEFORE


async def test_an_open_file_that_a_command_changed_is_undone_in_its_buffer_once_the_editor_has_read_it(tmp_path: Path) -> None:
    async with shell(tmp_path, SED, "cat a.txt") as editor:
        buffer = await editor.client.open((editor.project / "a.txt").as_uri(), BEFORE)
        run_id, _ = await editor.play("Change it")
        outputs = [event["output"] for event in editor.events(run_id, "tool_call") if event["state"] == "succeeded"]
        assert "second" in outputs[1], "the next command sees the file and not the old buffer"
        await editor.client.type(buffer.uri, 0, len(BEFORE), AFTER)  # as editors do that find the file changed
        assert await undo(editor, run_id) == {"restored": ["a.txt"], "conflicts": []}
        assert (buffer.text, editor.text("a.txt")) == (BEFORE, AFTER), "the disk is the person's to write"


async def test_an_open_file_of_which_the_editor_knows_nothing_is_undone_on_the_disk(tmp_path: Path) -> None:
    async with shell(tmp_path, SED) as editor:
        buffer = await editor.client.open((editor.project / "a.txt").as_uri(), BEFORE)
        run_id, _ = await editor.play("Change it")
        assert await undo(editor, run_id) == {"restored": ["a.txt"], "conflicts": []}
        assert (buffer.text, editor.text("a.txt")) == (BEFORE, BEFORE)


async def test_what_a_command_wrote_beneath_unsaved_text_is_undone_there(tmp_path: Path) -> None:
    async with shell(tmp_path, SED, level="none") as editor:
        buffer = await editor.client.open((editor.project / "a.txt").as_uri(), BEFORE)
        await editor.client.type(buffer.uri, 0, 0, "mine\n")
        run_id, _ = await editor.play("Change it")
        assert (buffer.text, editor.text("a.txt")) == ("mine\n" + BEFORE, AFTER)
        assert await undo(editor, run_id) == {"restored": ["a.txt"], "conflicts": []}
        assert (buffer.text, editor.text("a.txt")) == ("mine\n" + BEFORE, BEFORE)


async def test_edits_that_are_seen_first_do_not_hold_up_commands_whose_changes_are_applied(tmp_path: Path) -> None:
    async with shell(tmp_path, SED, review={"mode": "before"}) as editor:
        run_id, end = await editor.play("Change it")
        assert end["state"] == "succeeded"
        assert [change["state"] for change in editor.events(run_id, "change")] == ["applied"]


@pytest.mark.parametrize("resumed", [True, False])
async def test_a_server_that_is_killed_while_a_command_runs_loses_nothing(tmp_path: Path, *, resumed: bool) -> None:
    async with shell(tmp_path, f"{SED}; touch changed; sleep 600", "echo on >> b.txt") as first:
        run_id = await first.start("Change it")
        await seen(first, (first.project / "changed").exists)
        # Until the server has shown that it lives after that, the change may be anybody's.
        moment = (first.project / "changed").stat().st_ctime_ns
        [sign] = (tmp_path / "home" / "data" / "snapshots").glob("*/*.json")
        await seen(first, lambda: sign.stat().st_mtime_ns > moment)
        assert first.client.process is not None
        first.client.process.kill()
        await killed(first.client)
    theirs = tmp_path / "project" / "theirs.txt"
    theirs.write_text("written after the death\n", encoding="utf-8")
    os.utime(theirs, (time.time() + 60,) * 2)  # as somebody comes back later
    async with shell(tmp_path, f"{SED}; touch changed; sleep 600", "echo on >> b.txt") as second:
        if resumed:
            await ask(second, "resume", run_id)
            assert (await second.ended(run_id))["state"] == "succeeded"
            assert second.text("b.txt") == "on\n"
            [cut_off] = [event["output"] for event in second.events(run_id, "tool_call") if event["state"] == "failed"]
            assert "Interrupted before its result was known" in cut_off
            assert "changed a.txt" in cut_off
        paths = {file["path"] for file in (await ask(second, "diff", run_id))["files"]}
        assert paths == {"a.txt", "changed", "theirs.txt"} | ({"b.txt"} if resumed else set())
        undone = await ask(second, "undo", run_id)
        assert sorted(undone["restored"]) == sorted(paths - {"theirs.txt"})
        [conflict] = undone["conflicts"]
        assert (conflict["path"], second.text("theirs.txt")) == ("theirs.txt", "written after the death\n")
        assert (second.text("a.txt"), second.text("b.txt"), second.text("changed")) == (BEFORE, None, None)
