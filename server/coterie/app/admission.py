"""Who may come in from the network: where to listen, which secrets that takes, and whether a client has shown the token.

``listening`` asks `admission_for` before it binds; ``tcp`` and ``websocket`` ask the `Admission` about each connection.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, cast

from coterie.app.certificate import tls_context
from coterie.app.doors import NotListeningError

TOKEN = "COTERIE_TOKEN"  # noqa: S105 - the variable's name
LONGEST_TOKEN = 1024
UNGUESSABLE = 32
"""Bytes from which on a token is not found by trying, so that its owner need not be refused for the failures of others."""
MOST_FAILURES = 5
FAILURES_WITHIN_S = 60.0
LOGGED_EACH_S = 60.0

log = logging.getLogger(__name__)

Verdict: TypeAlias = Literal["admitted", "wrong", "later"]
SocketAddress: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
"""What `socket.bind` takes; the last number of IPv6 is the interface of a link-local address."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address to bind, as the resolver gave it: it is checked and bound as itself, so that no name can mean another one later."""

    family: socket.AddressFamily
    place: SocketAddress

    @property
    def address(self) -> str:
        """The address alone."""
        return str(self.place[0])

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.address.partition("%")[0]).is_loopback

    def bind(self) -> socket.socket:
        """Return a listening socket. Raises `OSError`."""
        listening = socket.create_server(self.place, family=self.family)
        # Connections inherit it: a client whose machine fell asleep or lost its network is noticed, in the end.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return listening


def endpoint(text: str) -> Endpoint:
    """Read ``HOST:PORT``, ``[IPV6]:PORT``, ``:PORT`` or ``PORT``; without a host it is 127.0.0.1. Raises `NotListeningError`."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= len("65535") and int(port) < 1 << 16):
        raise NotListeningError(f"'{text}' is no HOST:PORT.")
    try:
        found = socket.getaddrinfo(host.strip("[]") or "127.0.0.1", int(port), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as reason:  # the latter where a name has a part that is empty or too long
        raise NotListeningError(f"There is no host '{host}' here: {reason}.") from reason
    family, _, _, _, place = found[0]
    return Endpoint(family, cast("SocketAddress", place))


@dataclass(kw_only=True)
class Admission:
    """Judges what clients show. Without a token everybody who can connect is admitted.

    ``clock`` counts seconds. From where there were `MOST_FAILURES` within `FAILURES_WITHIN_S`, nothing is listened to until the oldest is
    that old, but for a token that nobody can guess: else a stranger could keep its owner out by failing again and again.
    """

    token: bytes | None
    tls: ssl.SSLContext | None
    clock: Callable[[], float] = time.monotonic
    _failures: dict[str, list[float]] = field(default_factory=dict)  # by origin: when
    _logged: float | None = None  # when a refusal was logged last
    _unlogged: int = 0  # refusals since then

    def judge(self, address: str, shown: bytes | None, *, page: bool = False) -> Verdict:
        """Say whether a client at ``address`` that shows this token may come in; ``page`` says that it is a web page."""
        if self.token is None:
            return "admitted"
        # A browser is led anywhere by any page: what pages fail at must not bar the person's own clients.
        origin = f"{_network(address)} {'page' if page else ''}"
        barred = self._barred(origin)
        if shown is not None and hmac.compare_digest(shown, self.token) and (not barred or len(self.token) >= UNGUESSABLE):
            return "admitted"
        if barred:
            return "later"
        self._failures.setdefault(origin, []).append(self.clock())
        return "wrong"

    def log_refusal(self, address: str, why: str) -> None:
        """Log that a client was refused, once in `LOGGED_EACH_S` and with how many more there were: strangers fill no disk."""
        now = self.clock()
        if self._logged is not None and now - self._logged < LOGGED_EACH_S:
            self._unlogged += 1
            return
        more = f" (and {self._unlogged} more were refused since the last such line)" if self._unlogged else ""
        log.warning("%s %s%s", address, why, more)
        self._logged, self._unlogged = now, 0

    def _barred(self, origin: str) -> bool:
        since = self.clock() - FAILURES_WITHIN_S
        recent = {each: [when for when in failures if when > since] for each, failures in self._failures.items()}
        self._failures = {each: failures for each, failures in recent.items() if failures}
        return len(self._failures.get(origin, ())) >= MOST_FAILURES


def _network(address: str) -> str:
    """Return what one client has to itself: of IPv6 that is a whole network, in which it could take another address for each guess."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return str(parsed if parsed.version == 4 or parsed.is_loopback else ipaddress.ip_network((parsed, 64), strict=False))  # noqa: PLR2004


def bearer(authorization: bytes) -> bytes | None:
    """Return the token in the value of an ``Authorization`` header, or None."""
    scheme, _, token = authorization.strip().partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else None


def admission_for(where: Endpoint, token: str, *, token_file: Path | None, cert: Path | None, key: Path | None) -> Admission:
    """Read the secrets, and see that they are enough for the place; a file comes before ``token``. Raises `NotListeningError`."""
    secret = _usable(os.fsencode(token)) if token_file is None else _token(token_file)
    tls = tls_context(cert, key)
    if not where.loopback:
        missing = [
            name for name, given in (("a token (--token-file or COTERIE_TOKEN)", secret), ("--tls-cert and --tls-key", tls)) if not given
        ]
        if missing:
            raise NotListeningError(
                f"Other machines can reach {where.address}: whoever connects can run commands as you. That takes {' and '.join(missing)}."
            )
    return Admission(token=secret or None, tls=tls)


def _token(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            token = _usable(opened.read(2 * LONGEST_TOKEN))
    except OSError as reason:
        raise NotListeningError(f"The token cannot be read: {reason}.") from reason
    if not token:
        raise NotListeningError(f"There is no token in {file}.")
    return token


def _usable(token: bytes) -> bytes:
    """Return a token that a client can show, or nothing where there is none; in a header there is one line. Raises `NotListeningError`."""
    token = token.strip()
    if len(token) > LONGEST_TOKEN:
        raise NotListeningError(f"The token has more than {LONGEST_TOKEN} bytes.")
    if any(byte < ord(" ") for byte in token):
        raise NotListeningError("The token is more than one line, or has control characters: no client could show it.")
    return token
