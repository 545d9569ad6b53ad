"""How the pattern of a rule matches an effect. ``rules`` builds one of these for each rule; ``command_patterns`` has those of commands.

Paths: ``*`` and ``?`` stay within one name, ``**`` crosses folders (also none), ``workspace/`` stands for any workspace root, ``~/`` for
the home folder. In names of hosts and others ``*`` crosses everything.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Protocol

from coterie.domain.permissions import Effect

_WORKSPACE = "workspace/"


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


@cache
def _path_expression(pattern: str) -> re.Pattern[str]:
    """Compile a path pattern; ``**/`` also stands for no folder at all."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", pattern)
    return re.compile("".join(_PIECES.get(piece) or one_of(piece) for piece in pieces), re.DOTALL)


_RANGES = re.compile(r"(.)(?:-(.))?", re.DOTALL)
_PIECES = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def one_of(piece: str) -> str:
    """Return the expression of a class of characters such as ``[a-z]`` or ``[!a]``; of anything else, that of the text as it stands."""
    if len(piece) > 2 and piece.startswith("["):  # noqa: PLR2004 - brackets with something between them
        negated = piece.startswith("[!")
        members = _RANGES.sub(_range, piece[2 if negated else 1 : -1])
        with suppress(re.error):  # brackets that hold nothing, or a range that runs backwards, stand for themselves
            return re.compile(f"[{'^' if negated else ''}{members}]").pattern
    return re.escape(piece)


def _range(found: re.Match[str]) -> str:
    """Return a character, or two and what lies between them, so that nothing of it means anything else within brackets."""
    return "-".join(map(re.escape, filter(None, found.groups())))
