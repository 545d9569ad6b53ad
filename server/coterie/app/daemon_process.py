"""The process of the shared daemon: the socket on which it listens, its log, and the signals that end it.

`wiring` runs it for ``coterie daemon run``. Whoever starts it, `relay.attach` most often, gives it a listening socket as standard input.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import stat
import sys

from coterie.app.daemon import Daemon
from coterie.base.redaction import Redaction, redacted_log
from coterie.relay.places import Rendezvous, rendezvous


def run() -> int:
    """Be the daemon until its end; returns the exit status."""
    redaction = redacted_log()
    logging.getLogger("coterie").setLevel(logging.INFO)
    try:
        where = rendezvous(os.environ)
        listening = _inherited() or _own(where)
    except OSError as reason:
        sys.stderr.write(f"coterie: no shared server is possible: {reason}\n")
        return 1
    gc.freeze()
    with listening:
        asyncio.run(_run(where, listening, redaction))
    return 0


def _inherited() -> socket.socket | None:
    """Return the listening socket that whoever started us gave us as standard input, which becomes null."""
    if not stat.S_ISSOCK(os.fstat(0).st_mode):
        return None
    listening = socket.socket(fileno=os.dup(0))
    if not listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):  # some programs give their children sockets for pipes
        listening.close()
        return None
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return listening


def _own(where: Rendezvous) -> socket.socket:
    """Return a listening socket for a daemon that was started by hand. Raises `OSError` when there is another one."""
    with where.changing():
        try:
            where.dial().close()
        except (FileNotFoundError, ConnectionRefusedError):
            return where.listen()
    raise OSError("it is running already")


async def _run(where: Rendezvous, listening: socket.socket, redaction: Redaction) -> None:
    listening.setblocking(False)  # noqa: FBT003 - the library's own spelling
    daemon = Daemon(dict(os.environ), redaction)
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(getattr(signal, name), daemon.end)
    await daemon.serve(listening, where)
