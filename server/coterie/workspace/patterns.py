"""Lines of ignore files: which entry each names, as git reads it. Pure; ``ignore`` asks, folder by folder.

pathspec knows the syntax. It also takes what lies in a named folder for named, which makes ``!src`` let in what another line ignores in
``src``, and ``src/**`` ignore ``src`` itself: here an entry is named by its own path alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

_FOLDER = "ps_d"
"""The group of the slash behind a folder in the expressions that pathspec makes."""
_ANY_FOLDER = f"(?P<{_FOLDER}>/)"
_ALL_FOLDERS = re.compile(r"(?<=.)/\*\*/\s*$")
"""What ends a line that names all folders in one; pathspec takes it for that one."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A line of an ignore file; what is not ``by_name`` names anything, or all that is in a folder, which is not the folder itself."""

    expression: re.Pattern[str]
    ignores: bool
    by_name: bool

    def names(self, path: str, shown: str) -> bool:
        """Say whether an entry is named itself; ``shown`` is its path, that of a folder with a slash behind it.

        What lies in a folder that is named is not: whoever asks has asked of the folder before.
        """
        found = self.expression.search(shown if self.by_name else path)
        if found is None or not self.by_name:
            return found is not None
        return found.end(_FOLDER) in {-1, len(shown)} or (self.expression.pattern == _ANY_FOLDER and shown != path)


def compiled(lines: Iterable[str]) -> Iterator[Pattern]:
    """Yield the patterns of lines, in their order; a comment is none."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415 - keeps the start light

    for line in lines:
        # A line that is no pattern, as ``!`` alone, hides nothing, and must not hide the folder; git passes over it, too.
        with suppress(ValueError, re.error):
            pattern = GitIgnoreSpecPattern(_ALL_FOLDERS.sub("/**/*/", line))
            if pattern.regex is not None and pattern.include is not None:
                yield Pattern(pattern.regex, pattern.include, _FOLDER in pattern.regex.groupindex)
