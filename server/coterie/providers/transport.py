"""The way to HTTP hosts: one shared client, three timeouts, and connections that close with the iterator that reads them.

`http_provider` makes its calls here. The HTTP library is imported, and its certificates are read, on the first call and in a thread: the
server starts without either, and the event loop does not wait for them. Hosts on this machine are reached without the proxies of the
environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coterie.base.errors import ProviderError
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.config import Timeouts, is_loopback
from coterie.providers.failures import Host
from coterie.providers.fields import parse_object
from coterie.providers.inflating import inflater
from coterie.providers.sse import EventSplitter, LineSplitter, ServerSentEvent, Splitter

if TYPE_CHECKING:
    import httpx

_LARGEST_DOCUMENT = 8 * 1024 * 1024
_LARGEST_COMPLAINT = 64 * 1024
# What no event stream begins with: a JSON document or a web page, whatever its content type says.
_DOCUMENT_STARTS = (b"{", b"[", b"<")
# No line of newline-delimited JSON: an object that is written over several.
_ALONE = re.compile(rb"\{[ \t]*[\r\n]")
_BLANKS = b"\xef\xbb\xbf \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One request. ``body`` None makes it a GET."""

    host: Host
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = None
    timeouts: Timeouts


class Transport:
    """Owns the connections to all HTTP hosts. Opens nothing before the first call; used from one event loop.

    ``on_answer`` is told the headers of every answer, also of one that refuses, before its body is read.
    """

    def __init__(self, on_answer: Callable[[Host, Mapping[str, str]], None] = lambda _host, _headers: None) -> None:
        self._on_answer = on_answer
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._making = asyncio.Lock()

    async def load(self) -> None:
        """Load the HTTP library, for whoever has no time for that later."""
        await self._client("http://localhost")

    async def events(self, call: HttpCall) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield the events of an answer as they come; a JSON object in place of a stream is one event, ``whole``.

        Closing the generator closes the connection. Raises `ProviderError`.
        """
        async with self._answer(call) as body:
            piece = await _skip_blanks(body)
            if piece.startswith(_DOCUMENT_STARTS):
                yield await _whole(call, body, piece)
                return
            async with aclosing(_split(call, body, piece, EventSplitter())) as events:
                async for event in events:
                    yield event

    async def lines(self, call: HttpCall) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield the lines of an answer that is newline-delimited JSON, each as an event without a name; else as `events`."""
        async with self._answer(call) as body:
            piece = await _skip_blanks(body)
            if piece and (not piece.startswith(b"{") or _ALONE.match(piece)):
                yield await _whole(call, body, piece)
                return
            async with aclosing(_split(call, body, piece, LineSplitter())) as events:
                async for event in events:
                    yield event

    async def content(self, call: HttpCall) -> bytes:
        """Return what a host answers with, whatever it is. Raises `ProviderError`."""
        async with self._answer(call) as body:
            return await body.rest(_LARGEST_DOCUMENT)

    async def document(self, call: HttpCall) -> dict[str, Json]:
        """Return the JSON object that a host answers with. Raises `ProviderError`."""
        content = await self.content(call)
        if (value := parse_object(content)) is None:
            raise failures.not_a_stream(call.host, content)
        return value

    async def aclose(self) -> None:
        """Close every connection."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.aclose()

    @asynccontextmanager
    async def _answer(self, call: HttpCall) -> AsyncIterator[_Body]:
        """Send the request and give the answer's body; the connection is closed at the end, unless it was read to its end."""
        client = await self._client(call.url)
        deadline = asyncio.get_running_loop().time() + call.timeouts.first_token_s
        answer = await _send(client, call, deadline)
        try:
            self._on_answer(call.host, answer.headers)
            body = _Body(call, answer, deadline)
            if not answer.is_success:
                complaint = await body.rest(_LARGEST_COMPLAINT)
                raise failures.from_response(call.host, answer.status_code, answer.headers, complaint, asked=call.url)
            yield body
        finally:
            await answer.aclose()

    async def _client(self, url: str) -> httpx.AsyncClient:
        direct = is_loopback(url)
        async with self._making:
            if direct not in self._clients:
                self._clients[direct] = await asyncio.to_thread(_make_client, direct=direct)
            return self._clients[direct]


def _make_client(*, direct: bool) -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - takes a tenth of a second, which the start of the server does not have

    return httpx.AsyncClient(
        trust_env=not direct,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        # Compression makes a stream arrive in lumps.
        headers={"accept-encoding": "identity", "user-agent": "coterie"},
    )


async def _send(client: httpx.AsyncClient, call: HttpCall, deadline: float) -> httpx.Response:
    import httpx  # noqa: PLC0415 - loaded by now

    try:
        request = client.build_request(
            "GET" if call.body is None else "POST",
            call.url,
            headers=dict(call.headers),
            content=call.body,
            timeout=httpx.Timeout(None, connect=call.timeouts.connect_s),
        )
        async with asyncio.timeout_at(deadline):
            return await client.send(request, stream=True)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise failures.unusable_address(call.host) from None
    except httpx.ConnectTimeout:
        raise failures.no_connection_within(call.host, call.timeouts.connect_s) from None
    except TimeoutError:
        raise failures.no_answer_within(call.host, call.timeouts.first_token_s) from None
    except httpx.HTTPError as failure:
        raise failures.from_exception(call.host, failure) from failure


class _Body:
    """An answer's body. Until ``begun`` is set it has to the deadline of the first token; then each read has the idle timeout.

    What begins an answer is an event, not bytes: some hosts send comments while a model loads.
    """

    def __init__(self, call: HttpCall, answer: httpx.Response, deadline: float) -> None:
        self.begun = False
        self._call = call
        self._deadline = deadline
        self._bytes = answer.aiter_raw()
        self._inflate = inflater(answer.headers.get("content-encoding", ""))

    async def read(self) -> bytes:
        """Return what comes next; nothing at the end."""
        import httpx  # noqa: PLC0415 - loaded by now

        host, limits = self._call.host, self._call.timeouts
        try:
            async with asyncio.timeout(limits.idle_s) if self.begun else asyncio.timeout_at(self._deadline):
                while piece := await anext(self._bytes, b""):
                    if plain := self._inflate(piece):
                        return plain
                return b""
        except ValueError as swollen:
            raise failures.malformed(host, str(swollen)) from None
        except TimeoutError:
            if self.begun:
                raise failures.stalled_for(host, limits.idle_s) from None
            raise failures.no_answer_within(host, limits.first_token_s) from None
        except httpx.HTTPError as failure:
            raise failures.from_exception(host, failure) from failure

    async def rest(self, limit: int) -> bytes:
        """Read on to the end, or past ``limit``; when the connection breaks amid it, what came counts."""
        content = b""
        with contextlib.suppress(ProviderError):
            while (piece := await self.read()) and len(content) <= limit:
                content += piece
        return content


async def _split(call: HttpCall, body: _Body, piece: bytes, splitter: Splitter) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield the events of a body that begins with ``piece``."""
    while piece:
        try:
            events = splitter.feed(piece)
        except ValueError as too_large:
            raise failures.malformed(call.host, str(too_large)) from None
        for event in events:
            body.begun = True
            yield event
        piece = await body.read()
    for event in splitter.close():
        yield event


async def _whole(call: HttpCall, body: _Body, piece: bytes) -> ServerSentEvent:
    """Return the JSON object that a body is, which begins with ``piece``. Raises `ProviderError` for what is none."""
    content = piece
    try:
        while (piece := await body.read()) and len(content) <= _LARGEST_DOCUMENT:
            content += piece
    except ProviderError:
        if parse_object(content) is None:
            raise  # what was to come did not come: that is all that is wrong with it
    if parse_object(content) is None:
        raise failures.not_a_stream(call.host, content)
    return ServerSentEvent(content.decode(errors="replace"), whole=True)


async def _skip_blanks(body: _Body) -> bytes:
    """Return the first bytes that are no byte order mark or white space, up to the end of what came with them."""
    start = b""
    while piece := await body.read():
        if start := (start + piece).lstrip(_BLANKS):
            break
    return start
