"""What became of ghost text is counted, kept on this machine, and acted upon; in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coterie.domain.suggestions import SuggestionSource
from coterie.features.suggestions.feedback import READ_S
from coterie.features.suggestions.outcomes import FILE, USUAL, Outcomes
from coterie.features.suggestions.ranking import SURE, in_order, is_worth_showing, suffices
from coterie.features.suggestions.reuse import Candidate, Spot
from coterie.features.suggestions.rhythm import Rhythm
from ghost_stage import Desk, desk
from virtual_time import in_virtual_time


def kept(folder: Path) -> Any:
    """Return what is kept, each row as one tuple."""
    file = folder / FILE
    rows = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return sorted((row["source"], row["language"], row["shown"], row["accepted"]) for row in rows)


def listen(place: Desk) -> list[tuple[str, str, bool]]:
    """Return what is counted from now on."""
    told: list[tuple[str, str, bool]] = []

    def count(source: str, language: str, *, accepted: bool) -> None:
        told.append((source, language, accepted))

    place.outcomes.count = count  # type: ignore[method-assign]
    return told


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


async def taken(place: Desk, suggestion_id: str) -> None:
    place.service.accepted(suggestion_id)


async def taken_in_part_and_then_wholly(place: Desk, suggestion_id: str) -> None:
    place.service.accepted(suggestion_id, 2)
    await asyncio.sleep(5)
    place.service.accepted(suggestion_id)


async def read_and_dismissed(place: Desk, suggestion_id: str) -> None:
    await asyncio.sleep(READ_S)
    place.service.rejected(suggestion_id)


async def glimpsed_and_dismissed(place: Desk, suggestion_id: str) -> None:
    await asyncio.sleep(READ_S - 0.01)
    place.service.rejected(suggestion_id)


async def read_and_typed_over(place: Desk, suggestion_id: str) -> None:
    assert suggestion_id
    await asyncio.sleep(READ_S)
    assert await place.ask("z = |") is None


async def glimpsed_and_typed_over(place: Desk, suggestion_id: str) -> None:
    assert suggestion_id
    assert await place.ask("z = |") is None


async def typed_into_slowly_and_dismissed(place: Desk, suggestion_id: str) -> None:
    for key in "fore":
        await asyncio.sleep(READ_S / 3)
        place.type(key)
        assert await place.ask() is not None
    place.service.rejected(suggestion_id)


@pytest.mark.parametrize(
    ("happens", "counted"),
    [
        (taken, [True]),
        (taken_in_part_and_then_wholly, [True]),
        (read_and_dismissed, [False]),
        (glimpsed_and_dismissed, []),
        (read_and_typed_over, [False]),
        (glimpsed_and_typed_over, []),
        (typed_into_slowly_and_dismissed, [False]),
    ],
    ids=lambda each: each.__name__ if callable(each) else None,
)
@in_virtual_time
async def test_what_was_read_counts_once(happens: Any, counted: list[bool]) -> None:
    async with desk(settings={"completion_model": "none"}) as place:
        told = listen(place)
        place.oracle.known["x = "] = ("foretold()", 0.9)
        found = await place.ask("x = |")
        assert found is not None
        await happens(place, found.suggestion_id)
        assert told == [("predictor", "python", accepted) for accepted in counted]


@in_virtual_time
async def test_another_choice_that_is_shown_is_the_one_that_counts() -> None:
    async with desk("alpha()", latency=0.1) as place:
        told = listen(place)
        place.oracle.known["x = "] = ("gamma()", 0.7)
        first, second = await place.choices("x = |")
        assert (first.source, second.source) == ("model", "predictor")
        await asyncio.sleep(0.1)
        place.service.shown(second.suggestion_id)
        await asyncio.sleep(READ_S)
        place.service.rejected(second.suggestion_id)
        assert told == [("predictor", "python", False)]


async def test_counts_of_all_servers_come_together_and_outlive_them(tmp_path: Path) -> None:
    one, other = Outcomes(tmp_path), Outcomes(tmp_path)
    for each in (one, other):
        each.count("predictor", "python", accepted=True)
        each.count("model", "go", accepted=False)
        await each.aclose()
    assert kept(tmp_path) == [("model", "go", 2, 0), ("predictor", "python", 2, 2)]
    later = Outcomes(tmp_path)
    later.rate("predictor", "python")  # begins to read
    await eventually(lambda: later.rate("predictor", "python") != USUAL)
    assert later.rate("predictor", "python") == other.rate("predictor", "python") > one.rate("predictor", "python")
    assert later.rate("model", "go") < USUAL == later.rate("model", "python")
    await later.aclose()


async def test_counts_are_written_now_and_then(tmp_path: Path) -> None:
    outcomes = Outcomes(tmp_path, pause_s=0)
    for number in range(1, 4):
        outcomes.count("model", "go", accepted=True)
        await eventually(lambda number=number: kept(tmp_path) == [("model", "go", number, number)])  # type: ignore[misc]
    await outcomes.aclose()


@pytest.mark.parametrize(
    "content", ["", "{", "3", '{"a": 1}', '[{"source": "model"}]', '[{"source": "model", "language": "go", "shown": [], "accepted": 1}]']
)
async def test_a_file_that_is_not_ours_is_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    outcomes = Outcomes(tmp_path)
    outcomes.count("model", "go", accepted=True)
    await outcomes.aclose()
    assert kept(tmp_path) == [("model", "go", 1, 1)]


async def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    outcomes = Outcomes(tmp_path / "file" / "below")
    outcomes.count("model", "go", accepted=True)
    await outcomes.aclose()
    assert outcomes.rate("model", "go") > USUAL


async def test_what_is_long_ago_counts_less() -> None:
    outcomes = Outcomes(None)
    for _ in range(2_000):
        outcomes.count("model", "go", accepted=False)
    seldom = outcomes.rate("model", "go")
    for _ in range(400):
        outcomes.count("model", "go", accepted=True)
    assert seldom < 0.05
    assert outcomes.rate("model", "go") > 0.6


def test_the_wait_is_longer_where_the_models_suggestions_are_seldom_accepted() -> None:
    rhythm = Rhythm()
    assert rhythm.wait(0) == rhythm.wait(0, USUAL) == rhythm.wait(0, 0.9) < rhythm.wait(0, 0.1) < rhythm.wait(0, 0.0)


def test_what_is_seldom_accepted_has_to_be_surer() -> None:
    assert is_worth_showing(0.6, USUAL)
    assert not is_worth_showing(0.6, 0.02)
    assert is_worth_showing(SURE, 0.0)


@in_virtual_time
async def test_predictions_that_are_never_accepted_are_shown_only_when_sure_or_asked_for() -> None:
    async with desk(settings={"completion_model": "none"}) as place:
        place.oracle.known["x = "] = ("foretold()", 0.7)
        for _ in range(300):
            place.outcomes.count("predictor", "python", accepted=False)
        assert await place.ask("x = |") is None
        assert (place.service.explain().stage, place.reason) == ("predictor", "seldom_accepted")
        assert await place.ask("x = |", manual=True) is not None
        place.oracle.known["y = "] = ("foretold()", 0.95)
        assert await place.ask("y = |") is not None


def rates(predictor: float, model: float) -> dict[SuggestionSource, float]:
    return {"predictor": predictor, "model": model}


def test_who_is_accepted_more_often_is_asked_less_and_shown_first() -> None:
    assert suffices(SURE - 0.02, 0.0, rates(0.6, 0.3))
    assert not suffices(SURE + 0.02, 0.0, rates(0.1, 0.6))
    spot = Spot("file:///w/a.py", "", "")
    model, predicted = Candidate("1", spot, 0, "alpha"), Candidate("2", spot, 0, "beta", source="predictor")
    both = [(model, "alpha"), (predicted, "beta")]
    assert in_order(both, rates(0.3, 0.3)) == (model, predicted)
    assert in_order(both, rates(0.6, 0.3)) == (predicted, model)
