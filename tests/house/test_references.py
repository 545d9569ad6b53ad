"""What pages and docstrings refer to is there: modules, tests, other pages and their headings. Who renames one learns where it is named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from repository import ROOT, tracked

PACKAGE = ROOT / "server" / "coterie"
ROOMS = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
MODULES = tracked("server/coterie/*.py")
PAGES = tracked("*.md")
SETTINGS = {"sandbox.level"}
"""Keys of settings whose first part is a room's name too."""

DOTTED = re.compile(r"`((?:coterie\.)?[a-z_]+(?:\.\w+)+)`")
IN_REPOSITORY = re.compile(r"`((?:benchmarks|clients|docs|requirements|scripts|server|tests)/[\w./-]+)")
LINK = re.compile(r"\]\(([^)\s]*)\)")
HEADING = re.compile(r"(?m)^#+ (.*)$")


def is_there(dotted: str, place: Path = PACKAGE) -> bool:
    """Say whether a room, a module, or a name in one is there."""
    names = dotted.removeprefix("coterie.").split(".")
    for number, name in enumerate(names, start=1):
        if (place / name).is_dir():
            place /= name
        elif (module := place / f"{name}.py").is_file():
            text = module.read_text("utf-8")
            return all(re.search(rf"(?m)^ *(?:class |def |async def )?{inner}\b", text) for inner in names[number:])
        else:
            return False
    return True


def modules_named_in(text: str) -> set[str]:
    """Return the dotted names that begin with a room."""
    return {dotted for dotted in DOTTED.findall(text) if dotted.removeprefix("coterie.").split(".")[0] in ROOMS} - SETTINGS


def anchor(heading: str) -> str:
    """Return what a heading is linked by."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken_links(page: Path) -> Iterator[str]:
    """Yield the links of a page to files or headings that are not there."""
    for link in LINK.findall(page.read_text("utf-8")):
        address, _, wanted = link.partition("#")
        if re.match(r"[a-z]+:", address):
            continue
        target = page.parent / address if address else page
        if not target.exists() or (wanted and wanted not in map(anchor, HEADING.findall(target.read_text("utf-8")))):
            yield link


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_map_of_a_module_names_modules_that_there_are(path: Path) -> None:
    doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    assert [dotted for dotted in modules_named_in(doc) if not (is_there(dotted) or is_there(dotted, path.parent))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_leads_to_what_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    assert list(broken_links(page)) == []
    if page.name != "CHANGELOG.md":  # which tells of what was, too
        assert [path for path in IN_REPOSITORY.findall(text) if not (ROOT / path.rstrip(".")).exists() and not made(path)] == []


def made(path: str) -> bool:
    """Say whether a path is one that `make` makes."""
    return not {"node_modules", "dist"}.isdisjoint(path.split("/"))


def test_architecture_names_modules_that_there_are() -> None:
    named = modules_named_in((ROOT / "docs" / "architecture.md").read_text("utf-8"))
    assert len(named) > 50
    assert [dotted for dotted in sorted(named) if not is_there(dotted)] == []
