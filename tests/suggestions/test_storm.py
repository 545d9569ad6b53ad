"""A person types 2,000 keys at a human rhythm while a slow model tries to keep up; in virtual time, the same run every time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import pairwise

import pytest
from typing_extensions import override

from coterie.domain.prediction import PredictedLine, PredictionRequest
from coterie.domain.suggestions import Suggestion
from ghost_stage import Desk, Oracle, desk
from storm import KEYS, SOURCE, pauses, rest_of_line
from virtual_time import in_virtual_time


@dataclass
class Asked:
    """One request of the storm; times are the loop's."""

    text: str
    at: float
    answered: float | None = None
    found: Suggestion | None = None


async def ask(place: Desk, request: Asked) -> None:
    request.found = await place.ask()
    request.answered = asyncio.get_running_loop().time()


class Project(Oracle):
    """Knows the rest of every second line, and is surer of some than of others; of every sixth it is sure and wrong."""

    @override
    async def predict(self, request: PredictionRequest) -> PredictedLine:
        line = request.prefix.rpartition("\n")[2]
        await asyncio.sleep(0.015)
        if len(line) < 3 or len(line) % 2:
            return PredictedLine()
        text = "certainly()" if len(line) % 6 == 0 else rest_of_line(line)
        return PredictedLine(text=text or None, score=0.6 + (len(line) % 5) / 10)


@pytest.mark.parametrize("predicting", [False, True])
@in_virtual_time
async def test_a_typing_storm(*, predicting: bool) -> None:
    asked: list[Asked] = []
    async with desk(lambda gap: rest_of_line(gap.line_before), latency=0.9) as place:
        if predicting:
            place.oracle.predict = Project().predict  # type: ignore[method-assign]
        place.write("|")
        async with asyncio.TaskGroup() as group:
            for key, pause in zip(SOURCE, pauses(), strict=False):
                place.type(key)
                asked.append(Asked(place.text, asyncio.get_running_loop().time()))
                group.create_task(ask(place, asked[-1]))
                await asyncio.sleep(pause)
        await asyncio.sleep(10)  # of virtual time, in which a call behind what is shown last ends
        calls = len(place.model.log)
        assert place.model.open == 0

    assert len(asked) == KEYS
    assert all(request.answered is not None for request in asked)
    late = [(request, later) for request, later in pairwise(asked) if request.answered is not None and request.answered > later.at + 0.02]
    assert late == [], "a superseded request was not answered at once"
    assert place.model.most_open <= 2, "calls that nobody waits for pile up"
    assert calls < KEYS / 5
    offered = [request for request in asked if request.found is not None]
    assert len(offered) > 100
    assert {request.found.source for request in offered if request.found} == ({"model", "predictor"} if predicting else {"model"})

    # Whoever types what is suggested keeps seeing the same: no gap, no other text, under the same name.
    for request, later in pairwise(asked):
        if request.found is None or request.answered is None or request.answered > later.at:
            continue
        key = later.text[len(request.text) :]
        if request.found.text.startswith(key) and request.found.text != key:
            assert later.found is not None, (request, later)
            assert later.found.text == request.found.text[len(key) :]
            assert later.found.suggestion_id == request.found.suggestion_id
            assert later.answered == later.at
