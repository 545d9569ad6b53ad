"""What a person asks about a model's window, and what they decide about it: pieces that stay, and pieces that go.

``agents.inspection`` answers, ``storage.marks`` keeps the decisions, ``context.marking`` carries them out. Pieces are those of `Window`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from coterie.domain.window import Segment
from coterie.domain.wire import wire

MarkKind: TypeAlias = Literal["pinned", "dropped", "plain"]


@wire
class Mark:
    """A decision about a piece, or about the file at a URI: ``target``. A later one replaces an earlier one; ``plain`` takes it back."""

    target: str
    kind: MarkKind


@dataclass(frozen=True, slots=True)
class Marks:
    """The decisions of one channel that hold now. ``files`` are URIs, in the order in which they were pinned."""

    pinned: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()


NO_MARKS = Marks()


def marks_of(decided: Iterable[Mark]) -> Marks:
    """Return what holds after all decisions, the latest last."""
    latest: dict[str, MarkKind] = {}
    for mark in decided:
        latest.pop(mark.target, None)
        latest[mark.target] = mark.kind
    pinned = [target for target, kind in latest.items() if kind == "pinned"]
    return Marks(
        pinned=frozenset(target for target in pinned if not is_uri(target)),
        dropped=frozenset(target for target, kind in latest.items() if kind == "dropped"),
        files=tuple(target for target in pinned if is_uri(target)),
    )


def is_uri(target: str) -> bool:
    """Say whether a decision is about a file; ids of pieces may hold paths."""
    return target.startswith("file:")


@wire
class SegmentView:
    """A segment of the window: what it may have before it borrows, None where the model's window is not known, and what it has."""

    segment: Segment
    limit: int | None
    tokens: int


@wire
class PieceView:
    """A piece that the model reads. ``preview`` is how it begins."""

    piece_id: str
    segment: Segment
    source: str
    reason: str
    tokens: int
    pinned: bool
    path: str | None = None
    preview: str | None = None


@wire
class LeftOutView:
    """A piece that the model does not read, and why not."""

    piece_id: str
    segment: Segment
    source: str
    tokens: int
    reason: str


@wire
class CompactionView:
    """A time at which the conversation became shorter: how many messages a summary replaced, and how much was left out.

    ``outputs`` of tools, or texts of files that were attached.
    """

    compaction_id: str
    messages: int
    outputs: int


@wire
class ContextView:
    """The answer of ``agent/context/inspect``: what the model is sent, or would be sent next.

    ``model`` is None where none can be chosen; ``pinned_files`` are the URIs of files that the next turn brings if the conversation does
    not hold them.
    """

    channel_id: str
    run_id: str | None
    model: str | None
    limit: int | None
    used: int
    segments: tuple[SegmentView, ...]
    pieces: tuple[PieceView, ...]
    left_out: tuple[LeftOutView, ...]
    compactions: tuple[CompactionView, ...]
    pinned_files: tuple[str, ...] = ()
