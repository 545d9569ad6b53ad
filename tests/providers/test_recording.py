"""Sessions of several runs: recorded in one file, each run played by the run that asks the same, and no key in it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coterie.base.errors import ProviderError
from coterie.base.redaction import Redaction
from coterie.domain.messages import ModelRequest, UserMessage
from coterie.providers.config import ProviderConfig
from coterie.providers.recorder import Recording
from coterie.providers.registry import ProviderRegistry
from provider_calls import REQUEST, gather, host, provider_of, words
from raw_http_server import Reply, Request, raw_http_server, sse

SECRET = "canary-key-5678"


def asking(text: str, run: str, *, agent: str = "chat", call: int = 0) -> ModelRequest:
    return replace(REQUEST, messages=(UserMessage(text=text),), run=run, agent=agent, call=call)


def echo(request: Request) -> Reply:
    """Answer with what was asked, cut into letters, and once more in a tool's arguments."""
    said = request.json()["messages"][-1]["content"]
    letters = [sse({"choices": [{"delta": {"content": letter}}]}) for letter in said]
    call = {"index": 0, "id": "c", "function": {"name": "note", "arguments": json.dumps({"said": said})}}
    end = sse({"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]})
    return Reply(steps=(*letters, end, sse("[DONE]")))


async def recorded(path: Path, *requests: ModelRequest, redaction: Redaction | None = None) -> dict[str, Any]:
    async with raw_http_server(echo) as server:
        registry = ProviderRegistry([host("openai_compatible", server.url)], recording=Recording(path, redaction))
        for request in requests:
            await gather(registry.get("work"), request)
        await registry.aclose()
    made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return made


def playing(path: Path) -> ProviderConfig:
    return ProviderConfig(id="demo", type="replay", cassette=str(path), extra={"speed": 0})


SESSION = (
    asking("first", "run_1"),
    asking("second", "run_2"),
    asking("first, on", "run_1", call=1),
    asking("second, on", "run_2", call=1),
    asking("the title", "run_1", agent="title"),
    asking("ghost one", "", agent="ghost"),
    asking("ghost two", "", agent="ghost"),
)


async def test_each_run_of_a_session_plays_its_own_answers_in_any_order(tmp_path: Path) -> None:
    made = await recorded(tmp_path / "made.json", *SESSION)
    assert [(call["run"], call["agent"], call["call"]) for call in made["calls"]] == [
        (0, "chat", 0),
        (1, "chat", 0),
        (0, "chat", 1),
        (1, "chat", 1),
        (0, "title", 0),
        (2, "ghost", 0),
        (3, "ghost", 0),
    ]
    assert "first" not in {call["asked"] for call in made["calls"]}, "a digest, no prompt"
    async with provider_of(playing(tmp_path / "made.json")) as replay:
        for request in (SESSION[1], SESSION[6], SESSION[0], SESSION[3], SESSION[2], SESSION[4], SESSION[5]):
            again = replace(request, run=request.run and f"another_{request.run}")
            assert words(await gather(replay, again)) == request.messages[0].text  # type: ignore[union-attr]


async def test_runs_that_are_worded_anew_play_in_the_order_of_the_recording(tmp_path: Path) -> None:
    await recorded(tmp_path / "made.json", *SESSION)
    async with provider_of(playing(tmp_path / "made.json")) as replay:
        assert words(await gather(replay, asking("anew", "a"))) == "first"
        assert words(await gather(replay, asking("anew", "b"))) == "second"
        assert words(await gather(replay, asking("anew", "b", call=1))) == "second, on"
        assert words(await gather(replay, asking("anew", "a", call=1))) == "first, on"
        with pytest.raises(ProviderError, match="lacks call 2"):
            await gather(replay, asking("anew", "a", call=2))
        assert words(await gather(replay, asking("anew", "c"))) == "first", "after the last one it begins again"


async def test_a_run_that_is_resumed_by_another_process_finds_its_recording(tmp_path: Path) -> None:
    await recorded(tmp_path / "made.json", asking("one", "run_1"), asking("two", "run_2"), asking("two", "run_2", call=1))
    async with provider_of(playing(tmp_path / "made.json")) as fresh:
        assert words(await gather(fresh, asking("two", "run_2", call=1))) == "two"


async def test_runs_at_once_play_their_own(tmp_path: Path) -> None:
    texts = [f"question {number}" for number in range(20)]
    await recorded(tmp_path / "made.json", *(asking(text, text) for text in texts))
    async with provider_of(playing(tmp_path / "made.json")) as replay:
        answers = await asyncio.gather(*(gather(replay, asking(text, f"again {text}")) for text in reversed(texts)))
    assert [words(answer) for answer in answers] == list(reversed(texts))


async def test_a_secret_is_cut_out_however_it_came(tmp_path: Path) -> None:
    redaction = Redaction()
    redaction.know(SECRET)
    made = await recorded(tmp_path / "made.json", asking(f"it is {SECRET}!", "run_1"), redaction=redaction)
    written = (tmp_path / "made.json").read_text(encoding="utf-8")
    assert SECRET not in written
    assert SECRET not in "".join(piece.get("text", "") for piece in made["calls"][0]["events"])
    async with provider_of(playing(tmp_path / "made.json")) as replay:
        assert words(await gather(replay, asking("?", "run_2"))) == "it is …!"


async def test_a_secret_that_is_met_later_is_cut_out_of_what_was_said_before(tmp_path: Path) -> None:
    redaction = Redaction()
    path = tmp_path / "made.json"
    async with raw_http_server(echo) as server:
        registry = ProviderRegistry([host("openai_compatible", server.url)], recording=Recording(path, redaction))
        await gather(registry.get("work"), asking(SECRET, "run_1"))
        redaction.know(SECRET)
        await gather(registry.get("work"), asking("another", "run_2"))
        await registry.aclose()
    calls = json.loads(path.read_text(encoding="utf-8"))["calls"]
    assert [next(piece["text"] for piece in call["events"]) for call in calls] == ["…", "a"]
    assert SECRET not in path.read_text(encoding="utf-8")
