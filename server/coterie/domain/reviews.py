"""What a person looks at after a run, where it stands in the text: findings, changed places, and the story of a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FindingSeverity = Literal["blocking", "major", "minor", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFinding:
    """One finding in one file. Lines count from 0, both ends inside."""

    finding_id: str
    run_id: str
    uri: str
    path: str
    first: int
    last: int
    severity: FindingSeverity
    title: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Why a line is as it is. ``before`` is what stood there; ``summary`` is the agent's own word of it."""

    run_id: str
    prompt: str
    at: str
    agent: str | None
    summary: str
    before: str


@dataclass(frozen=True, slots=True)
class Reviewable:
    """Something of a run in a file that nobody has looked at: where it begins, from 0."""

    run_id: str
    uri: str
    line: int
