"""A server and a client's pen, for the tests of the wire."""

from collections.abc import AsyncIterator

import pytest

from lsp_pump import Pump


@pytest.fixture
async def raw() -> AsyncIterator[Pump]:
    pump = Pump()
    yield pump
    await pump.server.protocol.aclose()


@pytest.fixture
async def pump(raw: Pump) -> Pump:
    raw.ask(0, "initialize", {"capabilities": {}})
    assert "result" in await raw.answer(0)
    await raw.server.session.ensure_core()
    return raw
