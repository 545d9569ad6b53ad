"""The predictor's part of a suggestion: asks it for the rest of the line, and judges what it says as a model's answer is judged.

``service`` calls it at once and for every request that has nothing to reuse: it costs nothing and is there in milliseconds.
"""

from __future__ import annotations

from typing import assert_never

from coterie.base.ids import new_id
from coterie.context.fill import Gap
from coterie.domain.code_ports import LinePredictor
from coterie.domain.prediction import PredictionRequest
from coterie.domain.suggestions import SuggestionRequest
from coterie.features.suggestions.filters import refine
from coterie.features.suggestions.gate import BUILDING, NOT_SURE, UNAVAILABLE, Refusal
from coterie.features.suggestions.reuse import Candidate, Spot


async def predicted(
    predictor: LinePredictor, asked: SuggestionRequest, spot: Spot, gap: Gap, language: str, *, above: str = "", below: str = ""
) -> Candidate | Refusal:
    """Return what the project itself would write next, or why nothing is said. ``above`` and ``below`` belong to the document's text."""
    before, behind = asked.text[: asked.offset], asked.text[asked.offset :]
    request = PredictionRequest(uri=asked.uri, language=language, prefix=above + before, suffix=behind + below)
    found = await predictor.predict(request)
    match found.state:
        case "building":
            return BUILDING
        case "unavailable":
            return UNAVAILABLE
        case "ready":
            pass
        case _:
            assert_never(found.state)
    if found.text is None:
        return NOT_SURE
    text = refine(found.text, gap, "line", manual=asked.manual, language=language, foretold=True)
    if isinstance(text, Refusal):
        return text
    return Candidate(new_id("suggestion"), spot, asked.offset, text, source="predictor", score=found.score)
