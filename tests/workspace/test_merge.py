"""Taking an edit back spares what the person wrote: pure properties of the difference, the merge and the hunks."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.base.errors import MergeConflictError
from coterie.base.text import lines_of
from coterie.workspace import difference
from coterie.workspace.difference import differences
from coterie.workspace.hunks import hunks_between, unified_diff
from coterie.workspace.line_ends import as_in, shown
from coterie.workspace.merge import holds_edit, merge, revert

few_lines = st.lists(st.sampled_from(["a", "b", "c", "", "a b"]), max_size=9)
texts = st.builds(lambda lines, end: "\n".join(lines) + end, few_lines, st.sampled_from(["", "\n"]))


@given(few_lines, few_lines)
def test_differences_lead_from_the_old_to_the_new_by_the_shortest_way(old: list[str], new: list[str]) -> None:
    built, at = list[str](), 0
    for span in differences(old, new):
        built += old[at : span.old_start] + new[span.new_start : span.new_end]
        at = span.old_end
    assert built + old[at:] == new
    kept = len(old) - sum(span.old_end - span.old_start for span in differences(old, new))
    assert kept == longest_common(old, new)


def longest_common(old: list[str], new: list[str]) -> int:
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, left in enumerate(old):
        for j, right in enumerate(new):
            table[i + 1][j + 1] = table[i][j] + 1 if left == right else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


def test_differences_of_what_has_nothing_in_common_do_not_search() -> None:
    old, new = [f"old {n}" for n in range(50_000)], [f"new {n}" for n in range(50_000)]
    assert len(differences(old, new)) == 1


def test_differences_past_the_limit_are_still_right() -> None:
    old, new = [str(n) for n in range(900)], [str(n if n % 2 else -n - 1) for n in range(900)]
    assert sum(span.old_end - span.old_start for span in differences(old, new)) == 450


ROWS = [f"row {n}" for n in range(60_000)]


@pytest.mark.parametrize(
    ("old", "new", "spans"),
    [
        (ROWS, [row.upper() if n % 3 == 0 else row for n, row in enumerate(ROWS)], 20_000),
        (ROWS, [row for n, row in enumerate(ROWS) if n % 10 != 5], 6_000),
        (ROWS, ["up", *ROWS[30_000:], *ROWS[:30_000]], 2),
        ([row[:-1] for row in ROWS], [f"new {n}" if n % 50 == 7 else row[:-1] for n, row in enumerate(ROWS)], 1_200),
        (["{", "x", "}"] * 20_000, ["{", "y", "}"] * 20_000, 20_000),
        ([str(n * n % 7) for n in range(60_000)], [str(n * n % 11) for n in range(60_000)], 1),
        ([""] * 500_000, [*[""] * 200_000, "x", *[""] * 200_000], None),
    ],
    ids=["every third", "deleted", "turned round", "not unique", "repeated", "nothing to hold on to", "empty lines"],
)
def test_no_difference_costs_more_than_a_bounded_search(
    monkeypatch: pytest.MonkeyPatch, old: list[str], new: list[str], spans: int | None
) -> None:
    """Counted and not timed: one search is bounded by itself, and how many there are by what they may cost together."""
    searches, search = list[int](), difference._search

    def counted(one: Sequence[str], other: Sequence[str], effort: Any) -> Any:
        before = effort.left
        try:
            return search(one, other, effort)
        finally:
            searches.append(before - effort.left)

    monkeypatch.setattr(difference, "_search", counted)
    found = differences(old, new)
    assert sum(searches) <= difference.STEPS + len(old) + len(new) + 2 * difference.LIMIT
    assert spans is None or len(found) == spans
    built, at = list[str](), 0
    for span in found:
        built += old[at : span.old_start] + new[span.new_start : span.new_end]
        at = span.old_end
    assert built + old[at:] == new


@given(
    st.lists(st.sampled_from("abc"), max_size=4),
    st.integers(0, 3),
    st.integers(0, 3),
    st.lists(st.sampled_from("abc"), max_size=4),
    st.data(),
)
def test_what_the_person_inserted_elsewhere_survives_an_undo_and_nothing_else_does(
    above: list[str], replaced: int, written: int, below: list[str], data: st.DataObject
) -> None:
    """The agent rewrites one stretch of lines; the person inserts lines of their own before and after it.

    The lines of the stretch are unique: among equal lines no text can tell which of them the agent meant.
    """
    lines = above + [f"old {n}" for n in range(replaced)] + below
    after = above + [f"new {n}" for n in range(written)] + below
    start, end = len(above), len(above) + replaced
    typed: dict[int, str] = {}
    for place in data.draw(st.sets(st.integers(0, len(lines)), max_size=4)):
        if place < start or place > end:
            typed[place] = f"typed {place}"

    def person(kept: list[str], shift: int) -> list[str]:
        """Insert what was typed; places behind the agent's stretch are ``shift`` lines further down."""
        for place in sorted(typed, reverse=True):
            kept.insert(place + (shift if place > start else 0), typed[place])
        return kept

    current = person(list(after), written - replaced)
    assert joined(person(list(lines), 0)) == revert(joined(current), joined(lines), joined(after))


def joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@given(texts, texts, texts)
def test_a_merge_is_the_same_from_both_sides_and_neutral_without_a_change(base: str, one: str, other: str) -> None:
    assert merge(base, base, other) == other
    assert merge(base, one, base) == one
    assert merge(base, one, one) == one
    try:
        merged = merge(base, one, other)
    except MergeConflictError:
        with pytest.raises(MergeConflictError):
            merge(base, other, one)
    else:
        assert merge(base, other, one) == merged


@pytest.mark.parametrize(
    ("before", "after", "current", "expected"),
    [
        pytest.param("a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n", "a\nb\nc\n", id="untouched since"),
        pytest.param("a\nb\nc\n", "a\nX\nc\n", "a\nb\nc\nd\n", "a\nb\nc\nd\n", id="taken back by hand"),
        pytest.param("a\nb\nc\n", "a\nX\nc\n", "a!\nX\nc!\n", "a!\nb\nc!\n", id="neighbouring lines"),
        pytest.param("a\nc\n", "a\nX\nc\n", "a\nX\nmine\nc\n", "a\nmine\nc\n", id="a line below an added line"),
        pytest.param("f(x, y)\n", "f(z, y)\n", "f(z, y)  # mine\n", "f(x, y)  # mine\n", id="another word of the line"),
        pytest.param("a\n", "X\n", "\ufeffX\nb\n", "\ufeffa\nb\n", id="a mark that the buffer had not"),
        pytest.param("a\r\nb\n", "X\r\nb\n", "X\r\nb\nc\n", "a\r\nb\nc\n", id="mixed line ends"),
        pytest.param(None, "new\n", "new\n", None, id="a created file goes"),
        pytest.param("old\n", None, None, "old\n", id="a deleted file comes back"),
        pytest.param(None, "new\n", None, None, id="a created file is gone already"),
    ],
)
def test_revert(before: str | None, after: str | None, current: str | None, expected: str | None) -> None:
    assert revert(current, before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "current"),
    [
        pytest.param("foo\n", "bar\n", "barn\n", id="went on with the agent's word"),
        pytest.param("foo x\n", "bar x\n", "bar.y x\n", id="touches the agent's word"),
        pytest.param("a\nb\nc\n", "a\nc\n", "a\nmine\nc\n", id="inserted where the agent deleted"),
        pytest.param("a\n", "X\nY\nZ\n", "X\nmine\nZ\n", id="inside the agent's lines"),
        pytest.param("a\nb\n", "a\nX\n", "a\n", id="deleted the agent's line"),
        pytest.param("a\nb", "a\nb\n", "a\nb\nc\n", id="went on at the end of the file"),
        pytest.param(None, "new\n", "new\nmine\n", id="edited a created file"),
        pytest.param("old\n", None, "other\n", id="wrote in a deleted file's place"),
        pytest.param("old\n", "X\n", None, id="deleted the file"),
    ],
)
def test_revert_does_not_guess(before: str | None, after: str | None, current: str | None) -> None:
    with pytest.raises(MergeConflictError):
        revert(current, before, after)


@pytest.mark.parametrize(
    ("current", "held"),
    [
        ("a\nX\nc\nd\ne\n", True),
        ("a\nX\nc\nd\nmine\ne\n", True),
        ("a\nb\nc\nd\nmine\n", False),
        ("mine\nX\nb\nc\nd\ne\n", False),
        ("a\nX\nX\nc\nd\ne\n", False),
        ("a\nmine\nX\nc\nd\ne\n", False),
    ],
)
def test_an_edit_is_recognised_only_in_its_place(current: str, *, held: bool) -> None:
    assert holds_edit(current, "a\nb\nc\nd\ne\n", "a\nX\nc\nd\ne\n") is held


def test_an_edit_is_not_recognised_where_equal_lines_leave_its_place_open() -> None:
    """The agent deletes a row, but the person has typed into it and above it: the empty line may be the old one or the new one."""
    assert not holds_edit("row 0\n\nrow 1!\n\nrow 2\n", "row 0\nrow 1\n\nrow 2\n", "row 0\n\nrow 2\n")


@pytest.mark.parametrize(
    ("text", "wanted", "written"),
    [
        ("a\r\nb\r\n", "a\nX\nb\n", "a\r\nX\r\nb\r\n"),
        ("a\nb\n", "a\nX\n", "a\nX\n"),
        ("a\r\nb\nc\r\n", "a\nb\nX\nc\n", "a\r\nb\nX\r\nc\r\n"),
        ("a\nb\nc\nd\r\n", "a\nb\nX\nd\n", "a\nb\nX\nd\r\n"),
        ("a\r\nb", "a\nX\nb", "a\r\nX\r\nb"),
        ("\ufeffa\n", "b\n", "\ufeffb\n"),
        ("\ufeffa\r\n", "a\nb\n", "\ufeffa\r\nb\r\n"),
    ],
)
def test_a_file_keeps_its_line_ends_and_its_mark(text: str, wanted: str, written: str) -> None:
    assert as_in(text, wanted) == written
    assert shown(written) == wanted


@given(texts, texts)
def test_hunks_say_what_stands_where(before: str, after: str) -> None:
    old, new = lines_of(before), lines_of(after)
    for hunk in hunks_between(before, after):
        assert min(hunk.old_start, hunk.new_start) >= 1
        assert "".join(old[hunk.old_start - 1 : hunk.old_start - 1 + hunk.old_lines]) == hunk.old_text
        assert "".join(new[hunk.new_start - 1 : hunk.new_start - 1 + hunk.new_lines]) == hunk.new_text
    for hunk in reversed(hunks_between(before, after)):
        old[hunk.old_start - 1 : hunk.old_start - 1 + hunk.old_lines] = lines_of(hunk.new_text)
    assert "".join(old) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nX\nc\n"),
        (joined([str(n) for n in range(30)]), joined([str(n) for n in range(30) if n not in {0, 4, 20}])),
        ("a\nb", "a\nb\n"),
        ("a\nb", "a\nc"),
        (None, "new\nfile"),
        ("gone\n", None),
        ("", "a\n"),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
    ],
)
def test_git_understands_the_diff(tmp_path: Path, before: str | None, after: str | None) -> None:
    file = tmp_path / "a file.txt"
    if before is not None:
        file.write_bytes(before.encode())
    diff = unified_diff(file.name, before, after)
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(
        command, cwd=tmp_path, input=diff.encode(), check=True, capture_output=True, env={"PATH": "/usr/local/bin:/usr/bin:/bin"}
    )
    assert (file.read_bytes().decode() if file.exists() else None) == after


def test_a_diff_reads_as_git_writes_it() -> None:
    assert unified_diff("src/a.py", "one\ntwo\nthree", "one\n2\nthree") == (
        "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n\\ No newline at end of file\n"
    )
    assert unified_diff("a", "same\n", "same\n") == ""
