"""What holds for every test: no network beyond loopback, Ctrl-C that works, logging left as it was found.

Fixtures of one room live in that room's folder; only what every room may need is here. Tests import nothing from here:
what they share are the modules beside it.
"""

import logging
import signal
from collections.abc import Iterator

import pytest

from aimock_server import StartAimock, aimock
from loopback import block_network


def pytest_configure() -> None:
    """Give SIGINT its default handler: a shell that starts pytest in the background has it ignored.

    Children inherit an ignored signal, and tests of cancellation and shutdown send it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
