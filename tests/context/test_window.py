"""What a window keeps: never over its limit, what is pinned always, in a stable order, and never less of it when there is more room."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.base.errors import RunError
from coterie.context.window import BUFFER, SHARES, input_limit, plan
from coterie.domain.window import SEGMENTS, Piece, Segment, Window
from coterie.domain.wire import to_wire

pieces = st.lists(
    st.builds(
        Piece,
        piece_id=st.uuids().map(str),
        segment=st.sampled_from(SEGMENTS),
        source=st.just("test"),
        reason=st.just("drawn"),
        tokens=st.integers(0, 60),
        pinned=st.booleans(),
        divisible=st.booleans(),
    ),
    max_size=14,
)


def piece(name: str, segment: Segment, tokens: int, *, pinned: bool = False) -> Piece:
    return Piece(piece_id=name, segment=segment, source="test", reason="asked for", tokens=tokens, pinned=pinned)


def planned(given: list[Piece], limit: int) -> Window | None:
    if sum(each.tokens for each in given if each.stays) > limit:
        with pytest.raises(RunError) as overflow:
            plan(given, limit)
        assert overflow.value.code == "context_overflow"
        return None
    return plan(given, limit)


def ids(window: Window) -> list[str]:
    return [each.piece_id for each in window.pieces]


def test_the_shares_are_the_whole_budget() -> None:
    assert (SHARES, BUFFER) == ({"system": 5, "project": 15, "history": 30, "task": 40}, 10)


@pytest.mark.parametrize(
    ("context", "output", "limit"),
    [(100_000, 10_000, 81_000), (100_000, None, 82_627), (8_000, None, 5_400), (8_000, 1_000, 6_300), (8_000, 7_000, 5_400)],
    ids=["reserve", "default reserve", "small window", "small answers", "an answer larger than the window's part"],
)
def test_the_answer_s_reserve_stands_apart_and_the_buffer_is_of_what_remains(context: int, output: int | None, limit: int) -> None:
    assert input_limit(context, output) == limit


@given(pieces, st.integers(0, 400))
def test_never_over_the_limit_and_every_piece_is_accounted_for(given: list[Piece], limit: int) -> None:
    if (window := planned(given, limit)) is None:
        return
    assert window.tokens == sum(each.tokens for each in window.pieces) <= limit
    assert window.used == {segment: sum(each.tokens for each in window.pieces if each.segment == segment) for segment in SEGMENTS}
    known = [each.piece_id for each in given]
    assert sorted([*ids(window), *(left.piece.piece_id for left in window.left_out)], key=known.index) == known


@given(pieces, st.integers(0, 400))
def test_what_is_pinned_and_the_system_stay_and_the_order_is_stable(given: list[Piece], limit: int) -> None:
    if (window := planned(given, limit)) is None:
        return
    assert {each.piece_id for each in given if each.stays} <= set(ids(window))
    assert ids(window) == [each.piece_id for each in given if each.piece_id in set(ids(window))]


@given(pieces, st.integers(0, 400))
def test_the_same_input_gives_the_same_bytes(given: list[Piece], limit: int) -> None:
    assert to_wire(planned(given, limit)) == to_wire(planned([replace(each) for each in given], limit))


@given(pieces, st.integers(0, 400), st.integers(0, 60))
def test_a_larger_limit_never_keeps_less(given: list[Piece], limit: int, more: int) -> None:
    if (smaller := planned(given, limit)) is None:
        return
    larger = planned(given, limit + more)
    assert larger is not None
    assert set(ids(smaller)) <= set(ids(larger))
    tokens = {each.piece_id: each.tokens for each in larger.pieces}
    assert all(each.tokens <= tokens[each.piece_id] for each in smaller.pieces), "nor less of what is kept in part"


@given(pieces, st.integers(0, 400))
def test_nothing_is_left_out_while_everything_fits(given: list[Piece], limit: int) -> None:
    if sum(each.tokens for each in given) <= limit:
        assert plan(given, limit).pieces == tuple(given)


@pytest.mark.parametrize(("first", "second"), list(combinations(("task", "history", "project"), 2)))
def test_what_is_left_over_goes_to_the_task_then_to_history_then_to_the_project(first: Segment, second: Segment) -> None:
    given = [piece(f"{segment}{number}", segment, 1) for segment in (first, second) for number in range(90)]
    window = plan(given, 90)
    assert window.used[second] == SHARES[second], "its own share stays its own"
    assert window.used[first] == 90 - SHARES[second]


def test_where_the_system_takes_more_than_its_share_the_task_is_served_first() -> None:
    window = plan(
        [
            piece("prompt", "system", 60),
            *(piece(f"{segment}{n}", segment, 1) for segment in ("project", "history", "task") for n in range(40)),
        ],
        90,
    )
    assert window.used == {"system": 60, "project": 0, "history": 0, "task": 30}


def test_of_history_the_newest_is_kept_and_of_the_others_the_first() -> None:
    given = [piece(f"{segment}{number}", segment, 10) for segment in ("project", "history", "task") for number in range(9)]
    window = plan(given, 90)
    assert ids(window) == ["project0", "history6", "history7", "history8", "task0", "task1", "task2", "task3"]


def test_behind_what_does_not_fit_nothing_is_kept() -> None:
    window = plan([piece("large", "task", 95), piece("small", "task", 1)], 90)
    assert ids(window) == []
    assert [left.reason for left in window.left_out] == ["no room: what may be cut of the task has 90 tokens here"] * 2


def test_what_is_divisible_shares_the_room_and_comes_before_what_goes_in_whole() -> None:
    sizes = {"found": 10, "large": 70, "small": 10, "larger": 80}
    given = [replace(piece(name, "task", tokens), divisible=name != "found") for name, tokens in sizes.items()]
    assert {each.piece_id: each.tokens for each in plan(given, 90).pieces} == {"large": 40, "small": 10, "larger": 40}
    assert {each.piece_id: each.tokens for each in plan(given, 170).pieces} == sizes


@pytest.mark.parametrize("given", [piece("prompt", "system", 91), piece("request", "task", 91, pinned=True)], ids=["system", "pinned"])
def test_what_must_be_sent_and_does_not_fit_is_an_error_in_words(given: Piece) -> None:
    with pytest.raises(RunError, match="needs about 91 tokens, and there is room for 90") as caught:
        plan([given], 90)
    assert caught.value.code == "context_overflow"
