"""What commands do to files and no text tells: permissions, links, binary files. It is named, and given back where it is known.

Real commands on a stage. That nothing is lost by it is in `test_undo_keeps.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from coterie.domain.events import WarningEvent
from hunk_stage import BEFORE
from shell_stage import contents_of, files_of, output, played

MODES = {"a.txt": 0o644, "run.sh": 0o640, "a.bin": 0o644, "b.bin": 0o644}


@pytest.mark.parametrize(
    ("lines", "changed"),
    [
        (["chmod 600 a.txt"], ["a.txt"]),
        (["chmod 755 run.sh", "rm run.sh; chmod 600 a.txt"], ["a.txt", "run.sh"]),
        (["echo x >> a.txt; chmod 444 a.txt"], ["a.txt"]),
        (["chmod 755 a.txt run.sh", "chmod 644 a.txt"], ["run.sh"]),
        (["mv run.sh a.txt"], ["a.txt", "run.sh"]),
        (["chmod 444 a.bin", "mv a.bin d; mv b.bin a.bin"], ["a.bin", "d"]),
        (["chmod 600 a.bin", "mv a.bin d; echo x > a.bin"], ["a.bin", "d"]),
    ],
)
async def test_permissions_come_back(tmp_path: Path, lines: Sequence[str], changed: Sequence[str]) -> None:
    def ready(root: Path) -> None:
        for path, mode in MODES.items():
            (root / path).chmod(mode)

    files: Mapping[str, str | bytes] = {"run.sh": "#!/bin/sh\n", "a.bin": b"\0a", "b.bin": b"\0b"}
    async with played(tmp_path, *lines, files=files, ready=ready) as (stage, run_id):
        assert [event for event in stage.listener.of(WarningEvent) if event.code == "not_undoable"] == []
        assert sorted({shown.path for shown in await stage.runs.diff(run_id)}) == changed
        undone = await stage.runs.undo(run_id)
        assert (sorted(undone.restored), undone.conflicts) == (changed, ())
        assert {path: (stage.project / path).stat().st_mode & 0o7777 for path in MODES} == MODES
        assert await stage.runs.diff(run_id) == ()


async def test_permissions_that_somebody_changed_since_stay(tmp_path: Path) -> None:
    async with played(tmp_path, "chmod 600 a.txt") as (stage, run_id):
        (stage.project / "a.txt").chmod(0o640)
        [shown] = await stage.runs.diff(run_id)
        assert shown.diff == "old mode 100644\nnew mode 100600\n"
        [conflict] = (await stage.runs.undo(run_id)).conflicts
        assert "not as the command left it" in conflict.reason
        assert (stage.project / "a.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("line", "path", "why"),
    [
        ("echo x >> logo.png", "logo.png", "changed, no text"),
        ("rm logo.png", "logo.png", "deleted, no text"),
        ("echo x >> huge.txt", "huge.txt", "changed, too large"),
        ("echo KEY=1 > .env", ".env", "made, a secret by its name"),
    ],
)
async def test_what_cannot_be_given_back_is_told_by_its_name(tmp_path: Path, line: str, path: str, why: str) -> None:
    more = {"logo.png": b"\x89PNG\0", "huge.txt": "x" * 5_000_001}
    async with played(tmp_path, line, files=more) as (stage, run_id):
        assert output(stage).endswith(f"[In no diff and not undoable: {path} ({why}).]")
        [warning] = [event.text for event in stage.listener.of(WarningEvent) if event.code == "not_undoable"]
        assert warning == f"In no diff and not undoable: {path} ({why})."
        [shown] = await stage.runs.diff(run_id)
        assert (shown.path, shown.diff) == (path, f"Binary files a/{path} and b/{path} differ\n")
        undone = await stage.runs.undo(run_id)
        [left] = undone.not_undoable
        assert (left.path, undone.restored, undone.conflicts, undone.kept_in) == (path, (), (), None)
        again = await stage.runs.undo(run_id)
        assert (again.not_undoable, again.conflicts) == ((), ()), "once, unless it is named"
        assert (await stage.runs.undo(run_id, scope="file", ids=[path])).not_undoable == undone.not_undoable


@pytest.mark.parametrize(
    ("line", "path", "why"),
    [
        (r"printf '\000\001' > data", "data", "made, no text"),
        (r"printf '\000' > data; printf '\001' >> data", "data", "made, no text"),
        ("head -c 5000001 /dev/zero > huge.txt", "huge.txt", "made, too large"),
        ("ln -s /etc/passwd out", "out", "made, a symbolic link"),
        ("mv logo.png lib.png", "lib.png", "moved, no text"),
        ("chmod +x logo.png", "logo.png", "changed, its permissions"),
    ],
)
async def test_what_no_text_tells_is_given_back_where_it_is_known(tmp_path: Path, line: str, path: str, why: str) -> None:
    async with played(tmp_path, line, files={"logo.png": b"\x89PNG\0"}) as (stage, run_id):
        before = {"a.txt": BEFORE.encode(), "logo.png": b"\x89PNG\0"}
        assert output(stage).endswith(f"[In no diff, but undoable: {path} ({why}).]")
        assert [shown.path for shown in await stage.runs.diff(run_id)] == [path]
        undone = await stage.runs.undo(run_id)
        assert (undone.restored, undone.conflicts, undone.not_undoable) == ((path,), (), ())
        assert (files_of(stage.project), (stage.project / path).is_symlink()) == (before, False)
        assert (await stage.runs.undo(run_id)).restored == ()


async def test_a_binary_that_may_be_somebody_elses_is_taken_back_by_its_name_alone(tmp_path: Path) -> None:
    async with played(tmp_path, "touch -d 2001-01-01 old.png") as (stage, run_id):
        assert output(stage).endswith("[In no diff, and undoable by name alone: old.png (made, no text).]")
        undone = await stage.runs.undo(run_id)
        [left] = undone.not_undoable
        assert (left.path, undone.restored) == ("old.png", ())
        assert left.reason.endswith("Undo this file by its name to take it back all the same.")
        assert sorted(files_of(stage.project)) == ["a.txt", "old.png"]
        named = await stage.runs.undo(run_id, scope="file", ids=["old.png"])
        assert (named.restored, named.conflicts, named.not_undoable) == (("old.png",), (), ())
        assert files_of(stage.project) == {"a.txt": BEFORE.encode()}
        assert files_of(Path(named.kept_in or "")) == {"old.png": b""}


BINARIES = {"a.bin": b"\0a", "b.bin": b"\0b", "c.bin": b"\0c"}


@pytest.mark.parametrize(
    "lines",
    [
        ["mv a.bin x; mv b.bin a.bin"],
        ["mv a.bin x; mv b.bin a.bin; mv c.bin b.bin"],
        [r"mv a.bin x; printf '\000new' > a.bin"],
        ["mv a.bin x", "mv b.bin a.bin"],
        ["mv a.bin x.bin", "mv x.bin a.bin"],
        ["mv a.bin x", "mv x y", "mkdir d; mv y d"],
        [r"printf '\000new' > x", "mv x y"],
        ["mkdir d; mv a.bin b.bin d", "mv d e"],
        ["mv a.bin x.bin", r"printf '\000new' > a.bin", "mv x.bin a.bin"],
        ["mv a.bin a.txt", "mv a.txt x"],
        ["mv a.bin x", "mv x y; mv b.bin x", "mv y z; mv x y"],
        ["ln -s a.txt one; ln -s a.txt two; mv one three; mv two one", "mv three two; mv one three"],
        ["ln -sfn b.bin link; mv link l", "ln -sfn c.bin l", "mv l link"],
    ],
    ids="; ".join,
)
async def test_binaries_come_back_to_their_places_however_they_were_moved(tmp_path: Path, lines: Sequence[str]) -> None:
    def ready(root: Path) -> None:
        (root / "link").symlink_to("a.bin")
        before.update(contents_of(root))

    before = dict[str, bytes]()
    async with played(tmp_path, *lines, files=BINARIES, ready=ready) as (stage, run_id):
        undone = await stage.runs.undo(run_id)
        assert (undone.conflicts, undone.not_undoable) == ((), ())
        assert contents_of(stage.project) == before
        assert (await stage.runs.undo(run_id)).restored == ()


@pytest.mark.parametrize(
    ("lines", "lost", "left"),
    [
        (["mv a.bin b.bin"], ["b.bin"], {"a.bin": b"\0a"}),
        (["mv a.bin x.bin", "rm x.bin"], ["a.bin"], {"b.bin": b"\0b"}),
        (["mv a.bin x", "mv b.bin x"], ["a.bin"], {"b.bin": b"\0b"}),
        (["mv a.bin x", "ln -sf a.txt x"], ["a.bin"], {"b.bin": b"\0b"}),
        (["mv a.bin b.bin", "mv b.bin x"], ["b.bin"], {"a.bin": b"\0a"}),
        (["mv a.bin x", "echo more >> x"], ["x"], {"b.bin": b"\0b", "x": b"\0amore\n"}),
        (["mv a.bin x", "echo more >> x", "mv x a.bin"], ["a.bin"], {"b.bin": b"\0b", "a.bin": b"\0amore\n"}),
        (["mv a.bin t; mv b.bin a.bin; mv t b.bin"], ["a.bin", "b.bin"], {"a.bin": b"\0b", "b.bin": b"\0a"}),
    ],
    ids=lambda value: "; ".join(value) if isinstance(value, list) else "",
)
async def test_a_moved_binary_that_is_lost_is_told_by_where_it_was_and_the_others_come_back(
    tmp_path: Path, lines: Sequence[str], lost: Sequence[str], left: Mapping[str, bytes]
) -> None:
    async with played(tmp_path, *lines, files={"a.bin": b"\0a", "b.bin": b"\0b"}) as (stage, run_id):
        undone = await stage.runs.undo(run_id)
        assert ([each.path for each in undone.not_undoable], undone.conflicts) == (lost, ())
        assert files_of(stage.project) == {"a.txt": BEFORE.encode(), **left}
        again = await stage.runs.undo(run_id)
        assert (again.restored, again.not_undoable, again.conflicts) == ((), (), ())


async def test_a_binary_that_was_moved_and_changed_comes_back_to_its_place_by_its_name(tmp_path: Path) -> None:
    async with played(tmp_path, "mv a.bin x", "echo more >> x", files={"a.bin": b"\0a"}) as (stage, run_id):
        undone = await stage.runs.undo(run_id, scope="file", ids=["x"])
        assert (undone.restored, [left.reason for left in undone.not_undoable]) == (
            ("x",),
            ["A command changed it, and what was there before is not kept (no text)."],
        )
        assert files_of(stage.project) == {"a.txt": BEFORE.encode(), "a.bin": b"\0amore\n"}


async def test_a_moved_binary_that_somebody_deleted_since_is_not_said_to_be_back(tmp_path: Path) -> None:
    async with played(tmp_path, "mv a.bin x", files={"a.bin": b"\0a"}) as (stage, run_id):
        (stage.project / "x").unlink()
        undone = await stage.runs.undo(run_id)
        assert (undone.restored, [conflict.path for conflict in undone.conflicts]) == ((), ["x"])


async def test_a_binary_that_several_commands_of_a_run_wrote_is_taken_away_as_one(tmp_path: Path) -> None:
    line = r"printf '\000' >> .coverage"
    async with played(tmp_path, line, line, f"{line}; rm .coverage; {line}") as (stage, run_id):
        undone = await stage.runs.undo(run_id)
        assert (undone.restored, undone.conflicts) == ((".coverage",), ())
        assert files_of(stage.project) == {"a.txt": BEFORE.encode()}


@pytest.mark.parametrize("since", ["changed", "replaced by a link", "deleted"])
async def test_a_binary_that_somebody_touched_since_stays(tmp_path: Path, since: str) -> None:
    async with played(tmp_path, r"printf '\000' > data") as (stage, run_id):
        data = stage.project / "data"
        if since == "changed":
            data.write_bytes(b"\0mine")
        else:
            data.unlink()
        if since == "replaced by a link":
            data.symlink_to("a.txt")
        left = files_of(stage.project)
        undone = await stage.runs.undo(run_id)
        assert [conflict.path for conflict in undone.conflicts] == ([] if since == "deleted" else ["data"])
        assert files_of(stage.project) == left


async def test_what_no_text_tells_is_undone_by_step_and_file(tmp_path: Path) -> None:
    async with played(tmp_path, r"printf '\000' > one; printf '\000' > two; echo x > three") as (stage, run_id):
        assert (await stage.runs.undo(run_id, scope="file", ids=["one"])).restored == ("one",)
        assert sorted(files_of(stage.project)) == ["a.txt", "three", "two"]
        steps = [step.step_id for step in (await stage.runs.get(run_id)).steps]
        assert (await stage.runs.undo(run_id, scope="step", ids=steps)).restored == ("three", "two")
        assert sorted(files_of(stage.project)) == ["a.txt"]


async def test_a_file_that_cannot_be_given_back_is_told_to_people_once_in_a_run(tmp_path: Path) -> None:
    line = r"printf '\000' >> logo.png"
    async with played(tmp_path, line, line, files={"logo.png": b"\x89PNG\0"}) as (stage, _):
        assert len([event for event in stage.listener.of(WarningEvent) if event.code == "not_undoable"]) == 1
        assert "logo.png (changed, no text)" in output(stage), "and to the model each time"
