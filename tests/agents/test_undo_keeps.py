"""An undo of what a command did loses nothing: what was there before it comes back, and what is taken away lies where the undo says.

Real commands on a stage, whatever they may do to files; the same with hunks that are rejected, and with an undo that is killed half-way.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coterie.domain.edits import UndoResult
from shell_stage import played

PRECIOUS = "nowhere else\n"
OUTSIDE = {"outside/notes.txt": PRECIOUS, "outside/old/deep.txt": "deep, and " + PRECIOUS, "outside/photo.bin": "\0photo"}
INSIDE = {
    ".gitignore": "cache/\n*.log\n",
    "cache/kept.txt": "ignored, and " + PRECIOUS,
    "run.log": "logged, and " + PRECIOUS,
    "src/one.txt": "one\n",
    "src/two/three.txt": "three\n",
    "src/logo.png": b"\x89PNG\0logo",
    "tool.sh": "#!/bin/sh\n",
    ".env": "KEY=1\n",
}
COMMANDS = {
    "moves a file in and changes it": "mv ../outside/notes.txt notes.txt && echo more >> notes.txt",
    "moves a file over another one": "mv ../outside/notes.txt a.txt",
    "moves a file over another one and changes it": "mv ../outside/notes.txt a.txt && echo more >> a.txt",
    "moves a folder in and changes it": "mv ../outside/old in && echo more >> in/deep.txt",
    "moves what is ignored out and changes it": "mv cache/kept.txt kept.txt && sed -i s/nowhere/here/ kept.txt",
    "moves a secret out and changes it": "mv .env env.txt && touch env.txt",
    "moves a photo in": "mv ../outside/photo.bin . && touch photo.bin",
    "moves a photo over a text": "mv ../outside/photo.bin a.txt && touch a.txt",
    "moves a folder and links to it": "mv src lib && ln -s lib src",
    "moves a folder, changes it and links to it": "mv src lib && ln -s lib src && echo more >> src/one.txt && echo x > src/new.txt",
    "puts a link in the place of a text": "rm a.txt && ln -s src/one.txt a.txt",
    "puts a text in the place of a link": "rm pointer && cp a.txt pointer",
    "turns a link": "ln -sfn src/two pointer",
    "takes a link away": "rm pointer",
    "puts a folder in the place of a text": "rm a.txt && mkdir a.txt && echo x > a.txt/in && mv cache a.txt/cache",
    "puts a text in the place of a folder": "rm -r src/two && echo x > src/two",
    "makes a text binary": r"printf '\000' >> a.txt",
    "makes a text too large": "head -c 5000001 /dev/zero | tr '\\000' x > a.txt",
    "links hard": "ln ../outside/notes.txt b.txt && echo more >> b.txt",
    "keeps the times": "touch -d 2001-01-01 src/one.txt && cp -p src/one.txt b.txt && cp -p src/one.txt a.txt",
    "renames by case": "mv src SRC",
    "packs and unpacks": "tar cf t.tar src && rm -r src && tar xf t.tar && rm t.tar",
    "changes permissions": "chmod 600 a.txt && chmod 755 tool.sh && echo x >> a.txt",
    "makes a file read-only": "echo x >> a.txt && chmod 444 a.txt",
    "makes binaries": "mkdir img && printf '\\000' > img/x.png && printf '\\000' > .coverage",
    "moves binaries": "mv src/logo.png logo.png && mv .env .env.local",
    "makes rules": "echo '*.txt' > .gitignore && echo x >> a.txt && echo y > new.txt",
    "pops a stash": "git init -q . && git add src && git -c user.name=x -c user.email=x@x commit -qm x && echo mine >> src/one.txt"
    " && git stash -q && git stash pop -q",
    "clones": "git init -q ../other && git clone -q ../other sub 2>/dev/null; echo x > sub/x.txt",
}


def contents(*folders: Path) -> dict[str, bytes]:
    """Return every file and link of some folders, but for what git keeps."""
    found = dict[str, bytes]()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if ".git" not in path.parts and (path.is_symlink() or path.is_file()):
                place = str(path.relative_to(folder.parent))
                found[place] = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    return found


def kept(undone: UndoResult) -> dict[str, bytes]:
    """Return what an undo says that it has kept."""
    return {} if undone.kept_in is None else contents(Path(undone.kept_in))


@pytest.fixture
def around(tmp_path: Path) -> Path:
    """Return the folder around a project, with what lies beside it."""
    for path, text in OUTSIDE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
        os.utime(tmp_path / path, (1_000_000_000,) * 2)
    return tmp_path


def links(project: Path) -> None:
    """Make what no text makes."""
    (project / "pointer").symlink_to("src")
    for path in project.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1_000_000_000,) * 2)


@pytest.mark.parametrize("line", COMMANDS.values(), ids=list(COMMANDS))
async def test_nothing_that_was_there_is_lost_by_an_undo(around: Path, line: str) -> None:
    async with played(around, line, files=INSIDE, ready=links) as (stage, run_id):
        places = stage.project, around / "outside"
        left = contents(*places)
        undone = await stage.runs.undo(run_id)
        held = {*contents(*places).values(), *kept(undone).values()}
        assert not [place for place, content in left.items() if content not in held]
        again = await stage.runs.undo(run_id)
        assert not {*again.restored} & {*undone.restored}, "what is undone is undone once"
        assert (again.not_undoable, len(again.conflicts)) == ((), len(undone.conflicts))
