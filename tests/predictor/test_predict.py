"""What the predictor says in small code bases, and what it keeps to itself."""

from collections.abc import Mapping
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.predictor.corpus import build
from coterie.predictor.gate import Gate
from coterie.predictor.measures import candidates
from coterie.predictor.predictor import predict
from coterie.predictor.surroundings import surroundings

SHOPS = {
    f"shop{number}.py": f"""from __future__ import annotations

import logging

logger = logging.getLogger(__name__)


class Shop{number}:
    def __init__(self, owner: str, city: str) -> None:
        self.owner = owner
        self.city = city

    def close(self) -> None:
        logger.info("closing %s", self.owner)
        if self.city is None:
            raise ValueError("no city")
"""
    for number in range(8)
}


KNOWN = build(tuple(SHOPS.items()))


def check_shown(before: str, expected: str | None, *, behind: str = "\n", path: str = "new.py", files: Mapping[str, str] = SHOPS) -> None:
    """Check what is shown at the end of ``before``."""
    assert predict(build(tuple(files.items())), path, before, behind).text == expected


def offered(before: str, behind: str = "\n", *, path: str = "new.py") -> set[str]:
    """Return every candidate, likely or not."""
    return {candidate.text for candidate in candidates(surroundings(KNOWN, path, before, behind), before, behind)}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("", "from __future__ import annotations"),
        ("from __future__ import annotations\n\nimport logging\n\nlogger = ", "logging.getLogger(__name__)"),
        ("from __future__ import annotations\n\nimport logging\n\nlogger = logging.", "getLogger(__name__)"),
        ("from __future__ import annotations\n\nimport logging\n\nlogger = logging.get", "Logger(__name__)"),
        ("from __future__ import annotations\n\nimport logging\n\n", "logger = logging.getLogger(__name__)"),
        ('class A:\n    def close(self) -> None:\n        logger.info("closing', ' %s", self.owner)'),
    ],
    ids=["empty file", "equals", "dot", "in a word", "new line", "in a string"],
)
def test_the_rest_of_the_line_is_what_the_others_wrote(before: str, expected: str) -> None:
    check_shown(before, expected)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_indentation_and_line_ends_are_those_of_here(line_end: str) -> None:
    deeper = "class A:\n    class B:\n        def close(self) -> None:\n            logger.info(".replace("\n", line_end)
    check_shown(deeper, '"closing %s", self.owner)', behind=line_end)


@pytest.mark.parametrize(
    "line",
    [
        "from __future__ import annotations",
        "from __future__ import annotations\n\nimport logging\n\nlogger = logging.getLogger(__name__)",
        "class Shop9:\n    def __init__(self, owner: str, city: str) -> None:",
    ],
)
def test_nothing_is_shown_at_a_finished_line(line: str) -> None:
    check_shown(line, None)


def judge_alike(likelihood: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gate hold the only candidate of a place for so likely, whatever it is, and show nearly all."""
    no_tree = np.zeros((0, 1), np.int64)
    bias = log(likelihood / (1 - likelihood))
    lenient = Gate(shown_from=0.1, bias=bias, names=("length",), asked=no_tree, thresholds=np.zeros((0, 1)), heights=np.zeros((0, 2)))
    monkeypatch.setattr("coterie.predictor.predictor.learned_gate", lambda: lenient)


@pytest.mark.parametrize(("going_on", "expected"), [(3, None), (9, None), (11, ".second")])
def test_a_line_that_is_finished_as_likely_as_not_or_nearly_is_left_alone(
    going_on: int, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_alike(0.99, monkeypatch)
    ends = [".second" if number < going_on else "" for number in range(12)]
    files = {f"{number}.py": f"only{number} = here{number}\nvalue = first{end}\n" for number, end in enumerate(ends)}
    check_shown("mine = 0\nvalue = first", expected, files=files)


@pytest.mark.parametrize(("rest", "likelihood", "shown"), [(").b", 0.6, True), (")", 0.6, False), (")", 0.8, True)])
def test_one_or_two_characters_have_to_be_surer(rest: str, likelihood: float, monkeypatch: pytest.MonkeyPatch, *, shown: bool) -> None:
    judge_alike(likelihood, monkeypatch)
    files = {f"{number}.py": f"only{number} = here{number}\nvalue = call(first{rest}\n" for number in range(12)}
    check_shown("mine = 0\nvalue = call(first", rest if shown else None, files=files)


@pytest.mark.parametrize("before", ["\n\n", "zzz qqq = ", "x" * 1000, "    "])
def test_nothing_is_shown_where_nothing_is_known(before: str) -> None:
    check_shown(before, None)


def test_a_name_is_exchanged_as_in_lines_of_the_same_shape() -> None:
    before = "class Van:\n    def __init__(self, wheels: int, colour: str) -> None:\n        self.wheels = wheels\n        self.colour = "
    assert "colour" in offered(before)


def test_a_bracket_that_is_missing_is_shown() -> None:
    check_shown("from __future__ import annotations\n\nimport logging\n\nlogger = logging.getLogger(__name__", ")")


def test_what_is_behind_the_cursor_stays_there() -> None:
    before = "from __future__ import annotations\n\nimport logging\n\nlogger = logging.getLogger("
    check_shown(before, "__name__", behind=")\n")
    check_shown(before, None, behind="other)\n")


def test_the_file_itself_is_known_by_what_the_editor_has_alone() -> None:
    only_here = "def unheard_of(argument):\n    return argument.special_attribute_of_this_file()\n"
    files = {**SHOPS, "mine.py": only_here, "copy.py": "x = 1\n"}
    corpus = build(tuple(files.items()))
    before = "def unheard_of(argument):\n    return argument."

    def texts(path: str) -> set[str]:
        return {candidate.text for candidate in candidates(surroundings(corpus, path, before, "\n"), before, "\n")}

    assert "special_attribute_of_this_file()" in texts("other.py")
    assert "special_attribute_of_this_file()" not in texts("mine.py")


def test_the_text_below_the_cursor_counts() -> None:
    behind = "\n\ndef second():\n    return fetch_everything_slowly(retries=3)\n"
    assert "(retries=3)" in offered("def first():\n    return fetch_everything_slowly", behind)


def test_the_same_question_has_the_same_answer() -> None:
    before = "class Shop9:\n    def close(self) -> None:\n        "
    first, second = (build(tuple(SHOPS.items())) for _ in range(2))
    assert predict(first, "new.py", before, "\n") == predict(second, "new.py", before, "\n")


@pytest.mark.parametrize("files", [(), (("empty.py", ""),), (("one.py", "x"),)])
def test_a_folder_with_next_to_nothing_is_no_trouble(files: tuple[tuple[str, str], ...]) -> None:
    for before in ("", "x", "x = ", "a.b(c"):
        assert predict(build(files), "new.py", before, "\n").text is None


@given(
    text=st.one_of(st.sampled_from(sorted(SHOPS.values())), st.text(alphabet='ab =.("\t\r\n#é\x00\u2028', max_size=60)),
    cut=st.floats(0, 1),
    skipped=st.integers(0, 30),
)
def test_whatever_the_text_one_line_is_shown_or_nothing(text: str, cut: float, skipped: int) -> None:
    at = int(cut * len(text))
    found = predict(KNOWN, "new.py", text[:at], text[at + skipped :])
    assert 0 <= found.score <= 1
    assert found.text is None or ("\n" not in found.text and found.text.strip())
