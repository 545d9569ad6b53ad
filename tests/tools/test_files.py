"""Reading, listing, searching, editing and writing, as the model sees them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pytest

from coterie.base.errors import EditMismatchError, ModelMistakeError
from coterie.domain.messages import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult
from coterie.domain.proposals import EditProposal, Reply
from coterie.domain.retrieval import Found
from coterie.domain.wire import Json
from coterie.tools.registry import BUILTIN, Toolbox, toolbox
from coterie.tools.rules import Policy, RuleLayer
from coterie.tools.search import Search
from coterie.tools.tool import Place
from index_fake import FakeIndex
from workspace_fake import FakeWorkspace

MODULE = "def add(a, b):\n    return a - b\n\n\ndef sub(a, b):\n    return a - b\n"


def tools(root: Path, texts: Mapping[str, str], policy: Policy | None = None) -> Toolbox:
    return toolbox(Place(workspace=FakeWorkspace(root, texts)), policy or Policy(), names=BUILTIN)


async def reply(box: Toolbox, tool: str, **arguments: Json) -> str:
    proposal = await box.get(tool).propose(arguments)
    assert isinstance(proposal, Reply)
    return proposal.text


async def edited(root: Path, text: str, edits: Sequence[tuple[str, str]]) -> str | None:
    """Return what the proposal of ``edit_file`` makes of ``text``."""
    box = tools(root, {"calc.py": text})
    arguments = {"path": "calc.py", "edits": [{"old": old, "new": new} for old, new in edits]}
    proposal = await box.get("edit_file").propose(arguments)
    assert isinstance(proposal, EditProposal)
    return proposal.rewrite(text)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ({}, MODULE),
        ({"start_line": 2, "end_line": 2}, "[calc.py: lines 2-2 of 6]\n    return a - b\n"),
        ({"start_line": 5, "end_line": 99}, "[calc.py: lines 5-6 of 6]\ndef sub(a, b):\n    return a - b\n"),
    ],
)
async def test_read_file_gives_text_that_can_be_quoted_in_an_edit(tmp_path: Path, lines: dict[str, int], expected: str) -> None:
    assert await reply(tools(tmp_path, {"calc.py": MODULE}), "read_file", path="calc.py", **lines) == expected


async def test_read_file_is_bounded_and_says_where_to_go_on(tmp_path: Path) -> None:
    box = tools(tmp_path, {"long.txt": "".join(f"{number}\n" for number in range(100_000))})
    first = await reply(box, "read_file", path="long.txt")
    assert len(first) < 41_000
    following = int(first.partition("start_line=")[2].partition("]")[0])
    assert f"\n{following - 1}\n" in await reply(box, "read_file", path="long.txt", start_line=following)


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("read_file", {"path": "gone.py"}, "no file gone.py"),
        ("read_file", {"path": "calc.py", "start_line": 7}, "past the end"),
        ("read_file", {"path": "calc.py", "start_line": 2, "end_line": 1}, "end_line 1 is before start_line 2"),
        ("read_file", {"path": "calc.py", "start_line": 7, "end_line": 1}, "past the end"),
        ("list_files", {"path": "gone"}, "no files below gone"),
        ("read_file", {"path": "../calc.py"}, "outside"),
        ("read_file", {"file": "calc.py"}, "path: Field required; file:"),
        ("edit_file", {"path": "calc.py", "edits": [{"old": "a"}]}, r"edits\.0\.new"),
        ("edit_file", {"path": "gone.py", "edits": [{"old": "a", "new": "b"}]}, "write_file creates"),
        ("edit_file", {"path": "calc.py", "edits": [{"old": "add", "new": "add"}]}, "change nothing"),
        ("search", {"query": "(", "regex": True}, "regular expression"),
        ("execute_command", {"command": "ls", "cwd": "gone"}, "no folder gone"),
    ],
)
async def test_mistakes_are_explained_to_the_model(tmp_path: Path, tool: str, arguments: dict[str, Json], message: str) -> None:
    box = tools(tmp_path, {"calc.py": MODULE})
    with pytest.raises(ModelMistakeError, match=message):
        await box.get(tool).propose(arguments)


@pytest.mark.parametrize(
    ("text", "edits", "expected"),
    [
        (MODULE, [("def add(a, b):\n    return a - b", "def add(a, b):\n    return a + b")], MODULE.replace("-", "+", 1)),
        ("one\n", [("one", "two"), ("two", "three")], "three\n"),
        ("a\nb\nc\n", [("a\r\nb\r\n", "a\r\nx\r\n")], "a\nx\nc\n"),
        ("last", [("last", "")], ""),
    ],
)
async def test_edits_apply_in_order(tmp_path: Path, text: str, edits: list[tuple[str, str]], expected: str) -> None:
    assert await edited(tmp_path, text, edits) == expected


async def test_an_edit_that_matches_twice_says_where(tmp_path: Path) -> None:
    with pytest.raises(EditMismatchError, match=r"2 times in calc.py \(lines 2, 6\)"):
        await edited(tmp_path, MODULE, [("return a - b", "return a + b")])


async def test_overlapping_matches_count_as_several(tmp_path: Path) -> None:
    with pytest.raises(EditMismatchError, match="2 times"):
        await edited(tmp_path, "aaa", [("aa", "b")])


async def test_an_edit_that_does_not_match_shows_the_closest_text(tmp_path: Path) -> None:
    with pytest.raises(EditMismatchError, match=r"edits\.1\.old does not match") as raised:
        await edited(tmp_path, MODULE, [("def add", "def plus"), ("def sub(a, b):\n  return a-b", "")])
    assert "lines 5-6, is:\ndef sub(a, b):\n    return a - b" in raised.value.message


async def test_an_edit_is_matched_anew_against_what_was_typed_meanwhile(tmp_path: Path) -> None:
    box = tools(tmp_path, {"calc.py": MODULE})
    proposal = await box.get("edit_file").propose({"path": "calc.py", "edits": [{"old": "def add", "new": "def plus"}]})
    assert isinstance(proposal, EditProposal)
    assert proposal.rewrite("# typed\n" + MODULE) == "# typed\n" + MODULE.replace("add", "plus")
    with pytest.raises(EditMismatchError):
        proposal.rewrite("def plus")


async def test_write_file_proposes_and_changes_nothing(tmp_path: Path) -> None:
    workspace = FakeWorkspace(tmp_path, {"old.py": "x"})
    box = toolbox(Place(workspace=workspace), Policy())
    for path, there, word in (("old.py", "x", "Replaced"), ("new/new.py", None, "Created")):
        proposal = await box.get("write_file").propose({"path": path, "content": "y"})
        assert isinstance(proposal, EditProposal)
        assert (proposal.rewrite(there), proposal.summary) == ("y", f"{word} {path}.")
    assert workspace.texts == {"old.py": "x"}


@pytest.mark.parametrize(
    ("before", "typed", "after"),
    [
        (MODULE, "# typed\n" + MODULE, "# typed\n" + MODULE.replace("-", "+")),
        (MODULE, MODULE.replace("-", "*"), None),
        (None, "typed\n", None),
        (MODULE, None, MODULE.replace("-", "+")),
    ],
)
async def test_write_file_keeps_what_is_typed_while_it_is_under_way(
    tmp_path: Path, before: str | None, typed: str | None, after: str | None
) -> None:
    box = tools(tmp_path, {} if before is None else {"calc.py": before})
    proposal = await box.get("write_file").propose({"path": "calc.py", "content": MODULE.replace("-", "+").replace("\n", "\r\n")})
    assert isinstance(proposal, EditProposal)
    if after is None:
        with pytest.raises(EditMismatchError, match="edited while you wrote it"):
            proposal.rewrite(typed)
    else:
        assert str(proposal.rewrite(typed)).replace("\r\n", "\n") == after


EDIT = ("edit_file", {"edits": [{"old": "def add", "new": "def plus"}]})
READ: tuple[str, dict[str, Json]] = ("read_file", {})
READ_PART: tuple[str, dict[str, Json]] = ("read_file", {"start_line": 2, "end_line": 3})
READ_OTHER: tuple[str, dict[str, Json]] = ("read_file", {"path": "other.py"})
WRITE = ("write_file", {"content": "x = 1\r\n"})


@pytest.mark.parametrize(
    ("story", "may_write"),
    [
        ([], True),
        (["typed"], True),
        ([READ], True),
        ([READ, "typed"], False),
        ([READ_OTHER, "typed"], True),
        ([READ, "typed", READ_PART], False),
        ([READ, "typed", READ], True),
        ([READ, EDIT], True),
        ([READ, EDIT, "typed"], False),
        ([READ, "typed", EDIT], False),
        ([EDIT, "typed"], True),
        ([WRITE], True),
        ([WRITE, "typed"], False),
    ],
)
async def test_write_file_does_not_take_away_what_the_model_has_not_seen(
    tmp_path: Path, story: Sequence[Literal["typed"] | tuple[str, dict[str, Json]]], *, may_write: bool
) -> None:
    workspace = FakeWorkspace(tmp_path, {"calc.py": MODULE, "other.py": ""})
    place = Place(workspace=workspace)
    box = toolbox(place, Policy())
    heard: list[Message] = []
    for event in story:
        if event == "typed":
            workspace.texts["calc.py"] += "# typed\n"
            continue
        tool, arguments = event[0], {"path": "calc.py", **event[1]}
        proposal = await box.get(tool).propose(arguments)
        if isinstance(proposal, EditProposal):
            workspace.texts["calc.py"] = str(proposal.rewrite(workspace.texts["calc.py"])).replace("\r\n", "\n")
        output = proposal.text if isinstance(proposal, Reply) else "Done."
        heard += [
            AssistantMessage(text="", tool_calls=(ToolCall(call_id="id", tool=tool, arguments=arguments),)),
            ToolMessage(results=(ToolResult(call_id="id", tool=tool, output=output),)),
        ]
    for tools_now in (box, toolbox(place, Policy(), heard=heard)):  # going on at once, and after a restart or in the next turn
        if may_write:
            await tools_now.get("write_file").propose({"path": "calc.py", "content": "y"})
        else:
            with pytest.raises(EditMismatchError, match="has changed since you read it"):
                await tools_now.get("write_file").propose({"path": "calc.py", "content": "y"})


async def test_a_part_that_was_read_counts_for_the_whole_file(tmp_path: Path) -> None:
    workspace = FakeWorkspace(tmp_path, {"calc.py": MODULE})
    box = toolbox(Place(workspace=workspace), Policy())
    await reply(box, "read_file", path="calc.py", start_line=2, end_line=3)
    workspace.texts["calc.py"] += "# typed\n"
    with pytest.raises(EditMismatchError, match="has changed since you read it"):
        await box.get("write_file").propose({"path": "calc.py", "content": "y"})


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "a.py\ndocs/b.md\nsrc/c.py\nsrc/deep/d.py"),
        ({"path": "src"}, "src/c.py\nsrc/deep/d.py"),
        ({"pattern": "*.py"}, "a.py\nsrc/c.py\nsrc/deep/d.py"),
        ({"pattern": "src/*"}, "src/c.py"),
        ({"pattern": "*.rs"}, "No files."),
    ],
)
async def test_list_files(tmp_path: Path, arguments: dict[str, str], expected: str) -> None:
    texts = dict.fromkeys(("a.py", "src/c.py", "src/deep/d.py", "docs/b.md"), "")
    assert await reply(tools(tmp_path, texts), "list_files", **arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"query": "a - b"}, "calc.py:2:    return a - b\ncalc.py:6:    return a - b"),
        ({"query": "A - B"}, "No matches."),
        ({"query": r"^def \w+\(", "regex": True}, "calc.py:1:def add(a, b):\ncalc.py:5:def sub(a, b):"),
        ({"query": "def .", "path": "docs"}, "No matches."),
    ],
)
async def test_search(tmp_path: Path, arguments: dict[str, Json], expected: str) -> None:
    assert await reply(tools(tmp_path, {"calc.py": MODULE, "docs/a.md": "words"}), "search", **arguments) == expected


async def test_search_does_not_look_into_what_may_not_be_read(tmp_path: Path) -> None:
    texts = {"a.txt": "needle", "private/b.txt": "needle", "server.pem": "needle"}
    policy = Policy(layers=(RuleLayer.of("test", deny=["read(private/**)"]),))
    assert await reply(tools(tmp_path, texts, policy), "search", query="needle") == "a.txt:1:needle"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"query": "needle"}, ["c.txt:1:a needle", "a.txt:1:needle", "b.txt:1:needle", "b.txt:2:needles"]),
        ({"query": "need.e$", "regex": True}, ["c.txt:1:a needle", "a.txt:1:needle", "b.txt:1:needle"]),
        ({"query": "needles"}, ["b.txt:2:needles"]),
    ],
)
@pytest.mark.parametrize("knows", [True, False])
async def test_the_files_come_first_that_the_index_finds(
    tmp_path: Path, query: dict[str, Json], expected: list[str], *, knows: bool
) -> None:
    index = FakeIndex(*(Found(path=path, score=1.0, reasons=(), tokens=1) for path in ("c.txt", "gone.txt", "a.txt")), broken=not knows)
    workspace = FakeWorkspace(tmp_path, {"a.txt": "needle", "b.txt": "needle\nneedles", "c.txt": "a needle"})
    text = await reply(toolbox(Place(workspace=workspace, index=index), Policy()), "search", **query)
    assert text.split("\n") == (expected if knows else sorted(expected))


async def test_a_search_in_one_file_asks_no_index(tmp_path: Path) -> None:
    index = FakeIndex()
    (tmp_path / "a.txt").write_text("needle", encoding="utf-8")
    box = toolbox(Place(workspace=FakeWorkspace(tmp_path, {"a.txt": "needle"}), index=index), Policy())
    assert await reply(box, "search", query="needle", path="a.txt") == "a.txt:1:needle"
    assert index.told == []


async def test_an_expression_that_never_ends_is_stopped(tmp_path: Path) -> None:
    place = Place(workspace=FakeWorkspace(tmp_path, {"a.txt": "a" * 100 + "!"}))
    search = Search(place, Policy(), regex_timeout_s=1.0)
    with pytest.raises(ModelMistakeError, match="too long"):
        await search.propose({"query": "(a+)+$", "regex": True})
