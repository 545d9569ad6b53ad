"""Answers for always: rules that a person's answer adds to their own file of settings, by the writer that the settings view uses.

``agents.lasting`` asks whether a rule can be kept before it is offered; ``agents.approvals`` keeps it once it was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

from coterie.base.errors import InvalidParamsError
from coterie.config.assigning import assigned
from coterie.config.key_paths import dotted
from coterie.config.lines import KeyPath
from coterie.features.preferences import PreferenceService, entries_of


class KeptRules:
    """Implements `coterie.agents.lasting.UserRules`."""

    def __init__(self, preferences: PreferenceService) -> None:
        self._preferences = preferences

    async def can_keep(self, verdict: Literal["allow", "deny"], rules: Sequence[str]) -> bool:
        """Whether the settings take these rules, and the file can be written as it is now."""
        try:
            assigned("user", _path(verdict), list(rules))
        except InvalidParamsError:
            return False  # it holds what looks like a key, for example
        return await self._preferences.can_write(self._preferences.own_file, _path(verdict), partial(_with, verdict, rules))

    async def keep(self, verdict: Literal["allow", "deny"], rules: Sequence[str]) -> None:
        """Write rules, and return when they hold. Raises `SettingsError`."""
        await self._preferences.write(self._preferences.own_file, _path(verdict), partial(_with, verdict, rules))


def _path(verdict: Literal["allow", "deny"]) -> KeyPath:
    return ("permissions", verdict)


def _with(verdict: Literal["allow", "deny"], rules: Sequence[str], said: object) -> list[object]:
    there = entries_of(said, dotted(_path(verdict)))
    return [*there, *(rule for rule in rules if rule not in there)]
