"""Two folders with files of the same path in one editor: what is asked about one of them is done there, and told of it. Real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from model_host import Asked, Call, ModelHost, answer, model_host
from served import Served, make_project, served, settings

WIRE = "openai_compatible"
FILE = "app/main.py"


@asynccontextmanager
async def two_folders(
    tmp_path: Path, calls: Callable[[Asked, Path, Path], tuple[Call, ...]] = lambda *_: (), **more: Any
) -> AsyncIterator[tuple[Served, ModelHost, Path, Path]]:
    """Serve an editor with two folders; ``calls`` says what the model calls at each request, at first nothing."""
    here, there = tmp_path / "my client", tmp_path / "server"
    make_project(tmp_path / "project")  # which is not open
    for folder in (here, there):
        (folder / "app").mkdir(parents=True)
        (folder / FILE).write_text(f"NAME = '{folder.name}'\nPORT = 1\n", encoding="utf-8")
    opened = [{"uri": folder.as_uri(), "name": folder.name} for folder in (here, there)]

    def script(asked: Asked) -> Any:
        wanted = calls(asked, here, there)
        return answer(WIRE, "" if wanted else "Done.", *wanted, number=asked.number)

    async with model_host(WIRE, script) as host, served(tmp_path, settings(host.url, WIRE, **more), workspaceFolders=opened) as editor:
        yield editor, host, here, there


async def test_a_command_about_a_selection_works_in_the_folder_of_its_file(tmp_path: Path) -> None:
    async with two_folders(tmp_path) as (editor, host, here, there):
        place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 4}}
        for number, (command, folder) in enumerate((("coterie.ask", there), ("coterie.run", there), ("coterie.ask", here))):
            argument = {"prompt": "Explain it", "selection": {"uri": (folder / FILE).as_uri(), "range": place}}
            started = await editor.client.request("workspace/executeCommand", {"command": command, "arguments": [argument]})
            await editor.ended(started["runId"])
            said = host.asked[number].messages[-1].text
            assert f'<folder name="{folder.name}">' in said
            assert f'<selection path="{FILE}" lines="1-1">\nNAME\n' in said


async def test_a_run_begins_in_the_folder_that_is_asked_for_however_it_is_spelled_or_in_that_of_the_selection(tmp_path: Path) -> None:
    async with two_folders(tmp_path) as (editor, host, here, there):
        selected = {"selection": {"uri": (there / FILE).as_uri()}}
        spelled = there.as_uri().replace("server", "%73erver/")
        asked = (({}, here), (selected, there), ({**selected, "folder": here.as_uri()}, here), ({"folder": spelled}, there))
        for number, (params, folder) in enumerate(asked):
            started = await editor.client.request("agent/run/start", {"prompt": "Explain it", **params})
            await editor.ended(started["runId"])
            assert f'<folder name="{folder.name}">' in host.asked[number].messages[-1].text


async def test_what_is_offered_to_attach_says_in_which_folder_it_is_and_comes_from_each(tmp_path: Path) -> None:
    async with two_folders(tmp_path) as (editor, _, here, there):
        for number in range(9):
            (here / f"main_{number}.py").write_text("x = 1\n", encoding="utf-8")
        answer = await editor.client.request("agent/attachment/complete", {"query": "main", "limit": 4})
        assert [item["detail"] for item in answer["items"]] == [
            "my client/main_0.py",
            "server/app/main.py",
            "my client/main_1.py",
            "my client/main_2.py",
        ]
        assert answer["items"][1]["uri"] == (there / FILE).as_uri()
        inside = await editor.client.request("agent/attachment/complete", {"query": "main.py", "folder": there.as_uri()})
        assert [item["detail"] for item in inside["items"]] == ["server/app/main.py"]
