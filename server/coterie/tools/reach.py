"""What a rule would speak of beyond the one effect that it is made of, in words: a person reads it before they keep the rule.

``agents.lasting`` asks for every rule that an answer would write into the user's settings. How rules match is in ``patterns``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import assert_never

from coterie.domain.permissions import Effect
from coterie.tools.patterns import is_expanded, is_replaced


def reach(effects: Sequence[Effect]) -> str:
    """Return a sentence about the rules of ``effects``, each of which `coterie.tools.rules.rule_for` has one for."""
    also = dict.fromkeys(each for effect in effects for each in _also(effect))
    return f"Holds in every project and for every agent{''.join(f'; {each}' for each in also)}."


def _also(effect: Effect) -> Iterable[str]:
    match effect.kind:
        case "exec":
            yield from _commands(effect.argv or ())
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


def _commands(argv: Sequence[str]) -> Iterable[str]:
    name = argv[0]
    yield "also within a longer command line"
    if "/" not in name:
        yield f"for a {name} from any folder"
    if any(map(is_replaced, argv)):
        yield "whatever its variables and substitutions come to"
    if any(map(is_expanded, argv)):
        yield "whatever its wildcards and ~ come to"
