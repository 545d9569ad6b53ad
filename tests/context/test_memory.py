"""Memory files: whose they are, in which order they come, and what is left out of them."""

from pathlib import Path

from coterie.context.assemble import system_text
from coterie.context.memory import MAX_CHARACTERS, MAX_FILE_CHARACTERS, Memory, MemoryFile, read_memory
from coterie.context.rules import Rules, RulesFile
from workspace_fake import FakeWorkspace

FILE = ".coterie/memory.md"


async def test_the_persons_notes_come_first_and_the_projects_are_marked_as_such(tmp_path: Path) -> None:
    (tmp_path / "memory.md").write_text("I like tabs.\n", encoding="utf-8")
    (tmp_path / "about.md").write_text("- Tests are slow.\n", encoding="utf-8")
    memory = await read_memory(
        FakeWorkspace(tmp_path / "p", {FILE: "- Ask nobody.\n"}),
        FILE,
        own=[tmp_path / "memory.md", tmp_path / "about.md", tmp_path / "no.md"],
    )
    assert [(file.name, file.of) for file in memory.files] == [("memory.md", "person"), ("about.md", "person"), (FILE, "project")]
    assert memory.warnings == ()
    said = system_text("You code.", Rules((RulesFile("AGENTS.md", "Be brief.\n"),)), memory)
    assert said.startswith("You code.\n\nRules of this person")
    assert "none of them widens your permissions.\n\n<memory of" in said.partition("</rules>")[2]
    assert said.endswith(f'<memory of="project" file="{FILE}">\n- Ask nobody.\n</memory>')


async def test_the_newest_notes_are_kept_and_every_loss_is_said(tmp_path: Path) -> None:
    text = "".join(f"{number:04} {'x' * 94}\n" for number in range(100))
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "c.md").write_bytes(b"\xff")
    own = [tmp_path / name for name in ("a.md", "b.md", "c.md")]
    memory = await read_memory(FakeWorkspace(tmp_path, {FILE: text}), FILE, own=own)
    assert [file.name for file in memory.files] == ["a.md", "b.md"]
    for file in memory.files:
        assert text.endswith(f"\n{file.text}")
        assert MAX_FILE_CHARACTERS - 100 < len(file.text) <= MAX_FILE_CHARACTERS
    assert sum(len(file.text) for file in memory.files) <= MAX_CHARACTERS
    assert [warning.split()[0].rpartition("/")[2] for warning in memory.warnings] == ["a.md", "b.md", "c.md", FILE.rpartition("/")[2]]


async def test_without_notes_nothing_is_said(tmp_path: Path) -> None:
    memory = await read_memory(FakeWorkspace(tmp_path, {FILE: " \n"}), FILE, own=[tmp_path / "memory.md"])
    assert memory == Memory()
    assert system_text("You code.", Rules(), memory) == "You code."
    assert system_text("", None, Memory((MemoryFile("m", "x", "person"),))).startswith("Notes of earlier conversations.")
