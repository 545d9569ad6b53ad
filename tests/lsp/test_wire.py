"""What an editor and the server say to each other over real pipes, the core behind it a fake."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from coterie.lsp.command_names import announced
from lsp_client import BARE, BOUND_S, RICH, LspClient, ResponseError
from lsp_editor import editor

URI = "file:///w/a.py"


async def run(client: LspClient, prompt: str, **params: Any) -> Any:
    return await client.request("agent/run/start", {"prompt": prompt, **params})


async def test_initialize_says_what_the_server_can_do() -> None:
    async with editor() as client:
        answer = await client.initialize()
        assert answer["serverInfo"]["name"] == "coterie"
        capabilities = answer["capabilities"]
        assert capabilities["textDocumentSync"] == {"openClose": True, "change": 2, "save": True}
        assert capabilities["workspace"]["workspaceFolders"] == {"supported": True, "changeNotifications": True}
        asked = {f"coterie.{name}" for name in ("ask", "run", "undo", "cancel", "resume", "openChannel", "channels", "approve")}
        assert set(capabilities["executeCommandProvider"]["commands"]) == set(announced(rich=True)) >= asked
        assert capabilities["inlineCompletionProvider"] == {}
        assert capabilities["notebookDocumentSync"] == {"notebookSelector": [{"notebook": "*"}], "save": True}


@pytest.mark.parametrize(
    ("offered", "chosen"), [(None, "utf-16"), (["utf-8", "utf-16"], "utf-8"), (["utf-32"], "utf-32"), (["x"], "utf-16")]
)
async def test_positions_mean_the_same_in_every_encoding(offered: list[str] | None, chosen: str) -> None:
    async with editor() as client:
        answer = await client.initialize({"general": {"positionEncodings": offered}} if offered else {})
        assert answer["capabilities"]["positionEncoding"] == chosen
        buffer = await client.open(URI, "a\U0001f600é = 1\nzwei\n")
        await client.type(URI, 2, 3, "è\U0001f680")
        await client.type(URI, 9, 9, "\u00df")
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        seen = await run(client, "selection", selection={"uri": URI, "range": whole})
        assert seen["runId"] == buffer.text == "a\U0001f600è\U0001f680 = 1\nßzwei\n"
        part = {"start": client.position(buffer.text, 1), "end": client.position(buffer.text, 4)}
        assert (await run(client, "selection", selection={"uri": URI, "range": part}))["runId"] == "\U0001f600è\U0001f680"


async def test_a_selection_in_a_file_that_is_not_open_is_read_from_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "grün.py"
    file.write_text("eins\nzwei\n", encoding="utf-8")
    chosen = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 4}}
    async with editor() as client:
        await client.initialize()
        assert (await run(client, "selection", selection={"uri": file.as_uri(), "range": chosen}))["runId"] == "zwei"
        gone = {"uri": (tmp_path / "none").as_uri(), "range": chosen}
        assert (await run(client, "selection", selection=gone))["runId"] == "None"


@pytest.mark.parametrize(
    ("chosen", "text", "ends"),
    [
        ((0, 0, 1_000_000, 0), "a = 1\nb = 2\n", (0, 0, 2, 0)),
        ((50, 0, 99, 0), "", (2, 0, 2, 0)),
        ((1, 5, 0, 4), "1\nb = 2", (0, 4, 1, 5)),
    ],
    ids=["to the end", "behind the end", "backwards"],
)
async def test_a_selection_names_lines_that_are_there(chosen: tuple[int, ...], text: str, ends: tuple[int, ...]) -> None:
    first, last = ({"line": line, "character": character} for line, character in (chosen[:2], chosen[2:]))
    async with editor() as client:
        await client.initialize()
        await client.open(URI, "a = 1\nb = 2\n")
        started = await run(client, "selection", selection={"uri": URI, "range": {"start": first, "end": last}})
        assert started == {"runId": text, "channelId": str(ends)}


@pytest.mark.parametrize(
    ("params", "folders"),
    [
        ({"workspaceFolders": [{"uri": "file:///w/%C3%A4", "name": "ä"}, {"uri": "file:///x", "name": "x"}]}, "ä,x"),
        ({"workspaceFolders": None, "rootUri": "file:///w/root", "rootPath": "/other"}, "root"),
        ({"workspaceFolders": None, "rootUri": None, "rootPath": "/w/path"}, "path"),
        ({"workspaceFolders": [{"uri": "untitled:1", "name": "u"}]}, ""),
        ({"workspaceFolders": None}, ""),
    ],
)
async def test_folders_in_every_way_that_clients_name_them(params: Any, folders: str) -> None:
    async with editor() as client:
        await client.initialize(**params)
        assert (await run(client, "settings"))["channelId"] == folders


async def until(client: LspClient, field: str, value: str) -> None:
    """Ask for the settings until they are as expected: a change takes effect some time after its notification."""
    async with asyncio.timeout(BOUND_S):
        while (await run(client, "settings"))[field] != value:
            pass  # each question gives the server a turn


async def change_folder(client: LspClient, removed: str, added: str) -> None:
    event = {"added": [{"uri": f"file:///{added}", "name": added}], "removed": [{"uri": f"file:///{removed}", "name": removed}]}
    await client.notify("workspace/didChangeWorkspaceFolders", {"event": event})


async def test_folders_and_settings_that_change() -> None:
    async with editor() as client:
        await client.initialize(initializationOptions={"model": "work/m"}, workspaceFolders=[{"uri": "file:///a", "name": "a"}])
        await until(client, "runId", "{'model': 'work/m'}")
        await change_folder(client, "a", "b")
        await until(client, "channelId", "b")
        client.settings = {"model": "work/n"}
        await client.notify("workspace/didChangeConfiguration", {"settings": {"coterie": {"model": "pushed/ignored"}}})
        await until(client, "runId", "{'model': 'work/n'}")
        client.settings = None
        await client.notify("workspace/didChangeConfiguration", {"settings": None})
        await change_folder(client, "b", "c")  # takes its turn behind the settings
        await until(client, "channelId", "c")
        await until(client, "runId", "{'model': 'work/n'}")


async def test_settings_are_taken_as_pushed_from_a_client_that_cannot_be_asked() -> None:
    async with editor() as client:
        await client.initialize({})
        await client.notify("workspace/didChangeConfiguration", {"settings": {"coterie": {"model": "work/p"}}})
        await until(client, "runId", "{'model': 'work/p'}")


@pytest.mark.parametrize(
    ("capabilities", "versioned"),
    [(RICH, True), (BARE, False), ({"workspace": {"applyEdit": True, "workspaceEdit": {"resourceOperations": ["create"]}}}, True)],
    ids=["versioned", "plain", "neovim"],
)
async def test_an_edit_lands_in_the_buffer(capabilities: Any, *, versioned: bool) -> None:
    async with editor() as client:
        await client.initialize(capabilities)
        buffer = await client.open(URI, "\U0001f600x\n")
        assert (await run(client, f"edit {URI} 1"))["runId"] == "None"
        assert buffer.text == "\U0001f600\U0001f600\n"
        applied = next(line for line in client.log if '"workspace/applyEdit"' in line)
        assert ('"version":1' in applied) == versioned


async def test_an_edit_that_the_editor_refuses_is_told_with_its_reason() -> None:
    async with editor() as client:
        await client.initialize()
        await client.open(URI, "ab")
        assert (await run(client, f"edit {URI} 7"))["runId"] == "the buffer has moved on"
        client.on_apply_edit = lambda _: {"applied": False}
        assert "gave no reason" in (await run(client, f"edit {URI} 1"))["runId"]


async def test_an_editor_that_takes_no_edits_is_not_asked() -> None:
    async with editor() as client:
        await client.initialize({})
        await client.open(URI, "ab")
        assert "does not let" in (await run(client, f"edit {URI} 1"))["runId"]


async def test_a_bare_client_gets_words_and_nothing_that_it_does_not_know() -> None:
    async with editor() as client:
        await client.initialize(BARE)
        for _ in range(2):
            await run(client, "tell")
        shown = [params["message"] for method, params in client.notifications if method == "window/showMessage"]
        expected = ["The model's host is slow.", "The model's host is down.", "Commands run unconfined: install bubblewrap."]
        assert shown == expected, "each once"
        assert "Hé" in [params["message"] for method, params in client.notifications if method == "window/logMessage"]
        assert {method for method, _ in client.notifications} == {"window/showMessage", "window/logMessage"}
        client.notifications.clear()


@pytest.mark.parametrize(
    ("command", "argument", "field", "value"),
    [
        ("coterie.run", {"prompt": "x", "workflow": "team"}, "runId", "run_1"),
        ("coterie.ask", {"prompt": "x"}, "runId", "run_1"),
        (
            "coterie.undo",
            {"runId": "run_7"},
            "conflicts",
            [{"path": "README.md", "reason": "you edited it after run_7", "uri": "file:///project/README.md"}],
        ),
        (
            "coterie.undo",
            {},
            "conflicts",
            [{"path": "README.md", "reason": "you edited it after run_1", "uri": "file:///project/README.md"}],
        ),
    ],
)
async def test_commands(command: str, argument: Any, field: str, value: Any) -> None:
    async with editor() as client:
        await client.initialize(BARE, workspaceFolders=[{"uri": "file:///w", "name": "w"}])
        arguments = [argument] if argument else []
        assert (await client.request("workspace/executeCommand", {"command": command, "arguments": arguments}))[field] == value


async def test_commands_that_cannot_be_done() -> None:
    async with editor() as client:
        await client.initialize(BARE, workspaceFolders=[{"uri": "file:///elsewhere", "name": "elsewhere"}])
        for command, arguments, code in (
            ("coterie.undo", [], -32803),  # the only run changed files of another workspace
            ("coterie.ask", [], -32602),
            ("coterie.ask", [{"prompt": ""}], -32602),
            ("coterie.ask", [{"prompt": "x"}, {}], -32602),
        ):
            with pytest.raises(ResponseError) as refused:
                await client.request("workspace/executeCommand", {"command": command, "arguments": arguments})
            assert refused.value.code == code


async def test_an_editor_in_another_process_namespace_is_served() -> None:
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()
    async with editor() as client:
        await client.initialize(processId=gone.pid)
        assert (await client.request("agent/status"))["mode"] == "local"
