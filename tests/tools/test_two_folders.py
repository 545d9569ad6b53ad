"""A workspace of two folders that hold files of the same path: what an agent is told of a file leads it to that file again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coterie.domain.messages import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult
from coterie.domain.proposals import EditProposal, MoveProposal, Reply
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Folder
from coterie.tools.registry import BUILTIN, Toolbox, toolbox
from coterie.tools.rules import Policy, command_effect
from coterie.tools.tool import Place
from coterie.workspace.workspace import LiveWorkspace

MakeBox = Callable[..., Toolbox]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Return two folders, each with an ``app/main.py`` of its own."""
    made = tmp_path / "client", tmp_path / "server"
    for folder in made:
        (folder / "app").mkdir(parents=True)
        (folder / "app" / "main.py").write_text(f"NAME = '{folder.name}'\nPORT = 1\n", encoding="utf-8")
    return made


@pytest.fixture
def box(folders: tuple[Path, Path]) -> MakeBox:
    """Return what makes the tools of an agent that works in the first of the folders, or in the one given."""
    workspace = LiveWorkspace([Folder(each.as_uri(), each.name, str(each)) for each in folders])

    def make(folder: Path | None = None, messages: tuple[Message, ...] = ()) -> Toolbox:
        place = Place(workspace=workspace, folder=None if folder is None else folder.as_uri())
        return toolbox(place, Policy(), names=BUILTIN, heard=messages)

    return make


async def reply(box: Toolbox, tool: str, **arguments: Json) -> str:
    proposal = await box.get(tool).propose(arguments)
    assert isinstance(proposal, Reply)
    return proposal.text


async def test_what_is_found_in_the_other_folder_is_read_there(folders: tuple[Path, Path], box: MakeBox) -> None:
    here, there = folders
    for own, other, tools in ((here, there, box()), (here, there, box(here)), (there, here, box(there))):
        assert await reply(tools, "list_files") == "app/main.py"
        assert await reply(tools, "search", query="NAME") == f"app/main.py:1:NAME = '{own.name}'"
        listed = await reply(tools, "list_files", path=str(other), pattern="app/*")
        found = await reply(tools, "search", query="NAME", path=str(other))
        assert found.startswith(f"{listed}:1:")
        assert await reply(tools, "read_file", path=listed) == f"NAME = '{other.name}'\nPORT = 1\n"
        part = await reply(tools, "read_file", path=listed, start_line=2)
        assert part.startswith(f"[{other}/app/main.py: lines 2-2 of 2]")


async def test_what_is_changed_in_the_other_folder_is_named_by_where_it_lies(folders: tuple[Path, Path], box: MakeBox) -> None:
    file = str(folders[1] / "app" / "main.py")
    tools = box()
    edit = await tools.get("edit_file").propose({"path": file, "edits": [{"old": "PORT = 1", "new": "PORT = 2"}]})
    assert isinstance(edit, EditProposal)
    assert (edit.file.absolute, edit.summary) == (file, f"Edited {file}: 1 replacement.")
    move = await tools.get("move_file").propose({"path": file, "to": "app/other.py"})
    assert isinstance(move, MoveProposal)
    assert move.summary == f"Moved {file} to app/other.py."
    assert command_effect(["rm", file]) in await tools.get("delete_file").effects({"path": file})
    new = await tools.get("write_file").propose({"path": str(folders[1] / "new.py"), "content": ""})
    assert isinstance(new, EditProposal)
    assert new.summary == f"Created {folders[1]}/new.py."


@pytest.mark.parametrize("named_as", ["path", "absolute"])
async def test_a_part_that_was_read_is_known_for_a_part_however_it_was_named(
    folders: tuple[Path, Path], box: MakeBox, named_as: str
) -> None:
    file = folders[1] / "app" / "main.py"
    name = "app/main.py" if named_as == "path" else str(file)
    called = AssistantMessage(
        text="", tool_calls=(ToolCall(call_id="c1", tool="read_file", arguments={"path": str(file), "start_line": 2}),)
    )
    output = f"[{name}: lines 2-2 of 2]\nPORT = 1\n"
    answered = ToolMessage(results=(ToolResult(call_id="c1", tool="read_file", output=output),))
    write = await box(messages=(called, answered)).get("write_file").propose({"path": str(file), "content": "PORT = 3\n"})
    assert isinstance(write, EditProposal)
