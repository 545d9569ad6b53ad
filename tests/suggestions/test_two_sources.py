"""The predictor and a model side by side: who is asked, who is waited for, whose answer is shown; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from coterie.base.errors import ProviderError
from coterie.config.schema import Settings
from coterie.context.fill import NOT_AGAIN, VARIED, Gap
from coterie.domain.messages import ModelRequest
from coterie.domain.prediction import PredictorState
from coterie.domain.suggestions import FillRequest
from coterie.features.suggestions.ranking import PATIENCE_BY_HAND_S, PATIENCE_S, SURE, SURE_ENOUGH, suffices
from ghost_stage import MODEL, Desk, desk
from virtual_time import in_virtual_time

SURELY, FAIRLY, HARDLY = 0.97, 0.8, 0.62


def foretell(place: Desk, score: float = HARDLY, line: str = "x = ", text: str = "foretold") -> None:
    """Let the predictor know how a line goes on."""
    place.oracle.known[line] = (text, score)


async def source_of(place: Desk, marked: str) -> tuple[str, str] | None:
    found = await place.ask(marked)
    return None if found is None else (found.source, found.text)


@pytest.mark.parametrize("model", [None, "none"])
@pytest.mark.parametrize("manual", [False, True])
@in_virtual_time
async def test_without_a_model_the_predictor_is_alone_and_waits_for_nothing(model: str | None, *, manual: bool) -> None:
    async with desk("alpha", settings={"completion_model": model}) as place:
        foretell(place)
        started = asyncio.get_running_loop().time()
        found = await place.ask("x = |", manual=manual)
        assert found is not None
        assert (found.text, found.source) == ("foretold", "predictor")
        assert asyncio.get_running_loop().time() == started
        explained = place.service.explain(place.uri)
        assert (explained.stage, explained.suggestion_id, explained.source) == ("offered", found.suggestion_id, "predictor")
        assert place.model.log == []


@pytest.mark.parametrize(("state", "reason"), [("ready", "not_sure"), ("building", "building"), ("unavailable", "predictor_unavailable")])
@pytest.mark.parametrize("manual", [False, True])
@in_virtual_time
async def test_why_the_predictor_says_nothing(state: PredictorState, reason: str, *, manual: bool) -> None:
    async with desk(settings={"completion_model": "none"}) as place:
        place.oracle.state = state
        assert await place.ask("y = |", manual=manual) is None
        explained = place.service.explain()
        assert (explained.stage, explained.reason, explained.source) == ("predictor", reason, None)


@pytest.mark.parametrize(
    ("marked", "line", "text", "shown"),
    [
        ("f(|)", "f(", "alpha, beta)", "f(alpha, beta)"),
        ("total = 1\n|", "", "total = 1", None),
        ("x = |\ny = 2\n", "x = ", "ab", None),
        ("x = |", "x = ", "compute()\ny = 3", "x = compute()"),
    ],
    ids=["brackets", "the line above", "too short", "one line"],
)
@in_virtual_time
async def test_a_prediction_passes_the_same_filters(marked: str, line: str, text: str, shown: str | None) -> None:
    async with desk(settings={"completion_model": "none"}) as place:
        foretell(place, SURELY, line, text)
        assert await place.shown(marked) == shown
        assert place.service.explain().stage == ("filter" if shown is None else "offered")


@pytest.mark.parametrize(
    ("language", "marked", "text", "shown"),
    [
        ("shellscript", "case $1 in\n|\nesac", "start) run ;;", "case $1 in\nstart) run ;;\nesac"),
        ("yaml", "todo:\n|", "- a) later", "todo:\n- a) later"),
        ("python", "|", "# Copyright 2020 the authors", "# Copyright 2020 the authors"),
        ("python", "x = 1  |", "# noqa: E501", "x = 1  # noqa: E501"),
    ],
    ids=["a pattern", "a list", "the project's own licence", "a remark"],
)
@in_virtual_time
async def test_what_the_project_itself_writes_is_its_language_and_no_talk(language: str, marked: str, text: str, shown: str) -> None:
    async with desk(settings={"completion_model": "none"}) as place:
        place.language = language
        foretell(place, SURELY, marked.partition("|")[0].rpartition("\n")[2], text)
        assert await place.shown(marked) == shown


@pytest.mark.parametrize("gate", ["ret|urn", "secret", "snoozed"])
@in_virtual_time
async def test_the_gate_is_before_the_predictor(gate: str) -> None:
    async with desk(settings={"completion_model": "none"}) as place:
        if gate == "secret":
            place.secrets[place.uri] = "secret"
        elif gate == "snoozed":
            place.service.snooze(10)
        assert await place.ask(gate if "|" in gate else "x = |") is None
        assert place.oracle.asked == []


@pytest.mark.parametrize(("score", "source", "calls"), [(SURELY, "predictor", 0), (HARDLY, "model", 1)])
@in_virtual_time
async def test_what_is_sure_is_shown_at_once_and_else_the_model_answers(score: float, source: str, calls: int) -> None:
    async with desk("alpha", latency=0.1) as place:
        foretell(place, score)
        assert await source_of(place, "x = |") == (source, "foretold" if source == "predictor" else "alpha")
        assert len(place.model.log) == calls


async def standing_by(place: Desk, calls: int = 1) -> None:
    """Wait until the model has answered behind what is shown; virtual time costs none."""
    await asyncio.sleep(3)
    assert (len(place.model.log), place.model.open) == (calls, 0)


@in_virtual_time
async def test_what_is_fairly_sure_is_shown_at_once_and_stays_while_it_is_typed() -> None:
    async with desk("fore and aft", latency=0.23) as place:
        foretell(place, FAIRLY)
        started = asyncio.get_running_loop().time()
        first = await place.ask("x = |")
        assert first is not None
        assert (first.text, first.source) == ("foretold", "predictor")
        assert asyncio.get_running_loop().time() == started
        await standing_by(place)
        for typed in "fore":
            place.type(typed)
            found = await place.ask()
            assert found is not None
            assert (place.text[: place.cursor] + found.text, found.suggestion_id) == ("x = foretold", first.suggestion_id)
        place.type(" ")
        found = await place.ask()
        assert found is not None
        assert (place.text[: place.cursor] + found.text, found.source) == ("x = fore and aft", "model"), (
            "as soon as something else is typed"
        )
        assert found.suggestion_id != first.suggestion_id
        assert len(place.model.log) == 1


@in_virtual_time
async def test_by_hand_the_model_s_answer_is_there_that_stands_by() -> None:
    async with desk("alpha", latency=0.23) as place:
        foretell(place, FAIRLY)
        assert await source_of(place, "x = |") == ("predictor", "foretold")
        await standing_by(place)
        assert {each.text for each in await place.choices()} == {"foretold", "alpha"}
        assert len(place.model.log) == 1


@in_virtual_time
async def test_a_call_behind_a_prediction_ends_with_the_next_key() -> None:
    async with desk("alpha", latency=5) as place:
        foretell(place, FAIRLY)
        assert await source_of(place, "x = |") == ("predictor", "foretold")
        await asyncio.sleep(2)
        assert (len(place.model.log), place.model.open) == (1, 1)
        place.type("f")
        assert await place.ask() is not None
        await asyncio.sleep(0.01)
        assert place.model.open == 0
        await asyncio.sleep(10)
        assert len(place.model.log) == 1, "what is shown is being typed: nobody need be asked"


@in_virtual_time
async def test_a_key_that_comes_while_the_prediction_is_made_leaves_no_call_behind() -> None:
    async with desk("alpha", latency=5) as place, asyncio.TaskGroup() as group:
        foretell(place, FAIRLY)
        predict = place.oracle.predict

        async def typed_meanwhile(request: Any) -> Any:
            if request.prefix == "x = ":
                place.type("f")
                group.create_task(place.ask())
            return await predict(request)

        place.oracle.predict = typed_meanwhile  # type: ignore[method-assign]
        assert await place.ask("x = |") is None
        await asyncio.sleep(20)
        assert [gap.prefix for _, gap in place.model.log] == ["x = f"]


@in_virtual_time
async def test_what_stands_by_does_not_come_when_what_is_shown_is_dismissed() -> None:
    async with desk("foretold, too", latency=0.23) as place:
        foretell(place, FAIRLY)
        first = await place.ask("x = |")
        assert first is not None
        await standing_by(place)
        place.service.rejected(first.suggestion_id)
        assert await place.ask() is None
        place.model.answer = lambda _: ProviderError("The key is wrong.", kind="auth_required")
        place.type("fore")
        assert await place.ask() is None


@in_virtual_time
async def test_where_a_block_begins_the_model_is_asked_however_sure_the_predictor_is() -> None:
    async with desk("\n    alpha()\n    beta()", latency=0.1) as place:
        foretell(place, SURELY, "def f():", "  # nothing here")
        assert await source_of(place, "def f():|\n") == ("model", "\n    alpha()\n    beta()")


def failing(place: Desk) -> None:
    place.model.answer = lambda _: ProviderError("The key is wrong.", kind="auth_required")


def repeating(place: Desk) -> None:
    place.model.answer = lambda _: "1"


def ruined(place: Desk) -> None:
    place.settings = place.settings.model_validate({**place.settings.model_dump(), "budget": {"day_usd": 0}})


def stalling(place: Desk) -> None:
    place.model.latency = 10_000


@pytest.mark.parametrize("trouble", [failing, repeating, ruined, stalling])
@in_virtual_time
async def test_a_model_in_trouble_leaves_its_place_to_the_prediction(trouble: Any) -> None:
    async with desk("alpha", latency=0.1) as place:
        foretell(place)
        trouble(place)
        for _ in range(2):  # the second time it is known, or rests
            place.service.settings_changed()
            assert await source_of(place, "x = |") == ("predictor", "foretold")
            assert place.service.explain().stage == "offered"
        await asyncio.sleep(0)
        assert place.model.open == 0, "it is asked no longer than is waited for"


@pytest.mark.parametrize("answer", ["", "\n\nnext = 2"], ids=["nothing to add", "the line is finished"])
@in_virtual_time
async def test_a_model_that_sees_nothing_missing_is_believed(answer: str) -> None:
    async with desk(answer, latency=0.1) as place:
        foretell(place)
        assert await place.ask("x = |") is None
        assert place.service.explain().stage == "filter"


@in_virtual_time
async def test_the_wait_for_a_slow_model_ends_and_is_spared_when_it_has_been_slow() -> None:
    async with desk("alpha", latency=5) as place:
        for number in range(20):
            foretell(place, HARDLY if number < 8 else FAIRLY, f"x{number} = ")
        started = asyncio.get_running_loop().time()
        assert await source_of(place, "x0 = |") == ("predictor", "foretold")
        waited = asyncio.get_running_loop().time() - started
        assert PATIENCE_S < waited < PATIENCE_S + 0.5
        for number in range(1, 20):
            assert await source_of(place, f"x{number} = |") == ("predictor", "foretold")
        await asyncio.sleep(3)
        assert len(place.model.log) == 8, "it goes on being asked in vain"
        assert await source_of(place, "y = |") == ("model", "alpha"), "where the predictor knows nothing it is waited for"


@in_virtual_time
async def test_while_the_predictor_is_asked_the_wait_for_the_next_key_goes_on() -> None:
    async with desk("alpha", latency=0.1) as place:
        await place.ask("x = |")
        slow = place.oracle.predict

        async def slowly(request: Any) -> Any:
            await asyncio.sleep(0.05)
            return await slow(request)

        first = place.model.log[-1][0]
        await asyncio.sleep(3)
        before = asyncio.get_running_loop().time()
        await place.ask("yy = |")
        without = place.model.log[-1][0] - before
        place.oracle.predict = slowly  # type: ignore[method-assign]
        await asyncio.sleep(3)
        before = asyncio.get_running_loop().time()
        await place.ask("zz = |")
        assert place.model.log[-1][0] - before == pytest.approx(without, abs=0.02)
        assert first < before


@in_virtual_time
async def test_what_is_typed_of_a_prediction_leaves_its_rest_under_its_name() -> None:
    async with desk("alpha", settings={"completion_model": "none"}) as place:
        foretell(place, text="foretold()")
        first = await place.ask("x = |")
        assert first is not None
        for typed in "foret":
            place.type(typed)
            found = await place.ask()
            assert found is not None
            assert (found.suggestion_id, found.source) == (first.suggestion_id, "predictor")
            assert place.text[: place.cursor] + found.text == "x = foretold()"
        assert len(place.oracle.asked) == 1


@in_virtual_time
async def test_by_hand_there_are_choices_without_doubles_each_with_a_name_of_its_own() -> None:
    async with desk("\n    alpha()\n    beta()", latency=0.1) as place:
        foretell(place, HARDLY, "def f():", " pass")
        choices = await place.choices("def f():|\n")
        assert [(each.text, each.source) for each in choices] == [
            ("\n    alpha()\n    beta()", "model"),
            (" pass", "predictor"),
        ]
        assert len({each.suggestion_id for each in choices}) == len(choices)
        assert await place.choices() == choices, "the same names when they are asked for again"
        assert len(place.model.log) == 1
        first, second = choices
        assert place.service.accepted(second.suggestion_id).state == "accepted"
        assert place.service.rejected(first.suggestion_id).state == "rejected"
        assert place.service.shown(second.suggestion_id).state == "accepted"


def one_after_the_other(*answers: str | Exception) -> Callable[[Gap], str | Exception]:
    """Return a model that says something else each time."""
    left = iter(answers)
    return lambda _: next(left)


@pytest.mark.parametrize("fim", [True, False])
@in_virtual_time
async def test_who_sees_one_answer_and_asks_by_hand_gets_another_one_beside_it(*, fim: bool) -> None:
    async with desk(one_after_the_other("alpha()", "beta()"), fim=fim) as place:
        first = await place.ask("x = |")
        assert len(place.model.log) == 1, "unasked, the model says one thing"
        choices = await place.choices()
        assert [each.text for each in choices] == ["alpha()", "beta()"]
        assert choices[0] == first, "what is read stays where it is"
        usual, another = place.model.requests
        if isinstance(usual, FillRequest):
            assert (usual.temperature, another.temperature) == (None, VARIED)
        else:
            assert isinstance(another, ModelRequest)
            assert another.messages[0].text.endswith(f"\n\n{NOT_AGAIN}\nalpha()")  # type: ignore[union-attr]

        assert await place.choices() == choices
        place.type("al")
        assert [each.text for each in await place.choices()] == ["pha()"]
        assert len(place.model.log) == 2, "each suggestion costs one call more at most, also where an editor asks by hand with each key"


@pytest.mark.parametrize(
    ("another", "latency"),
    [("alpha()", 0.2), ("", 0.2), (ProviderError("It is gone.", kind="transient"), 0.2), ("beta()", PATIENCE_BY_HAND_S + 1)],
    ids=["the same", "nothing", "a failure", "too late"],
)
@in_virtual_time
async def test_what_stands_there_stays_when_the_model_has_nothing_else_to_say(another: str | Exception, latency: float) -> None:
    async with desk(one_after_the_other("alpha()", another)) as place:
        first = await place.ask("x = |")
        place.model.latency = latency
        assert await place.choices() == (first,)
        assert await place.ask() == first
        assert len(place.model.log) == 2


@in_virtual_time
async def test_another_answer_is_not_what_the_place_is_known_by() -> None:
    async with desk(one_after_the_other("alpha()", "beta()", "gamma()")) as place:
        await place.ask("x = |")
        await place.choices()
        await place.ask("y = |")
        found = await place.ask("x = |")
        assert found is not None
        assert found.text == "alpha()"


@in_virtual_time
async def test_the_first_line_of_a_longer_answer_is_a_choice() -> None:
    async with desk("alpha()\nbeta()", latency=0.1) as place:
        choices = await place.choices("x = 1\n|")
        assert [each.text for each in choices] == ["alpha()\nbeta()", "alpha()"]


@pytest.mark.parametrize(("foretold", "shown"), [("alpha()", ["alpha()"]), ("gamma()", ["alpha()", "gamma()"])])
@in_virtual_time
async def test_what_both_say_is_shown_once(foretold: str, shown: list[str]) -> None:
    async with desk("alpha()", latency=0.1) as place:
        foretell(place, HARDLY, text=foretold)
        assert [each.text for each in await place.choices("x = |")] == shown


@pytest.mark.parametrize(("says", "first"), [("return 1", "predictor"), ("alpha()", "model")])
@in_virtual_time
async def test_what_breaks_the_code_comes_behind_what_does_not(says: str, first: str) -> None:
    async with desk(says, latency=0) as place:
        foretell(place, HARDLY, text="gamma()")
        assert next(each.source for each in await place.choices("x = |\n")) == first
        assert await source_of(place, "y = 1\nx = |\n") == (first, "gamma()" if first == "predictor" else says)


@in_virtual_time
async def test_a_choice_that_is_typed_stays_whichever_it_is() -> None:
    async with desk("alpha()", latency=0.1) as place:
        foretell(place, HARDLY, text="gamma()")
        _, second = await place.choices("x = |")
        place.type("ga")
        found = await place.ask()
        assert found is not None
        assert (found.suggestion_id, found.text) == (second.suggestion_id, "mma()")


@in_virtual_time
async def test_a_dismissed_choice_is_not_followed_by_the_next_one() -> None:
    async with desk("alpha()", latency=0.1) as place:
        foretell(place, SURELY, text="gamma()")
        first, _ = await place.choices("x = |")
        place.service.rejected(first.suggestion_id)
        assert await place.ask() is None
        assert place.reason == "rejected"


@in_virtual_time
async def test_choices_that_are_dismissed_together_make_the_next_wait_as_long_as_one_does() -> None:
    async def waited(*, dismissed: int) -> float:
        async with desk("alpha()") as place:
            foretell(place, HARDLY, text="gamma()")
            for each in (await place.choices("x = |"))[:dismissed]:
                assert place.service.rejected(each.suggestion_id).state == "rejected"
            started = asyncio.get_running_loop().time()
            await place.ask("y = |")
            return place.model.log[-1][0] - started

    assert await waited(dismissed=0) < await waited(dismissed=1)
    assert await waited(dismissed=1) == pytest.approx(await waited(dismissed=2))


@pytest.mark.parametrize(
    ("latency", "threshold"), [(0.0, SURE), (0.3, SURE), (0.65, (SURE + SURE_ENOUGH) / 2), (1.0, SURE_ENOUGH), (9.0, SURE_ENOUGH)]
)
def test_the_slower_the_model_the_less_sure_a_prediction_has_to_be(latency: float, threshold: float) -> None:
    assert suffices(threshold + 0.001, latency, {"predictor": 0.3, "model": 0.3})
    assert not suffices(threshold - 0.001, latency, {"predictor": 0.3, "model": 0.3})


@in_virtual_time
async def test_the_predictor_is_told_the_cells_around_as_the_model_is() -> None:
    async with desk("load()", settings={"completion_model": "none"}) as place:
        cells = {name: f"vscode-notebook-cell:/w/a.ipynb#{name}" for name in ("above", "prose", "here", "below")}
        texts = {"above": "import csv\n", "prose": "# Rows", "below": "show(rows)"}
        for name, text in texts.items():
            place.documents.did_open(cells[name], 1, text, "markdown" if name == "prose" else "python")
        place.documents.notebooks.did_open("file:///w/a.ipynb", list(cells.values()))
        place.uri = cells["here"]
        await place.ask("rows = csv.|\ncheck(rows)")
        [told] = place.oracle.asked
        assert (told.uri, told.prefix, told.suffix) == (cells["here"], "import csv\n\nrows = csv.", "\ncheck(rows)\n\nshow(rows)\n")

        place.settings = Settings.model_validate({"completion_model": MODEL})
        await place.ask()
        [request] = place.model.requests
        assert isinstance(request, FillRequest)
        assert (request.prefix, request.suffix) == (told.prefix, told.suffix)
