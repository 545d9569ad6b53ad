"""The server dies at every record of an undo of what a command did, and nothing is lost: whoever undoes again comes to the same end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent_stage import FakeSandbox, Stage, staged
from coterie.base.errors import StorageError
from coterie.domain.edits import UndoResult
from hunk_stage import project
from mortal_journal import Death, MortalJournal, at_each
from shell_stage import SETTINGS, contents_of, really, running

LINE = (
    "mv ../outside/notes.txt notes.txt && echo more >> notes.txt; mv src lib && ln -s lib src; chmod 755 a.txt; echo more >> a.txt;"
    r" printf '\000' > data"
)


@asynccontextmanager
async def life(folder: Path, journal: MortalJournal) -> AsyncIterator[Stage]:
    """Be a server."""
    script, sandbox = {"chat": running(LINE)}, FakeSandbox(answer=really)
    async with staged(folder / "home", folder / "project", script, sandbox=sandbox, settings=SETTINGS, wrap=journal.around) as stage:
        yield stage


async def ready(folder: Path) -> dict[str, bytes]:
    """Have a run changed a project; returns what there was before."""
    root = project(folder / "project")
    for path, content in {"project/src/one.txt": b"one\n", "project/src/logo.png": b"\0logo", "outside/notes.txt": b"precious\n"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (root / "a.txt").chmod(0o640)
    before = contents_of(root)
    async with life(folder, MortalJournal()) as stage:
        assert (await stage.play()).state == "succeeded"
    assert contents_of(root) != before
    return before


async def undone(folder: Path, death: Death | None = None) -> tuple[MortalJournal, UndoResult | None]:
    """Undo the run, or die over it."""
    journal = MortalJournal(death)
    async with life(folder, journal) as stage:
        [row] = await stage.store.runs.rows()
        try:
            return journal, await stage.runs.undo(row.run_id)
        except StorageError:
            assert journal.dead
            return journal, None


async def test_an_undo_that_dies_at_any_record_loses_nothing_and_is_gone_on_with(tmp_path: Path) -> None:
    async def check(death: Death | None) -> MortalJournal:
        folder = tmp_path / ("whole" if death is None else f"{death.moment}-{death.at}")
        before = await ready(folder)
        journal, result = await undone(folder, death)
        if death is not None:
            assert result is None
            _, result = await undone(folder)
        assert result is not None
        assert (result.conflicts, result.not_undoable) == ((), ())
        assert contents_of(folder / "project") == before
        assert (folder / "project" / "a.txt").stat().st_mode & 0o777 == 0o640
        assert {b"precious\nmore\n", b"\0"} <= {*contents_of(Path(result.kept_in or "")).values()}
        return journal

    async def at(death: Death) -> None:
        await check(death)

    whole = await check(None)
    assert whole.appends > 8
    await at_each(whole.telling_deaths(), at)
