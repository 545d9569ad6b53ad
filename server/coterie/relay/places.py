"""Where the daemon of a user listens: one for each version, home and way to the network, in a folder that nobody else can enter."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from coterie import __version__

SHARED = (
    *("HOME", "COTERIE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
"""What one process can have only once. Editors that differ here have different daemons; everything else stays with each connection."""

BACKLOG = 64


class Rendezvous:
    """The files of one daemon: its socket, the lock that is held while the socket comes or goes, and its log."""

    def __init__(self, folder: Path, name: str) -> None:
        self.socket = folder / f"{name}.sock"
        self.lock = folder / f"{name}.lock"
        self.log = folder / f"{name}.log"

    def dial(self) -> socket.socket:
        """Connect to the daemon. Raises `FileNotFoundError` or `ConnectionRefusedError` where there is none."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(self.socket))
        except OSError:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock: whoever looks whether there is a daemon, and then starts or ends one, does so alone."""
        import fcntl  # noqa: PLC0415 - there is none on Windows, where nobody comes this far

        with self.lock.open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def listen(self) -> socket.socket:
        """Return the socket that a new daemon accepts from. Called with the lock held, when nobody answers on the old one."""
        self.socket.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(str(self.socket))
            self.socket.chmod(0o600)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
        return listening


def rendezvous(environ: Mapping[str, str]) -> Rendezvous:
    """Return the meeting place for an environment. Raises `OSError` where there can be none, with the reason."""
    if sys.platform == "win32":
        raise OSError("there are no Unix sockets here")
    base = Path(environ.get("XDG_RUNTIME_DIR", ""))
    # A relative path is to be ignored, says the specification; to the daemon, whose folder is another one, it would be another place.
    folder = base / "coterie" if base.is_absolute() and base.is_dir() else Path("/tmp", f"coterie-{os.getuid()}")  # noqa: S108 - checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise OSError(f"{folder} is not a folder of this user alone")
    # Another interpreter may hold another Coterie of the same version: a checkout, for example.
    identity = [__version__, sys.executable, *(environ.get(name, "") for name in SHARED)]
    return Rendezvous(folder, hashlib.sha256("\0".join(identity).encode("utf-8", "surrogateescape")).hexdigest()[:16])
