"""What no project loosens, trusted or not: whether a person sees edits before they are made, and how much of undone work is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from coterie.config.load import Loaded, load

HELD = [
    ("after", ["before"], "before", 0),
    (None, ["before"], "before", 0),
    ("before", ["after"], "before", 1),
    (None, ["before", "after"], "before", 1),
    (None, ["after", "before"], "before", 0),
]
"""What the user and the projects say, what holds, and how much is left out."""


def loaded(root: Path, user: str | None, projects: Sequence[str], *, trusted: bool) -> Loaded:
    """Read settings of which each file says this mode."""
    folders = [root / f"project{number}" for number, _ in enumerate(projects)]
    files = {
        root / "home" / "config.toml": user,
        **{folder / ".coterie" / "config.toml": mode for folder, mode in zip(folders, projects, strict=True)},
    }
    for file, mode in files.items():
        if mode is not None:
            file.parent.mkdir(parents=True)
            file.write_text(f'[review]\nmode = "{mode}"', encoding="utf-8")
    trust = {"trust": {"workspaces": [str(folder) for folder in folders]}}
    return load({"COTERIE_HOME": str(root / "home"), "HOME": str(root)}, folders=folders, editor_options=trust if trusted else None)


@pytest.mark.parametrize("trust", ["trusted", "untrusted"])
@pytest.mark.parametrize("said", HELD)
def test_no_project_says_that_edits_are_not_looked_at_first(
    tmp_path: Path, said: tuple[str | None, list[str], str, int], trust: str
) -> None:
    user, projects, mode, left_out = said
    found = loaded(tmp_path, user, projects, trusted=trust == "trusted")
    assert found.settings.review.mode == mode
    held = [problem for problem in found.problems if problem.ignored == "held"]
    assert (len(held), {problem.key for problem in held}) == (left_out, {"review.mode"} if left_out else set())


@pytest.mark.parametrize("trust", ["trusted", "untrusted"])
def test_no_project_says_how_much_is_kept_of_what_undos_take_away(tmp_path: Path, trust: str) -> None:
    for place, room in (("home", 500), ("project/.coterie", 1)):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "config.toml").write_text(f"[undo]\nkeep_mb = {room}", encoding="utf-8")
    trusted = {"trust": {"workspaces": [str(tmp_path / "project")]}} if trust == "trusted" else None
    found = load({"COTERIE_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}, folders=[tmp_path / "project"], editor_options=trusted)
    assert (found.settings.undo.keep_mb, [problem.key for problem in found.problems]) == (500, ["undo.keep_mb"])
