"""What a rule would speak of beyond the one effect that it is made of, in words: a person reads it before they keep the rule.

``agents.lasting`` asks for every rule that an answer would write into the user's settings. Of commands that run whatever they are given to
read, nothing can be said. How rules match is in ``patterns`` and
``command_patterns``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import assert_never

from coterie.domain.permissions import Effect
from coterie.tools.command_patterns import marked
from coterie.tools.words import is_expanded, is_replaced
from coterie.tools.wrappers import SHELLS

_SCRIPTING = r"(?:python|pypy|ipython|node|nodejs|deno|bun|ruby|perl|php|lua|luajit|Rscript|R|julia|tclsh|guile|pwsh|fish|csh|tcsh)[\d.]*"
_INTERPRETER = re.compile("|".join([_SCRIPTING, *sorted(SHELLS)]))
_PROGRAM_FOLLOWS = frozenset({"-c", "-e", "-m", "--eval"})
_ONLY_TELLS = frozenset({"-V", "--version", "--help"})
_FEEDERS = frozenset({"xargs", "parallel"})


def reach(effects: Sequence[Effect]) -> str | None:
    """Return a sentence about the rules of ``effects``, each of which `coterie.tools.rules.rule_for` has one for.

    None where nobody can say what a rule would let through: what runs then is not in its words.
    """
    if any(effect.argv is not None and _runs_its_input(effect.argv) for effect in effects):
        return None
    also = dict.fromkeys(each for effect in effects for each in _also(effect))
    return f"Holds in every project and for every agent{''.join(f'; {each}' for each in also)}."


def _also(effect: Effect) -> Iterable[str]:
    match effect.kind:
        case "exec":
            yield from _commands(effect)
        case "read" | "write":
            if not PurePath(effect.target).is_absolute():
                yield f"there for the file {effect.target} of each"
        case "net":
            yield f"for every request to {effect.target}"
        case "mcp" | "spawn":
            yield f"for {effect.target} whatever is asked of it"
        case "env":
            yield f"for every command that would see {effect.target}"
        case "gate":
            yield f"for every {effect.target}"
        case _:
            assert_never(effect.kind)


def _commands(effect: Effect) -> Iterable[str]:
    words = marked(effect)
    name = words[0][0]
    yield "also within a longer command line, whatever is piped into it"
    yield "on what each project has under the names in it, trusted or not"
    if "/" not in name:
        yield f"for a {name} from any folder, or python -m {name}"
    if any(is_replaced(quoting) for _, quoting in words):
        yield "whatever its variables and substitutions come to"
    if any(is_expanded(*word) for word in words):
        yield "whatever its wildcards and ~ come to"


def _runs_its_input(argv: Sequence[str]) -> bool:
    """Whether a command may do what it reads there. Options of interpreters are not known: only a program that comes first is one."""
    name, *words = [PurePath(argv[0]).name, *argv[1:]]
    if name == "busybox" and words:
        return _runs_its_input(words)
    if _INTERPRETER.fullmatch(name) is None:
        return name in _FEEDERS
    match words:
        case [only] if only in _ONLY_TELLS:
            return False
        case [option, _, *_] if option in _PROGRAM_FOLLOWS:
            return False
        case [program, *_]:
            return program.startswith(("-", "+", "/dev/", "/proc/"))
        case _:
            return True
