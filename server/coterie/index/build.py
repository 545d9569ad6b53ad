"""Brings a cache up to date with its folder: what is new or has changed is read, what has gone is taken out. Blocks.

A file is read when its stamp (size and times) has changed, and taken in when its content has. Each batch is one transaction, so that a
build which was killed is gone on with. `process` and the command line call it; `readers` does the work that takes time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from coterie.index import history
from coterie.index.cache import Cache
from coterie.index.facts import FileFacts, read
from coterie.index.known import KnownFile, Stamp
from coterie.index.readers import read_all
from coterie.index.sight import TOO_FRESH_NS
from coterie.workspace.ignore import is_binary
from coterie.workspace.walk import Tree, is_listed

_BATCH = 1_000
_COMMITS = 500

Progress = Callable[[int, int], None]
"""Is told how many files are done, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a build found to do, and in which folders."""

    files: int
    read: int
    gone: int
    folders: tuple[str, ...] = ()


def refresh(folder: str, tree: Tree, cache: Cache, told: Progress = lambda _done, _all: None) -> Refreshed:
    """Bring the whole index up to date with a folder whose files were just listed."""
    with cache.reading():
        known = {file.path: file for file in cache.files()}
    present, looked_ns = set(tree.files), time.time_ns()
    stamps = {path: stamp for path in tree.files if (stamp := stamp_of(folder, path)) is not None}
    stale = [path for path, stamp in stamps.items() if path not in known or known[path].stamp != stamp]
    gone = [file.id for file in known.values() if file.path not in present]
    done, batch = 0, dict[str, tuple[Stamp, FileFacts]]()
    for path, facts in read_all(folder, stale):
        done += 1
        if facts is not None:
            batch[path] = (settled(stamps[path], looked_ns), facts)
        if len(batch) == _BATCH:
            _keep(cache, batch, known)
            batch = {}
        told(done, len(stale))
    if batch or gone:
        _keep(cache, batch, known, gone)
    return Refreshed(files=len(stamps), read=done, gone=len(gone), folders=tuple(tree.folders))


def refresh_file(folder: str, cache: Cache, path: str) -> None:
    """Bring one file up to date, be it changed, new or gone."""
    looked_ns = time.time_ns()
    stamp = stamp_of(folder, path) if is_listed(folder, path) else None
    facts = read(folder, path) if stamp is not None and not is_binary(Path(folder, path)) else None
    with cache.reading():
        known = {file.path: file for file in cache.files(path)}
    if stamp is not None and facts is not None:
        _keep(cache, {path: (settled(stamp, looked_ns), facts)}, known)
    elif known:
        _keep(cache, {}, known, [file.id for file in known.values()])


def refresh_history(folder: str, cache: Cache) -> tuple[str, ...]:
    """Bring the kept commits up to date, the newest first; returns those that HEAD descends from, in the same order."""
    shas = history.reachable(folder)
    with cache.reading():
        known = cache.shas()
    missing = [sha for sha in shas if sha not in known]
    for start in range(0, len(missing), _COMMITS):
        found = history.read(folder, missing[start : start + _COMMITS])
        with cache.writing():
            cache.add_commits(found)
    return shas


def stamp_of(folder: str, path: str) -> Stamp | None:
    """Return a file's stamp; None when it has gone, or is none: what a link leads to may be a secret, and reading a pipe does not end."""
    try:
        status = Path(folder, path).lstat()
    except OSError:
        return None
    if not S_ISREG(status.st_mode):
        return None
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def settled(stamp: Stamp, looked_ns: int) -> Stamp:
    """Return the stamp to keep: one that nothing equals when the file was so young at that time that it will have to be read again."""
    return Stamp(stamp.size, 0, 0) if looked_ns - stamp.ctime_ns < TOO_FRESH_NS else stamp


def _keep(cache: Cache, batch: Mapping[str, tuple[Stamp, FileFacts]], known: Mapping[str, KnownFile], gone: Sequence[int] = ()) -> None:
    changed = dict[str, tuple[Stamp, FileFacts]]()
    with cache.writing():
        for path, (stamp, facts) in batch.items():
            if path in known and known[path].digest == facts.digest:
                cache.touch(known[path], stamp)
            else:
                changed[path] = (stamp, facts)
        cache.put(changed, gone)
