"""Recordings: played by agent and call number with their timing, and made from another provider's stream."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import (
    Finished,
    StreamEvent,
    TextDelta,
    ThoughtDelta,
    ToolCallArguments,
    ToolCallEnded,
    ToolCallStarted,
    UsageReported,
    UserMessage,
)
from coterie.domain.status import Price
from coterie.domain.usage import Usage
from coterie.providers.config import ProviderConfig
from coterie.providers.recorder import Recording
from coterie.providers.registry import ProviderRegistry
from coterie.providers.replay import LONGEST_PAUSE_S, Replay
from provider_calls import KEY, REQUEST, gather, host, provider_of
from raw_http_server import CUT, Reply, raw_http_server, sse

CASSETTE = {
    "version": 1,
    "note": "made by hand",
    "models": {"chat": "work/one"},
    "calls": [
        {
            "agent": "chat",
            "call": 0,
            "events": [
                {"after_ms": 12, "thought": "hm"},
                {"after_ms": 500, "text": "Hello"},
                {"text": "!"},
                {"after_ms": 60_000, "tool": "edit_file", "arguments": {"path": "a"}},
                {"usage": {"input": 3, "cacheRead": 0, "cacheWrite": 0, "output": 2, "usd": "0.5"}},
                {"finish": "tool_calls"},
            ],
        },
        {"agent": "chat", "call": 1, "events": [{"text": "no end"}]},
    ],
}
PLAYED: list[StreamEvent] = [
    ThoughtDelta("hm"),
    TextDelta("Hello"),
    TextDelta("!"),
    ToolCallStarted("call_chat_0_3", "edit_file"),
    ToolCallArguments("call_chat_0_3", '{"path": "a"}'),
    ToolCallEnded("call_chat_0_3"),
    UsageReported(Usage(input=3, cache_read=0, cache_write=0, output=2, usd=Decimal("0.5"))),
    Finished("tool_calls"),
]


def pauses() -> tuple[list[float], Callable[[float], Awaitable[None]]]:
    """Return a clock that only notes how long it should have waited."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    return waited, note


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    path = tmp_path / "cassette.json"
    path.write_text(json.dumps(CASSETTE), encoding="utf-8")
    return path


def replaying(path: Path, **extra: Any) -> ProviderConfig:
    return ProviderConfig(id="demo", type="replay", cassette=str(path), extra=extra)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [({}, [0.012, 0.5, LONGEST_PAUSE_S]), ({"speed": 100}, [0.00012, 0.005, 0.6]), ({"speed": 0}, [])],
)
@pytest.mark.proves("replay", "streaming", "tools")
async def test_a_recording_is_played_with_its_timing(cassette: Path, extra: dict[str, Any], expected: list[float]) -> None:
    waited, sleep = pauses()
    provider = Replay(replaying(cassette, **extra), sleep=sleep)
    assert await gather(provider) == PLAYED
    assert waited == pytest.approx(expected)


async def test_what_was_asked_does_not_matter(cassette: Path) -> None:
    other = replace(REQUEST, model="another", system="another", messages=(UserMessage(text="another"),), tools=())
    assert await gather(Replay(replaying(cassette, speed=0)), other) == PLAYED


@pytest.mark.parametrize(
    ("agent", "call", "says"),
    [
        ("chat", 2, "lacks call 2 of the agent `chat`. It has: chat 0, chat 1"),
        ("coder", 0, "lacks call 0 of the agent `coder`"),
        ("chat", 1, "finish"),
    ],
)
@pytest.mark.proves("replay", "failures")
async def test_what_a_recording_lacks_is_said(cassette: Path, agent: str, call: int, says: str) -> None:
    with pytest.raises(ProviderError, match=says) as raised:
        await gather(Replay(replaying(cassette)), replace(REQUEST, agent=agent, call=call))
    assert raised.value.kind == "bad_request"


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "No such file"), ("{", "cannot be played"), ('{"version": 2}', "version"), ('{"calls": [{"agent": "a"}]}', "calls.0")],
)
async def test_a_file_that_is_no_recording(tmp_path: Path, content: str | None, says: str) -> None:
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ProviderError, match=says) as raised:
        await gather(Replay(replaying(path)))
    assert raised.value.kind == "bad_request"


async def test_whether_a_recording_can_be_played_is_seen_before_it_is(cassette: Path, tmp_path: Path) -> None:
    there, gone = [await Replay(replaying(path)).check() for path in (cassette, tmp_path / "gone.json")]
    assert (there.state, gone.state) == ("ready", "down")
    assert "gone.json" in gone.text


@pytest.mark.proves("replay", "models")
async def test_a_recording_never_passes_for_a_model(cassette: Path) -> None:
    registry = ProviderRegistry([replaying(cassette)])
    assert registry.choose("demo/any-model").label == "replay (recorded)"
    assert [model.id for model in await registry.models()] == ["demo/recorded"]
    assert registry.list()[0].type == "replay"


CALL = {"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "edit_file", "arguments": '{"a":1}'}}]}}]}
ANSWER = Reply(
    steps=(
        sse({"choices": [{"delta": {"reasoning_content": "hm"}}]}),
        sse({"choices": [{"delta": {"content": "Hello"}}]}),
        sse(CALL),
        sse({"choices": [{"delta": {}, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 1000, "completion_tokens": 10}}),
        sse("[DONE]"),
    )
)


async def test_what_is_recorded_plays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "made.json"
    prices = {"one": Price(input=Decimal(1), output=Decimal(2))}
    async with raw_http_server([ANSWER, Reply(steps=(*ANSWER.steps[:2], CUT))]) as server:
        registry = ProviderRegistry([host("openai_compatible", server.url, prices=prices)], recording=Recording(path))
        await gather(registry.get("work"))
        with pytest.raises(ProviderError):
            await gather(registry.get("work"), replace(REQUEST, call=1))
        await registry.aclose()
    written = path.read_text(encoding="utf-8")
    assert str(KEY.value) not in written
    assert "say hello" not in written, "a recording holds answers only"
    made = json.loads(written)
    assert made["models"] == {"chat": "work/one"}
    assert [(call["agent"], call["call"]) for call in made["calls"]] == [("chat", 0)], "what failed leaves no trace"
    async with provider_of(replaying(path, speed=0)) as replay:
        played = await gather(replay)
    bill = Usage(input=1000, cache_read=0, cache_write=0, output=10, usd=Decimal("0.00102"))
    # A call is recorded when it is whole, and its arguments as JSON, so not byte for byte.
    call = [ToolCallStarted("c", "edit_file"), ToolCallArguments("c", '{"a": 1}'), ToolCallEnded("c")]
    assert played == [ThoughtDelta("hm"), TextDelta("Hello"), UsageReported(bill), *call, Finished("tool_calls")]
