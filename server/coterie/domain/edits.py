"""Edits of files: what is wanted, what happened, and how a person reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from coterie.domain.wire import wire

ChangeState = Literal["proposed", "applied", "rejected", "undone"]
ChangeKind = Literal["made", "changed", "deleted"]
"""What a change does to its file: ``made`` where there was none, ``deleted`` where none is left."""
HunkReview = Literal["open", "accepted", "rejected"]
HunkVerdict = Literal["accepted", "rejected", "undone"]
"""What a person decides about hunks: ``undone`` takes back without a word about whether they were any good."""


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text as hexadecimal digits: its name among the kept texts, and the proof of an undo."""
    from hashlib import sha256  # noqa: PLC0415 - brings OpenSSL's, and the start needs none

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def kind_of(before: object | None, after: object | None) -> ChangeKind:
    """Return what is done to a file that becomes ``after``, from ``before``; None stands for a file that does not exist."""
    return "made" if before is None else "deleted" if after is None else "changed"


@wire
class Hunk:
    """One contiguous difference. Lines count from 1; ``old_text`` and ``new_text`` are whole lines with their terminators.

    ``review`` is what a person has said of it; ``open`` while it is to be looked at, as far as it is ``applied`` or ``proposed``.
    """

    hunk_id: str
    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    old_text: str
    new_text: str
    state: ChangeState = "applied"
    step_id: str | None = None
    review: HunkReview = "open"

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person's word."""
        return self.review == "open" and self.state in {"proposed", "applied"}


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file of the workspace.

    ``path`` is POSIX and relative to its ``folder`` (a URI); ``absolute`` is the place on disk, symbolic links resolved.
    """

    folder: str
    path: str
    uri: str
    absolute: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One attempt to change a file from ``before`` to ``after``; None stands for a file that does not exist.

    ``mode`` are the permission bits of a file that goes, for whoever brings it back.
    """

    file: FileRef
    before: str | None
    after: str | None
    mode: int | None = None

    @property
    def what(self) -> ChangeKind:
        """What it does to the file."""
        return kind_of(self.before, self.after)


@wire
class LeftOut:
    """A file that a command changed and that cannot be given back, and why: only texts of no more than a few megabytes are kept.

    ``mode`` says that its permissions are others; of a ``secret`` nothing is read, and a symbolic ``link`` is not followed.
    """

    folder: str
    path: str
    uri: str
    what: ChangeKind
    why: Literal["binary", "large", "secret", "link", "mode"]


@dataclass(frozen=True, slots=True)
class FoundChange:
    """A file that is not as it was; ``moved_from`` is the URI of the one whose text it has.

    ``unsure`` says why it may have been somebody else who changed it, None where nobody else is known of.
    """

    draft: Draft
    moved_from: str | None = None
    unsure: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a command did to the files of the workspace. ``unknown`` is why nobody knows; the other two are empty then."""

    changes: tuple[FoundChange, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """The draft is in the file (or its open buffer)."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class Refused:
    """The change is not in the file, and why. ``unsure`` when a part of it may be there because the editor never confirmed."""

    reason: str
    unsure: bool = False


Outcome: TypeAlias = Applied | Refused

Rewrite: TypeAlias = Callable[[str | None], str | None]
"""From a file's current text to its wanted text (None: no such file). Called anew when the person typed meanwhile; raises
`coterie.base.errors.EditMismatchError` when the edit no longer fits."""

OnIntent: TypeAlias = Callable[[Draft], Awaitable[None]]
"""Awaited before each attempt, so that the intent is in the journal before the effect."""


@dataclass(frozen=True, slots=True)
class TextChange:
    """Replace the code points ``start`` to ``end`` (of the text before all changes) by ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class BufferEdit:
    """An edit of one open buffer, for the editor to apply.

    ``text`` is the buffer's content at ``version``; changes do not overlap and ascend.
    """

    uri: str
    version: int
    text: str
    changes: tuple[TextChange, ...]
    label: str


@wire
class FileChange:
    """One change of a run, as ``agent/run/get`` and ``change`` events tell it. ``unsure`` and ``what`` as in the event."""

    change_id: str
    path: str
    uri: str
    state: ChangeState
    hunks: tuple[Hunk, ...]
    unsure: str | None = None
    what: ChangeKind = "changed"


@wire
class FileDiff:
    """What a run did to one file in all, as ``agent/run/diff`` tells it; ``diff`` is a unified diff.

    A file that was moved has its old path in ``from``. ``before`` and ``after`` are the file's texts where they were asked for, None where
    there was no such file.
    """

    path: str
    uri: str
    status: Literal["added", "modified", "moved", "deleted"]
    from_: str | None = None
    diff: str
    before: str | None = None
    after: str | None = None


@wire
class UndoConflict:
    """A file whose text could not be taken back without touching what the person wrote; it was left alone."""

    path: str
    reason: str
    uri: str


@wire
class UndoResult:
    """What an undo did."""

    restored: tuple[str, ...]
    conflicts: tuple[UndoConflict, ...]
