"""How the pattern of a rule matches an effect. ``rules`` builds one of these for each rule.

Paths: ``*`` and ``?`` stay within one name, ``**`` crosses folders (also none), ``workspace/`` stands for any workspace root, ``~/`` for
the home folder. Commands: words as a shell reads them; a word may hold ``*``, ``?`` and ``[…]`` unless quoted; a last ``*`` stands for
zero or more arguments.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Protocol

from coterie.domain.permissions import Effect
from coterie.tools.shell import TILDE, WILDCARDS

_WORKSPACE = "workspace/"
_PYTHON = re.compile(r"python[\d.]*")
_REPLACED = re.compile(r"\$[\w({?#@*!$-]|`")
"""What the shell replaces unless it was quoted, which an argument vector does not tell any more."""


class Pattern(Protocol):
    """What stands between the parentheses of a rule."""

    @property
    def matches_all(self) -> bool:
        """Whether nothing of the rule's kind escapes it."""
        ...

    def matches(self, effect: Effect) -> bool:
        """Whether it speaks of ``effect``, which is of the rule's kind."""
        ...


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A pattern of paths."""

    text: str

    @staticmethod
    def literal(path: str) -> str:
        """Return the pattern that matches ``path`` only."""
        return re.sub(r"([*?\[])", r"[\1]", path)

    @property
    def matches_all(self) -> bool:
        """``**``; and the whole workspace, because file tools reach nothing else."""
        return self.text in {"**", "workspace/**"}

    def matches(self, effect: Effect) -> bool:
        """Match the effect's target."""
        return self.matches_path(effect.target)

    def matches_path(self, path: str) -> bool:
        """Match a path that is relative within the workspace, or else absolute."""
        text = self.text
        if text.startswith(_WORKSPACE):
            if path.startswith("/"):
                return False
            text = text.removeprefix(_WORKSPACE)
        elif text.startswith("~/"):
            text = str(Path.home() / text.removeprefix("~/"))
        return _path_expression(text.removeprefix("./")).fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class CommandPattern:
    """A pattern of commands: one expression for each word, and whether more words may follow."""

    words: tuple[re.Pattern[str], ...]
    by_path: bool
    open_end: bool

    @classmethod
    def parse(cls, text: str) -> CommandPattern:
        """Read the words of a pattern. Raises `ValueError` for unbalanced quotes."""
        words = [_escape_quoted(word) for word in _split(text)]
        open_end = words[-1] in {"*", "**"}
        if open_end:
            del words[-1]
        return cls(
            words=tuple(re.compile(translate(word)) for word in words),
            by_path=bool(words) and "/" in words[0],
            open_end=open_end,
        )

    @property
    def matches_all(self) -> bool:
        """``*`` or ``**`` alone."""
        return self.open_end and not self.words

    def matches(self, effect: Effect) -> bool:
        """Match the argument vector; ``python -m pytest`` counts as ``pytest`` too."""
        if effect.argv is None:
            return self.matches_all
        return any(self._fits(argv) for argv in self._readings(effect.argv))

    def may_match(self, argv: tuple[str, ...]) -> bool:
        """Whether it could match once the shell has replaced variables and substitutions in ``argv``."""
        fixed = next((at for at, word in enumerate(argv) if is_replaced(word)), None)
        return fixed is not None and any(self._begins(reading) for reading in self._readings(argv[:fixed]))

    def _readings(self, argv: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield the ways to read ``argv``: with the base name of its first word unless the pattern itself names a path."""
        named = argv if self.by_path else (PurePosixPath(argv[0]).name, *argv[1:])
        yield named
        if len(named) > 2 and named[1] == "-m" and _PYTHON.fullmatch(named[0]):  # noqa: PLR2004 - an interpreter, -m and a module
            yield named[2:]

    def _fits(self, argv: tuple[str, ...]) -> bool:
        long_enough = len(argv) >= len(self.words) if self.open_end else len(argv) == len(self.words)
        return long_enough and self._begins(argv)

    def _begins(self, argv: tuple[str, ...]) -> bool:
        return all(word.fullmatch(argument) for word, argument in zip(self.words, argv, strict=False))


@dataclass(frozen=True, slots=True)
class HostPattern:
    """A pattern of host names; ``*`` crosses dots."""

    text: str

    @property
    def matches_all(self) -> bool:
        """Any number of stars alone."""
        return not self.text.strip("*")

    def matches(self, effect: Effect) -> bool:
        """Match the host without regard to case."""
        return fnmatchcase(effect.target.lower(), self.text.lower())


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A pattern of plain names: gates, MCP tools, variables, agents."""

    text: str

    @property
    def matches_all(self) -> bool:
        """Any number of stars alone."""
        return not self.text.strip("*")

    def matches(self, effect: Effect) -> bool:
        """Match the name with regard to case."""
        return fnmatchcase(effect.target, self.text)


def is_replaced(word: str) -> bool:
    """Whether a shell may put something else into the place of what stands in a word."""
    return _REPLACED.search(word) is not None


def is_expanded(word: str) -> bool:
    """Whether a shell puts names of files, or a home folder, into the place of what stands in a word, unless it is quoted."""
    return not WILDCARDS.isdisjoint(word) or TILDE.search(word) is not None


def command_text(argv: Sequence[str]) -> str:
    """Spell ``argv`` as a shell would read it back; quoted where a pattern would take a character for a wildcard."""
    return shlex.join(argv)


def _split(text: str) -> list[list[tuple[str, bool]]]:
    """Split a pattern at its blanks; each character comes with whether it is quoted. Raises `ValueError` for an open quote."""
    words: list[list[tuple[str, bool]]] = []
    word: list[tuple[str, bool]] | None = None
    quote = ""
    characters = iter(text)
    for character in characters:
        if not quote and character.isspace():
            if word is not None:
                words.append(word)
            word = None
            continue
        word = [] if word is None else word
        if quote == character or (not quote and character in "'\""):
            quote = "" if quote else character
        elif character == "\\" and quote != "'":
            word.append((next(characters, "\\"), True))
        else:
            word.append((character, bool(quote)))
    if quote:
        raise ValueError(f"the quote {quote} is not closed")
    return words if word is None else [*words, word]


def _escape_quoted(word: Iterable[tuple[str, bool]]) -> str:
    """Return the word as a file name pattern in which quoted wildcards stand for themselves."""
    return "".join(f"[{character}]" if quoted and character in "*?[" else character for character, quoted in word)


@cache
def _path_expression(pattern: str) -> re.Pattern[str]:
    """Compile a path pattern; ``**/`` also stands for no folder at all."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", pattern)
    return re.compile("".join(_PIECES.get(piece) or _piece(piece) for piece in pieces), re.DOTALL)


_PIECES = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _piece(piece: str) -> str:
    if len(piece) > 2 and piece.startswith("["):  # noqa: PLR2004 - brackets with something between them
        negated = piece.startswith("[!")
        members = re.escape(piece[2 if negated else 1 : -1]).replace(r"\-", "-")
        with suppress(re.error):  # brackets that hold nothing, or a range that runs backwards, stand for themselves
            return re.compile(f"[{'^' if negated else ''}{members}]").pattern
    return re.escape(piece)
