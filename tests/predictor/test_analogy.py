"""Lines of the same shape are continued with the names of here: by the lines above and below, and by the files' names."""

import pytest

from coterie.predictor.analogy import analogues
from coterie.predictor.corpus import build
from coterie.predictor.surroundings import surroundings

HEADERS = [
    (f"src/{name}.h", f"#ifndef {name}_h\n#define {name}_h\nint {name}_open(int mode);\n#endif\n") for name in ("lex", "vm", "gc", "dump")
]
STORES = [
    (f"shop/{name.lower()}.java", f"package shop;\n\npublic class {name} extends Base {{\n    int size;\n}}\n")
    for name in ("Pear", "Plum", "Fig", "Date", "Lime")
]


def offered(files: list[tuple[str, str]], path: str, before: str, behind: str = "\n") -> dict[str, bool]:
    """Return the analogues at the end of ``before``, and whether each completes what was begun."""
    return {found.text: found.completes for found in analogues(surroundings(build(files), path, before, behind))}


def test_a_line_is_found_by_the_one_below_it_and_has_its_names() -> None:
    assert "#ifndef zio_h" in offered(HEADERS, "src/other.h", "", "\n#define zio_h\nint zio_open(int mode);\n#endif\n")
    assert "#ifndef zio_h" not in offered(HEADERS, "src/other.h", "", "\n")


def test_the_file_itself_is_found_by_the_line_below_too() -> None:
    before = "one = load(first)\ncheck(first, one)\nend()\nmiddle()\n"
    found = offered([("empty.py", "")], "new.py", before, "\ncheck(second, two)\nend()\n")
    assert "two = load(second)" in found


def test_at_a_files_beginning_other_files_begin_alike() -> None:
    files = [(f"shop/{name}.py", f"from shop import {name}\n\n{name}.open()\n") for name in ("pear", "plum", "fig", "lime", "date")]
    assert "from shop import quince" in offered(files, "quince.py", "")
    assert "from shop import quince" not in offered(files, "quince.py", "x = 1\n")


def test_the_line_so_far_has_to_be_alike() -> None:
    behind = "\n#define zio_h\nint zio_open(int mode);\n#endif\n"
    assert "ifndef zio_h" in offered(HEADERS, "src/other.h", "#ifnd", behind)
    assert not any("zio" in text for text in offered(HEADERS, "src/other.h", "return x + ", behind))


def test_the_name_of_the_file_stands_for_that_of_the_other() -> None:
    before = "package shop;\n\npublic class "
    assert " Quince extends Base {" in offered(STORES, "shop/quince.java", before)
    assert " Quince extends Base {" not in offered(STORES, "shop/other.java", before)


@pytest.mark.parametrize(("begun", "rest"), [("unheard", " = make(unheard)"), ("fi", " = make(fi)")])
def test_a_new_name_is_taken_for_a_whole_one(begun: str, rest: str) -> None:
    before = "setup()\nfirst = make(first)\nsecond = make(second)\nthird = make(third)\n"
    found = offered([("empty.py", "")], "new.py", before + begun)
    assert found[begun + rest] is True


def test_what_was_begun_may_still_grow_to_the_name_that_would_stand_there() -> None:
    before = "def f(width, height):\n    self.width = width\n    self.height = hei"
    assert offered([("empty.py", "")], "new.py", before) == {" height": False}
