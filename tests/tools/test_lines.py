r"""All that name lines to a model count them alike: ``\n`` ends one, and nothing else that `str.splitlines` takes for an end does."""

from pathlib import Path

import pytest

from coterie.base.text import bare_lines
from coterie.domain.proposals import Reply
from coterie.tools.matching import literal_matches
from coterie.tools.regions import closest_region
from coterie.tools.registry import BUILTIN, toolbox
from coterie.tools.remember import remembered
from coterie.tools.rules import Policy
from coterie.tools.tool import Place
from coterie.workspace.hunks import hunks_between
from coterie.workspace.ignore import rules_of
from workspace_fake import FakeWorkspace

INSIDE = pytest.mark.parametrize("inside", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r"])


@INSIDE
async def test_tools_name_the_lines_of_a_file_alike(tmp_path: Path, inside: str) -> None:
    text = f"one{inside}more\ntwo\nthree{inside}\n"
    place = Place(workspace=FakeWorkspace(tmp_path, {"a.txt": text}))
    box = toolbox(place, Policy(), names=BUILTIN)

    async def answer(tool: str, **arguments: object) -> str:
        proposal = await box.get(tool).propose(arguments)
        assert isinstance(proposal, Reply)
        return proposal.text

    assert await answer("read_file", path="a.txt", start_line=2, end_line=2) == "[a.txt: lines 2-2 of 3]\ntwo\n"
    assert await answer("search", query="two") == "a.txt:2:two"
    assert await answer("search", query="t.o", regex=True) == "a.txt:2:two"
    assert "lines 2-2" in closest_region("twoo", text)
    [hunk] = hunks_between(text, text.replace("two", "2"))
    assert hunk.old_start == 2


@INSIDE
def test_the_program_that_matches_counts_as_all_others_do(inside: str) -> None:
    for text in ("", "a", "a\n", f"a{inside}b\n\na\r\na", f"a{inside}", "\n\n"):
        lines = [(number, line) for number, line in enumerate(bare_lines(text), 1) if "a" in line]
        assert literal_matches("a", [("p", text)], 9) == [f"p:{number}:{line}" for number, line in lines]


@INSIDE
def test_what_a_person_wrote_into_the_notes_stays_as_it_is(inside: str) -> None:
    theirs = f"# Mine{inside}all of it\n"
    assert remembered(theirs, "Tabs.", "2026-01-31").startswith(theirs)


@INSIDE
def test_an_ignore_file_has_a_pattern_a_line(tmp_path: Path, inside: str) -> None:
    (tmp_path / ".gitignore").write_bytes(f"# old{inside}*.py\n*.log\r\n".encode())
    rules = rules_of(tmp_path)
    assert rules.ignores(tmp_path / "a.log", is_folder=False)
    assert not rules.ignores(tmp_path / "a.py", is_folder=False)
