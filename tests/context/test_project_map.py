"""The map of a project: the same project gives the same bytes, and never more than it may cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.context.project_map import BYTES_PER_TOKEN, project_map
from coterie.domain.overview import Landmark

PATHS = ["README.md", "src/a/core.py", "src/a/far.py", "src/b/app.py", "src/b/more.py", "src/top.py", "tests/test_core.py"]
LANDMARKS = [
    Landmark(path="src/a/core.py", names=("Core", "boot")),
    Landmark(path="main.py", names=("main",)),
    Landmark(path="src/top.py", names=("run",)),
    Landmark(path="src/b/app.py", names=("App",)),
    Landmark(path="src/a/far.py"),
]


def test_folders_and_central_files_stand_where_they_lie() -> None:
    drawn = project_map([*PATHS, "main.py"], LANDMARKS, 1_500)
    assert drawn.splitlines() == [
        "  main.py: main",
        "src/ (5)",
        "  top.py: run",
        "src/a/ (2)",
        "  core.py: Core, boot",
        "src/b/ (2)",
        "  app.py: App",
        "tests/ (1)",
    ]


def test_the_least_central_files_go_first_when_there_is_little_room() -> None:
    assert project_map(PATHS, LANDMARKS, 12).splitlines() == ["src/ (5)", "src/a/ (2)", "  core.py: Core, boot"]


@pytest.mark.parametrize("tokens", [0, 1, 5])
def test_a_map_without_files_is_none(tokens: int) -> None:
    assert project_map(PATHS, LANDMARKS, tokens) == ""
    assert project_map(PATHS, [], 1_500) == ""
    assert project_map([], LANDMARKS, 1_500) == ""


NAMES = st.text("abcdef", min_size=1, max_size=6)
FILES = st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), max_size=30, unique=True)


@given(FILES, st.data(), st.integers(0, 200))
def test_the_map_never_costs_more_than_it_may_and_shows_what_is_there(files: list[str], data: st.DataObject, tokens: int) -> None:
    known = data.draw(st.lists(st.sampled_from(files), unique=True) if files else st.just([]))
    landmarks = [Landmark(path=path, names=("name",)) for path in known]
    drawn = project_map(files, landmarks, tokens)
    assert len(drawn.encode()) <= tokens * BYTES_PER_TOKEN
    assert drawn == project_map(files, landmarks, tokens)
    larger = project_map(files, landmarks, tokens + 50)
    assert drawn.count(": name") <= larger.count(": name")
