"""What of a folder is nobody's business: ignored files, secrets by their names, binaries by their endings or first bytes.

``walk`` asks for each entry; ``tools.rules`` asks whether a path that an agent wants has the name of a secret in it. Ignore files nest as
git's do, a deeper one decides over a shallower one; ``.ignore`` and ``.coterieignore`` stand beside ``.gitignore``, and a checkout has its
own exclusions, which are nobody else's, within ``.git``. Files above the workspace folder do not count: a person may work in a folder that
its surroundings ignore. Everything here blocks but `is_secret`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import TYPE_CHECKING

from coterie.base.text import bare_lines

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILES = (".gitignore", ".ignore", ".coterieignore")
RULE_FILES = (".git/info/exclude", *IGNORE_FILES)
"""Where a folder's rules are, from it; what a later one says outweighs the earlier ones."""
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


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The ignore files that hold in one folder, the deepest last."""

    layers: tuple[tuple[Path, GitIgnoreSpec], ...] = ()

    def inside(self, folder: Path) -> IgnoreRules:
        """Return the rules that hold in a folder below (or in the workspace folder itself), its own ignore files added."""
        lines: list[str] = []
        for name in RULE_FILES:
            with suppress(OSError):
                lines += bare_lines((folder / name).read_bytes().decode("utf-8", "replace"))
        if not lines:
            return self
        return IgnoreRules((*self.layers, (folder, _spec(lines))))

    def ignores(self, path: Path | str, *, is_folder: bool) -> bool:
        """Say whether an entry of the folder is ignored."""
        for folder, spec in reversed(self.layers):
            # By the letters: a walk asks for every file, and a Path for each takes longer than the answer.
            relative = str(path)[len(str(folder)) :].replace(os.sep, "/").lstrip("/") + ("/" if is_folder else "")
            verdict = spec.check_file(relative).include
            if verdict is not None:
                return verdict
        return False


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - keeps the start light
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415 - as above

    patterns: list[GitIgnoreSpecPattern] = []
    for line in lines:
        # A line that is no pattern, as ``!`` alone, hides nothing, and must not hide the folder; git passes over it, too.
        with suppress(ValueError, re.error):
            patterns.append(GitIgnoreSpecPattern(line))
    return GitIgnoreSpec(patterns)
