"""An undo of what a command did loses nothing: what was there before it comes back, and what is taken away lies where the undo says.

Real commands on a stage, whatever they may do to files; the same with hunks that are rejected. `test_undo_crash.py` has undos that die.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from coterie.workspace.trash import Trash
from hunk_stage import BEFORE, Reviewer
from shell_stage import contents_of, files_of, played

PRECIOUS = "nowhere else\n"
OUTSIDE = {"notes.txt": PRECIOUS, "over.txt": f"over, and {PRECIOUS}", "old/deep.txt": f"deep, and {PRECIOUS}", "photo.bin": "\0photo"}
INSIDE = {
    ".gitignore": "cache/\n*.log\n",
    "cache/kept.txt": f"ignored, and {PRECIOUS}",
    "src/one.txt": "one\n",
    "src/two/three.txt": "three\n",
    "src/logo.png": b"\x89PNG\0logo",
    "tool.sh": "#!/bin/sh\n",
    ".env": "KEY=1\n",
}
STASH = "git init -q . && git add src && git -c user.name=x -c user.email=x@x commit -qm x && echo mine >> src/one.txt && git stash -q"
COMMANDS = {
    "files moved in and changed": "mv ../outside/notes.txt . && mv ../outside/old in && echo more | tee -a notes.txt in/deep.txt",
    "files moved over others": "mv ../outside/notes.txt a.txt && mv ../outside/over.txt tool.sh && echo more >> tool.sh",
    "ignored and secret files moved out and changed": "mv cache/kept.txt . && mv .env env.txt && echo more | tee -a kept.txt env.txt",
    "a photo over a text": "mv ../outside/photo.bin a.txt && touch a.txt",
    "a folder moved, changed and linked to": "mv src lib && ln -s lib src && echo more >> src/one.txt && echo x > src/new.txt",
    "links in the place of texts": "rm a.txt && ln -s src/one.txt a.txt && rm pointer && cp tool.sh pointer",
    "another link, a text in the place of a folder": "ln -sfn src/two pointer && rm -r src/two && echo x > src/two",
    "a folder in the place of a text": "rm a.txt && mkdir a.txt && echo x > a.txt/in && mv cache a.txt/cache",
    "texts that are none any more": r"printf '\000' >> a.txt && head -c 5000001 /dev/zero | tr '\000' x > tool.sh",
    "hard links": "ln ../outside/notes.txt b.txt && echo more >> b.txt",
    "times that are kept": "cp -p src/one.txt c.txt && cp -p src/one.txt a.txt",
    "binaries": r"mkdir img && printf '\000' > img/x.png && mv src/logo.png . && mv .env .env.local && chmod 444 a.txt",
    "a stash": f"{STASH} && git stash pop -q",
    "another repository": "git init -q sub && echo x > sub/x.txt && mv ../outside/notes.txt sub && echo y >> sub/notes.txt",
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder beside a project."""
    for path, text in OUTSIDE.items():
        file = tmp_path / "outside" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        os.utime(file, (1_000_000_000,) * 2)
    return tmp_path / "outside"


def linked(root: Path) -> None:
    """Put a link into a project, all of which is old."""
    (root / "pointer").symlink_to("src")
    for path in root.rglob("*"):
        os.utime(path, (1_000_000_000,) * 2, follow_symlinks=False)


@pytest.mark.parametrize("line", COMMANDS.values(), ids=list(COMMANDS))
async def test_nothing_that_was_there_is_lost_by_an_undo(tmp_path: Path, outside: Path, line: str) -> None:
    async with played(tmp_path, line, files=INSIDE, ready=linked) as (stage, run_id):
        left = contents_of(stage.project, outside)
        undone = await stage.runs.undo(run_id)
        assert undone.kept_in is not None
        held = {*contents_of(stage.project, outside, Path(undone.kept_in)).values()}
        assert not [place for place, content in left.items() if content not in held]
        again = await stage.runs.undo(run_id)
        assert (again.restored, again.not_undoable) == ((), ()), "what is undone is undone once, and told once"
        assert [conflict.path for conflict in again.conflicts] == [conflict.path for conflict in undone.conflicts]


async def test_a_folder_that_was_moved_and_linked_comes_back_whole(tmp_path: Path) -> None:
    begun = dict[str, bytes]()

    def ready(root: Path) -> None:
        linked(root)
        begun.update(contents_of(root))

    async with played(tmp_path, "mv src lib && ln -s lib src", files=INSIDE, ready=ready) as (stage, run_id):
        undone = await stage.runs.undo(run_id)
        assert (undone.conflicts, undone.not_undoable) == ((), ())
        assert contents_of(stage.project) == begun


@pytest.mark.parametrize("scope", ["run", "hunk"])
async def test_nothing_is_written_behind_a_link_that_stands_in_the_way(tmp_path: Path, scope: str) -> None:
    async with played(tmp_path, "echo more >> src/one.txt; rm src/two/three.txt", files=INSIDE) as (stage, run_id):
        (stage.project / "src").rename(stage.project / "theirs")
        (stage.project / "src").symlink_to("theirs")
        left = contents_of(stage.project)
        if scope == "run":
            conflicts = (await stage.runs.undo(run_id)).conflicts
        else:
            hunks = [hunk.hunk_id for hunk in await Reviewer(stage).all()]
            conflicts = (await stage.runs.undo(run_id, scope="hunk", ids=hunks)).conflicts
        assert {conflict.path for conflict in conflicts} == {"src/one.txt", "src/two/three.txt"}
        assert all(conflict.reason.startswith("src is a symbolic link by now, to theirs") for conflict in conflicts)
        assert contents_of(stage.project) == left


async def test_what_a_rejected_hunk_takes_away_is_kept_once(tmp_path: Path, outside: Path) -> None:
    assert outside.is_dir()
    line = "mv ../outside/notes.txt notes.txt && echo more >> notes.txt; sed -i -e s/2/two/ -e s/8/eight/ a.txt"
    async with played(tmp_path, line) as (stage, run_id):
        person = Reviewer(stage)
        written = stage.text("a.txt") or ""
        for _ in range(3):
            rejected = await person.decide("rejected", next(place for place, hunk in enumerate(await person.all()) if hunk.is_open))
        assert files_of(stage.project) == {"a.txt": BEFORE.encode()}
        kept = Trash(tmp_path / "home" / "undone").folder(run_id)
        assert kept is not None
        assert rejected.kept_in == str(kept), "who rejects is told where it lies"
        assert files_of(kept) == {"notes.txt": f"{PRECIOUS}more\n".encode(), "a.txt": written.encode()}


@pytest.mark.parametrize(
    "lines",
    [
        ["rm src/one.txt; ln -s ../a.txt src/one.txt", "mv src lib; ln -s lib src"],
        ["ln -sfn ../a.txt src/one.txt", "rm -r src; echo x > src"],
        ["chmod 755 a.txt", "mv a.txt a.d; mkdir a.txt; mv a.d a.txt/"],
    ],
    ids=["a link in a folder that is moved", "a text where a folder with a link was", "permissions of what is in the way"],
)
async def test_what_stands_in_the_way_of_something_and_goes_itself_is_no_conflict(tmp_path: Path, lines: Sequence[str]) -> None:
    def ready(root: Path) -> None:
        before.update(contents_of(root))

    before = dict[str, bytes]()
    async with played(tmp_path, *lines, files={"src/one.txt": "one\n"}, ready=ready) as (stage, run_id):
        undone = await stage.runs.undo(run_id)
        assert (undone.conflicts, contents_of(stage.project)) == ((), before)
        assert (await stage.runs.undo(run_id)).restored == ()


async def test_where_nothing_can_be_kept_nothing_is_taken_away(tmp_path: Path) -> None:
    async with played(tmp_path, r"echo more >> a.txt; echo x > b.txt; printf '\000' > data") as (stage, run_id):
        (tmp_path / "home" / "undone").write_text("in the way", encoding="utf-8")
        left = files_of(stage.project)
        undone = await stage.runs.undo(run_id)
        assert (undone.restored, undone.kept_in) == ((), None)
        assert all(conflict.reason.endswith("It was left as it is.") for conflict in undone.conflicts)
        assert (sorted(conflict.path for conflict in undone.conflicts), files_of(stage.project)) == (sorted(left), left)
        (tmp_path / "home" / "undone").unlink()
        assert (await stage.runs.undo(run_id)).conflicts == (), "and it can be undone once that is mended"
