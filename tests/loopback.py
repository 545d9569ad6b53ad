"""Keep tests on this machine: connections and name look-ups that would leave it raise.

`tests/conftest.py` installs this around every test. It guards the test process; the children that tests start have no
addresses but the loopback ones they are given.
"""

import ipaddress
import socket
from typing import Any

import pytest


class NetworkBlockedError(RuntimeError):
    """A test tried to leave the machine."""


def block_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every socket address that is not on this machine, until the monkeypatch is undone."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def checked_connect(sock: socket.socket, address: Any) -> None:
        if sock.family in {socket.AF_INET, socket.AF_INET6}:
            _require_loopback(address[0])
        connect(sock, address)

    def checked_connect_ex(sock: socket.socket, address: Any) -> int:
        if sock.family in {socket.AF_INET, socket.AF_INET6}:
            _require_loopback(address[0])
        return connect_ex(sock, address)

    def checked_getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        if host is not None:
            _require_loopback(host)
        return getaddrinfo(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", checked_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", checked_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", checked_getaddrinfo)


def _require_loopback(host: str | bytes) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    try:
        local = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NetworkBlockedError(f"tests may speak to loopback only, not to {name}")
