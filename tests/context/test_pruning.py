"""What a conversation is cut into, and which old outputs of tools it gives up first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.context.assemble import request_bytes
from coterie.context.pieces import BIG_OUTPUT, Counting, Part, parts_of
from coterie.context.pruning import prunings
from coterie.context.thread import SUMMARY, Placed, as_sent, pruned_of
from coterie.context.tokens import Calibration, Sizes
from coterie.domain.inspection import Marks
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from coterie.domain.records import OutputPlace

COUNTING = Counting(Sizes().message, Calibration().tokens)
TASK = UserMessage(text="<folder>\nsrc/\n</folder>\n\nMend it.", preface=27)


def turn(number: int, *sizes: int) -> tuple[Message, ...]:
    calls = tuple(ToolCall(call_id=f"c{number}.{place}", tool="read_file", arguments={}) for place in range(len(sizes)))
    results = tuple(
        ToolResult(call_id=call.call_id, tool=call.tool, output=f"{number % 10}" * size) for call, size in zip(calls, sizes, strict=True)
    )
    return AssistantMessage(text="", tool_calls=calls, made_by="work/m1"), ToolMessage(results=results)


def thread(*turns: tuple[int, ...]) -> tuple[Placed, ...]:
    """Return a conversation: its task, and for each turn a call with outputs so long."""
    messages = [TASK, *(message for number, sizes in enumerate(turns) for message in turn(number, *sizes))]
    return tuple(Placed("r1", seq, message) for seq, message in enumerate(messages, 1))


def request(placed: tuple[Placed, ...]) -> ModelRequest:
    return ModelRequest(model="m1", system="s", messages=as_sent(placed), tools=(ToolSpec("read_file", "Reads.", {}),))


def cut(placed: tuple[Placed, ...]) -> tuple[Part, ...]:
    return parts_of(request(placed), placed, ("r1", 1), COUNTING)


def total(parts: tuple[Part, ...]) -> int:
    return sum(part.piece.tokens for part in parts)


def test_a_request_is_cut_into_pieces_that_say_what_they_are() -> None:
    parts = cut((Placed(SUMMARY, 0, UserMessage(text="So far.")), *thread((2_000, 10), (3_000,))))
    assert [(part.piece.piece_id, part.piece.segment, part.piece.source, part.piece.pinned) for part in parts] == [
        ("system:prompt", "system", "prompt", False),
        ("system:tools", "system", "tools", False),
        (":0:0", "history", "summary", True),
        ("r1:1:0", "project", "folder", True),
        ("r1:1:1", "task", "request", True),
        ("r1:2", "history", "work/m1", True),
        ("r1:3:0", "history", "tool:read_file", False),
        ("r1:3:1", "history", "tool:read_file", True),
        ("r1:4", "history", "work/m1", True),
        ("r1:5:0", "history", "tool:read_file", True),
    ]
    assert parts[-1].piece.reason == "the model has not seen it yet"
    answered = cut((*thread((2_000, 10), (3_000,)), Placed("r1", 6, AssistantMessage(text="Done."))))
    assert [part.piece.reason for part in answered if part.piece.source == "tool:read_file"] == ["called before"] * 3
    assert [part.piece.pinned for part in answered if part.piece.source == "tool:read_file"] == [False, True, True], "still newest"


@given(st.lists(st.lists(st.integers(0, 3_000), min_size=1, max_size=3).map(tuple), max_size=5))
def test_the_pieces_cost_what_the_request_costs(turns: list[tuple[int, ...]]) -> None:
    placed = thread(*turns)
    exact = Calibration().tokens(len(request_bytes(request(placed))))
    assert exact <= total(cut(placed)) <= exact + len(placed) + 1


def test_the_oldest_outputs_go_first_and_only_as_many_as_it_takes() -> None:
    parts = cut(thread((8_000, 100), (8_000,), (8_000,), (8_000,)))
    assert prunings(parts, total(parts)) == ()
    assert prunings(parts, total(parts) - 1_500) == (OutputPlace(run_id="r1", seq=3, place=0),)
    assert prunings(parts, total(parts) - 3_000) == tuple(OutputPlace(run_id="r1", seq=seq, place=0) for seq in (3, 5))


def test_what_a_person_has_pinned_stays_and_newer_outputs_go() -> None:
    placed = thread((8_000, 100), (8_000,), (8_000,), (8_000,))
    parts = parts_of(request(placed), placed, ("r1", 1), COUNTING, Marks(pinned=frozenset({"r1:3:0"})))
    assert prunings(parts, total(parts) - 1_500) == (OutputPlace(run_id="r1", seq=5, place=0),)
    assert [part.piece.reason for part in parts if part.piece.piece_id == "r1:3:0"] == ["pinned by the person"]


@pytest.mark.parametrize("sizes", [((30_000,),), ((500,), (30_000,))], ids=["only output", "newest output"])
def test_what_no_model_has_seen_yet_stays(sizes: tuple[tuple[int, ...], ...]) -> None:
    assert prunings(cut(thread(*sizes)), 10) == ()


@given(st.lists(st.lists(st.integers(0, 9_000), min_size=1, max_size=3).map(tuple), min_size=1, max_size=8), st.integers(0, 40_000))
def test_what_is_left_fits_or_nothing_more_can_go(turns: list[tuple[int, ...]], limit: int) -> None:
    placed = thread(*turns)
    gone = prunings(cut(placed), limit)
    left = tuple(pruned_of(each, gone) for each in placed)
    assert [each.message for each in left[-2:]] == [each.message for each in placed[-2:]]
    parts = cut(left)
    if total(parts) > limit:
        big = [output for sizes in turns[:-1] for output in sizes if output >= BIG_OUTPUT]
        assert len(gone) == len(big)
    assert len(set(gone)) == len(gone)
