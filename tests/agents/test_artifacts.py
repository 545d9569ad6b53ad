"""Submissions: what is accepted, and what a model is told of one that is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coterie.agents.artifacts import finding_id, schema_of, validated
from coterie.base.errors import ModelMistakeError

PLAN: dict[str, Any] = {
    "goal": "add",
    "criteria": ["add(1, 2) is 3"],
    "files": ["calc.py"],
    "steps": [{"id": "s1", "title": "fix"}, {"id": "s2", "title": "test", "depends_on": ["s1"]}],
}
FINDING: dict[str, Any] = {"severity": "blocking", "confidence": 0.9, "file": "calc.py", "title": "Wrong sign", "evidence": "a - b"}


def test_a_plan_is_kept_as_it_was_said() -> None:
    assert validated("plan", PLAN)["steps"][1]["depends_on"] == ["s1"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"steps": []}, "steps"),
        ({"goal": ""}, "goal"),
        (
            {"steps": [{"id": "a", "title": "x", "depends_on": ["b"]}, {"id": "b", "title": "y", "depends_on": ["a"]}]},
            "depend on each other",
        ),
        ({"steps": [{"id": "a", "title": "x"}, {"id": "a", "title": "y"}]}, "steps: several have the id a"),
        ({"steps": [{"id": "a", "title": "x", "depends_on": ["gone"]}]}, "steps: a depends on gone, and no step is called so"),
        ({"steps": [{"id": "a", "title": "x"}, {"id": "b", "title": ""}]}, r"steps.1.title \(of the step b\): "),
        ({"steps": [{"id": "a", "title": "x"}, {"title": "y"}]}, "steps.1.id: "),
        ({"steps": [{"id": "a", "title": "x"}, "b"]}, "steps.1: "),
    ],
)
def test_a_plan_that_is_none_names_the_field(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ModelMistakeError, match=complaint):
        validated("plan", PLAN | change)


@pytest.mark.parametrize(
    "findings",
    [
        {"verdict": "request_changes", "findings": []},
        {"verdict": "request_changes", "findings": [FINDING | {"severity": "minor"}]},
        {"verdict": "approve", "findings": [FINDING]},
    ],
)
def test_a_verdict_must_agree_with_its_findings(findings: dict[str, Any]) -> None:
    with pytest.raises(ModelMistakeError, match="blocking"):
        validated("findings", findings)


def test_a_finding_keeps_its_id_when_it_comes_back_elsewhere() -> None:
    first = validated("findings", {"verdict": "request_changes", "findings": [FINDING | {"line": 3}]})
    again = validated("findings", {"verdict": "request_changes", "findings": [FINDING | {"line": 9, "title": "wrong  SIGN"}]})
    assert first["findings"][0]["id"] == again["findings"][0]["id"] == finding_id(FINDING)


@pytest.mark.parametrize("kind", ["plan", "patch", "findings", "testrun", "docs"])
def test_a_schema_is_plain_and_small(kind: Any) -> None:
    schema = schema_of(kind)
    assert schema["type"] == "object"
    assert "Return" not in json.dumps(schema)
    assert len(json.dumps(schema)) < 1500


def test_a_step_of_a_plan_keeps_its_title_in_the_schema() -> None:
    """The word is also JSON Schema's own, which is left out of what the model is sent."""
    assert "title" in schema_of("plan")["$defs"]["PlanStep"]["properties"]
