"""Which of several candidates comes first, and when the predictor's need not wait for the model's. Pure.

The predictor says how likely it is right; a model does not, but is right more often where the predictor is not sure. So what the predictor
is sure of is offered at once and no model is asked; the slower the model has been, the less sure it has to be. What it is fairly sure of is
offered at once, too, and the model's answer stands by. Else the model's answer wins, if there is one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from coterie.base.ids import new_id
from coterie.domain.suggestions import SuggestionSource
from coterie.features.suggestions.filters import EMPTY, LINE_FINISHED
from coterie.features.suggestions.gate import Refusal
from coterie.features.suggestions.reuse import Candidate

PATIENCE_S: Final = 0.75
"""How long a person waits for a model's answer when there is another one already."""
PATIENCE_BY_HAND_S: Final = 6.0
"""How long who has asked by hand waits for another answer than the one that stands there."""
FAST_S, SLOW_S = 0.3, 1.0
SURE, SURE_ENOUGH = 0.9, 0.6
"""From which likelihood on a prediction is not worth the call of a fast model, and of a slow one."""
FAIRLY_SURE: Final = 0.7
"""From which likelihood on a prediction is shown while the model is asked: no model is right so often with a whole line."""
SELDOM: Final = 0.15
"""A share of suggestions that are accepted which says that most of them disturb."""
CLEARLY: Final = 0.15
"""By how much more often the predictor's have to be accepted to come first."""
MOST_CHOICES: Final = 3
SOURCES: Final[tuple[SuggestionSource, ...]] = ("predictor", "model")
Accepted: TypeAlias = Mapping[SuggestionSource, float]
"""Which share of each source's suggestions is accepted (see `outcomes`)."""
_FINAL: Final = frozenset({EMPTY.reason, LINE_FINISHED.reason})


def suffices(score: float, latency: float, accepted: Accepted) -> bool:
    """Say whether a prediction is offered without asking a model that has lately taken ``latency`` seconds."""
    slowness = min(max((latency - FAST_S) / (SLOW_S - FAST_S), 0.0), 1.0)
    return score >= SURE - slowness * (SURE - SURE_ENOUGH) - _preferred(accepted) * (1 - SURE)


def leads(score: float, accepted: Accepted) -> bool:
    """Say whether a prediction is shown before the model has answered, whose answer is then there when the person types something else."""
    return score >= FAIRLY_SURE - _preferred(accepted) * (1 - FAIRLY_SURE)


def _preferred(accepted: Accepted) -> float:
    """Return by how much more often the predictor's are accepted than the model's."""
    return min(max(accepted["predictor"] - accepted["model"], -1.0), 1.0)


def is_worth_showing(score: float, accepted: float) -> bool:
    """Say whether a prediction is shown unasked where this share of them is ``accepted``: the less, the surer it has to be."""
    return score >= SURE * max(0.0, 1 - accepted / SELDOM)


def yields(refusal: Refusal) -> bool:
    """Say whether a prediction may take the place of a model's answer that is refused; that nothing is missing is an answer."""
    return refusal.reason not in _FINAL


def first_line(candidate: Candidate) -> Candidate | None:
    """Return the first line of a candidate that has several, as a choice of its own."""
    line, ended, _ = candidate.text.partition("\n")
    return replace(candidate, suggestion_id=new_id("suggestion"), text=line) if ended and line.strip() else None


def in_order(candidates: Sequence[tuple[Candidate, str]], accepted: Accepted, breaking: Collection[str] = ()) -> tuple[Candidate, ...]:
    """Return at most `MOST_CHOICES` of the candidates, each given with what is left of it, without doubles and the best first.

    What is ``breaking`` the code (see `syntax`) comes last. Else what two sources agree on comes first, then a model's, then the
    predictor's, unless these are clearly accepted more often; else the order is kept.
    """
    first: SuggestionSource = "predictor" if accepted["predictor"] - accepted["model"] >= CLEARLY else "model"
    unlike = {text: candidate for candidate, text in reversed(candidates)}  # of equal ones the first
    ordered = [(candidate, text) for candidate, text in candidates if unlike[text] is candidate]

    def place(each: tuple[Candidate, str]) -> tuple[bool, bool, bool]:
        mine, line = each[0], _line(each[1])
        agreed = any(other.source != mine.source and _line(text) == line for other, text in candidates)
        return (each[1] in breaking, not agreed, mine.source != first)

    return tuple(candidate for candidate, _ in sorted(ordered, key=place))[:MOST_CHOICES]


def _line(text: str) -> str:
    return text.partition("\n")[0].rstrip()
