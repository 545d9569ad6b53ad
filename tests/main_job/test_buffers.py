"""Unsaved buffers are the truth: for what agents read, for where edits go, for the commands that run, and for what an undo leaves alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lsp_client import RICH
from model_host import Asked, Call, ModelHost, answer, model_host
from raw_http_server import Reply
from served import BROKEN, FIXED, Served, make_project, served, settings

Script = Callable[[Asked], Reply]
EDIT: Call = ("edit_file", {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]})
NOTE = "# naïve 😀 note\n"


def calling(*calls: Call) -> Script:
    """Return a model that makes its calls one after the other in each run, and ends its turn."""

    def script(asked: Asked) -> Reply:
        begun = max(number for number, message in enumerate(asked.messages) if message.role == "user" and message.text)
        done = sum(bool(message.answers) for message in asked.messages[begun:])
        return (
            answer("openai_compatible", "", calls[done], number=asked.number) if done < len(calls) else answer("openai_compatible", "Done.")
        )

    return script


@asynccontextmanager
async def editing(tmp_path: Path, script: Script, *, encoding: str = "utf-16") -> AsyncIterator[tuple[Served, ModelHost]]:
    """Serve the project to an editor with this position encoding."""
    capabilities = {**RICH, "general": {"positionEncodings": [encoding]}}
    async with (
        model_host("openai_compatible", script) as host,
        served(tmp_path, settings(host.url, "openai_compatible"), capabilities=capabilities) as editor,
    ):
        yield editor, host


def uri(editor: Served, path: str = "calc.py") -> str:
    """Return the URI of a project file."""
    return (editor.project / path).as_uri()


def outputs(host: ModelHost) -> list[str]:
    """Return what the model was told of all its calls in the latest conversation."""
    return [output for message in host.asked[-1].messages for _, output in message.answers]


async def undo(editor: Served, run_id: str, **params: Any) -> Any:
    """Undo a run."""
    return await editor.client.request("agent/run/undo", {"runId": run_id, **params})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_an_open_file_is_read_edited_tested_and_undone_in_its_buffer(tmp_path: Path, encoding: str) -> None:
    shell: Call = ("run_tests", {})
    async with editing(tmp_path, calling(("read_file", {"path": "calc.py"}), EDIT, shell), encoding=encoding) as (editor, host):
        buffer = await editor.client.open(uri(editor), BROKEN)
        await editor.client.type(uri(editor), 0, 0, NOTE)
        unsaved = NOTE + BROKEN

        run_id, end = await editor.play("Mend it")

        assert end["state"] == "succeeded", end
        read, edited, tested = outputs(host)
        assert read == unsaved
        assert "calc.py" in edited
        assert "exit code 0" in tested, tested
        assert buffer.text == NOTE + FIXED
        assert editor.text("calc.py") == BROKEN, "the disk is the person's to write"
        [change] = [event for event in editor.events(run_id, "change") if event["state"] == "applied"]
        assert (change["path"], change["uri"]) == ("calc.py", uri(editor))
        [hunk] = change["hunks"]
        assert (hunk["oldStart"], hunk["oldText"], hunk["newText"]) == (3, "    return a - b\n", "    return a + b\n")
        [sent] = [params["edit"] for method, params in editor.client.wanted if method == "workspace/applyEdit"]
        assert sent["documentChanges"][0]["textDocument"] == {"uri": uri(editor), "version": 2}

        await editor.client.type(uri(editor), len(buffer.text), len(buffer.text), "# mine\n")
        assert await undo(editor, run_id) == {"restored": ["calc.py"], "conflicts": []}
        assert buffer.text == f"{unsaved}# mine\n"
        assert editor.text("calc.py") == BROKEN


async def test_what_the_editor_refuses_is_kept_as_a_proposal_and_nothing_is_lost(tmp_path: Path) -> None:
    async with editing(tmp_path, calling(EDIT)) as (editor, host):
        buffer = await editor.client.open(uri(editor), NOTE + BROKEN)
        editor.client.on_apply_edit = lambda _: {"applied": False, "failureReason": "read-only today"}
        run_id, end = await editor.play("Mend it")

        assert end["state"] == "succeeded", end
        assert (buffer.text, editor.text("calc.py")) == (NOTE + BROKEN, BROKEN)
        [change] = (await editor.client.request("agent/run/get", {"runId": run_id}))["changes"]
        assert (change["state"], change["hunks"][0]["newText"]) == ("proposed", "    return a + b\n")
        [told] = outputs(host)
        assert "read-only today" in told
        assert "edit_refused" in [event["code"] for event in editor.events(run_id, "warning")]
        assert [call["state"] for call in editor.events(run_id, "tool_call")] == ["pending", "running", "failed"]
        assert await undo(editor, run_id) == {"restored": [], "conflicts": []}
        assert (await editor.client.request("agent/run/diff", {"runId": run_id}))["files"] == []


async def test_what_is_typed_while_an_edit_is_on_its_way_survives(tmp_path: Path) -> None:
    async with editing(tmp_path, calling(EDIT)) as (editor, _):
        client = editor.client
        buffer = await client.open(uri(editor), BROKEN)

        def type_first(_: Any) -> Any:
            # The person is quicker: the buffer has moved on when the edit comes, and the editor refuses it.
            client.on_apply_edit = None
            buffer.text, buffer.version = NOTE + buffer.text, buffer.version + 1
            typed.append({"textDocument": {"uri": buffer.uri, "version": buffer.version}, "contentChanges": [{"text": buffer.text}]})
            return {"applied": False, "failureReason": "the buffer has moved on"}

        typed: list[Any] = []
        client.on_apply_edit = type_first
        run_id = await editor.start("Mend it")
        await client.eventually(lambda: bool(typed))
        await client.notify("textDocument/didChange", typed[0])
        end = await editor.ended(run_id)

        assert end["state"] == "succeeded", end
        assert buffer.text == NOTE + FIXED
        assert await undo(editor, run_id) == {"restored": ["calc.py"], "conflicts": []}
        assert buffer.text == NOTE + BROKEN


FILES: Mapping[str, tuple[bytes | None, Call, bytes]] = {
    "windows.py": (
        b"x = 1\r\ny = 2\r\n",
        ("edit_file", {"path": "windows.py", "edits": [{"old": "x = 1\ny = 2", "new": "x = 1\nz = 3\ny = 2"}]}),
        b"x = 1\r\nz = 3\r\ny = 2\r\n",
    ),
    "marked.txt": (
        b"\xef\xbb\xbfone\ntwo",
        ("edit_file", {"path": "marked.txt", "edits": [{"old": "one", "new": "1"}]}),
        b"\xef\xbb\xbf1\ntwo",
    ),
    "deep/er/made.py": (None, ("write_file", {"path": "deep/er/made.py", "content": "made = True\n"}), b"made = True\n"),
    "old.txt": (b"old\n", ("write_file", {"path": "old.txt", "content": "new\n"}), b"new\n"),
    "a name.py": (b"a = 1\n", ("edit_file", {"path": "a name.py", "edits": [{"old": "1", "new": "2"}]}), b"a = 2\n"),
}


def contents(project: Path) -> dict[str, bytes | None]:
    """Return what is in the files that the calls are about."""
    return {path: (project / path).read_bytes() if (project / path).exists() else None for path in FILES}


async def test_closed_files_keep_their_line_ends_mark_and_mode_and_are_undone_after_a_restart(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    for path, (before, _, _) in FILES.items():
        if before is not None:
            (project / path).write_bytes(before)
    (project / "old.txt").chmod(0o750)
    script = calling(*(call for _, call, _ in FILES.values()))
    async with editing(tmp_path, script) as (editor, _):
        run_id, end = await editor.play("Change them")
        assert end["state"] == "succeeded", end
        assert contents(project) == {path: after for path, (_, _, after) in FILES.items()}
        assert (project / "old.txt").stat().st_mode & 0o777 == 0o750
        assert not [method for method, _ in editor.client.wanted if method == "workspace/applyEdit"]

    async with editing(tmp_path, script) as (editor, _):
        # One was opened since and has the person's own words, one was made anew by them: theirs stay.
        buffer = await editor.client.open(uri(editor, "a name.py"), "a = 2\n")
        await editor.client.type(buffer.uri, 0, 0, "# mine\n")
        (project / "deep/er/made.py").write_text("made = 'by me'\n", encoding="utf-8")
        assert await undo(editor, run_id, scope="file", ids=["windows.py"]) == {"restored": ["windows.py"], "conflicts": []}
        undone = await undo(editor, run_id)
        assert sorted(undone["restored"]) == ["a name.py", "marked.txt", "old.txt"]
        assert [conflict["path"] for conflict in undone["conflicts"]] == ["deep/er/made.py"]
        assert undone["conflicts"][0]["reason"]
        expected = {path: before for path, (before, _, _) in FILES.items()}
        assert contents(project) == {**expected, "a name.py": b"a = 2\n", "deep/er/made.py": b"made = 'by me'\n"}
        assert buffer.text == "# mine\na = 1\n"
        assert (project / "old.txt").stat().st_mode & 0o777 == 0o750


async def test_a_made_file_goes_again_with_the_folders_that_it_brought(tmp_path: Path) -> None:
    made: Call = ("write_file", {"path": "deep/er/made.py", "content": "made = True\n"})
    async with editing(tmp_path, calling(made)) as (editor, _):
        run_id, _ = await editor.play("Make it")
        assert editor.text("deep/er/made.py") == "made = True\n"
        [file] = (await editor.client.request("agent/run/diff", {"runId": run_id}))["files"]
        assert (file["path"], file["status"]) == ("deep/er/made.py", "added")
        assert await undo(editor, run_id) == {"restored": ["deep/er/made.py"], "conflicts": []}
        assert not (editor.project / "deep").exists()


async def test_a_person_who_rewrote_the_lines_of_a_run_keeps_them(tmp_path: Path) -> None:
    async with editing(tmp_path, calling(EDIT)) as (editor, _):
        buffer = await editor.client.open(uri(editor), BROKEN)
        run_id, _ = await editor.play("Mend it")
        assert buffer.text == FIXED
        at = buffer.text.index("a + b")
        await editor.client.type(buffer.uri, at, at + len("a + b"), "sum((a, b))")
        mine = buffer.text
        undone = await undo(editor, run_id)
        assert (undone["restored"], [conflict["path"] for conflict in undone["conflicts"]]) == ([], ["calc.py"])
        assert buffer.text == mine
        # The person changes their mind: then it can be undone after all.
        await editor.client.type(buffer.uri, at, at + len("sum((a, b))"), "a + b")
        assert (await undo(editor, run_id))["restored"] == ["calc.py"]
        assert buffer.text == BROKEN
