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
