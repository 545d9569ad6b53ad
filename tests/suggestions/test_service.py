"""From a cursor to ghost text or to the reason why there is none: a person at a desk, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from coterie.base.errors import InvalidParamsError, ProviderError, RequestError
from coterie.domain.messages import ModelRequest
from coterie.domain.suggestions import FillRequest, Popup
from coterie.features.suggestions.rhythm import Rhythm
from coterie.features.suggestions.sources import LONGEST_UNASKED_S
from coterie.features.suggestions.turns import LONGEST_S
from ghost_stage import Desk, desk
from virtual_time import in_virtual_time


def now() -> float:
    return asyncio.get_running_loop().time()


@in_virtual_time
async def test_a_model_that_fills_gaps_is_shown_both_sides() -> None:
    async with desk("a, b") as place:
        assert await place.shown("import os\n\n\ndef f(|):\n    pass\n") == "import os\n\n\ndef f(a, b):\n    pass\n"
        [request] = place.model.requests
        assert isinstance(request, FillRequest)
        assert (request.model, request.prefix, request.suffix) == ("coder", "import os\n\n\ndef f(", "):\n    pass\n")
        assert request.stop == ("\n",)
        assert place.reason == "offered"


@in_virtual_time
async def test_any_other_model_is_asked_in_words() -> None:
    async with desk("```python\na, b\n```", fim=False) as place:
        assert await place.shown("def f(|):\n    pass\n") == "def f(a, b):\n    pass\n"
        [request] = place.model.requests
        assert isinstance(request, ModelRequest)
        assert (request.agent, request.call, request.tools) == ("suggestions", 0, ())
        assert "a.py (python)\n\ndef f(<|cursor|>):\n    pass\n" in request.messages[0].text  # type: ignore[union-attr]


@in_virtual_time
async def test_the_model_is_stopped_at_the_end_of_the_line() -> None:
    async with desk("alpha\nbeta\ngamma\n") as place:
        assert await place.shown("x = |") == "x = alpha"
        assert place.model.pieces == len("alpha\n")


def snoozed(place: Desk) -> None:
    assert place.service.snooze(10).until is not None


def secret(place: Desk) -> None:
    place.secrets[place.uri] = "secret"


def ignored(place: Desk) -> None:
    place.secrets[place.uri] = "ignored"


@pytest.mark.parametrize(
    ("marked", "settings", "prepare", "reason", "by_hand"),
    [
        pytest.param("ret|urn", {}, None, "mid_word", False, id="inside a word"),
        pytest.param("x = |_y", {}, None, "mid_word", False, id="before a word"),
        pytest.param("e|\u0301t = 1", {}, None, "mid_word", False, id="before an accent"),
        pytest.param("\u0939|\u093f\u0928\u094d\u0926\u0940", {}, None, "mid_word", False, id="before a vowel sign"),
        pytest.param("x = |", {"suggestions": {"disabled_languages": ("python",)}}, None, "disabled_language", True, id="language"),
        pytest.param("x = |", {}, snoozed, "snoozed", True, id="snoozed"),
        pytest.param("x = |", {}, secret, "secret_file", False, id="a secret"),
        pytest.param("x = |", {}, ignored, "ignored_file", False, id="an ignored file"),
        pytest.param("x = |", {"suggestions": {"enabled": False}}, None, "off", False, id="switched off"),
    ],
)
@in_virtual_time
async def test_the_gate(
    marked: str, settings: dict[str, Any], prepare: Callable[[Desk], None] | None, reason: str, *, by_hand: bool
) -> None:
    async with desk("alpha", settings=settings) as place:
        if prepare is not None:
            prepare(place)
        assert await place.ask(marked) is None
        assert place.reason == reason
        assert place.model.log == []
        assert (await place.ask(manual=True) is not None) is by_hand


@in_virtual_time
async def test_a_snooze_ends() -> None:
    async with desk("alpha") as place:
        place.service.snooze(10)
        await asyncio.sleep(601)
        assert await place.ask("x = |") is not None
        place.service.snooze(10)
        assert place.service.snooze(0).until is None
        assert await place.ask("y = |") is not None


@in_virtual_time
async def test_what_is_typed_of_a_suggestion_leaves_its_rest_at_once() -> None:
    async with desk("alpha, beta)") as place:
        first = await place.ask("f(|")
        assert first is not None
        asked_at = now()
        for typed in "alpha, ":
            place.type(typed)
            found = await place.ask()
            assert found is not None
            assert found.suggestion_id == first.suggestion_id
            assert place.text[: place.cursor] + found.text == "f(alpha, beta)"
        assert now() == asked_at
        assert len(place.model.log) == 1
        place.write("f(alpha|")  # taken back in part
        found = await place.ask()
        assert found is not None
        assert found.text == ", beta)"
        place.type("?")
        assert await place.ask() is not None
        assert len(place.model.log) == 2


@in_virtual_time
async def test_a_bracket_that_the_editor_closes_meanwhile() -> None:
    async with desk("print(alpha)") as place:
        assert await place.ask("x = 1\n|") is not None
        assert await place.shown("x = 1\nprint(|)") == "x = 1\nprint(alpha)"
        assert len(place.model.log) == 1


@in_virtual_time
async def test_a_document_with_carriage_returns() -> None:
    async with desk("\n    alpha()\n    beta()") as place:
        assert await place.ask("def f():|\r\n") is not None
        place.type("\r\n    al")
        found = await place.ask()
        assert found is not None
        assert found.text == "pha()\n    beta()"
        assert "\r" not in place.model.log[0][1].suffix


@in_virtual_time
async def test_the_same_place_is_asked_about_once_in_five_minutes() -> None:
    async with desk("alpha") as place:
        first = await place.ask("x = |")
        place.write("y = |")
        await place.ask()
        again = await place.ask("x = |")
        assert again == first
        assert len(place.model.log) == 2
        shifted = await place.ask("# a line above\nz = |")
        assert shifted is not None
        await asyncio.sleep(301)
        await place.ask("y = |")
        assert len(place.model.log) == 4


@in_virtual_time
async def test_an_answer_without_use_is_not_asked_for_again_but_by_hand() -> None:
    async with desk("ab") as place:
        assert await place.ask("x = |") is None
        assert place.reason == "too_short"
        assert await place.ask() is None
        assert len(place.model.log) == 1
        assert await place.shown("x = |", manual=True) == "x = ab"


@in_virtual_time
async def test_a_later_request_ends_the_earlier_one_at_once_and_its_call() -> None:
    async with desk("alpha", latency=60) as place:
        ended: list[float] = []

        async def first() -> None:
            assert await place.ask("x = |") is None
            ended.append(now())

        async with asyncio.TaskGroup() as group:
            group.create_task(first())
            await asyncio.sleep(10)
            assert place.model.open == 1
            place.model.latency = 1
            assert await place.ask("x = 1\ny = |") is not None
        assert ended == [10]
        assert place.model.most_open == 1
        assert len(place.model.log) == 2


@pytest.mark.parametrize("looking", [0, 0.05], ids=["at once", "looks at the disk first"])
@in_virtual_time
async def test_equal_requests_share_one_call(looking: float) -> None:
    async with desk("alpha", latency=LONGEST_UNASKED_S - 2) as place:
        place.shelf.pause = looking
        async with asyncio.TaskGroup() as group:
            one = group.create_task(place.ask("x = |"))
            await asyncio.sleep(5)
            two = group.create_task(place.ask())
        assert one.result() is None
        found = two.result()
        assert found is not None
        assert len(place.model.log) == 1
        assert now() < LONGEST_UNASKED_S


@in_virtual_time
async def test_a_place_asked_about_again_takes_up_the_call_that_goes_on() -> None:
    async with desk("alpha", latency=LONGEST_UNASKED_S + 5) as place:
        place.shelf.pause = 0.05
        assert await place.ask("x = |") is None
        assert await place.shown("x = |") == "x = alpha"
        assert len(place.model.log) == 1


@in_virtual_time
async def test_a_request_that_the_editor_takes_back_closes_its_call() -> None:
    async with desk("alpha", latency=10) as place:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(place.ask("x = |"), 5)
        await asyncio.sleep(0)
        assert len(place.model.log) == 1
        assert place.model.open == 0
        assert place.reason == "cancelled"


@in_virtual_time
async def test_closing_a_document_ends_its_request_and_the_call() -> None:
    async with desk("alpha", latency=10) as place:
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(place.ask("x = |"))
            await asyncio.sleep(5)
            place.documents.did_close(place.uri)
            await asyncio.sleep(0.01)
            assert asked.done()
            assert place.model.open == 0
        assert asked.result() is None
        assert place.reason == "not_open"


@in_virtual_time
async def test_an_answer_for_a_text_that_is_gone_is_kept_back() -> None:
    async with desk("alpha", latency=8) as place:
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(place.ask("x = |"))
            await asyncio.sleep(5)
            place.type("al")
        assert asked.result() is None
        assert place.reason == "document_changed"
        assert await place.shown("x = |") == "x = alpha"


@pytest.mark.parametrize(("manual", "seconds"), [(False, LONGEST_UNASKED_S), (True, LONGEST_S)], ids=["a key", "by hand"])
@in_virtual_time
async def test_a_model_that_never_answers_is_given_up(seconds: float, *, manual: bool) -> None:
    async with desk("alpha", latency=10_000) as place:
        assert await place.ask("x = |", manual=manual) is None
        assert place.reason == "timed_out"
        assert now() == seconds
        await asyncio.sleep(LONGEST_S)
        assert place.model.open == 0, "a call that nobody will hear is closed"


@in_virtual_time
async def test_a_model_that_is_being_loaded_is_not_hung_up_on_and_its_answer_is_kept() -> None:
    async with desk("alpha", latency=LONGEST_UNASKED_S + 10) as place:
        assert await place.ask("x = |") is None
        assert (place.reason, place.model.open) == ("timed_out", 1)
        await asyncio.sleep(11)
        assert await place.shown("x = |") == "x = alpha"
        assert len(place.model.log) == 1


@pytest.mark.parametrize("how", ["typed on", "closed"])
@in_virtual_time
async def test_a_call_that_outlasts_its_request_ends_when_the_person_goes_on(how: str) -> None:
    async with desk("alpha", latency=LONGEST_UNASKED_S + 10) as place:
        assert await place.ask("x = |") is None
        assert place.model.open == 1
        if how == "closed":
            place.documents.did_close(place.uri)
            await asyncio.sleep(0)
        else:
            place.service.snooze(1)
            assert await place.ask("x = y + |") is None
        await asyncio.sleep(0.1)
        assert place.model.open == 0


@in_virtual_time
async def test_waiting_for_the_next_key() -> None:
    async with desk("alpha", latency=0) as place:

        async def wait(marked: str, *, manual: bool = False) -> float:
            started = now()
            assert await place.ask(marked, manual=manual) is not None
            return now() - started

        assert 0.075 <= await wait("one = |") <= 0.4
        assert await wait("two = |", manual=True) == 0
        assert await wait("two = 2\n|") == 0  # the start of a line
        assert await wait("two = 2\n    |") > 0  # still the same one
        await asyncio.sleep(10)
        place.settings = place.settings.model_validate({**place.settings.model_dump(), "suggestions": {"min_delay_ms": 900}})
        assert await wait("three = |") == pytest.approx(0.9)
        assert await wait("four = |", manual=True) == 0


def wait_of(gap: float, latency: float, *, rejected: int = 0, accepted: int = 0) -> float:
    """Return the wait of one who types with this gap between two keys."""
    rhythm = Rhythm()
    for number in range(40):
        rhythm.asked(number * gap, "file:///w/a.py", None)
        rhythm.answered(latency)
    rhythm.asked(60, "file:///w/a.py", None)  # a pause to think is no rhythm
    for _ in range(rejected):
        rhythm.rejected()
    for _ in range(accepted):
        rhythm.accepted()
    return rhythm.wait(0)


def test_the_wait_follows_the_person_and_the_model() -> None:
    assert wait_of(0.01, 0.1) == 0.075
    assert 0.075 < wait_of(0.15, 0.1) < wait_of(0.2, 0.1) < wait_of(0.2, 2.0) < 0.4
    assert wait_of(1.5, 2.0) == 0.4
    assert wait_of(0.15, 0.1) < wait_of(0.15, 0.1, rejected=1) < wait_of(0.15, 0.1, rejected=3) < 0.4
    assert wait_of(0.15, 0.1, rejected=3, accepted=1) == wait_of(0.15, 0.1)


@in_virtual_time
async def test_the_popup_is_respected() -> None:
    async with desk("(alpha)") as place:
        place.write("x = com|")
        found = await place.ask(popup=Popup(4, 7, "compute"))
        assert found is not None
        assert (found.start, found.end, found.text) == (4, 7, "compute(alpha)")
        assert place.model.log[-1][1].prefix == "x = compute"
        place.write("x = 1\ny = 2|")
        assert await place.ask(popup=Popup(4, 11, "compute")) is None
        assert place.reason == "popup"


@in_virtual_time
async def test_a_model_that_repeats_the_entry_of_the_popup_does_not_double_it() -> None:
    for entry, answer in (("compute", "compute(alpha)"), ("compute", "(alpha)"), ("compute()", "compute().alpha")):
        async with desk(answer) as place:
            place.write("x = com|")
            found = await place.ask(popup=Popup(4, 7, entry))
            assert found is not None
            assert found.text == entry + answer.removeprefix(entry)


@in_virtual_time
async def test_feedback_follows_a_suggestion_and_never_goes_back() -> None:
    async with desk("al\U0001f600pha") as place:
        found = await place.ask("x = |")
        assert found is not None
        one = found.suggestion_id
        assert place.service.shown(one).state == "shown"
        assert place.service.accepted(one, 4).state == "partly_accepted"
        assert place.service.rejected(one).state == "partly_accepted"
        with pytest.raises(InvalidParamsError):
            place.service.accepted(one, 8)
        assert place.service.accepted(one, 7).state == "accepted"
        assert place.service.shown(one).state == "accepted"
        with pytest.raises(RequestError) as unknown:
            place.service.shown("suggestion_of_yesterday")
        assert unknown.value.code == "unknown_suggestion"


@pytest.mark.parametrize(("second", "all_of_it"), [(11, 16), (5, 10)], ids=["counted from its beginning", "counted from its rest"])
@in_virtual_time
async def test_a_suggestion_is_taken_word_by_word(second: int, all_of_it: int) -> None:
    async with desk("alpha beta gamma") as place:
        offered = await place.ask("y = |")
        assert offered is not None
        assert place.service.accepted(offered.suggestion_id, 6).state == "partly_accepted"
        rest = await place.ask("y = alpha |")
        assert rest is not None
        assert (rest.suggestion_id, rest.text) == (offered.suggestion_id, "beta gamma")
        assert place.service.accepted(offered.suggestion_id, second).state == "partly_accepted"
        assert place.service.accepted(offered.suggestion_id, all_of_it).state == "accepted"
        with pytest.raises(InvalidParamsError):
            place.service.accepted(offered.suggestion_id, 17)


@in_virtual_time
async def test_nothing_comes_right_behind_an_accepted_line_and_nothing_again_that_was_dismissed() -> None:
    async with desk("alpha") as place:
        found = await place.ask("x = |")
        assert found is not None
        place.service.accepted(found.suggestion_id)
        place.type("alpha")
        assert await place.ask() is None
        assert place.reason == "just_accepted"
        place.type("\n")
        found = await place.ask()
        assert found is not None
        place.service.rejected(found.suggestion_id)
        assert await place.ask() is None
        assert place.reason == "rejected"
        assert await place.ask(manual=True) is not None


@in_virtual_time
async def test_a_host_that_failed_is_left_in_peace_but_by_hand() -> None:
    failure = ProviderError("The key is wrong.", kind="auth_required")
    async with desk(lambda _: failure) as place:
        assert await place.ask("x = |") is None
        assert (place.reason, place.service.explain().text) == ("auth_required", "The key is wrong.")
        assert place.model.settlements == [failure]
        assert await place.ask("y = |") is None
        assert place.reason == "auth_required"
        assert len(place.model.log) == 1
        place.model.answer = lambda _: "alpha"
        assert await place.ask("z = |", manual=True) is not None
        place.service.settings_changed()
        assert await place.ask("y = |") is not None


@in_virtual_time
async def test_why_there_is_nothing_is_told_by_document() -> None:
    async with desk("alpha") as place:
        assert place.service.explain().reason == place.service.explain(place.uri).reason == "not_asked"
        assert await place.ask("ret|urn") is None
        place.uri = "untitled:1"
        assert await place.ask("x = |") is not None
        assert place.service.explain().uri == "untitled:1"
        assert place.service.explain("file:///w/a.py").reason == "mid_word"
        place.documents.did_close("untitled:1")
        place.text = ""
        assert await place.ask() is None
        assert place.reason == "not_open"
