"""What hosts have shown of how they count: how many bytes make a token of each model, and how much it was found not to take.

One for all runs of a process, kept by ``agents.lessons``: a run of one message would else never know what the run before it was billed.
``agents.model_call`` reports what became of each call, ``agents.compacting`` plans by it, ``agents.beginning`` fits rules and notes by it,
and ``agents.inspection`` shows by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from coterie.context.tokens import Calibration
from coterie.context.window import input_limit
from coterie.domain.model_ports import ModelChoice
from coterie.domain.usage import Usage

OVERFLOWED = 0.75
"""The part of a conversation that a host is taken to have room for when it said that it is too long."""


class Whose(NamedTuple):
    """A model as the settings of its provider have it: one with other settings, or with another window, is another one."""

    model_id: str
    settings: str
    window: int | None


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is known of one model: how it counts, and in bytes, which mean the same whatever that is, what it refused and what it takes."""

    calibration: Calibration | None = None
    refused: float | None = None
    taken: float | None = None


_NOTHING = Lesson()


class Learned:
    """By model. ``changed`` is told of whom something was learned."""

    def __init__(self, changed: Callable[[Whose], None] = lambda _: None) -> None:
        self._lessons: dict[Whose, Lesson] = {}
        self._changed = changed

    @property
    def lessons(self) -> Mapping[Whose, Lesson]:
        """All that is known."""
        return self._lessons

    def recall(self, lessons: Mapping[Whose, Lesson]) -> None:
        """Know what was learned elsewhere, or before, of models of which nothing is known."""
        self._lessons = {**lessons, **self._lessons}

    def try_again(self, whose: Whose) -> None:
        """Forget what a host refused."""
        if (known := self._lessons.get(whose)) is not None:
            self._lessons[whose] = replace(known, refused=None, taken=None)

    def calibration(self, choice: ModelChoice) -> Calibration:
        """Return how a model's tokens are estimated."""
        return self._of(choice).calibration or Calibration()

    def taken(self, choice: ModelChoice) -> int | None:
        """Return how many tokens a model is taken to have room for because its host found more too many; None where it found none so."""
        size = self._of(choice).taken
        return None if size is None else int(size / self.calibration(choice).bytes_per_token)

    def limit(self, choice: ModelChoice) -> int | None:
        """Return how many tokens a request may have, by the model's window and by what its host refused; None where nobody knows."""
        return _least(_known(choice), self.taken(choice))

    def usual_limit(self, choice: ModelChoice) -> int | None:
        """Return `limit` in tokens of the usual size.

        How a conversation begins is counted in them: it must not change with each request that corrects how a host counts.
        """
        size = self._of(choice).taken
        return _least(_known(choice), None if size is None else int(size / Calibration().bytes_per_token))

    def answered(self, choice: ModelChoice, size: int, usage: Usage) -> None:
        """Learn from a request of ``size`` bytes that was answered."""
        before = self._of(choice)
        lesson = replace(before, calibration=self.calibration(choice).corrected(size, usage))
        if lesson.refused is not None and size >= lesson.refused:
            lesson = replace(lesson, refused=None, taken=None)
        elif lesson.taken is not None:
            lesson = replace(lesson, taken=max(lesson.taken, size))
        self._learn(choice, before, lesson)

    def refused(self, choice: ModelChoice, tokens: int) -> int:
        """Learn that about ``tokens`` are too many for a model, and return how many it is taken to have room for.

        That are never more than before: who is asked for far too much shows nothing of what it would take.
        """
        before, ratio = self._of(choice), self.calibration(choice).bytes_per_token
        size = tokens * ratio
        taken = min(OVERFLOWED * size, size if before.taken is None else before.taken)
        self._learn(choice, before, replace(before, refused=min(size, before.refused or size), taken=taken))
        return int(taken / ratio)

    def _of(self, choice: ModelChoice) -> Lesson:
        return self._lessons.get(_whose(choice), _NOTHING)

    def _learn(self, choice: ModelChoice, before: Lesson, lesson: Lesson) -> None:
        if lesson != before:
            self._lessons[_whose(choice)] = lesson
            self._changed(_whose(choice))


def _whose(choice: ModelChoice) -> Whose:
    return Whose(choice.id, choice.settings, choice.context_tokens)


def _known(choice: ModelChoice) -> int | None:
    return None if choice.context_tokens is None else input_limit(choice.context_tokens, choice.max_output_tokens)


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
