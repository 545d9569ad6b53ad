"""What the offline predictor is asked and what it says: a line's rest, or why there is none.

``features.suggestions`` asks, ``features.prediction_client`` answers, from another process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PredictorState = Literal["ready", "building", "unavailable"]
"""``building``: it has not read the project yet; ``unavailable``: its process cannot be asked, or took too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRequest:
    """The text before and behind the cursor of a document."""

    uri: str
    language: str
    prefix: str
    suffix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedLine:
    """``score`` is the likelihood that the best candidate is the rest of the line; ``text`` is it, None where that is too little."""

    text: str | None = None
    score: float = 0.0
    state: PredictorState = "ready"
