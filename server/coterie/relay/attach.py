"""``coterie attach``: hands an editor's standard streams over to the shared daemon, which it starts when there is none.

Where no daemon is possible the process becomes a server of its own, and says so on standard error. The exit status is the one that a
server of its own would have had: 0 after ``shutdown``, 1 without.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from coterie.relay.greeting import receive, send
from coterie.relay.places import Rendezvous, rendezvous

PATIENCE_S = 30.0
"""How long a daemon may take to start, on a slow and busy machine."""
_PIECE = 64 * 1024


def attach() -> int:
    """Relay until either end is done; returns the exit status."""
    try:
        where = rendezvous(os.environ)
        session, watch = _meet(where)
    except OSError as reason:
        sys.stderr.write(f"coterie: no shared server is possible ({reason}); this editor gets one of its own.\n")
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, "-m", "coterie", "serve", "--stdio"])  # noqa: S606 - ourselves
    with session, watch:
        threading.Thread(target=_upstream, args=(session,), daemon=True).start()
        _downstream(session)
        try:
            return int(receive(watch)["exit"])
        except (OSError, KeyError, ValueError):
            return 1  # the daemon died: the editor starts us again, and finds or starts another one


def _meet(where: Rendezvous) -> tuple[socket.socket, socket.socket]:
    """Connect a session and its watch to the daemon."""
    name = secrets.token_hex(8)
    who = {"id": name, "environ": dict(os.environ), "cwd": str(Path.cwd()), "pid": os.getpid()}
    session = connected(where)
    try:
        send(session, {"kind": "session", **who})
        watch = _dial(where)
        send(watch, {"kind": "watch", "id": name})
    except OSError:
        session.close()
        raise
    return session, watch


def connected(where: Rendezvous) -> socket.socket:
    """Return a connection to the daemon, started by now. Raises `OSError`."""
    with contextlib.suppress(OSError):
        return _dial(where)
    with _starting(where):
        # Somebody else may have started one while we waited for our turn.
        with contextlib.suppress(OSError):
            return _dial(where)
        where.socket.unlink(missing_ok=True)
        return _start(where)


def _start(where: Rendezvous) -> socket.socket:
    with where.log.open("ab") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "coterie", "daemon", "run"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            return _dial(where)
        if daemon.poll() is not None:
            raise OSError(f"it ended at once with status {daemon.returncode}; {where.log} says why")
        time.sleep(0.02)
    raise OSError(f"it did not answer within {PATIENCE_S:.0f} seconds; {where.log} may say why")


def _dial(where: Rendezvous) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(where.socket))
    except OSError:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _starting(where: Rendezvous) -> Iterator[None]:
    import fcntl  # noqa: PLC0415 - there is none on Windows, where nobody comes this far

    with where.lock.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _upstream(session: socket.socket) -> None:
    """Carry the editor's bytes to the daemon; at their end, say so."""
    with contextlib.suppress(OSError):
        while piece := os.read(0, _PIECE):
            session.sendall(piece)
        session.shutdown(socket.SHUT_WR)


def _downstream(session: socket.socket) -> None:
    """Carry the daemon's bytes to the editor until the daemon is done, or the editor has gone."""
    with contextlib.suppress(OSError):
        while piece := session.recv(_PIECE):
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(1, rest) :]
