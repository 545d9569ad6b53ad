"""What a tool wants to do. A proposal is never an effect: ``agents.effects`` carries it out, after ``agents.approvals`` allowed it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from coterie.domain.edits import FileRef, Rewrite
from coterie.domain.wire import Json


@dataclass(frozen=True, slots=True)
class Reply:
    """The call is answered already; nothing changes in the world."""

    text: str


@dataclass(frozen=True, slots=True)
class EditProposal:
    """Change ``file`` by ``rewrite``; ``summary`` tells the model what it got once that is done."""

    file: FileRef
    rewrite: Rewrite
    summary: str


@dataclass(frozen=True, slots=True)
class NoteProposal:
    """Change ``file``, one of the person's own outside of every workspace, by ``rewrite``, which adds a note unless it is there."""

    file: Path
    rewrite: Callable[[str | None], str]
    summary: str


@dataclass(frozen=True, slots=True)
class MoveProposal:
    """Move ``file``, whose exact text is ``text``, to the place ``to``, where nothing is yet. ``mode`` are its permission bits."""

    file: FileRef
    to: FileRef
    text: str
    mode: int | None
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandProposal:
    """Run ``command``, a shell line, in the folder ``cwd`` (absolute). ``is_tests`` makes its result a test result.

    ``repository`` lets it write the version control's own files, ``network`` reach the network. One that ``only_reads`` changes no file.
    """

    command: str
    cwd: str
    timeout_s: float
    is_tests: bool = False
    repository: bool = False
    network: bool = False
    only_reads: bool = False


@dataclass(frozen=True, slots=True)
class QuestionProposal:
    """Ask the person; the chosen option (or their next words) is the result."""

    question: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """End the step with this artifact, once it is valid."""

    value: Mapping[str, Json]


Proposal: TypeAlias = Reply | EditProposal | NoteProposal | MoveProposal | CommandProposal | QuestionProposal | Submission
