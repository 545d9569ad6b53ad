"""Which command lines change no file, going by the names of what they run: around those nobody looks what became of the workspace.

``execute_command`` asks. Only what is certain counts: well-known programs that have no option to write a file or to start another program,
and git where it only looks. It allows nothing; what may run is for ``rules`` to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from coterie.tools.git_operation import only_looks
from coterie.tools.shell import read_line
from coterie.tools.words import Word

_READERS = frozenset(
    {"[", "basename", "cat", "cd", "cmp", "cut", "date", "df", "diff", "dirname", "du", "echo", "egrep", "false", "fgrep", "grep", "head"}
    | {"id", "ls", "md5sum", "nl", "nproc", "od", "printf", "pwd", "readlink", "realpath", "sha1sum", "sha256sum", "stat", "tail", "test"}
    | {"tr", "true", "type", "uname", "wc", "which", "whoami"}
)
_ACTING = {
    "find": ("-delete", "-exec", "-ok", "-fprint", "-fls"),
    "rg": ("--pre", "--hostname-bin", "-z", "--search-zip"),
}
"""Programs that only read unless one of their words begins so."""


def only_reads(text: str) -> bool:
    """Say whether a shell line changes no file."""
    line = read_line(text)
    return line.unclear is None and not line.writes and bool(line.commands) and all(map(_reads, line.commands))


def _reads(command: Sequence[Word]) -> bool:
    name, *rest = command
    if name.text in _READERS:
        return True
    if any(word.dynamic or word.glob for word in rest):
        return False
    words = [word.text for word in rest]
    if name.text == "git" and words:
        return only_looks(words[0], tuple(words[1:]))
    return name.text in _ACTING and not any(word.startswith(_ACTING[name.text]) for word in words)
