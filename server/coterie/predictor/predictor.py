"""The way through the room: the text around the cursor in, the rest of its line out, or nothing when it is not sure enough. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coterie.predictor.corpus import Corpus
from coterie.predictor.gate import learned_gate
from coterie.predictor.measures import Candidate, candidates
from coterie.predictor.surroundings import surroundings

_CHARACTERS_READ: Final = 300
"""A line longer than that is data, not code."""
_FINISHED: Final = 0.2
"""A line that is so likely finished is left alone: at a whole line, what goes on is in the way."""
_SHORT: Final = 3
_SURE: Final = 0.7
"""Fewer than `_SHORT` characters have to be so likely: they are soon typed, and where they are wrong, the line is finished as a rule."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """``score`` is the likelihood that the best candidate is the rest of the line; ``text`` is it, None where that is too little."""

    text: str | None
    score: float


NOTHING: Final = Prediction(None, 0.0)


def predict(corpus: Corpus, path: str, prefix: str, suffix: str) -> Prediction:
    """Predict the rest of the line between ``prefix`` and ``suffix`` of the file ``path``, whose own text in the corpus is not used.

    What stands behind the cursor in its line is not a part of ``text``, which goes right before it.
    """
    if len(prefix) - prefix.rfind("\n") > _CHARACTERS_READ:
        return NOTHING
    remainder = suffix.partition("\n")[0].rstrip()
    gate = learned_gate()
    found = [
        (shown, candidate.measures)
        for candidate in candidates(surroundings(corpus, path, prefix, suffix), prefix, suffix)
        if (shown := _before(candidate, remainder)) is not None and shown.strip()
    ]
    if not found:
        return NOTHING
    score, text = max(zip(gate.likelihoods([measures for _, measures in found]), (shown for shown, _ in found), strict=True))
    finished = found[0][1]["finished"]  # as the line is, so it is the same for all
    least = gate.shown_from if len(text.strip()) >= _SHORT else max(_SURE, gate.shown_from)
    return Prediction(text if score >= least and finished < _FINISHED else None, score)


def _before(candidate: Candidate, remainder: str) -> str | None:
    """Return what of a candidate goes before the rest of the line that is there, None if it does not end in it."""
    text = candidate.text.rstrip()
    return text.removesuffix(remainder) if text.endswith(remainder) else None
