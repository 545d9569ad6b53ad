"""The real Claude Code command line as a host of models, with aimock behind it."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aimock_server import AimockServer, StartAimock
from claude_cli import REAL, with_real
from coterie.base.errors import FailureKind, ProviderError
from coterie.domain.messages import (
    AssistantMessage,
    Finished,
    Message,
    ModelRequest,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallStarted,
    ToolMessage,
    ToolResult,
    UsageReported,
    UserMessage,
)
from coterie.domain.model_ports import Provider
from coterie.domain.usage import Usage
from coterie.providers.config import ProviderConfig
from coterie.providers.registry import ProviderRegistry
from provider_calls import KEY, REQUEST, gather, words

pytestmark = with_real

ASKED = replace(REQUEST, model="sonnet")
CALL = ToolCall(call_id="ours_1", tool="edit_file", arguments={"path": "a.py"})
CALLED = AssistantMessage(text="I edit it.", tool_calls=(CALL,))
ANSWERED = ToolMessage(results=(ToolResult(call_id="ours_1", tool="edit_file", output="Changed a.py."),))


def fixture(turn: int, **response: Any) -> dict[str, Any]:
    """Return aimock's answer number ``turn`` of a conversation."""
    return {"match": {"turnIndex": turn}, "response": {"usage": {"prompt_tokens": 100 * (turn + 1), "completion_tokens": 10}, **response}}


TALK = (
    fixture(0, content="I edit it.", toolCalls=[{"id": "toolu_1", "name": "mcp__coterie__edit_file", "arguments": {"path": "a.py"}}]),
    fixture(1, content="It is edited."),
    fixture(2, content="You are welcome."),
)


@asynccontextmanager
async def claude(
    home: Path, server: AimockServer | None, *, environ: Mapping[str, str] | None = None, **settings: Any
) -> AsyncIterator[Provider]:
    """Give the provider of an entry whose CLI is the real one, at home in an empty folder."""
    home.mkdir(exist_ok=True)
    entry = ProviderConfig(id="claude", type="claude_code", base_url=server.url if server else "", api_key=KEY, command=str(REAL))
    registry = ProviderRegistry([replace(entry, **settings)], environ={"PATH": os.environ["PATH"], "HOME": str(home), **(environ or {})})
    try:
        yield registry.get("claude")
    finally:
        await registry.aclose()


def and_then(*messages: Message) -> ModelRequest:
    """Return the request with more of a conversation."""
    return replace(ASKED, messages=(*ASKED.messages, *messages))


def used(events: list[StreamEvent]) -> Usage:
    """Return the last usage of an answer."""
    return [event.usage for event in events if isinstance(event, UsageReported)][-1]


@pytest.mark.proves("claude_code", "streaming")
async def test_an_answer_streams_with_its_tokens_and_its_cost(tmp_path: Path, start_aimock: StartAimock) -> None:
    async with (
        start_aimock([fixture(0, content="Hello there, friend.")], chunk_size=4) as server,
        claude(tmp_path / "home", server) as provider,
    ):
        events = await gather(provider, ASKED)
        asked = (await server.journal())[0]
    assert words(events) == "Hello there, friend."
    assert sum(isinstance(event, TextDelta) for event in events) > 2
    assert used(events) == Usage(input=100, cache_read=0, cache_write=0, output=10, usd=used(events).usd)
    assert used(events).usd
    assert events[-1] == Finished("stop")
    assert asked.tools == ("mcp__coterie__edit_file",)  # ours, and none of its own
    assert "Be brief." in asked.messages[0]["content"]
    assert [each["content"] for each in asked.messages if each["role"] == "user"] == ["say hello"]


@pytest.mark.proves("claude_code", "tools")
async def test_calls_are_ours_to_carry_out_and_the_session_goes_on_with_their_results(tmp_path: Path, start_aimock: StartAimock) -> None:
    async with start_aimock(TALK, chunk_size=4) as server, claude(tmp_path / "home", server) as provider:
        first = await gather(provider, ASKED)
        second = await gather(provider, and_then(CALLED, ANSWERED, UserMessage(text="Hurry!")))
        said = (CALLED, ANSWERED, UserMessage(text="Hurry!"), AssistantMessage(text="It is edited."), UserMessage(text="Thanks"))
        third = await gather(provider, and_then(*said))
        journal = await server.journal()
    assert ToolCallStarted("toolu_1", "edit_file") in first
    assert first[-1] == Finished("tool_calls")
    assert [words(second), words(third)] == ["It is edited.", "You are welcome."]
    assert len({entry.headers["x-claude-code-session-id"] for entry in journal}) == 1
    roles = [(each["role"], each["content"]) for each in journal[2].messages[1:]]
    assert roles[2] == ("tool", "Changed a.py.\n\nThe person says meanwhile: Hurry!")
    assert roles[-1] == ("user", "Thanks")
    assert [used(events).input for events in (first, second, third)] == [100, 200, 300]
    costs = [used(events).usd for events in (first, second, third)]
    assert all(cost is not None and cost > Decimal(0) for cost in costs)
    assert costs[0] != costs[1] != costs[2]  # each its own part, not the session's sum


async def test_a_long_result_reaches_the_model_whole(tmp_path: Path, start_aimock: StartAimock) -> None:
    output = "line of output\n" * 4000
    answered = ToolMessage(results=(ToolResult(call_id="ours_1", tool="edit_file", output=output, failed=True),))
    async with start_aimock(TALK) as server, claude(tmp_path / "home", server) as provider:
        await gather(provider, ASKED)
        await gather(provider, and_then(CALLED, answered))
        assert (await server.journal())[-1].messages[-1]["content"] == output


async def test_a_session_that_is_gone_is_told_to_a_new_one(tmp_path: Path, start_aimock: StartAimock) -> None:
    async with start_aimock([fixture(0, content="It was edited.")]) as server, claude(tmp_path / "home", server) as provider:
        events = await gather(provider, and_then(CALLED, ANSWERED))
        told = (await server.journal())[0].messages[-1]["content"]
    assert words(events) == "It was edited."
    assert "<user>\nsay hello\n</user>" in told
    assert '<call tool="edit_file">{"path": "a.py"}</call>' in told
    assert '<result tool="edit_file">\nChanged a.py.\n</result>' in told


async def test_what_is_said_is_never_a_command_or_a_file_of_the_cli(tmp_path: Path, start_aimock: StartAimock) -> None:
    (tmp_path / "home" / ".claude").mkdir(parents=True)
    (tmp_path / "home" / ".claude" / "CLAUDE.md").write_text("MEMORY of the person")
    text = f"/compact @{tmp_path}/home/.claude/CLAUDE.md"
    async with start_aimock([{"match": {}, "response": {"content": "ok"}}]) as server, claude(tmp_path / "home", server) as provider:
        await gather(provider, replace(ASKED, messages=(UserMessage(text=text),)))
        asked = (await server.journal())[0]
    assert str(asked.messages).count("MEMORY") == 0
    assert asked.messages[-1]["content"].endswith(text)


async def test_a_key_of_the_environment_bills_nobody(tmp_path: Path) -> None:
    environ = {"ANTHROPIC_API_KEY": "somebody-elses", "ANTHROPIC_BASE_URL": "https://gateway.example"}
    async with claude(tmp_path / "home", None, api_key=None, environ=environ) as provider:
        with pytest.raises(ProviderError, match="not logged in") as refused:
            await gather(provider, ASKED)
    assert refused.value.kind == "auth_required"


async def test_a_gateway_on_this_machine_is_used_as_the_environment_says(tmp_path: Path, start_aimock: StartAimock) -> None:
    async with start_aimock([fixture(0, content="Hello")]) as server:
        environ = {"ANTHROPIC_API_KEY": "of-the-gateway", "ANTHROPIC_BASE_URL": server.url}
        async with claude(tmp_path / "home", None, api_key=None, environ=environ) as provider:
            assert words(await gather(provider, ASKED)) == "Hello"


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (401, {"type": "authentication_error", "message": "invalid x-api-key"}, "auth_required"),
        (429, {"type": "rate_limit_error", "message": "slow down"}, "rate_limited"),
        (529, {"type": "overloaded_error", "message": "Overloaded"}, "transient"),
        (400, {"type": "invalid_request_error", "message": "prompt is too long: 2 tokens > 1 maximum"}, "context_overflow"),
        (404, {"type": "not_found_error", "message": "model: nope"}, "bad_request"),
    ],
)
@pytest.mark.proves("claude_code", "failures")
async def test_the_hosts_refusals_are_classified(
    status: int, error: dict[str, str], kind: FailureKind, tmp_path: Path, start_aimock: StartAimock
) -> None:
    refusal = {"match": {}, "response": {"error": error, "status": status, "retryAfter": 7}}
    async with start_aimock([refusal]) as server, claude(tmp_path / "home", server) as provider:
        with pytest.raises(ProviderError) as refused:
            await gather(provider, ASKED)
    assert refused.value.kind == kind
    assert "claude/sonnet" in refused.value.message
    assert (refused.value.retry_after is not None) == (kind == "rate_limited")
    assert "canary" not in refused.value.message


async def test_closing_the_stream_ends_the_cli(tmp_path: Path, start_aimock: StartAimock) -> None:
    slow = {**fixture(0, content="word " * 2000), "latency": 50}
    async with start_aimock([slow], chunk_size=5) as server, claude(tmp_path / "home", server) as provider:
        async with aclosing(provider.stream(ASKED)) as stream:  # type: ignore[type-var]
            async for event in stream:
                if isinstance(event, TextDelta):
                    break
            assert running(tmp_path / "home")
        assert not running(tmp_path / "home")


async def test_only_a_conversation_that_can_go_on_keeps_its_cli(tmp_path: Path, start_aimock: StartAimock) -> None:
    async with start_aimock([fixture(0, content="A title")]) as server, claude(tmp_path / "home", server) as provider:
        await gather(provider, replace(ASKED, tools=()))
        assert running(tmp_path / "home") == []
        await gather(provider, ASKED)
        assert len(running(tmp_path / "home")) == 1
    assert running(tmp_path / "home") == []


@pytest.mark.proves("claude_code", "models")
async def test_the_login_is_looked_at_without_asking_a_model(tmp_path: Path, start_aimock: StartAimock) -> None:
    async with start_aimock([fixture(0, content="Hello")]) as server:
        async with claude(tmp_path / "home", server) as provider:
            ready = await provider.check()
            models = await provider.installed_models()
        async with claude(tmp_path / "home", server, api_key=None) as provider:
            out = await provider.check()
        assert await server.journal() == []
    assert (ready.state, out.state) == ("ready", "auth_required")
    assert "2.1" in ready.text
    assert "log in" in out.text
    assert "claude/sonnet" in [view.id for view in models]


async def test_what_the_context_holds_is_known_after_the_first_answer(tmp_path: Path, start_aimock: StartAimock) -> None:
    async with start_aimock([fixture(0, content="Hello")]) as server, claude(tmp_path / "home", server, models=("sonnet",)) as provider:
        before = await provider.installed_models()
        await gather(provider, ASKED)
        after = await provider.installed_models()
    assert [view.context_tokens for view in before] == [None]
    assert (after[0].context_tokens or 0) >= 200_000


def running(home: Path) -> list[int]:
    """Return the processes whose home is this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and f"HOME={home}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
