"""What hosts have shown of how they count: how many bytes make a token of each model, and how much it was found not to take.

One for all runs of a client, made by `agents.assembly`: a run of one message would else never know what the run before it was billed.
``agents.model_call`` reports what became of each call, ``agents.compacting`` plans by it and ``agents.inspection`` shows by it. Nothing is
kept beyond the process: a host may have another window tomorrow, and one call tells.
"""

from __future__ import annotations

from coterie.context.tokens import Calibration
from coterie.domain.model_ports import ModelChoice
from coterie.domain.usage import Usage

OVERFLOWED = 0.75
"""The part of a conversation that a host is taken to have room for when it said that it is too long."""


class Learned:
    """By model. A model whose window the settings say otherwise by now is another one: what was refused of the former says nothing."""

    def __init__(self) -> None:
        self._calibrations: dict[str, Calibration] = {}
        self._taken: dict[tuple[str, int | None], float] = {}  # in bytes, which mean the same whatever is learned of tokens

    def calibration(self, model_id: str) -> Calibration:
        """Return how a model's tokens are estimated."""
        return self._calibrations.get(model_id, Calibration())

    def taken(self, choice: ModelChoice) -> int | None:
        """Return how many tokens a model is taken to have room for because its host found more too many; None where it found none so."""
        size = self._taken.get(_key(choice))
        return None if size is None else int(size / self.calibration(choice.id).bytes_per_token)

    def answered(self, choice: ModelChoice, size: int, usage: Usage) -> None:
        """Learn from a request of ``size`` bytes that was answered."""
        self._calibrations[choice.id] = self.calibration(choice.id).corrected(size, usage)
        if size > self._taken.get(_key(choice), size):
            del self._taken[_key(choice)]

    def refused(self, choice: ModelChoice, tokens: int) -> int:
        """Learn that about ``tokens`` are too many for a model, and return how many it is taken to have room for.

        That are never more than before: who is asked for far too much shows nothing of what it would take.
        """
        ratio = self.calibration(choice.id).bytes_per_token
        size = OVERFLOWED * tokens * ratio
        size = self._taken[_key(choice)] = min(size, self._taken.get(_key(choice), size))
        return int(size / ratio)


def _key(choice: ModelChoice) -> tuple[str, int | None]:
    return choice.id, choice.context_tokens
