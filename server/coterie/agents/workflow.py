"""Workflows as data: which agent does what, what it hands on, where a person decides, and when it goes back.

The built-in ``team`` stands in ``workflows/team.toml``. A run of one agent is a workflow of one step. ``agents.team`` walks them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, cast

from coterie.agents.artifacts import ArtifactType
from coterie.agents.templates import TEMPLATES
from coterie.base.errors import RequestError

Condition = Literal["findings.blocking", "testrun.failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec:
    """One step. ``needs`` are the artifacts that it is given; ``writes`` limits its edits to paths like these (gitignore patterns)."""

    step_id: str
    agent: str
    needs: tuple[ArtifactType, ...] = ()
    makes: ArtifactType | None = None
    gate: bool = False
    writes: tuple[str, ...] = ()
    baseline: bool = False


@dataclass(frozen=True, slots=True)
class LoopSpec:
    """Go back to the step ``to`` when one of the conditions holds, at most ``limit`` times."""

    when: tuple[Condition, ...]
    to: str
    limit: int


@dataclass(frozen=True, slots=True)
class Workflow:
    """Steps in the order of their declaration, and the ways back; ``doc`` says in a sentence what it does."""

    name: str
    steps: tuple[StepSpec, ...]
    loops: tuple[LoopSpec, ...] = ()
    doc: str = ""

    def stages(self) -> Iterator[tuple[StepSpec, ...]]:
        """Yield groups of steps that can run side by side: each needs only what earlier groups made."""
        made: set[str] = set()
        waiting = list(self.steps)
        while waiting:
            stage = tuple(step for step in waiting if made.issuperset(step.needs))
            yield stage
            made.update(step.makes for step in stage if step.makes)
            waiting = [step for step in waiting if step not in stage]

    def after(self, step_id: str) -> frozenset[str]:
        """Return the step and all that build on what it makes, directly or not: what a way back does anew."""
        affected = {step_id}
        while True:
            stale = {step.makes for step in self.steps if step.step_id in affected}
            more = affected | {step.step_id for step in self.steps if stale.intersection(step.needs)}
            if more == affected:
                return frozenset(affected)
            affected = more


@cache
def _built_in(name: str) -> Workflow:
    text = resources.files("coterie.agents").joinpath("workflows", f"{name}.toml").read_text(encoding="utf-8")
    return _parse(name, tomllib.loads(text))


def _parse(name: str, data: Mapping[str, Any]) -> Workflow:
    steps = tuple(
        StepSpec(
            step_id=step_id,
            agent=fields["agent"],
            needs=tuple(fields.get("in", ())),
            makes=fields.get("out"),
            gate=fields.get("gate") == "human",
            writes=tuple(fields.get("writes", ())),
            baseline=bool(fields.get("baseline", False)),
        )
        for step_id, fields in data["steps"].items()
    )
    loops = tuple(
        LoopSpec(when=cast("tuple[Condition, ...]", tuple(loop["when"])), to=loop["to"], limit=loop["max"])
        for loop in data.get("loops", ())
    )
    return Workflow(name, steps, loops, doc=data["doc"])


WORKFLOWS = ("team",)
"""The names that ``agent/run/start`` accepts."""


def find(workflow: str | None, agent: str | None) -> Workflow:
    """Return the workflow of a request; neither name means the chat agent. Raises `RequestError` for unknown names."""
    if workflow is not None:
        if workflow not in WORKFLOWS:
            raise RequestError(f"There is no workflow '{workflow}'. Known: {', '.join(WORKFLOWS)}.", code="unknown_workflow")
        return _built_in(workflow)
    name = agent or "chat"
    if name not in TEMPLATES:
        raise RequestError(f"There is no agent '{name}'. Known: {', '.join(sorted(TEMPLATES))}.", code="unknown_agent")
    return Workflow(name, (StepSpec(step_id=name, agent=name, makes=TEMPLATES[name].artifact),))
