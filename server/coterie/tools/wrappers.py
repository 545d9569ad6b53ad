"""Look inside commands that run other commands: ``sudo``, ``env``, ``xargs``, ``timeout``, ``find -exec``, ``sh -c``.

`unwrapped` gives every argument vector that really runs, so that ``exec(pytest *)`` does not admit ``sudo rm``, and a deny rule for
``rm`` holds for ``timeout 5 rm``. An option that is not known here makes the line unclear.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from coterie.tools.words import UnclearError, Word

_SYSTEM_FOLDERS = frozenset({".", "/bin", "/usr/bin", "/usr/local/bin"})
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
_FIND_ACTIONS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """How to skip to the inner command: ``flags`` stand alone, ``valued`` take the next word, then ``positionals`` words.

    ``visible`` wrappers change what the inner command may do or gets, so they are an effect of their own.
    """

    flags: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    positionals: int = 0
    visible: bool = False


_WRAPPERS = {
    "env": _Wrapper(frozenset({"-i", "--ignore-environment"}), frozenset({"-u", "--unset"})),
    "timeout": _Wrapper(frozenset({"--foreground", "--preserve-status", "-v", "--verbose"}), frozenset({"-k", "-s"}), positionals=1),
    "nice": _Wrapper(valued=frozenset({"-n"})),
    "ionice": _Wrapper(frozenset({"-t"}), frozenset({"-c", "-n"})),
    "nohup": _Wrapper(),
    "time": _Wrapper(frozenset({"-p"})),
    "command": _Wrapper(frozenset({"-p"})),
    "exec": _Wrapper(),
    "setsid": _Wrapper(frozenset({"-w", "--wait"})),
    "stdbuf": _Wrapper(valued=frozenset({"-i", "-o", "-e"})),
    "sudo": _Wrapper(frozenset({"-n", "-E", "-H", "-S", "-b", "-k"}), frozenset({"-u", "-g", "-h", "-p"}), visible=True),
    "doas": _Wrapper(frozenset({"-n"}), frozenset({"-u"}), visible=True),
    "xargs": _Wrapper(
        frozenset({"-0", "-r", "-t", "-x", "--null", "--no-run-if-empty"}),
        frozenset({"-n", "-P", "-I", "-L", "-d", "-s", "-a"}),
        visible=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Inner:
    """What a command comes to: an argument vector, or a further shell line."""

    words: tuple[Word, ...]
    line: str | None = None


def unwrapped(words: tuple[Word, ...]) -> Iterator[Inner]:
    """Yield what really runs. Raises `UnclearError` when that cannot be told, after what can be told."""
    path = PurePosixPath(words[0].text)
    name, hidden = path.name, str(path.parent) in _SYSTEM_FOLDERS and not words[0].text.startswith("./")
    if name in SHELLS:
        yield from _shell(words, hidden=hidden)
    elif name == "find":
        yield Inner(words)
        yield from _found(words)
    elif (wrapper := _WRAPPERS.get(name)) is not None:
        inner = _skip(words, wrapper)
        if not inner or wrapper.visible or not hidden:
            yield Inner(words)
        if inner:
            _require_plain(words[: len(words) - len(inner) + 1])
            yield from unwrapped(inner)
    else:
        yield Inner(words)


def _skip(words: tuple[Word, ...], wrapper: _Wrapper) -> tuple[Word, ...]:
    """Return the words of the inner command; none when there is no inner command."""
    at, positionals = 1, wrapper.positionals
    while at < len(words):
        text = words[at].text
        if text == "--":
            at += 1
            break
        if text in wrapper.flags or any(text.startswith(f"{long}=") for long in ("--kill-after", "--signal", "--max-args")):
            at += 1
        elif text in wrapper.valued:
            at += 2
        elif text.startswith("-") and any(text.startswith(short) for short in wrapper.valued if len(short) == 2):  # noqa: PLR2004
            at += 1
        elif text.startswith("-"):
            raise UnclearError(f"the option {text} of {words[0].text}")
        else:
            break
    at += positionals
    if at < len(words) and "=" in words[at].text.partition("/")[0]:
        raise UnclearError("a variable is set")
    return words[at:]


def _shell(words: tuple[Word, ...], *, hidden: bool) -> Iterator[Inner]:
    """Read ``sh -c line``; any other use of a shell is a command like others."""
    if not hidden or len(words) < 2 or words[1].text != "-c":  # noqa: PLR2004 - a shell and its first argument
        yield Inner(words)
    for option, line in pairwise(words[1:]):
        if not option.text.startswith("-"):
            return
        if "c" in option.text and not option.text.startswith("--"):
            _require_plain((option, line))
            yield Inner((), line.text)
            return


def _found(words: tuple[Word, ...]) -> Iterator[Inner]:
    """Yield the commands of ``find``'s actions."""
    for at, word in enumerate(words):
        if word.text not in _FIND_ACTIONS:
            continue
        ends = (end for end in range(at + 1, len(words)) if words[end].text in {";", "+"})
        if command := words[at + 1 : next(ends, len(words))]:
            _require_plain(command[:1])
            yield from unwrapped(command)


def _require_plain(words: tuple[Word, ...]) -> None:
    if any(word.dynamic or word.glob for word in words):
        raise UnclearError("the command's name is made by the shell")
