"""The host serves many calls at once, tells failures in words, and never sends more than was asked for. LiteLLM has no part in this."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

import litellm_failures
from coterie.modelhost.failures import described
from coterie.modelhost.frames import WINDOW, framed, receive
from coterie.modelhost.host import Host

END_S = 60


class Operations:
    """Operations that the test leads step by step."""

    def __init__(self) -> None:
        self.told = 0
        self.closed = asyncio.Event()
        self.go_on = asyncio.Event()

    async def many(self, request: Mapping[str, Any]) -> AsyncGenerator[str, None]:
        for number in range(request["body"]["count"]):
            self.told = number + 1
            yield str(number)

    async def stalled(self, _request: Mapping[str, Any]) -> AsyncGenerator[str, None]:
        try:
            yield "begun"
            await self.go_on.wait()
            yield "went on"
        finally:
            self.closed.set()

    async def failing(self, _request: Mapping[str, Any]) -> AsyncGenerator[str, None]:
        yield "begun"
        raise litellm_failures.RateLimitError("litellm.RateLimitError: SomeException - slow down", status=429, headers={"Retry-After": "7"})


class Server:
    """The server's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, **message: Any) -> None:
        self._writer.write(framed(message))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(END_S):
            message = await receive(self._reader)
        assert message is not None
        return message

    def hang_up(self) -> None:
        self._writer.close()


@asynccontextmanager
async def host(operations: Operations) -> AsyncIterator[Server]:
    ours, theirs = socket.socketpair()
    streams = await asyncio.open_connection(sock=ours)
    reader, writer = await asyncio.open_connection(sock=theirs)
    table = {"many": operations.many, "stalled": operations.stalled, "failing": operations.failing}
    async with asyncio.TaskGroup() as group:
        group.create_task(Host(reader, writer, table).serve("1.2.3"))
        server = Server(*streams)
        assert await server.next() == {"ready": "1.2.3"}
        yield server
        server.hang_up()
        await streams[1].wait_closed()
    writer.close()
    await writer.wait_closed()


async def test_calls_do_not_wait_for_each_other() -> None:
    operations = Operations()
    async with host(operations) as server:
        server.send(id=1, op="stalled", body={})
        assert await server.next() == {"id": 1, "chunk": "begun"}
        server.send(id=2, op="many", body={"count": 1})
        assert [await server.next(), await server.next()] == [{"id": 2, "chunk": "0"}, {"id": 2, "end": True}]
        operations.go_on.set()
        assert [await server.next(), await server.next()] == [{"id": 1, "chunk": "went on"}, {"id": 1, "end": True}]


async def test_a_cancelled_call_is_closed_and_says_nothing_more() -> None:
    operations = Operations()
    async with host(operations) as server:
        server.send(id=1, op="stalled", body={})
        await server.next()
        server.send(id=1, op="cancel")
        await asyncio.wait_for(operations.closed.wait(), END_S)
        server.send(id=2, op="many", body={"count": 0})
        assert await server.next() == {"id": 2, "end": True}


async def test_calls_end_with_the_server() -> None:
    operations = Operations()
    async with host(operations) as server:
        server.send(id=1, op="stalled", body={})
        await server.next()
    assert operations.closed.is_set()


async def test_no_more_is_sent_than_there_is_room_for() -> None:
    operations = Operations()
    async with host(operations) as server:
        server.send(id=1, op="many", body={"count": 10 * WINDOW})
        got = [await server.next() for _ in range(WINDOW)]
        server.send(id=2, op="many", body={"count": 0})
        assert await server.next() == {"id": 2, "end": True}, "nothing of the first call came between"
        assert operations.told == WINDOW + 1, "the piece that waits for room"
        server.send(id=1, op="more", count=2)
        assert [message["chunk"] for message in [*got, await server.next(), await server.next()]] == [str(n) for n in range(WINDOW + 2)]


async def test_a_failure_is_described_behind_what_came_before_it() -> None:
    async with host(Operations()) as server:
        server.send(id=1, op="failing", body={})
        assert await server.next() == {"id": 1, "chunk": "begun"}
        assert await server.next() == {
            "id": 1,
            "failure": {"status": 429, "code": "rate_limit_error", "type": "", "message": "slow down", "headers": {"retry-after": "7"}},
        }


@pytest.mark.parametrize(
    ("failure", "status", "code", "message", "own"),
    [
        (litellm_failures.AuthenticationError("litellm.AuthenticationError: no", status=401), 401, "authentication_error", "no", ""),
        (litellm_failures.ContextWindowExceededError("too long", status=400), 400, "context_length_exceeded", "too long", ""),
        (litellm_failures.APIConnectionError("litellm.APIConnectionError: gone\nTraceback x", status=500), None, "api_error", "gone", ""),
        (
            litellm_failures.MidStreamFallbackError("wrapped", status=503, inner=litellm_failures.RateLimitError("slow", status=429)),
            429,
            "rate_limit_error",
            "slow",
            "",
        ),
        (
            litellm_failures.BadRequestError('XException - {"error": {"message": "no such tool", "code": "x"}}', status=400),
            400,
            "bad_request",
            "no such tool",
            "x",
        ),
        (litellm_failures.RateLimitError('b\'{"error": {"message": "slow"}}\'', status=429), 429, "rate_limit_error", "slow", ""),
        (KeyError("x"), None, "api_error", "'x'", ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_litellm_raises_is_said_in_words_that_we_know(
    failure: Exception, status: int | None, code: str, message: str, own: str
) -> None:
    said = described(failure)
    assert (said["status"], said["code"], said["message"], said["type"]) == (status, code, message, own)


async def test_half_a_character_can_be_sent() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(framed({"text": "a\ud83d"}))
    assert await receive(reader) == {"text": "a?"}


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", framed({})[:4] + b"[]"], ids=["too long", "no object"])
async def test_what_is_no_frame_is_refused(data: bytes) -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    with pytest.raises(ValueError, match="frame"):
        await receive(reader)
