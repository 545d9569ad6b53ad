"""Where the daemon of a user listens: one for each home and version, in a folder that nobody else can enter."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coterie import __version__


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """The files of one daemon: its socket, the lock that is held while one is started, and its log."""

    folder: Path
    name: str

    @property
    def socket(self) -> Path:
        """The Unix socket that it listens on."""
        return self.folder / f"{self.name}.sock"

    @property
    def lock(self) -> Path:
        """Held by whoever starts a daemon, so that two editors at once start one."""
        return self.folder / f"{self.name}.lock"

    @property
    def log(self) -> Path:
        """What the daemon writes to its standard error."""
        return self.folder / f"{self.name}.log"


def rendezvous(environ: Mapping[str, str]) -> Rendezvous:
    """Return the meeting place of this user, home and version. Raises `OSError` where there can be none, with the reason."""
    if sys.platform == "win32":
        raise OSError("there are no Unix sockets here")
    base = environ.get("XDG_RUNTIME_DIR")
    folder = Path(base, "coterie") if base and Path(base).is_dir() else Path("/tmp", f"coterie-{os.getuid()}")  # noqa: S108 - checked below
    folder.mkdir(mode=0o700, parents=False, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise OSError(f"{folder} is not a folder of this user alone")
    home = environ.get("COTERIE_HOME") or environ.get("HOME") or ""
    # Another interpreter may hold another Coterie of the same version: a checkout, for example.
    identity = f"{__version__}\0{sys.executable}\0{home}"
    return Rendezvous(folder, hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:16])
