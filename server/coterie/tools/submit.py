"""``submit``: ends a workflow's step. Its arguments are the step's artifact, whose JSON Schema the workflow gives."""

from __future__ import annotations

from collections.abc import Mapping

from coterie.domain.messages import ToolSpec
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import Proposal, Submission
from coterie.domain.wire import Json


class Submit:
    """Hands the arguments on as they are: ``agents.artifacts`` validates them, and its objections go back to the model."""

    reads_only = False
    edits = False
    kinds: frozenset[EffectKind] = frozenset()

    def __init__(self, schema: Mapping[str, Json]) -> None:
        self.spec = ToolSpec("submit", "End your step with its result.", schema)

    async def effects(self, arguments: Mapping[str, Json]) -> tuple[Effect, ...]:  # noqa: ARG002 - the same for every artifact
        """Touch nothing."""
        return ()

    async def check(self, arguments: Mapping[str, Json]) -> None:
        """Nobody is asked; the artifact is checked when it is handed in."""

    async def propose(self, arguments: Mapping[str, Json]) -> Proposal:
        """Submit."""
        return Submission(arguments)
