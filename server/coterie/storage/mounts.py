"""On what kind of file system a folder lies.

SQLite's write-ahead log needs memory that all processes share and locks that hold, and network file systems give neither: two
machines on one home would damage the database. ``database`` asks before it opens a file.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from coterie.base.errors import StorageError

MOUNTS = Path("/proc/self/mountinfo")
"""Where Linux lists what is mounted; other systems have no such file and are not asked."""

_NETWORK = frozenset(
    {
        "afs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.davfs",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


def refuse_network(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raise `StorageError` when a folder lies on a network file system."""
    if not mounts.exists():
        return
    kind = network_type(folder.resolve(), mounts.read_text(encoding="utf-8", errors="surrogateescape"))
    if kind is not None:
        raise StorageError(
            f"{folder} lies on a network file system ({kind}), where SQLite can be damaged. Set COTERIE_HOME to a folder on a local disk.",
            code="storage_unsupported",
        )


def network_type(folder: PurePath, mountinfo: str) -> str | None:
    """Return the type of the network file system that ``folder`` (absolute) lies on, or None when it lies on a local one.

    ``mountinfo`` is the text of `MOUNTS` (proc(5)): of the mount points above the folder the deepest counts, of several on one point
    the last.
    """
    deepest, kind = -1, ""
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        if not separator:
            continue
        point = PurePath(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), before.split()[4]))
        if folder.is_relative_to(point) and len(point.parts) >= deepest:
            deepest, kind = len(point.parts), after.split()[0]
    return kind if kind in _NETWORK else None
