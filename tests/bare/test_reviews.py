"""After a run: findings as diagnostics, lenses to accept or take back, hovers that say why a line is as it is. Real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aimock_server import aimock
from cassettes import Answer, playing, record
from daemon_stage import stage
from lsp_client import BOUND_S, PLAIN, LspClient, ResponseError
from plain_editor import command, plain, priced, progress_ended
from served import BROKEN, FIXED, Served, fixture

PLAN = {"goal": "add adds", "criteria": ["it adds"], "files": ["calc.py"], "steps": [{"id": "s1", "title": "Correct the sign"}]}
EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
DOCUMENTED = {"path": "calc.py", "edits": [{"old": "def add(a, b):\n", "new": 'def add(a, b):\n    """Add."""\n'}]}
FOUND = [
    {"severity": "minor", "confidence": 0.9, "file": "calc.py", "line": 1, "title": "No docstring", "evidence": "def add(a, b):"},
    {"severity": "major", "confidence": 0.7, "file": "test_calc.py", "line": 7, "end_line": 8, "title": "Thin test", "evidence": ""},
]
REVIEW = ["Coterie: Accept", "Coterie: Reject in this file", "Coterie: Undo the whole run"]
MEND = {"userMessage": "A review found this in calc.py, line 1: No docstring"}
FIXTURES = [
    fixture("planner-model", 0, calls=[("submit", PLAN)]),
    fixture("coder-model", 0, calls=[("edit_file", EDIT)]),
    fixture("coder-model", 1, calls=[("submit", {"summary": "The sign was wrong.", "steps_done": ["s1"]})]),
    fixture("reviewer-model", 0, calls=[("submit", {"verdict": "approve", "findings": FOUND})]),
    fixture("tester-model", 0, calls=[("run_tests", {})]),
    fixture("tester-model", 1, calls=[("submit", {"summary": "Green."})]),
    fixture("documenter-model", 0, calls=[("submit", {"summary": "Nothing to say."})]),
    fixture("chat-model", 0, calls=[("edit_file", DOCUMENTED)], **MEND),
    fixture("chat-model", 1, text="It has one.", **MEND),
]


@asynccontextmanager
async def reviewed(tmp_path: Path) -> AsyncIterator[tuple[Served, str, str]]:
    """Have the team mend the open file; yields the editor, the run and the file's URI."""
    async with aimock(FIXTURES) as host, plain(tmp_path, host.url) as editor:
        uri = (editor.project / "calc.py").as_uri()
        await editor.client.open(uri, BROKEN)
        run_id = (await command(editor.client, "coterie.run", {"prompt": "Mend add", "workflow": "team"}))["runId"]
        assert await progress_ended(editor.client) == "succeeded"
        assert editor.client.buffers[uri].text == FIXED
        yield editor, run_id, uri


async def published(client: LspClient, uri: str) -> list[dict[str, Any]]:
    """Wait for the next diagnostics of a file."""
    found: list[dict[str, Any]] = (await client.expect("textDocument/publishDiagnostics", lambda params: params["uri"] == uri))[
        "diagnostics"
    ]
    return found


async def actions(client: LspClient, uri: str, diagnostic: Any) -> dict[str, Any]:
    """Return the actions at a diagnostic by title."""
    params = {"textDocument": {"uri": uri}, "range": diagnostic["range"], "context": {"diagnostics": [diagnostic]}}
    return {action["title"]: action for action in await client.request("textDocument/codeAction", params)}


async def lenses(client: LspClient, uri: str) -> list[tuple[int, str, Any]]:
    """Return the lines, titles and commands of a file's lenses."""
    found = await client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    return [(lens["range"]["start"]["line"], lens["command"]["title"], lens["command"]) for lens in found]


async def hover(client: LspClient, uri: str, line: int) -> str | None:
    """Return what a hover says."""
    found = await client.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": line, "character": 4}})
    return None if found is None else found["contents"]["value"]


async def test_findings_are_diagnostics_that_are_mended_or_dismissed(tmp_path: Path) -> None:
    async with reviewed(tmp_path) as (editor, _, uri):
        client, other = editor.client, (editor.project / "test_calc.py").as_uri()
        [docstring], [thin] = await published(client, uri), await published(client, other)
        assert (docstring["severity"], docstring["source"], docstring["message"]) == (3, "coterie", "No docstring\ndef add(a, b):")
        assert (thin["severity"], thin["message"]) == (2, "Thin test")
        assert thin["range"] == {"start": {"line": 6, "character": 0}, "end": {"line": 8, "character": 0}}

        there = await actions(client, other, thin)
        assert {"Fix: Thin test", "Dismiss: Thin test"} < set(there)
        assert "Fix with Coterie" not in there, "a finding has a fix of its own"
        assert there["Dismiss: Thin test"]["diagnostics"] == [thin]
        await client.request("workspace/executeCommand", there["Dismiss: Thin test"]["command"])
        assert await published(client, other) == []
        with pytest.raises(ResponseError) as gone:
            await client.request("workspace/executeCommand", there["Fix: Thin test"]["command"])
        assert gone.value.data["code"] == "unknown_finding"

        fix = (await actions(client, uri, docstring))["Fix: No docstring"]
        assert fix["kind"] == "quickfix"
        await client.request("workspace/executeCommand", fix["command"])
        assert await progress_ended(client) == "succeeded"
        assert await published(client, uri) == []
        assert '"""Add."""' in client.buffers[uri].text
        with pytest.raises(ResponseError) as gone:
            await command(client, "coterie.dismiss", {"findingId": docstring["data"]["findingId"]})
        assert gone.value.data["code"] == "unknown_finding", "also when there is no finding left"


async def test_a_changed_line_tells_its_story_until_somebody_writes_it_anew(tmp_path: Path) -> None:
    async with reviewed(tmp_path) as (editor, run_id, uri):
        client = editor.client
        told = await hover(client, uri, 1)
        assert told is not None
        for part in ("Coterie's coder changed this** for: Mend add", "The sign was wrong.", run_id, "    return a - b"):
            assert part in told
        assert await hover(client, uri, 0) is None
        await client.type(uri, 0, 0, "# above\n")
        assert (await hover(client, uri, 1), await hover(client, uri, 2)) == (None, told)
        await client.type(uri, len(client.buffers[uri].text) - 1, len(client.buffers[uri].text) - 1, " # mine")
        assert await hover(client, uri, 2) is None


async def test_lenses_accept_or_take_back_and_an_undo_takes_findings_along(tmp_path: Path) -> None:
    async with reviewed(tmp_path) as (editor, run_id, uri):
        client = editor.client
        await published(client, uri)
        await client.type(uri, 0, 0, "# above\n")
        places = await lenses(client, uri)
        assert [(line, title) for line, title, _ in places] == [
            (2, "Coterie: Accept"),
            (2, "Coterie: Reject in this file"),
            (2, "Coterie: Undo the whole run"),
        ]
        assert await lenses(client, (editor.project / "test_calc.py").as_uri()) == []
        assert await client.request("workspace/executeCommand", places[0][2]) == {"accepted": 1}
        assert await lenses(client, uri) == []
        await client.eventually(lambda: ("workspace/codeLens/refresh", None) in client.wanted)

        assert await client.request("workspace/executeCommand", places[1][2]) == {"restored": [], "conflicts": []}, "the first word counts"
        undone = await client.request("workspace/executeCommand", places[2][2])
        assert undone == {"restored": ["calc.py"], "conflicts": []}
        assert client.buffers[uri].text == f"# above\n{BROKEN}"
        assert await published(client, uri) == []
        assert await hover(client, uri, 2) is None
        assert run_id in str(places)


TWICE = {"path": "calc.py", "edits": [{"old": "def add(a, b):", "new": "def add(a: int, b: int):"}, {"old": "a - b", "new": "a + b"}]}
SPACED = "def add(a, b):\n    # The sum.\n    return a - b\n"


async def test_each_of_several_hunks_has_its_lenses_while_the_run_goes_on(tmp_path: Path) -> None:
    fixtures = [
        fixture("chat-model", 0, calls=[("edit_file", TWICE)]),
        fixture("chat-model", 1, calls=[("execute_command", {"command": "touch made"})]),
        fixture("chat-model", 2, text="So be it."),
    ]
    async with aimock(fixtures) as host, plain(tmp_path, host.url) as editor:
        client, uri = editor.client, (editor.project / "calc.py").as_uri()
        await client.open(uri, SPACED)
        await command(client, "coterie.run", {"prompt": "Annotate add"})
        question, _ = await client.question("window/showMessageRequest")

        places = await lenses(client, uri)
        assert [(line, title.removeprefix("Coterie: ")) for line, title, _ in places] == [
            *((0, title.removeprefix("Coterie: ")) for title in REVIEW),
            *((line, title) for line in (0, 2) for title in ("Accept this change", "Reject this change")),
        ]
        assert await client.request("workspace/executeCommand", places[4][2]) == {"restored": ["calc.py"], "conflicts": []}
        assert client.buffers[uri].text == SPACED.replace("a - b", "a + b")
        assert [(line, title) for line, title, _ in await lenses(client, uri)] == [(2, title) for title in REVIEW]
        assert await command(client, "coterie.accept", {"uri": uri}) == {"accepted": 1}
        assert await lenses(client, uri) == []
        with pytest.raises(ResponseError) as late:
            await client.request("workspace/executeCommand", places[3][2])
        assert late.value.data["code"] == "already_resolved"
        with pytest.raises(ResponseError) as nothing:
            await command(client, "coterie.reject", {})
        assert nothing.value.data["code"] == "invalid_params"

        await client.reply(question, None)
        assert await progress_ended(client) == "succeeded"


async def test_what_can_be_accepted_is_everybodys_and_stays_accepted(tmp_path: Path) -> None:
    """Two editors on one daemon, one that comes later, and one that comes when the daemon is another one."""
    answers: Sequence[Answer] = ([("edit_file", EDIT)], ["The sign was wrong."])
    options = playing(record(tmp_path / "cassette.json", {"chat": answers}))
    async with stage(tmp_path) as here:

        def attached() -> AbstractAsyncContextManager[Served]:
            return here.editor(tmp_path, options, capabilities=PLAIN)

        async def offered(editor: Served) -> list[str]:
            return [title for _, title, _ in await lenses(editor.client, (editor.project / "calc.py").as_uri())]

        async def shows(editor: Served, *titles: str) -> None:
            """Wait until the lenses of the changed file are those; an editor asks again when it is asked to."""
            async with asyncio.timeout(BOUND_S):
                while (found := await offered(editor)) != list(titles):
                    assert found in ([], REVIEW)
                    await asyncio.sleep(0.01)

        async with attached() as one:
            uri = (one.project / "calc.py").as_uri()
            run_id = (await command(one.client, "coterie.run", {"prompt": "Mend add"}))["runId"]
            assert await progress_ended(one.client) == "succeeded"
            async with attached() as later:
                for editor in (one, later):
                    await editor.client.open(uri, FIXED)
                    await shows(editor, *REVIEW)
        await here.stop()
        async with attached() as after, attached() as other:
            for editor in (after, other):
                await editor.client.open(uri, FIXED)
                await shows(editor, *REVIEW)
            refreshed = ("workspace/codeLens/refresh", None)
            asked = other.client.wanted.count(refreshed)
            assert await command(after.client, "coterie.accept", {"runId": run_id, "uri": uri}) == {"accepted": 1}
            await shows(other)
            await other.client.eventually(lambda: other.client.wanted.count(refreshed) > asked)
        await here.stop()
        async with attached() as last:
            await last.client.open(uri, FIXED)
            assert await command(last.client, "coterie.accept", {"runId": run_id}) == {"accepted": 0}
            assert await offered(last) == []
            assert (await command(last.client, "coterie.undo", {"runId": run_id}))["restored"] == ["calc.py"]


async def test_findings_are_everybodys_and_stay_dealt_with(tmp_path: Path) -> None:
    """Two editors on one daemon, one that comes later, and one that comes when the daemon is another one."""
    async with aimock(FIXTURES) as host, stage(tmp_path) as here:

        def attached() -> AbstractAsyncContextManager[Served]:
            return here.editor(tmp_path, priced(host.url), capabilities=PLAIN)

        async with attached() as one, attached() as two:
            uri, other = ((one.project / name).as_uri() for name in ("calc.py", "test_calc.py"))
            run_id = (await command(one.client, "coterie.run", {"prompt": "Mend add", "workflow": "team"}))["runId"]
            for editor in (one, two):
                [docstring], [thin] = await published(editor.client, uri), await published(editor.client, other)
            assert await progress_ended(one.client) == "succeeded"
            await command(two.client, "coterie.dismiss", {"findingId": thin["data"]["findingId"]})
            for editor in (one, two):
                assert await published(editor.client, other) == []
            async with attached() as later:
                assert await published(later.client, uri) == [docstring]
        await here.stop()
        async with attached() as after:
            assert await published(after.client, uri) == [docstring]
            await after.client.request("agent/run/list", {})  # whoever answers this has published all
            assert "textDocument/publishDiagnostics" not in [method for method, _ in after.client.notifications], "dismissed for good"
            await command(after.client, "coterie.undo", {"runId": run_id})
            assert await published(after.client, uri) == []
