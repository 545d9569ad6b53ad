"""What holds for every test: no network beyond loopback, Ctrl-C that works, logging left as it was found.

Fixtures of one room live in that room's folder; only what every room may need is here. Tests import nothing from here:
what they share are the modules beside it.
"""

import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from aimock_server import StartAimock, aimock
from coterie.providers.model_host import ModelHost
from loopback import block_network
from wires import EVERY_WIRE, HostWire


def pytest_configure() -> None:
    """Make every machine alike: Ctrl-C works, and properties have no clock.

    A shell that starts pytest in the background has SIGINT ignored; children inherit that, and tests of cancellation and shutdown send it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What listens at usual ports belongs to whoever runs the tests; children inherit this, and tests that look say where.
    os.environ["COTERIE_DISCOVERY"] = "false"
    # Properties are searched the same way on every machine, and a slow machine is not a counterexample.
    settings.register_profile("coterie", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("coterie")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the world."""
    block_network(monkeypatch)


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """Put the root logger back after a test that configured logging, so that tests cannot meet through it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def start_aimock() -> StartAimock:
    """Return what starts the real aimock with given fixtures, for an `async with`."""
    return aimock


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model_host() -> AsyncIterator[ModelHost]:
    """Have one process for a module's tests: to import LiteLLM takes seconds. Through its proxies no host on this machine is reached."""
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    host = ModelHost({**os.environ, **proxies})
    yield host
    await host.aclose()


@pytest_asyncio.fixture(params=EVERY_WIRE, ids=lambda wire: wire.kind, loop_scope="module")
async def wire(request: pytest.FixtureRequest, model_host: ModelHost) -> HostWire:
    """Return each wire in turn; whatever speaks it is there, so that no call waits for it."""
    one: HostWire = request.param
    if one.kind == "litellm":
        assert await model_host.start() is None
    return one
