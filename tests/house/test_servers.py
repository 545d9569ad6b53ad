"""The two servers that tests lean on do what their pages say; a fault here would make every provider test lie."""

import asyncio
import socket
from typing import Any

import httpx
import pytest

from aimock_server import StartAimock
from loopback import NetworkBlockedError
from raw_http_server import CUT, Reply, raw_http_server, sse

ASK = {"model": "one", "stream": True, "messages": [{"role": "user", "content": "say hello"}]}


async def post(url: str, body: dict[str, Any]) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        return await client.post(url, json=body)


async def test_aimock_answers_from_fixtures_and_keeps_a_journal(start_aimock: StartAimock) -> None:
    fixtures = [
        {"match": {"userMessage": "hello", "turnIndex": 1}, "response": {"content": "second turn"}},
        {"match": {"userMessage": "hello", "turnIndex": 0}, "response": {"content": "first turn"}},
    ]
    async with start_aimock(fixtures) as server:
        answer = await post(f"{server.url}/v1/chat/completions", ASK)
        other = await post(f"{server.url}/v1/messages", {**ASK, "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]})
        journal = await server.journal()
    assert "first turn" in answer.text
    assert "second turn" not in answer.text
    assert other.status_code == 503
    assert [(entry.path, entry.model, entry.status) for entry in journal] == [
        ("/v1/chat/completions", "one", 200),
        ("/v1/messages", "one", 503),
    ]
    assert journal[0].messages == ASK["messages"]


async def test_aimock_chaos_comes_and_goes(start_aimock: StartAimock) -> None:
    async with start_aimock([{"match": {}, "response": {"content": "fine"}}]) as server:
        await server.set_chaos(rateLimitRate=1)
        limited = await post(f"{server.url}/v1/chat/completions", ASK)
        await server.clear_chaos()
        answered = await post(f"{server.url}/v1/chat/completions", ASK)
    assert limited.status_code == 429
    assert "retry-after" in limited.headers
    assert answered.status_code == 200


async def test_raw_server_holds_a_stream_at_its_gate_and_sees_the_client_leave() -> None:
    gate = asyncio.Event()
    async with (
        raw_http_server([Reply(steps=(sse("one"), gate, sse("two")))]) as server,
        httpx.AsyncClient(trust_env=False, timeout=60) as client,
    ):
        async with client.stream("POST", server.url, json=ASK) as answer:
            first = await anext(answer.aiter_bytes())
            exchange = await server.wait_for_exchange()
            assert not exchange.client_closed.is_set()
        await asyncio.wait_for(exchange.client_closed.wait(), 60)
    assert first == b"data: one\n\n"
    assert exchange.request.json() == ASK
    assert not exchange.sent.is_set()


async def test_raw_server_cuts_a_stream() -> None:
    async with raw_http_server([Reply(steps=(sse("one"), CUT))]) as server:
        with pytest.raises(httpx.TransportError):
            await post(server.url, ASK)
        assert not server.exchanges[0].client_closed.is_set()


async def test_raw_server_fails_the_test_that_asks_beyond_the_script() -> None:
    with pytest.raises(AssertionError, match="beyond the script"):
        async with raw_http_server([]) as server:
            await post(server.url, ASK)


@pytest.mark.parametrize("host", ["192.0.2.1", "models.example"])
def test_a_test_cannot_leave_the_machine(host: str) -> None:
    with pytest.raises(NetworkBlockedError, match=host):
        socket.create_connection((host, 443))
