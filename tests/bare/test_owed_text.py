"""An editor that tells of no change while it waits for an answer, as Emacs' eglot: undo is answered, and goes on. Real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aimock_server import aimock
from lsp_client import LspClient, ResponseError
from plain_editor import command, plain, progress_ended
from served import BROKEN, FIXED, Served, fixture

EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
GOES_ON = {"restored": [], "conflicts": [], "goesOn": True}
MINE = "# mine\n"


@asynccontextmanager
async def edited(tmp_path: Path) -> AsyncIterator[tuple[Served, str, str]]:
    """Have a run edit the open file; yields the editor, the run and the file's URI."""
    fixtures = [fixture("chat-model", 0, calls=[("edit_file", EDIT)]), fixture("chat-model", 1, text="It adds now.")]
    async with aimock(fixtures) as host, plain(tmp_path, host.url) as editor:
        uri = (editor.project / "calc.py").as_uri()
        await editor.client.open(uri, BROKEN)
        run_id = (await command(editor.client, "coterie.run", {"prompt": "Make it add"}))["runId"]
        assert await progress_ended(editor.client) == "succeeded"
        assert editor.client.buffers[uri].text == FIXED
        yield editor, run_id, uri


async def tell(client: LspClient, uri: str, text: str) -> None:
    """Tell a buffer's whole text."""
    await client.type(uri, 0, len(client.buffers[uri].text), text)


async def states(client: LspClient, run_id: str) -> list[str]:
    """Return what became of a run's changes."""
    return [change["state"] for change in (await client.request("agent/run/get", {"runId": run_id}))["changes"]]


@pytest.mark.parametrize("typed", ["", MINE])
async def test_an_undo_is_confirmed_by_the_text_that_comes_after_its_answer(tmp_path: Path, typed: str) -> None:
    async with edited(tmp_path) as (editor, run_id, uri):
        client = editor.client
        client.on_apply_edit = lambda _: {"applied": True}
        assert await command(client, "coterie.undo") == GOES_ON
        assert await states(client, run_id) == ["applied"], "nobody has seen it yet"

        await tell(client, uri, typed + BROKEN)
        await client.expect("window/logMessage", lambda params: params["message"] == f"Run {run_id} is taken back in calc.py.")
        assert await states(client, run_id) == ["undone"]


async def test_what_was_not_taken_back_is_shown_after_the_answer(tmp_path: Path) -> None:
    async with edited(tmp_path) as (editor, run_id, uri):
        client = editor.client
        sent: list[Any] = []

        def keep_to_itself(params: Any) -> dict[str, bool]:
            sent.extend(params["edit"]["documentChanges"][0]["edits"])
            return {"applied": True}

        client.on_apply_edit = keep_to_itself
        assert await command(client, "coterie.undo") == GOES_ON

        # It had not heard of a line above, and puts the edit where its lines were.
        moved = f"{MINE}{FIXED}"
        await tell(client, uri, moved)
        [edit] = sent
        start, end = (client.offset(moved, edit["range"][place]) for place in ("start", "end"))
        await tell(client, uri, moved[:start] + edit["newText"] + moved[end:])
        shown = await client.expect("window/showMessage")
        assert shown["message"].startswith("calc.py was not taken back: the editor applied the edit in a wrong place")
        assert await states(client, run_id) == ["applied"]

        client.on_apply_edit = None
        await tell(client, uri, moved)
        assert await command(client, "coterie.undo") == {"restored": ["calc.py"], "conflicts": []}
        assert client.buffers[uri].text == f"{MINE}{BROKEN}"


async def test_an_undo_that_cannot_be_done_is_refused_in_its_answer(tmp_path: Path) -> None:
    async with edited(tmp_path) as (editor, run_id, _):
        answer = await editor.client.ask("workspace/executeCommand", {"command": "coterie.undo", "arguments": [{"runId": "run_0"}]})
        with pytest.raises(ResponseError, match="There is no run"):
            await editor.client.result(answer)
        assert await states(editor.client, run_id) == ["applied"]
