"""What is remembered of editors for `coterie doctor`, by several servers that keep it in one folder."""

from __future__ import annotations

import os
from pathlib import Path

from coterie.app.editors import FILE, remember, seen_editors
from coterie.cli.wiring import SeenEditor
from coterie.features.attachment import Introduction

LOCK = "editors.lock"


def seen(name: str, at: str = "2026-01-31T10:00:00.000Z") -> SeenEditor:
    """Return an editor that was here."""
    return SeenEditor(at=at, shared=True, introduction=Introduction(name=name, version="1", rich=False, can={"edits": True}))


def test_each_editor_is_remembered_once_the_latest_first(tmp_path: Path) -> None:
    for editor in (seen("one"), seen("other"), seen("one", at="2026-02-01T10:00:00.000Z")):
        remember(tmp_path, editor)
    assert seen_editors(tmp_path) == (seen("one", at="2026-02-01T10:00:00.000Z"), seen("other"))
    assert {file.name for file in tmp_path.iterdir()} == {FILE, LOCK}


def test_what_another_process_of_our_number_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / f"editors.{os.getpid()}.tmp").mkdir()
    remember(tmp_path, seen("one"))
    assert seen_editors(tmp_path) == (seen("one"),)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    remember(tmp_path, seen("one"))
    assert {file.name for file in tmp_path.iterdir()} == {FILE, LOCK}
