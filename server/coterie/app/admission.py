"""Who may come in from the network: where to listen, which secrets that takes, and whether a client has shown the token.

``listening`` asks `admission_for` before it binds; ``tcp`` and ``websocket`` ask the `Admission` about each connection.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

TOKEN = "COTERIE_TOKEN"  # noqa: S105 - the variable's name
MOST_FAILURES = 5
FAILURES_WITHIN_S = 60.0

Verdict: TypeAlias = Literal["admitted", "wrong", "later"]


class NotListeningError(Exception):
    """Listening like that is refused, or makes no sense; the text is for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address to bind, as the resolver gave it: it is checked and bound as itself, so that no name can mean another one later."""

    family: socket.AddressFamily
    address: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.address.partition("%")[0]).is_loopback

    def bind(self) -> socket.socket:
        """Return a listening socket. Raises `OSError`."""
        listening = socket.create_server((self.address, self.port), family=self.family)
        # Connections inherit it: a client whose machine fell asleep or lost its network is noticed, in the end.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return listening


def endpoint(text: str) -> Endpoint:
    """Read ``HOST:PORT``, ``[IPV6]:PORT``, ``:PORT`` or ``PORT``; without a host it is 127.0.0.1. Raises `NotListeningError`."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise NotListeningError(f"'{text}' is no HOST:PORT.")
    try:
        found = socket.getaddrinfo(host.strip("[]") or "127.0.0.1", int(port), type=socket.SOCK_STREAM)
    except OSError as reason:
        raise NotListeningError(f"There is no host '{host}' here: {reason}.") from reason
    family, _, _, _, address = found[0]
    return Endpoint(family, str(address[0]), int(port))


@dataclass(kw_only=True)
class Admission:
    """Judges what clients show. Without a token everybody who can connect is admitted.

    ``clock`` counts seconds; who fails `MOST_FAILURES` times within `FAILURES_WITHIN_S` is not listened to until the oldest is that old.
    """

    token: bytes | None
    tls: ssl.SSLContext | None
    clock: Callable[[], float] = time.monotonic
    _failures: dict[str, list[float]] = field(default_factory=dict)  # by address: when

    def judge(self, address: str, shown: bytes | None) -> Verdict:
        """Say whether a client at ``address`` that shows this token may come in."""
        if self.token is None:
            return "admitted"
        if self.barred(address):
            return "later"
        if shown is not None and hmac.compare_digest(shown, self.token):
            return "admitted"
        self._failures.setdefault(address, []).append(self.clock())
        return "wrong"

    def barred(self, address: str) -> bool:
        """Whether clients at ``address`` have failed too often."""
        since = self.clock() - FAILURES_WITHIN_S
        recent = {each: [when for when in failures if when > since] for each, failures in self._failures.items()}
        self._failures = {each: failures for each, failures in recent.items() if failures}
        return len(self._failures.get(address, ())) >= MOST_FAILURES


def bearer(authorization: bytes) -> bytes | None:
    """Return the token in the value of an ``Authorization`` header, or None."""
    scheme, _, token = authorization.strip().partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else None


def admission_for(where: Endpoint, token: str, *, token_file: Path | None, cert: Path | None, key: Path | None) -> Admission:
    """Read the secrets, and see that they are enough for the place; a file comes before ``token``. Raises `NotListeningError`."""
    secret, tls = token.strip().encode() if token_file is None else _token(token_file), _tls(cert, key)
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
        token = file.read_bytes().strip()
    except OSError as reason:
        raise NotListeningError(f"The token cannot be read: {reason}.") from reason
    if not token:
        raise NotListeningError(f"There is no token in {file}.")
    return token


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise NotListeningError("--tls-cert and --tls-key go together.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except (OSError, ValueError) as reason:
        raise NotListeningError(f"The certificate or its key cannot be used: {reason}.") from reason
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted, and nobody is there to say its password")
