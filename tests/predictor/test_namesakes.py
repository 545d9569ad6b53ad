"""Which file is meant by a path that leads to none."""

import pytest

from coterie.features.namesakes import Namesakes

FILES = {
    "src/app/main.py": "import app\n\napp.run()\n",
    "src/tool/main.py": "import tool\n\ntool.run()\n",
    "src/tool/empty.py": "",
    "Readme.md": "# Tool\n",
    "main.py": "import other\r\n\r\nother.run()\r\n",
}


def meant(path: str, prefix: str = "import tool\n\ntool", suffix: str = "\n") -> str | None:
    return Namesakes(FILES, FILES.__getitem__).meant(path, prefix, suffix)


@pytest.mark.parametrize(
    "path",
    [
        "main.py",
        "tool/main.py",
        "TOOL/Main.PY",
        "tool\\main.py",
        "./main.py",
        "other checkout/src/tool/main.py",
        "/somewhere/src/tool/main.py",
        "file:///somewhere/src/tool/main.py",
    ],
)
def test_a_file_is_known_by_its_end_and_its_text(path: str) -> None:
    assert meant(path) == "src/tool/main.py"


@pytest.mark.parametrize("path", ["app/main.py", "main.pyi", "/somewhere/app/tool/main.py", "main", "", "/"])
def test_a_path_of_another_end_means_another_file(path: str) -> None:
    assert meant(path) is None


@pytest.mark.parametrize("prefix", ["import toad", "\n", "", "import tool\n\ntool.run(1"])
def test_a_new_file_of_the_same_name_has_other_text(prefix: str) -> None:
    assert meant("main.py", prefix) is None


def test_line_ends_make_no_difference() -> None:
    assert meant("MAIN.py", "import other\n\nother.") == "main.py"
    assert meant("tool/main.py", "import tool\r\n\r\ntool.") == "src/tool/main.py"


@pytest.mark.parametrize(("suffix", "file"), [("\n\napp.run()\n", "src/app/main.py"), ("\r\n\r\ntool.run()\r\n", "src/tool/main.py")])
def test_the_text_behind_the_cursor_tells_files_apart_that_begin_alike(suffix: str, file: str) -> None:
    assert meant("main.py", "import ", suffix) == file


def test_a_file_is_meant_whose_text_behind_the_cursor_has_been_changed() -> None:
    assert meant("main.py", "import tool\n", "changed") == "src/tool/main.py"


def test_the_end_of_a_long_text_is_enough() -> None:
    long = "".join(f"line = {number}\n" for number in range(1000))
    assert Namesakes(["deep/long.py"], lambda _: long).meant("long.py", long[3000:6000], long[6000:9000]) == "deep/long.py"
