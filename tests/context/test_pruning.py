"""A request that is too large loses its oldest big tool outputs, in the open, or is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.base.errors import RunError
from coterie.context.assemble import request_bytes
from coterie.context.pruning import BIG_OUTPUT, LOW_WATER, fit
from coterie.context.tokens import Calibration
from coterie.context.window import input_limit
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolCall, ToolMessage, ToolResult, UserMessage
from coterie.domain.usage import Usage


def turn(number: int, *sizes: int) -> tuple[Message, ...]:
    calls = tuple(ToolCall(call_id=f"c{number}.{place}", tool="read_file", arguments={}) for place in range(len(sizes)))
    results = tuple(
        ToolResult(call_id=call.call_id, tool=call.tool, output=f"{number}" * size) for call, size in zip(calls, sizes, strict=True)
    )
    return AssistantMessage(text="", tool_calls=calls), ToolMessage(results=results)


def conversation(*turns: tuple[int, ...]) -> ModelRequest:
    messages = [message for number, sizes in enumerate(turns) for message in turn(number, *sizes)]
    return ModelRequest(model="m1", system="s", messages=(UserMessage(text="go"), *messages))


def left_out(request: ModelRequest) -> list[str]:
    results = [result for message in request.messages if isinstance(message, ToolMessage) for result in message.results]
    return [result.call_id for result in results if "was left out" in result.output]


def test_what_fits_or_has_no_known_window_is_not_touched() -> None:
    large = conversation((90_000,))
    assert fit(large, None).request is large
    small = conversation((2_000,))
    fitted = fit(small, 8_000)
    assert (fitted.request, fitted.notice) == (small, None)


def test_the_oldest_big_outputs_go_first_and_the_person_is_told() -> None:
    # The limit is (8_000 - 2_000) x 0.9 = 5_400 tokens, so 21,600 bytes; the low-water mark is 16,200 bytes.
    fitted = fit(conversation((8_000, 100), (6_000,), (6_000,), (6_000,)), 8_000)
    assert left_out(fitted.request) == ["c0.0", "c1.0"]
    assert fitted.notice == "The window of m1 is full: 2 old tool outputs are no longer sent to it."


def test_calls_after_a_pruning_share_their_beginning_again() -> None:
    first = fit(conversation((8_000,), (8_000,), (8_000,)), 8_000).request
    grown = ModelRequest(model="m1", system="s", messages=(*first.messages, *turn(3, 2_000)))
    again = fit(grown, 8_000)
    assert again.request is grown
    assert request_bytes(again.request).startswith(request_bytes(first))


@pytest.mark.parametrize("sizes", [((30_000,),), ((500,), (30_000,))], ids=["only output", "newest output"])
def test_what_the_model_has_not_seen_yet_stays_and_the_refusal_says_what_to_do(sizes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(RunError, match=r"takes 5,400.*larger window") as caught:
        fit(conversation(*sizes), 8_000)
    assert caught.value.code == "context_overflow"


@given(st.lists(st.lists(st.integers(0, 9_000), min_size=1, max_size=3).map(tuple), min_size=1, max_size=8), st.integers(4_000, 16_000))
def test_never_over_the_limit_newest_kept_and_stable(turns: list[tuple[int, ...]], window: int) -> None:
    request = conversation(*turns)
    limit = input_limit(window, None)
    count = Calibration().tokens
    try:
        fitted = fit(request, window).request
    except RunError:
        prunable = [size for sizes in turns[:-1] for size in sizes if size >= BIG_OUTPUT]
        words_in_their_place = 40 * len(prunable)
        assert count(len(request_bytes(request)) - sum(prunable)) > limit - words_in_their_place
        return
    assert count(len(request_bytes(fitted))) <= limit
    assert fitted.messages[-1] == request.messages[-1]
    assert fit(fitted, window).request == fitted
    if left_out(fitted) and count(len(request_bytes(fitted))) > limit * LOW_WATER + 2 * len(left_out(fitted)):
        kept = [size for sizes in turns[:-1] for size in sizes if size >= BIG_OUTPUT]
        assert len(left_out(fitted)) == len(kept), "it stopped above the low-water mark with something left to prune"


def test_the_hosts_own_counts_correct_the_estimate() -> None:
    start = Calibration()
    assert start.tokens(4_001) == 1_001
    dense = start.corrected(9_000, Usage(input=1_000, cache_read=2_000, output=50))
    assert dense.bytes_per_token == 3
    assert dense.corrected(9_000, Usage(output=5)) is dense
    assert dense.corrected(9_000, Usage(input=0)) is dense
    assert dense.corrected(9_000, Usage(input=100_000)) is dense
