"""What a person looks at after a run, where it stands in the text: findings, changed places, and the story of a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from coterie.domain.edits import ChangeKind, ChangeState, Hunk, HunkVerdict, UndoConflict
from coterie.domain.wire import wire, without_empty

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

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
    """A hunk of a run that nobody has looked at: where it begins in its file, or would begin if it were applied, from 0."""

    run_id: str
    uri: str
    line: int
    hunk_id: str


@dataclass(frozen=True, slots=True)
class DecidedHunk:
    """A hunk of which a person has said what is to become of it; ``path`` is its file's, ``place`` where that lies, empty: nobody knows."""

    path: str
    hunk: Hunk
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HunkChoice:
    """Which hunks of a run a verdict is about: single ones, all open ones of changes, or all open ones of the run where none is named."""

    hunk_ids: tuple[str, ...] = ()
    change_ids: tuple[str, ...] = ()
    verdict: HunkVerdict


@wire
class ReviewedChange:
    """A change of a run with its hunks as they are now.

    ``folder`` is the URI of the workspace folder that the run works in; ``unsure`` and ``what`` as in the `change` event.
    """

    run_id: str
    folder: str | None = None
    change_id: str
    path: str
    uri: str
    state: ChangeState
    hunks: tuple[Hunk, ...]
    unsure: str | None = None
    what: ChangeKind = "changed"


@wire
class HunkResult:
    """What became of a verdict on hunks: the changes that they belong to, as they are now, and what could not be done, and why.

    ``kept_in``, of a rejection alone, is the folder where lies what was taken away of what commands of the run wrote; it and ``let_go`` are
    as in `UndoResult`, and in JSON only where they say something.
    """

    run_id: str
    changes: tuple[ReviewedChange, ...]
    conflicts: tuple[UndoConflict, ...] = ()
    kept_in: str | None = None
    let_go: int = 0

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Leave what is empty out of JSON."""
        return without_empty(handler(source), "kept_in", "let_go")


@wire
class ReviewFile:
    """A file with hunks that nobody has looked at: how many, and the changes with at least one of them, oldest first."""

    path: str
    uri: str
    open: int
    changes: tuple[ReviewedChange, ...]


@wire
class ReviewList:
    """The answer of ``agent/review/list``, by path."""

    files: tuple[ReviewFile, ...]
