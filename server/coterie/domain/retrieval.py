"""Questions to the index of a project, and what it finds. The `Index` port speaks in these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

SymbolKind: TypeAlias = Literal["class", "function", "constant", "module"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for, in a person's or a model's words, and what the person has before him; paths as in the index.

    ``opened`` are the documents in the editor, ``recent`` those touched lately, ``failing`` those with diagnostics.
    """

    text: str
    limit: int = 20
    opened: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file that a question is likely about; ``path`` is relative to the folder.

    ``lines`` is the definition in it that fits best (the first and the last line, from one), None when none does; ``reasons`` say in words
    what speaks for the file, the strongest first; ``tokens`` is what all of it would take in a model's window, by estimate.
    """

    path: str
    score: float
    reasons: tuple[str, ...]
    tokens: int
    lines: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The answer to a `Question`, the best first. ``complete`` is False while the index still catches up with the folder."""

    found: tuple[Found, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A name that is defined at a place; lines count from one."""

    path: str
    name: str
    kind: SymbolKind
    line: int
    end_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """The definitions that a name fits, the closest first, and the files that use that very name. ``complete`` as in `Ranking`."""

    found: tuple[Definition, ...] = ()
    used_in: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildNews:
    """How the index of a folder stands: ``done`` of ``files`` are read while it is built; when it is ``complete`` both count all of it.

    ``unwatched`` is a sentence about why changes on the disk are not noticed by themselves, None while they are, or nobody wants that;
    ``failed`` is one about why there is no index.
    """

    folder: str
    done: int
    files: int
    complete: bool
    unwatched: str | None = None
    failed: str | None = None
