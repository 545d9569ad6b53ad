"""Answers for always: rules that a person's answer adds to their own file of settings, by the writer that the settings view uses.

``agents.lasting`` asks whether a rule can be kept before it is offered; ``agents.approvals`` keeps it once it was chosen, and ``grants``
takes it out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import get_args

from coterie.agents.lasting import Kept
from coterie.base.errors import InvalidParamsError
from coterie.config.assigning import assigned
from coterie.config.key_paths import dotted
from coterie.config.lines import KeyPath
from coterie.features.preferences import PreferenceService, entries_of


class KeptRules:
    """Implements `coterie.agents.lasting.UserRules`."""

    def __init__(self, preferences: PreferenceService) -> None:
        self._preferences = preferences

    async def can_keep(self, verdict: Kept, rules: Sequence[str]) -> bool:
        """Whether the settings take these rules, and the file can be written as it is now."""
        try:
            assigned("user", _path(verdict), list(rules))
        except InvalidParamsError:
            return False  # it holds what looks like a key, for example
        return await self._preferences.can_write(self._preferences.own_file, _path(verdict), partial(_with, verdict, rules))

    async def keep(self, verdict: Kept, rules: Sequence[str]) -> None:
        """Write rules, and return when they hold. Raises `SettingsError`."""
        await self._preferences.write(self._preferences.own_file, _path(verdict), partial(_with, verdict, rules))

    def all(self) -> tuple[tuple[Kept, str], ...]:
        """Return the rules in the file, as it was read last, with what they say."""
        said = ((verdict, self._preferences.own(_path(verdict))) for verdict in _VERDICTS)
        return tuple((verdict, rule) for verdict, rules in said for rule in rules or ())

    async def forget(self, verdict: Kept, rule: str) -> None:
        """Take a rule out of the file, and return when it holds no more. Raises `SettingsError`."""
        await self._preferences.write(self._preferences.own_file, _path(verdict), partial(_without, verdict, rule))


_VERDICTS: tuple[Kept, ...] = get_args(Kept)


def _path(verdict: Kept) -> KeyPath:
    return ("permissions", verdict)


def _with(verdict: Kept, rules: Sequence[str], said: object) -> list[object]:
    there = entries_of(said, dotted(_path(verdict)))
    return [*there, *(rule for rule in rules if rule not in there)]


def _without(verdict: Kept, rule: str, said: object) -> list[object]:
    return [each for each in entries_of(said, dotted(_path(verdict))) if each != rule]
