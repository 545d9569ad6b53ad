"""Both wires against the real aimock, which checks requests and answers as the vendors do."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from aimock_server import AimockServer, StartAimock
from coterie.base.errors import ProviderError
from coterie.domain.messages import (
    AssistantMessage,
    Finished,
    ModelRequest,
    ToolCall,
    ToolCallArguments,
    ToolCallStarted,
    ToolMessage,
    ToolResult,
    UsageReported,
    UserMessage,
)
from coterie.domain.status import ProviderType
from provider_calls import REQUEST, gather, host, provider_of, words

WIRES: tuple[ProviderType, ...] = ("openai_compatible", "anthropic")
ARGUMENTS = {"path": "a.py", "edits": [{"old": "x\u2028y", "new": "é😀"}]}
FIXTURES: list[Mapping[str, Any]] = [
    {"match": {"toolResultContains": "edited"}, "response": {"content": "All done."}},
    {
        "match": {"userMessage": "edit it"},
        "response": {
            "blocks": [
                {"type": "text", "text": "I will."},
                {"type": "toolCall", "id": "call_1", "name": "edit_file", "arguments": ARGUMENTS},
                {"type": "toolCall", "id": "call_2", "name": "edit_file", "arguments": {}},
            ]
        },
    },
    {
        "match": {"userMessage": "hello"},
        "response": {"content": "Hello there, how are you?", "usage": {"prompt_tokens": 11, "completion_tokens": 5}},
    },
    {
        "match": {"userMessage": "too fast"},
        "response": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429, "retryAfter": 3},
    },
    {"match": {"userMessage": "cut"}, "response": {"content": "This answer is cut in its middle."}, "truncateAfterChunks": 3},
]


@pytest.fixture
async def server(start_aimock: StartAimock) -> AsyncIterator[AimockServer]:
    async with start_aimock(FIXTURES, chunk_size=3) as started:
        yield started


@pytest.mark.parametrize("kind", WIRES)
@pytest.mark.proves(("openai_compatible", "anthropic"), "streaming", "tools")
async def test_a_conversation_with_tools(server: AimockServer, kind: ProviderType) -> None:
    async with provider_of(host(kind, server.url)) as provider:
        hello = await gather(provider)
        assert words(hello) == "Hello there, how are you?"
        usage = [event.usage for event in hello if isinstance(event, UsageReported)][-1]
        assert (usage.input, usage.output, usage.cache_read, usage.usd) == (11, 5, 0, None)
        assert hello[-1] == Finished("stop")

        ask = UserMessage(text="edit it")
        edit = await gather(provider, ModelRequest(model="one", system="", messages=(ask,), tools=REQUEST.tools))
        assert words(edit) == "I will."
        begun = [event for event in edit if isinstance(event, ToolCallStarted)]
        assert begun == [ToolCallStarted("call_1", "edit_file"), ToolCallStarted("call_2", "edit_file")]
        pieces = [event.text for event in edit if isinstance(event, ToolCallArguments) and event.call_id == "call_1"]
        assert len(pieces) > 1, "the arguments came in pieces"
        assert edit[-1] == Finished("tool_calls")

        messages = (
            ask,
            AssistantMessage(text="I will.", tool_calls=(ToolCall(call_id="call_1", tool="edit_file", arguments=ARGUMENTS),)),
            ToolMessage(results=(ToolResult(call_id="call_1", tool="edit_file", output="edited"),)),
        )
        end = await gather(provider, ModelRequest(model="one", system="", messages=messages, tools=REQUEST.tools))
        assert words(end) == "All done."
    journal = await server.journal()
    assert {entry.path for entry in journal} == {"/v1/messages" if kind == "anthropic" else "/v1/chat/completions"}
    assert [entry.status for entry in journal] == [200, 200, 200]
    assert journal[1].tools == ("edit_file",)
    assert [message["role"] for message in journal[2].messages] == ["user", "assistant", "tool"]


@pytest.mark.parametrize("kind", WIRES)
async def test_failures(server: AimockServer, kind: ProviderType) -> None:
    async with provider_of(host(kind, server.url)) as provider:
        for said, failed in (("too fast", "rate_limited"), ("cut", "transient"), ("nothing matches this", "transient")):
            with pytest.raises(ProviderError) as raised:
                await gather(provider, ModelRequest(model="one", system="", messages=(UserMessage(text=said),)))
            assert raised.value.kind == failed
            if said == "too fast":
                assert raised.value.retry_after == 3
        for chaos, failed in (("malformedRate", "transient"), ("disconnectRate", "transient"), ("dropRate", "transient")):
            await server.set_chaos(**{chaos: 1})
            with pytest.raises(ProviderError) as raised:
                await gather(provider)
            assert raised.value.kind == failed, chaos
