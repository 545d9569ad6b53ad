"""``coterie attach``: hands an editor's standard streams over to the shared daemon, which it starts when there is none.

``coterie.__main__`` calls `attach`; where no daemon is possible it serves the editor itself. The exit status is the one that a server of
the editor's own would have had: 0 after ``shutdown``, 1 without, and 1 when the daemon dies: the editor then starts the next relay.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from coterie.relay.greeting import greet, receive
from coterie.relay.places import SHARED, Rendezvous, rendezvous

ATTEMPTS = 3
"""How often a daemon is looked for: one that is about to end lets a connection in and drops it."""
PATIENCE_S = 60.0
"""How long a daemon may take to start, on a slow and busy machine."""
LONG_LOG = 1024 * 1024
"""Bytes after which the log of earlier daemons is not kept any more."""
_PIECE = 64 * 1024
_STANDARD_ERROR = 2
_PASSED = ("PATH", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "COTERIE_DAEMON_IDLE_S", "COTERIE_DAEMON_RETURN_S")


class NoDaemonError(Exception):
    """No shared server is possible here; the message is the reason."""


def attach() -> int:
    """Relay until either end is done; returns the exit status. Raises `NoDaemonError` before a byte of the editor's is read."""
    _occupy_standard_streams()
    try:
        session, stream = _meet(rendezvous(os.environ))
    except OSError as reason:
        raise NoDaemonError(str(reason)) from reason
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever ends a relay sees no traceback; the daemon sees its end
    with session, stream:
        threading.Thread(target=_upstream, args=(stream,), daemon=True).start()
        _downstream(stream)
        try:
            return int(receive(session)["exit"])
        except (OSError, KeyError, ValueError):
            return 1


def _occupy_standard_streams() -> None:
    """Open null where a standard stream is closed: else a connection would get its number, and be taken for the editor's bytes."""
    while (null := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(null)


def _meet(where: Rendezvous) -> tuple[socket.socket, socket.socket]:
    """Begin a session: return its own connection, and the one for the editor's bytes. Raises `OSError`."""
    failure = OSError()
    for _ in range(ATTEMPTS):
        session = connected(where)
        try:
            session.settimeout(PATIENCE_S)
            greet(session, "session", environ=dict(os.environ))
            name = receive(session)["welcome"]
            session.settimeout(None)
            stream = where.dial()
            greet(stream, "stream", id=name)
        except (OSError, KeyError) as reason:
            session.close()
            failure = OSError(f"it did not answer: {reason}; {where.log} may say why")
        else:
            return session, stream
    raise failure


def connected(where: Rendezvous) -> socket.socket:
    """Return a connection to the daemon, which is started when there is none. Raises `OSError`."""
    with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
        return where.dial()
    with where.changing():
        # Somebody else may have started one while we waited for our turn.
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            return where.dial()
        with where.listen() as listening:
            _start(where, listening)
            return where.dial()  # it waits in the queue until the daemon is there


def _start(where: Rendezvous, listening: socket.socket) -> None:
    """Start the daemon, with its listening socket as standard input, as services are."""
    import subprocess  # noqa: PLC0415 - not needed where a daemon runs already

    with where.log.open("wb" if _is_long(where.log) else "ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "coterie", "daemon", "run"],
            stdin=listening.fileno(),
            stdout=log,
            stderr=log,
            cwd="/",
            env=daemon_environment(os.environ),
            start_new_session=True,
        )


def _is_long(log: Path) -> bool:
    return log.exists() and log.stat().st_size > LONG_LOG


def daemon_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the daemon needs of the environment of whoever happens to start it: no key, and nothing of one project."""
    prefixes = ("LC_", "PYTHON")
    return {name: value for name, value in environ.items() if name in _PASSED or name in SHARED or name.startswith(prefixes)}


def _upstream(stream: socket.socket) -> None:
    """Carry the editor's bytes to the daemon; at their end, say so."""
    with contextlib.suppress(OSError):
        while piece := os.read(0, _PIECE):
            stream.sendall(piece)
        stream.shutdown(socket.SHUT_WR)


def _downstream(stream: socket.socket) -> None:
    """Carry the daemon's bytes to the editor until the daemon is done, or the editor has gone, which the daemon is told then."""
    with contextlib.suppress(OSError):
        while piece := stream.recv(_PIECE):
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(1, rest) :]
    with contextlib.suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)
