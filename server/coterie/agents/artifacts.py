"""What a step hands to the next: typed artifacts, validated when an agent submits them.

``submit``'s JSON Schema for each type comes from here, and so does what is wrong with a submission, in words for the model. What an agent
*claims* never enters an artifact when the server knows better: hunks come from the edits that happened, test results from the tests that
ran (see ``agents.handover``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from coterie.base.errors import ModelMistakeError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from coterie.domain.wire import Json

ArtifactType = Literal["plan", "patch", "findings", "testrun", "docs"]


class _Submitted(BaseModel):
    """Unknown keys are dropped: a talkative model is no reason to fail."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True)


class PlanStep(_Submitted):
    """One step of a plan."""

    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    detail: str | None = None
    files: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    estimate_minutes: float | None = Field(default=None, ge=0)


class Plan(_Submitted):
    """What will be done, and how anyone can tell that it is done."""

    goal: str = Field(min_length=1)
    criteria: tuple[str, ...] = Field(min_length=1)
    files: tuple[str, ...]
    steps: tuple[PlanStep, ...] = Field(min_length=1)
    risks: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _steps_form_an_order(self) -> Plan:
        ids = [step.id for step in self.steps]
        if twice := [step_id for step_id in dict.fromkeys(ids) if ids.count(step_id) > 1]:
            raise ValueError(f"steps: several have the id {', '.join(twice)}")
        for step in self.steps:
            if unknown := [step_id for step_id in step.depends_on if step_id not in ids]:
                raise ValueError(f"steps: {step.id} depends on {', '.join(unknown)}, and no step is called so")
        done: set[str] = set()
        waiting = list(self.steps)
        while waiting:
            ready = [step for step in waiting if done.issuperset(step.depends_on)]
            if not ready:
                raise ValueError(f"steps: these depend on each other: {', '.join(step.id for step in waiting)}")
            done.update(step.id for step in ready)
            waiting = [step for step in waiting if step.id not in done]
        return self


class Patch(_Submitted):
    """What the coder says of its work; the hunks are taken from what was really edited."""

    summary: str = Field(min_length=1)
    steps_done: tuple[str, ...] = ()


class Finding(_Submitted):
    """One thing that a review found."""

    severity: Literal["blocking", "major", "minor", "note"]
    confidence: float = Field(ge=0, le=1)
    file: str
    line: int | None = Field(default=None, ge=1)
    end_line: int | None = Field(default=None, ge=1)
    title: str = Field(min_length=1)
    evidence: str
    criterion: str | None = None


class Findings(_Submitted):
    """A review's verdict."""

    verdict: Literal["approve", "request_changes"]
    findings: tuple[Finding, ...] = ()

    @model_validator(mode="after")
    def _a_veto_has_a_reason(self) -> Findings:
        blocking = any(finding.severity == "blocking" for finding in self.findings)
        if self.verdict == "request_changes" and not blocking:
            raise ValueError("'request_changes' needs at least one finding with severity 'blocking'; else use 'approve'")
        if self.verdict == "approve" and blocking:
            raise ValueError("a 'blocking' finding needs the verdict 'request_changes'")
        return self


class TestRun(_Submitted):
    """What the tester says; command, exit code and failures are taken from ``run_tests``."""

    __test__ = False  # a model of the domain, not a class of tests

    summary: str = Field(min_length=1)


class Docs(_Submitted):
    """What the documenter says of its work; its patch is taken from what was really edited."""

    summary: str = Field(min_length=1)


_MODELS: dict[ArtifactType, type[_Submitted]] = {
    "plan": Plan,
    "patch": Patch,
    "findings": Findings,
    "testrun": TestRun,
    "docs": Docs,
}


def schema_of(kind: ArtifactType) -> dict[str, Any]:
    """Return the JSON Schema of the arguments of ``submit`` for an artifact, without the titles that only cost tokens."""
    schema = _MODELS[kind].model_json_schema()
    _strip(schema)
    return schema


def _strip(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _strip(item)
    elif isinstance(node, dict):
        if isinstance(node.get("title"), str) and ("type" in node or "anyOf" in node or "$ref" in node):
            del node["title"]
        node.pop("description", None) if isinstance(node.get("description"), str) else None
        for item in node.values():
            _strip(item)


def validated(kind: ArtifactType, value: Mapping[str, Json]) -> dict[str, Json]:
    """Return the artifact's own fields as plain JSON data; raises `ModelMistakeError` that names each wrong field."""
    try:
        artifact = _MODELS[kind].model_validate(dict(value))
    except ValidationError as wrong:
        lines = "; ".join(_wrong(kind, value, error) for error in wrong.errors(include_url=False))
        raise ModelMistakeError(f"This {kind} is not valid: {lines}.") from wrong
    made: dict[str, Json] = artifact.model_dump(mode="json", exclude_none=True)
    if kind == "findings":
        made["findings"] = [{"id": finding_id(finding), **finding} for finding in made["findings"]]
    return made


def _wrong(kind: ArtifactType, value: Mapping[str, Json], error: ErrorDetails) -> str:
    """Say what is wrong where; a step of a plan by its id too, which is what a person sees of it."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    place = ".".join(map(str, error["loc"]))
    match error["loc"]:
        case ("steps", int(number), *_) if kind == "plan" and isinstance(step := value["steps"][number], dict) and step.get("id"):
            return f"{place} (of the step {step['id']}): {error['msg']}"
        case _:
            return f"{place}: {error['msg']}"


def finding_id(finding: Mapping[str, Json]) -> str:
    """Return a finding's id: the same for the same complaint about the same file, also when its lines have moved."""
    words = " ".join(str(finding["title"]).lower().split())
    return "finding_" + hashlib.sha256(f"{finding['file']}\0{words}".encode()).hexdigest()[:12]


def digest(value: Json) -> str:
    """Return the content hash of an artifact."""
    import json  # noqa: PLC0415 - only here

    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
