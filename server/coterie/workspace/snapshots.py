"""What the files of the workspace hold before a command runs, kept so that each one that it changes can be given back. Blocks.

``app.shared`` owns the one `Snapshots` of a process, below the data folder; ``looks`` views the files before and after a command. What was
there before is on the disk when the command begins, for whoever finds the run after a crash; it goes when the journal knows what the
command changed, which then holds those texts itself. Files that are as they were are known by their stamps and are not read again.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import IO

from coterie.base.errors import ModelMistakeError
from coterie.base.ids import new_id
from coterie.base.kept_file import alone
from coterie.workspace.entries import Entry, Kept, View, json_of, kept_in, unusable
from coterie.workspace.files import decoded, sync_folder
from coterie.workspace.pack import Pack
from coterie.workspace.survey import Bounds, Room, Sighted, lies_in, sighted_again, stamp_of, survey

MOST_PACKED = 256 * 1024 * 1024
"""At this size a pack, most of which nobody needs any more, gives way to a new one."""
_KEPT_S = 7 * 24 * 3600.0
_RACY_NS = 20_000_000
"""A file that was written so shortly before it was read may be written again under the same stamp: clocks of file systems are coarse."""
_PACK, _LATEST, _LOCK = "texts", "latest", "lock"


class Snapshots:
    """The snapshots of one process below ``place``. Touches nothing before the first one. Methods may be called from several threads.

    ``pack`` makes the file of the texts.
    """

    def __init__(self, place: Path, bounds: Bounds | None = None, *, pack: Callable[[Path], Pack] = Pack) -> None:
        self._place = place
        self._make_pack = pack
        self._bounds = bounds or Bounds()
        self._guard = Lock()
        self._name = new_id("server")
        self._lock: IO[bytes] | None = None
        self._pack: Pack | None = None
        self._packs = 0
        self._known: dict[str, dict[str, Entry]] = {}
        self._kept: set[str] = set()
        self._latest: tuple[Mapping[str, str], View] | None = None

    def view(self, roots: Iterable[str], closed: Container[str] = (), before: View | None = None) -> View | str:
        """Return what is in these folders now, but not in ``closed`` ones, or why that is more than is looked at. Raises `StorageError`.

        What was seen ``before`` is looked at also where it is ignored by now: to be ignored is not to be gone.
        """
        room, seen = Room(self._bounds), dict[str, Entry]()
        with self._guard, _explained():
            self._open()
            for root in roots:
                known = self._known.get(root, {})
                here = {}
                for sighted in survey(root, room, closed):
                    if (entry := self._entry(root, sighted, known.get(sighted.path), room)) is not None:
                        here[sighted.path] = entry
                here |= self._hidden_since(here, [entry for entry in (before or {}).values() if entry.root == root], room)
                # What was read is known to the next look, also where there was no time for all of it.
                self._known[root] = here if room.reason is None else {**known, **here}
                if room.reason is not None:
                    return room.reason
                seen |= {entry.absolute: entry for entry in here.values()}
        return seen

    def name(self) -> str:
        """Return a name to keep something under. What is seen from now on stays until the name is forgotten. Does not block.

        It ends with the time, which `began` reads: the files of several snapshots may be one file of the disk.
        """
        name = f"{self._name}/{new_id('snapshot')}-{time.time_ns():x}"
        self._kept.add(name)
        return name

    def keep(self, name: str, folders: Mapping[str, str], view: View) -> None:
        """Write down what was seen, safe from a power cut; ``folders`` as in `Kept`. Raises `StorageError`."""
        with self._guard, _explained():
            file, latest = self._file(name), self._file(f"{self._name}/{_LATEST}").with_suffix("")
            if self._latest != (folders, view):
                self._latest = None
                self._write(latest, json_of(folders, view))
                self._latest = dict(folders), dict(view)
            try:
                os.link(latest, file)
            except OSError:  # not every file system has links
                shutil.copyfile(latest, file)
            os.utime(file)
            sync_folder(file.parent)

    def _write(self, latest: Path, content: str) -> None:
        """Write down what was seen last. It gets other names while commands run, and stays for the next one, which mostly sees the same."""
        if self._pack is not None:
            self._pack.sync()
        latest.unlink(missing_ok=True)
        with latest.open("x", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def show_life(self, name: str) -> None:
        """Note that the process lives that has kept a snapshot: what changes later than its last sign may be somebody else's."""
        with suppress(OSError):
            os.utime(self._file(name))

    def find(self, name: str) -> Kept | None:
        """Return what was kept under a name; None when it is not there any more."""
        file = self._file(name)
        try:
            return kept_in(file.read_bytes(), file.stat().st_mtime_ns)
        except (OSError, ValueError):
            return None

    def forget(self, name: str) -> None:
        """Let a snapshot go. With the last one of a process that is gone all that it kept goes."""
        with self._guard:
            self._kept.discard(name)
            file = self._file(name)
            file.unlink(missing_ok=True)
            if file.parent.name != self._name:
                _clear(file.parent)
            elif not self._kept and self._pack is not None and self._pack.size > MOST_PACKED:
                self._give_up(self._pack)

    def close(self) -> None:
        """End: what nobody waits for any more is taken away."""
        with self._guard:
            if self._pack is not None:
                self._pack.close()
                self._pack = None
            if self._lock is not None:
                self._lock.close()
                self._lock = None
                _clear(self._place / self._name)

    def _open(self) -> None:
        """Begin to keep something, and look after what processes that are gone have kept."""
        if self._pack is not None:
            return
        folder = self._place / self._name
        if self._lock is None:
            self._settle_in(folder)
        path = folder / (f"{_PACK}.{self._packs}" if self._packs else _PACK)
        self._packs += 1  # what was seen in one pack is never read from another
        self._pack = self._make_pack(path)

    def _settle_in(self, folder: Path) -> None:
        """Have a folder of one's own, which nobody else takes away while this process lives."""
        import fcntl  # noqa: PLC0415 - not loaded at server start

        self._place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._place.mkdir(mode=0o700, exist_ok=True)
        # One at a time: a folder that another process has made and not locked yet looks like one of a process that is gone.
        with alone(self._place.with_suffix(".lock")):
            for other in self._place.iterdir():
                _clear(other, after_s=_KEPT_S)
            folder.mkdir(mode=0o700, exist_ok=True)  # a full disk may have ended an earlier attempt
            with ExitStack() as undone:
                lock = undone.enter_context((folder / _LOCK).open("wb"))
                fcntl.flock(lock, fcntl.LOCK_EX)
                undone.pop_all()
            self._lock = lock

    def _give_up(self, pack: Pack) -> None:
        """Give a pack up of which little is needed, when nobody waits for a snapshot; the next view begins another."""
        self._pack = None
        self._known.clear()
        self._latest = None
        pack.close()
        pack.path.unlink(missing_ok=True)

    def _hidden_since(self, here: Mapping[str, Entry], before: Iterable[Entry], room: Room) -> dict[str, Entry]:
        """Return what was seen before and is hidden now, as it is now; of what may not be looked at nothing is known to have changed."""
        hidden = {entry.absolute for entry in here.values() if entry.kind == "hidden"}
        found = dict[str, Entry]()
        for entry in before if hidden else ():
            if entry.kind == "hidden" or not lies_in(entry.absolute, hidden) or not room.takes(files=1):
                continue
            try:
                sighted = sighted_again(entry.path, entry.absolute)
                now = None if sighted is None else self._entry(entry.root, sighted, entry, room)
            except PermissionError:
                now = entry
            if now is not None:
                found[entry.path] = now
        return found

    def _entry(self, root: str, sighted: Sighted, known: Entry | None, room: Room) -> Entry | None:
        """Return a file as it is, by what was known of it where it has not changed; None when it has just gone."""
        if known is not None and known.stamp == sighted.stamp and known.is_certain:
            return known if known.span is None or room.takes(size=known.span.length) else None
        plain = Entry(root, sighted.path, sighted.kind, f"{sighted.stamp.size} {sighted.stamp.written}", sighted.stamp)
        if sighted.kind == "link":
            with suppress(OSError):
                return replace(plain, digest=os.fsencode(os.readlink(sighted.absolute)).hex())  # noqa: PTH115 - as above
            return None
        if sighted.kind != "text":
            return plain
        return self._read(plain, known, room) if room.takes(size=sighted.stamp.size) else None

    def _read(self, plain: Entry, known: Entry | None, room: Room) -> Entry | None:
        """Read a file, and keep its text unless that is kept already."""
        from hashlib import blake2b  # noqa: PLC0415 - brings OpenSSL's, and the start needs none

        try:
            descriptor = os.open(plain.absolute, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                # The time, the stamp, the text: whoever writes between two of them has the file read again.
                looked_ns, stamp = time.time_ns(), stamp_of(os.fstat(descriptor))
                content = file.read()
        except PermissionError:
            return _unreadable(plain, known)
        except OSError:
            return None
        if len(content) > plain.stamp.size and not room.takes(size=len(content) - plain.stamp.size):
            return None
        entry = replace(plain, digest=blake2b(content, digest_size=16).hexdigest(), stamp=stamp)
        entry = replace(entry, is_certain=looked_ns - max(stamp.changed, stamp.written) > _RACY_NS)
        if known is not None and known.digest == entry.digest:
            return replace(entry, kind=known.kind, pack=known.pack, span=known.span)
        try:
            decoded(content, plain.path)
        except ModelMistakeError:
            return replace(entry, kind="binary")
        assert self._pack is not None  # noqa: S101 - opened by the view
        return replace(entry, pack=str(self._pack.path), span=self._pack.add(content))

    def _file(self, name: str) -> Path:
        folder, _, snapshot = name.partition("/")
        return self._place / Path(folder).name / f"{Path(snapshot).name}.json"


def _unreadable(plain: Entry, known: Entry | None) -> Entry:
    """Return a file that may not be read: what was known of it where it was not written since, so that its permissions alone are others."""
    if known is not None and known.is_certain:
        was, now = (each.stamp._replace(changed=0, mode=0) for each in (known, plain))
        if was == now:
            return replace(known, stamp=plain.stamp)
    return replace(plain, kind="binary")  # nobody can say what it holds, only that it changed


def began(name: str) -> int:
    """Return when a name was given, by the clock, in nanoseconds."""
    return int(name.rpartition("-")[2], 16)


def _clear(folder: Path, *, after_s: float = 0.0) -> None:
    """Take away what a process that is gone has kept, unless somebody may ask for it yet: for ``after_s`` seconds at most, where given."""
    import fcntl  # noqa: PLC0415 - not loaded at server start

    with suppress(OSError), (folder / _LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        waiting = [file for file in folder.glob("*.json") if not after_s or time.time() - file.stat().st_mtime < after_s]
        if not waiting:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        raise unusable(failure) from failure
