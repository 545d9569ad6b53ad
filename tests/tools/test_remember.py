"""``remember``: what a memory file holds after a note, and what is no note."""

from pathlib import Path

import pytest

from coterie.base.errors import ModelMistakeError
from coterie.context.memory import MAX_FILE_CHARACTERS
from coterie.domain.permissions import Effect
from coterie.domain.proposals import EditProposal, NoteProposal
from coterie.domain.wire import Json
from coterie.tools.registry import toolbox
from coterie.tools.remember import MAX_CHARACTERS, MAX_NOTE, remembered
from coterie.tools.rules import Policy, RuleLayer, evaluate
from coterie.tools.tool import Place, Tool
from workspace_fake import FakeWorkspace

DAY = "2026-01-31"
FILE = ".coterie/memory.md"


def tool(root: Path, notes: Path | None = None) -> Tool:
    place = Place(workspace=FakeWorkspace(root), notes=notes, hide=lambda text: text.replace("hunter", "…"))
    return toolbox(place, Policy()).get("remember")


def test_a_note_is_a_dated_line_below_what_is_there() -> None:
    first = remembered(None, "Tests need a database.", DAY)
    assert first.startswith("# Memory\n\n")
    assert first.endswith(f"as you like.\n\n- {DAY}: Tests need a database.\n")
    second = remembered(first, "Use tabs.", "2026-02-01")
    assert second == f"{first}- 2026-02-01: Use tabs.\n"


def test_what_people_wrote_stays_where_it_is() -> None:
    own = "Ask Ada about the parser.\n\n- no date on this\n\n## Later"
    assert remembered(own, "Use tabs.", DAY) == f"{own}\n\n- {DAY}: Use tabs.\n"


@pytest.mark.parametrize("again", ["Use tabs.", "use  TABS", "Use tabs"])
@pytest.mark.parametrize("there", [f"- {DAY}: Use tabs.\n", "- Use tabs\n"])
def test_nothing_is_noted_twice(there: str, again: str) -> None:
    assert remembered(there, again, "2026-02-01") == there
    assert remembered(there, "Use tabs: never spaces", DAY) != there


def test_the_oldest_notes_make_room_and_the_persons_words_never() -> None:
    own = "Keep this.\n\n"
    text = own + "".join(f"- {DAY}: {number:03} {'x' * 80}\n" for number in range(90))
    for number in range(90, 120):
        text = remembered(text, f"{number:03} {'x' * 80}", DAY)
        assert len(text) <= MAX_CHARACTERS
    kept = [line.split()[2] for line in text.splitlines() if line.startswith("- ")]
    assert text.startswith(own)
    assert kept == [f"{number:03}" for number in range(120 - len(kept), 120)]
    assert len(text) > MAX_CHARACTERS - 200
    assert remembered("y" * MAX_CHARACTERS + f"\n- {DAY}: old\n", "new", DAY) == "y" * MAX_CHARACTERS + f"\n- {DAY}: new\n"


def test_a_file_that_agents_keep_is_one_that_they_are_sent_whole() -> None:
    assert MAX_CHARACTERS <= MAX_FILE_CHARACTERS


async def test_where_the_project_is_trusted_it_is_an_edit_else_a_note_of_the_persons_own(tmp_path: Path) -> None:
    edit = await tool(tmp_path).propose({"note": "Use\n  tabs."})
    assert isinstance(edit, EditProposal)
    assert edit.file.path == FILE
    assert (edit.rewrite("") or "").endswith(": Use tabs.\n")
    note = await tool(tmp_path, tmp_path / "own.md").propose({"note": "Use tabs."})
    assert isinstance(note, NoteProposal)
    assert note.file == tmp_path / "own.md"


@pytest.mark.parametrize(
    "note",
    [
        " \n",
        "x" * (MAX_NOTE + 1),
        "The pass phrase is hunter",
        "api_key = 8f14e45fceea",
        "use sk-abcdefghijklmnop1234",
        "db: postgres://a:b@host/x",
    ],
)
async def test_what_is_no_note_is_refused_before_anybody_is_asked(tmp_path: Path, note: str) -> None:
    remember = tool(tmp_path)
    with pytest.raises(ModelMistakeError, match=r"^note: "):
        await remember.check({"note": note})
    with pytest.raises(ModelMistakeError, match=r"^note: "):
        await remember.propose({"note": note})


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ({}, "allow"),
        ({"ask": ["write(.coterie/**)"]}, "ask"),
        ({"deny": ["write(.coterie/memory.md)"]}, "deny"),
        ({"deny": ["write(**)"]}, "deny"),
    ],
)
@pytest.mark.parametrize("notes", [None, Path("/home/me/notes.md")])
async def test_the_rules_for_the_memory_decide_wherever_it_is_kept(
    tmp_path: Path, notes: Path | None, rules: dict[str, list[str]], verdict: str
) -> None:
    effects: tuple[Effect, ...] = await tool(tmp_path, notes).effects({"note": "Use tabs."})
    assert [effect.rule for effect in effects] == [f"write({FILE})"]
    policy = Policy(layers=(RuleLayer.of("user settings", **rules),))
    assert evaluate(effects, policy).verdict == verdict


@pytest.mark.parametrize("path", [FILE, "./src/../.coterie//memory.md", "notes.md"], ids=["its name", "a detour", "a link"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("write_file", {"content": "Use tabs."}),
        ("edit_file", {"edits": [{"old": "a", "new": "b"}]}),
        ("delete_file", {}),
    ],
)
async def test_other_tools_may_write_it_too_unless_a_rule_forbids_it(
    tmp_path: Path, name: str, arguments: dict[str, Json], path: str
) -> None:
    (tmp_path / ".coterie").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / FILE).touch()
    (tmp_path / "notes.md").symlink_to(FILE)
    writing = toolbox(Place(workspace=FakeWorkspace(tmp_path)), Policy()).get(name)
    effects = [effect for effect in await writing.effects({"path": path, **arguments}) if effect.kind == "write"]
    assert [effect.rule for effect in effects] == [f"write({FILE})"]
    assert evaluate(effects, Policy()).verdict == "allow"
    forbidden = Policy(layers=(RuleLayer.of("user settings", deny=["write(.coterie/memory.md)"]),))
    assert evaluate(effects, forbidden).verdict == "deny"
    other = await writing.effects({"path": ".coterie/config.toml", **arguments})
    assert evaluate([effect for effect in other if effect.kind == "write"], Policy()).verdict == "ask", "that could run as code"


async def test_a_command_that_writes_it_is_forbidden_by_that_rule_too(tmp_path: Path) -> None:
    shell = toolbox(Place(workspace=FakeWorkspace(tmp_path)), Policy()).get("execute_command")
    effects = await shell.effects({"command": f"echo Use tabs. >> {FILE}"})
    allowed = RuleLayer.of("user settings", allow=["exec(echo *)"])
    forbidden = RuleLayer.of("user settings", allow=["exec(echo *)"], deny=["write(.coterie/memory.md)"])
    assert [evaluate(effects, Policy(layers=(layer,))).verdict for layer in (allowed, forbidden)] == ["allow", "deny"]
