"""What of a folder is nobody's business: ignored files, secrets by their names, binaries by their endings or first bytes.

``walk`` asks for each entry; ``tools.rules`` asks whether a path that an agent wants has the name of a secret in it. Ignore files nest as
git's do, a deeper one decides over a shallower one; a checkout has its own exclusions, which are nobody else's (``checkouts``), and a
person has some for all checkouts (``personal_excludes``). What git tracks its patterns do not hide, as they do not from git. ``.ignore``
and ``.coterieignore`` outweigh all that git says. Files above the workspace folder do not count: a person may work in a folder that its
surroundings ignore. Everything here blocks but `is_secret`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from fnmatch import translate
from pathlib import Path
from typing import Literal, TypeAlias

from coterie.base.small_file import read_small
from coterie.base.text import bare_lines
from coterie.workspace.checkouts import Checkout, checkout_around, checkout_at
from coterie.workspace.patterns import Pattern, compiled
from coterie.workspace.personal_excludes import personal_excludes

_GITS = ".gitignore"
_OURS = (".ignore", ".coterieignore")
IGNORE_FILES = (_GITS, *_OURS)
"""A folder's rules, besides those that a checkout has for itself; what a later one says outweighs the earlier ones."""
MOST_RULES = 1024 * 1024
"""Bytes of an ignore file; a larger one says nothing."""
NEVER_LISTED = frozenset({".git", ".hg", ".svn", ".jj", "node_modules", "__pycache__"})
SECRET_NAMES = (
    ".env",
    ".env.*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.kdbx",
    "*.keystore",
    "*.jks",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "credentials",
    "credentials.*",
    "secrets.*",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".git-credentials",
    ".htpasswd",
    ".ssh",
    ".aws",
    ".gnupg",
)
"""Names, in lower case, of files and folders that look like secrets."""

BINARY_ENDINGS = (
    ".7z",
    ".a",
    ".avi",
    ".bin",
    ".bmp",
    ".bz2",
    ".class",
    ".db",
    ".dll",
    ".dylib",
    ".eot",
    ".exe",
    ".gif",
    ".gz",
    ".ico",
    ".jar",
    ".jpeg",
    ".jpg",
    ".lib",
    ".mov",
    ".mp3",
    ".mp4",
    ".o",
    ".obj",
    ".ogg",
    ".otf",
    ".pdf",
    ".png",
    ".pyc",
    ".pyd",
    ".so",
    ".sqlite",
    ".sqlite3",
    ".tar",
    ".tgz",
    ".tif",
    ".tiff",
    ".ttf",
    ".wasm",
    ".wav",
    ".webm",
    ".webp",
    ".whl",
    ".woff",
    ".woff2",
    ".xz",
    ".zip",
    ".zst",
)
_SNIFFED_BYTES = 1024
_SECRET = re.compile("|".join(map(translate, SECRET_NAMES)))


def is_secret(name: str) -> bool:
    """Say whether a file or folder of this name looks like a secret."""
    return _SECRET.fullmatch(name.lower()) is not None


def is_binary(path: Path) -> bool:
    """Say whether a file is no text; also of one that cannot be read."""
    if path.name.lower().endswith(BINARY_ENDINGS):
        return True
    try:
        with path.open("rb") as file:
            return b"\0" in file.read(_SNIFFED_BYTES)
    except OSError:
        return True


Verdict: TypeAlias = Literal["seen", "tracked", "ignored"]
"""What is ``tracked`` is seen although git's patterns name it; of a folder, this holds for what is tracked in it alone."""
_Layer: TypeAlias = "tuple[str, tuple[Pattern, ...]]"
"""A folder, and what its ignore files say, the last first."""


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The ignore files that hold in one folder, git's and ours, the deepest last.

    ``checkout`` is the innermost one that the folder lies in, ``only_tracked`` whether git ignores everything else that is in it.
    """

    gits: tuple[_Layer, ...] = ()
    ours: tuple[_Layer, ...] = ()
    checkout: Checkout | None = None
    only_tracked: bool = False

    def ignores(self, path: Path | str, *, is_folder: bool) -> bool:
        """Say whether an entry of the folder is ignored."""
        return self._verdict(str(path), is_folder=is_folder) == "ignored"

    def inside(self, folder: Path | str) -> IgnoreRules | None:
        """Return the rules that hold in a folder of the folder, its own ignore files added; None where it is ignored."""
        verdict = self._verdict(str(folder), is_folder=True)
        return None if verdict == "ignored" else replace(_added(self, str(folder)), only_tracked=verdict == "tracked")

    def _verdict(self, place: str, *, is_folder: bool) -> Verdict:
        decided = _decided(self.ours, place, is_folder=is_folder)
        if decided is not None:
            return "ignored" if decided else "seen"
        if not self.only_tracked and not _decided(self.gits, place, is_folder=is_folder):
            return "seen"
        if self.checkout is not None and self.checkout.tracked.holds(_from(self.checkout.folder, place), is_folder=is_folder):
            return "tracked"
        return "ignored"


def rules_of(root: Path | str) -> IgnoreRules:
    """Return the rules that hold in a workspace folder itself."""
    checkout = checkout_around(root)
    if checkout is None or not str(root).startswith(f"{checkout.top}{os.sep}"):
        return _added(IgnoreRules(checkout=checkout), str(root))
    # The root lies below the top, from where the person's patterns are meant.
    return _added(IgnoreRules(_layered((), checkout.top, _of_person(checkout)), checkout=checkout), str(root))


def _added(rules: IgnoreRules, folder: str) -> IgnoreRules:
    checkout = checkout_at(folder)
    gits = [] if checkout is None else [*_of_person(checkout), *_patterns(checkout.excludes)]
    gits += _patterns(f"{folder}{os.sep}{_GITS}")
    ours = [pattern for name in _OURS for pattern in _patterns(f"{folder}{os.sep}{name}")]
    return IgnoreRules(_layered(rules.gits, folder, gits), _layered(rules.ours, folder, ours), checkout or rules.checkout)


def _of_person(checkout: Checkout) -> list[str]:
    file = personal_excludes(checkout.top)
    return [] if file is None else _patterns(file)


def _layered(layers: tuple[_Layer, ...], folder: str, patterns: list[str]) -> tuple[_Layer, ...]:
    return (*layers, (folder, tuple(compiled(reversed(patterns))))) if patterns else layers


def _patterns(file: Path | str) -> list[str]:
    try:
        return list(bare_lines(read_small(file, MOST_RULES).decode("utf-8-sig", "replace")))
    except OSError:
        return []


def _decided(layers: tuple[_Layer, ...], place: str, *, is_folder: bool) -> bool | None:
    """Say whether the last pattern of the deepest layer that names an entry ignores it; None where none does."""
    for folder, patterns in reversed(layers):
        path = _from(folder, place)
        shown = f"{path}/" if is_folder else path
        for pattern in patterns:
            if pattern.names(path, shown):
                return pattern.ignores
    return None


def _from(folder: str, place: str) -> str:
    # By the letters: a walk asks for every file, and a Path for each takes longer than the answer.
    return place[len(folder) :].replace(os.sep, "/").lstrip("/")
