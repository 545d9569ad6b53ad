"""Edits of files: what is wanted, what happened, and how a person reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from coterie.domain.wire import wire, without_empty

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

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

    def seen_from(self, folder: str | None) -> str:
        """Return how who works in a folder (a URI) is told of the file: its path there, and where it lies when it is in another one."""
        return self.path if self.folder == folder else self.absolute


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


LeftOutWhy = Literal["binary", "large", "secret", "link", "mode"]


@wire
class LeftOut:
    """What a command did to a file that no text tells, and why: only texts of no more than a few megabytes are kept.

    ``mode`` says that its permissions are others; of a ``secret`` nothing is read, and a symbolic ``link`` is not followed. ``was`` and
    ``now`` are marks of how it stood before and after (see `coterie.workspace.given_back`), None where it was not there; ``moved_from`` is
    the URI of where the file was that is there now: it was ``made`` there, or ``changed`` where another one went for it. ``unsure`` as in
    `FoundChange`.
    """

    folder: str
    path: str
    uri: str
    what: ChangeKind
    why: LeftOutWhy
    was: str | None = None
    now: str | None = None
    moved_from: str | None = None
    unsure: str | None = None

    @property
    def key(self) -> tuple[str, bool]:
        """What is done to a file, and to its permissions alone, are two things."""
        return self.uri, self.why == "mode"

    @property
    def is_known(self) -> bool:
        """Whether it is known what to make of it: all there was, or that it was not there."""
        if self.why == "secret" and self.moved_from is None:
            return False
        known = self.what == "made" or (self.was or "").startswith(("link ", "mode "))
        return known and (self.now is not None or self.what == "deleted")

    @property
    def is_place_known(self) -> bool:
        """Whether it is known at least from where the file came that is there: another one was there, or it was changed since."""
        return self.moved_from is not None and self.what == "changed" and self.now is not None

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether the file that is there was not there before."""
        return self.what == "made" or self.is_place_known

    @property
    def can_be_given_back(self) -> bool:
        """Whether an undo gives it back as it was without being asked for it by its name."""
        return self.unsure is None and self.is_known

    @property
    def path_of_origin(self) -> str:
        """The path of the file that was moved, as far as it was in the same folder; its own of one that was not."""
        from urllib.parse import unquote  # noqa: PLC0415 - few files are moved and lost

        return self.path if self.moved_from is None else unquote(self.moved_from.removeprefix(f"{self.folder}/"))


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


KEPT_DAYS = 30
"""So long what an undo takes away of what commands wrote is kept."""


def words_of_let_go(runs: int) -> str:
    """Say of how many earlier runs what was kept went to make room for what is kept now."""
    return f"To make room, what was kept of {runs} earlier run{'s'[: runs != 1]} was deleted (undo.keep_mb)."


@wire
class UndoConflict:
    """A file that was left alone, and why: what a person wrote would have been touched, or what was there before was never kept."""

    path: str
    reason: str
    uri: str


@wire
class UndoResult:
    """What an undo did. ``not_undoable`` are files of which a command left nothing to take back: each is told once, or when it is named.

    ``kept_in`` is the folder where lies what undos of this run have taken away of what commands wrote; ``let_go`` says of how many earlier
    runs what was kept went to make room for that (`undo.keep_mb`). Each of the three is in JSON only where it says something.
    """

    restored: tuple[str, ...]
    conflicts: tuple[UndoConflict, ...]
    not_undoable: tuple[UndoConflict, ...] = ()
    kept_in: str | None = None
    let_go: int = 0

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Leave what is empty out of JSON."""
        return without_empty(handler(source), "not_undoable", "kept_in", "let_go")
