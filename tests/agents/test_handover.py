"""Which failures count."""

from __future__ import annotations

import pytest

from coterie.agents.handover import split_failures
from coterie.domain.records import SuiteRecord

OLD = "tests/test_a.py::test_old"


def suite(*failures: str) -> SuiteRecord:
    return SuiteRecord(call_id="c", command="pytest", exit_code=1 if failures else 0, failures=failures)


def test_a_new_failure_counts() -> None:
    assert split_failures(suite("t.py::test_new", OLD), suite(OLD), "") == (["t.py::test_new"], [OLD])


def test_without_a_baseline_every_failure_counts() -> None:
    assert split_failures(suite(OLD), None, "") == ([OLD], [])


@pytest.mark.parametrize("asked", ["make test_old pass", "tests/test_a.py is red", "fix tests/test_a.py::test_old", "see test_a.py"])
def test_a_failure_of_before_counts_when_it_was_asked_for(asked: str) -> None:
    assert split_failures(suite(OLD), suite(OLD), asked) == ([OLD], [])


def test_a_parametrised_test_is_asked_for_by_its_function() -> None:
    assert split_failures(suite("t.py::test_x[1-2]"), suite("t.py::test_x[1-2]"), "fix test_x")[0] == ["t.py::test_x[1-2]"]


@pytest.mark.parametrize("asked", ["make test_add pass", "test_calc.py is red", "fix test_calc.TestAdd.test_add", "see tests/test_calc.py"])
@pytest.mark.parametrize("old", ["test_calc.TestAdd.test_add", "tests.test_calc.TestAdd.test_add"])
def test_a_unittest_is_asked_for_by_its_id_its_function_or_its_file(asked: str, old: str) -> None:
    assert split_failures(suite(old), suite(old), asked)[0] == [old]


@pytest.mark.parametrize(
    ("test", "asked"),
    [("src/sum.test.ts > sum > adds", "sum.test.ts fails"), ("tests::it_adds", "it_adds fails"), ("Sum \u203a adds two", "adds two fails")],
)
def test_tests_of_other_runners_are_asked_for_in_their_spelling(test: str, asked: str) -> None:
    assert split_failures(suite(test), suite(test), asked)[0] == [test]


@pytest.mark.parametrize("asked", ["make test_older pass", "the tests are red", "fix my_test_old"])
def test_a_part_of_another_word_names_no_test(asked: str) -> None:
    assert split_failures(suite(OLD), suite(OLD), asked) == ([], [OLD])
