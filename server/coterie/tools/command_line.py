"""The effects of a shell line: one for each command that it runs, and one for each file that it redirects from or to."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import Literal

from coterie.base.errors import ModelMistakeError
from coterie.domain.permissions import Effect
from coterie.tools.rules import path_effect, shell_effect, unclear_effect
from coterie.tools.shell import read_line
from coterie.tools.tool import Place
from coterie.tools.words import UnclearError
from coterie.tools.wrappers import unwrapped

_DEEPEST = 4


def line_effects(line: str, place: Place, folder: Path) -> tuple[Effect, ...]:
    """Return what ``line`` does when ``/bin/sh -c`` runs it in ``folder``, each effect once.

    A line that is not understood adds itself as one.
    """
    effects, unclear = _effects(line, place, folder, _DEEPEST)
    if unclear or not effects:
        effects.append(unclear_effect(line))
    return tuple(dict.fromkeys(effects))


def _effects(text: str, place: Place, folder: Path, depth: int) -> tuple[list[Effect], bool]:
    line = read_line(text)
    effects: list[Effect] = []
    unclear = line.unclear is not None or depth == 0
    for words in line.commands:
        try:
            for inner in unwrapped(words):
                if inner.line is None:
                    effects.append(shell_effect(inner.words))
                elif depth:
                    more, not_read = _effects(inner.line, place, folder, depth - 1)
                    effects += more
                    unclear = unclear or not_read or line.changes_folder
        except UnclearError:
            unclear = True
    effects += [effect for path in line.reads for effect in _path_effects("read", path, place, folder)]
    effects += [effect for path in line.writes for effect in _path_effects("write", path, place, folder)]
    return effects, unclear


def _path_effects(kind: Literal["read", "write"], path: str, place: Place, folder: Path) -> tuple[Effect, ...]:
    absolute = os.path.realpath(folder / os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises for unknown users
    try:
        return place.path_effects(kind, absolute)
    except ModelMistakeError:
        return (path_effect(kind, absolute),)
