"""Hosts that misbehave, on any wire: each failure is of a kind and within its timeout, and what only looks odd is understood."""

import asyncio
import json
from dataclasses import replace

import pytest

from bad_hosts import BAD, WITHIN_S, config_of, patience
from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, StreamEvent, ToolCallArguments, ToolCallEnded
from coterie.providers.config import ApiKey
from coterie.providers.model_host import ModelHost
from provider_calls import gather, provider_of, words
from raw_http_server import Reply, raw_http_server
from wires import HostWire

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]  # the first waits for the import of LiteLLM

FACE = "😀 grüßt"
ARGUMENTS = {"path": "ä/b.py", "text": 'a "quoted" 😀\n'}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.proves(("openai_compatible", "llama_cpp", "llama_swap", "anthropic", "ollama", "litellm"), "failures")
async def test_every_misbehaviour_is_a_failure_of_a_kind(wire: HostWire, bad: str, model_host: ModelHost) -> None:
    async with (
        raw_http_server(wire.host_of(BAD[bad](wire))) as server,
        provider_of(config_of(wire, server.url, patience_s=patience(bad, wire)), model_host) as provider,
    ):
        with pytest.raises(ProviderError) as raised:
            await asyncio.wait_for(gather(provider), WITHIN_S)
    assert raised.value.kind == "transient"
    assert "work" in raised.value.message or "127.0.0.1" in raised.value.message


async def answers_of(wire: HostWire, model_host: ModelHost, *replies: Reply) -> list[list[StreamEvent]]:
    async with raw_http_server(wire.host_of(*replies)) as server, provider_of(config_of(wire, server.url), model_host) as provider:
        answers = [await gather(provider) for _ in replies]
    for events in answers:
        assert [type(event) for event in events].count(Finished) == 1
        assert isinstance(events[-1], Finished)
    return answers


@pytest.mark.proves(("openai_compatible", "llama_cpp", "llama_swap", "anthropic", "ollama", "litellm"), "streaming")
async def test_a_character_in_two_halves_is_whole(wire: HostWire, model_host: ModelHost) -> None:
    event = wire.text(FACE)
    cuts = [at for at in range(1, len(event)) if event[at] & 0xC0 == 0x80]  # before each byte that goes on with a character
    assert len(cuts) == 5
    replies = (wire.reply(*wire.opening, event[:cut], event[cut:], wire.finish("stop"), *wire.closing) for cut in cuts)
    assert {words(events) for events in await answers_of(wire, model_host, *replies)} == {FACE}


async def test_a_host_that_says_its_key_back_is_not_heard(wire: HostWire, model_host: ModelHost) -> None:
    key = "sk-live-0123456789abcdef"
    reply = wire.answer(wire.text(f"You sent {key[:11]}"), wire.text(f"{key[11:]}."))
    async with raw_http_server(wire.host_of(reply)) as server:
        config = replace(config_of(wire, server.url), api_key=ApiKey(key, "environment variable WORK_KEY"))
        async with provider_of(config, model_host) as provider:
            assert words(await gather(provider)) == "You sent …."


@pytest.mark.proves(("openai_compatible", "llama_cpp", "llama_swap", "anthropic", "ollama", "litellm"), "tools")
async def test_a_call_in_odd_pieces_is_whole(wire: HostWire, model_host: ModelHost) -> None:
    raw = json.dumps(ARGUMENTS, ensure_ascii=False)
    told = b"".join(wire.tool(list(raw)))
    bytewise = wire.reply(*wire.opening, *(told[at : at + 1] for at in range(len(told))), wire.finish("tool_calls"), *wire.closing)
    (events,) = await answers_of(wire, model_host, bytewise)
    (ended,) = [event.call_id for event in events if isinstance(event, ToolCallEnded)]
    pieces = [event.text for event in events if isinstance(event, ToolCallArguments) and event.call_id == ended]
    assert json.loads("".join(pieces)) == ARGUMENTS
    assert events[-1] == Finished("tool_calls")


async def test_a_second_finish_reason_ends_nothing_twice(wire: HostWire, model_host: ModelHost) -> None:
    twice = wire.reply(*wire.opening, wire.text("Well."), wire.finish("stop"), wire.finish("stop"), *wire.closing)
    (events,) = await answers_of(wire, model_host, twice)
    assert (words(events), events[-1]) == ("Well.", Finished("stop"))
