"""The WebSocket on which a task tells how it goes: opened, read message by message, and given up at once when its reader leaves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.config import is_loopback
from coterie.providers.fields import parse_object
from coterie.providers.transport import HttpCall

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_LARGEST_MESSAGE = 1024 * 1024
_FAREWELL_S = 1.0
_IN_ORDER = {1000, 1005}
"""How a feed closes that has nothing more to tell; 1001 says that the other end goes away, which is another matter."""

_silent = logging.getLogger(f"{__name__}.library")
_silent.setLevel(logging.CRITICAL)  # it logs each step of a handshake, and a traceback for each one that fails


@asynccontextmanager
async def feed(call: HttpCall) -> AsyncIterator[AsyncGenerator[dict[str, Json], None]]:
    """Open the feed at ``call.url`` and give its messages; they end where it closes in order. Raises `ProviderError`."""
    connection = await _opened(call)
    try:
        yield _messages(connection, call)
    except BaseException:
        connection.transport.abort()
        raise
    await connection.close()


async def _opened(call: HttpCall) -> ClientConnection:
    from websockets.asyncio.client import connect  # noqa: PLC0415 - only who gives tasks to a farm needs it
    from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException  # noqa: PLC0415

    wait = call.timeouts.first_token_s
    address = call.url.replace("http", "ws", 1)
    try:
        async with asyncio.timeout(wait):
            return await connect(
                address,
                additional_headers=dict(call.headers),
                proxy=None if is_loopback(call.url) else True,
                compression=None,
                open_timeout=None,
                ping_interval=None,  # silence has a limit of its own
                close_timeout=_FAREWELL_S,
                max_size=_LARGEST_MESSAGE,
                user_agent_header="coterie",
                logger=_silent,
            )
    except TimeoutError:
        raise failures.no_answer_within(call.host, wait) from None
    except InvalidURI:
        raise failures.unusable_address(call.host) from None
    except InvalidStatus as refused:
        answer, body = refused.response, bytes(refused.response.body or b"")
        if answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise failures.not_a_stream(call.host, body) from None
        raise failures.from_response(call.host, answer.status_code, dict(answer.headers.raw_items()), body) from None
    except (WebSocketException, OSError, ImportError) as failure:  # the last: a proxy whose kind needs another library
        raise failures.from_exception(call.host, failure) from failure


async def _messages(connection: ClientConnection, call: HttpCall) -> AsyncGenerator[dict[str, Json], None]:
    while (frame := await _next(connection, call)) is not None:
        if (message := parse_object(frame)) is None:
            raise failures.malformed(call.host, frame if isinstance(frame, str) else frame.decode(errors="replace"))
        yield message


async def _next(connection: ClientConnection, call: HttpCall) -> str | bytes | None:
    """Return the next message, None behind the last one."""
    from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - loaded by now

    try:
        async with asyncio.timeout(call.timeouts.idle_s):
            return await connection.recv()
    except TimeoutError:
        farewell = connection.protocol.close_rcvd
        if farewell is not None and farewell.code in _IN_ORDER:  # and yet the other end did not hang up
            return None
        raise failures.stalled_for(call.host, call.timeouts.idle_s) from None
    except ConnectionClosed as closed:
        if closed.rcvd is not None and closed.rcvd.code in _IN_ORDER:
            return None
        raise failures.from_exception(call.host, closed) from closed
