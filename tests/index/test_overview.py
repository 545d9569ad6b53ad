"""What stands out in a project: the files that others rest on, and what they mainly define."""

from collections.abc import Callable

import pytest

from coterie.domain.overview import Landmark
from coterie.index.folder import FolderIndex
from coterie.index.overview import main_names
from coterie.index.symbols import Symbol

Write = Callable[[str, str], None]
Commit = Callable[[str], None]


def paths(index: FolderIndex, limit: int = 10) -> list[str]:
    index.refresh()
    return [landmark.path for landmark in index.overview(limit)]


def test_what_is_imported_by_what_is_imported_comes_first(write: Write, index: FolderIndex) -> None:
    write("src/app.py", "import engine, helper\n")
    write("src/cli.py", "import engine\n")
    write("src/engine.py", "import core\n\n\nclass Engine:\n    def start(self):\n        pass\n\n\ndef _private():\n    pass\n")
    write("src/core.py", "def boot():\n    pass\n")
    write("src/helper.py", "")
    write("tests/test_engine.py", "import core, engine\n")
    write("README.md", "about core\n")
    assert paths(index) == ["src/core.py", "src/engine.py", "src/helper.py", "src/app.py", "src/cli.py"]
    assert index.overview(2) == (Landmark(path="src/core.py", names=("boot",)), Landmark(path="src/engine.py", names=("Engine",)))


def test_where_nothing_is_imported_what_changes_comes_first(write: Write, commit: Commit, index: FolderIndex) -> None:
    write("a.rs", "fn a() {}\n")
    for number in range(3):
        write("b.rs", f"fn b{number}() {{}}\n")
        commit(f"change {number}")
    assert paths(index) == ["b.rs", "a.rs"]


def test_an_empty_project_has_nothing_that_stands_out(index: FolderIndex) -> None:
    assert paths(index) == []


@pytest.mark.parametrize(
    ("symbols", "names"),
    [
        ([("f", "function", 1, 3), ("inner", "function", 2, 3), ("g", "function", 5, 6)], ("f", "g")),
        ([("C", "class", 10, 99), ("method", "function", 11, 20), ("f", "function", 1, 9)], ("f", "C")),
        ([("_p", "class", 1, 50), ("m", "function", 2, 9), ("q", "constant", 60, 60)], ("q",)),
        ([("LOG", "constant", 1, 1), ("f", "function", 3, 4)], ("f",)),
        ([(f"f{n}", "function", 10 * n, 10 * n + n) for n in range(9)], ("f3", "f4", "f5", "f6", "f7", "f8")),
        ([("f", "function", 1, 2), ("f", "function", 4, 5)], ("f",)),
    ],
)
def test_the_main_names_are_few_and_stand_alone(symbols: list[tuple[str, str, int, int]], names: tuple[str, ...]) -> None:
    assert main_names(Symbol(*symbol) for symbol in symbols) == names  # type: ignore[arg-type]  # a literal kind
