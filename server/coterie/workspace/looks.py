"""Looks at the workspace before and after a command, and says what the command changed: of that, nothing that somebody else wrote.

``workspace`` hands it out to ``agents.effects``. What is known of others: what editors save and what edits of agents put onto the disk, by
`coterie.workspace.writes`. A buffer that held the same as its file before is behind the disk afterwards, until its editor reads it again.
What other programs write on the same files while a command runs nobody can tell from what the command does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from coterie.base.errors import StorageError
from coterie.domain.edits import Draft, Found, FoundChange
from coterie.workspace.comparing import Pair, changed_at, file_of, moved_in, pairs, with_moved_files, with_moves
from coterie.workspace.documents import Buffer
from coterie.workspace.entries import View
from coterie.workspace.files import in_thread
from coterie.workspace.line_ends import BYTE_ORDER_MARK
from coterie.workspace.overlays import Overlay
from coterie.workspace.snapshots import Snapshots, began
from coterie.workspace.writes import Watch

MOST_CHANGED = 2_000
"""More changed files are no work of a command that somebody would go through, or take back one by one."""

NOT_KEPT = "nothing is kept here"
NOT_THERE = "what was kept of the files before it is not there any more"
_BESIDE = "Another command ran at the same time: which of the two wrote this cannot be told."
_SAVED = "It was saved as a notebook meanwhile: what of this the command wrote cannot be told."
_OLDER = "It is older than the command, which may have moved it here from where nothing is looked at."
_TICK_NS = 20_000_000
"""How far the clock of a disk, which moves in ticks, may be behind."""
_UNSEEN = "It came to be so when the server had stopped, or just before: whether by the command cannot be told."


class Looks:
    """Makes the looks of one workspace. ``folders`` gives the URIs of its folders by their places, ``closed`` are never looked into."""

    def __init__(
        self, overlay: Overlay, snapshots: Snapshots | None, folders: Callable[[], Mapping[str, str]], closed: frozenset[str]
    ) -> None:
        self._overlay = overlay
        self._snapshots = snapshots
        self._folders = folders
        self._closed = closed

    async def begin(self) -> LiveLook:
        """Look, and keep what is there."""
        folders, snapshots = self._folders(), self._snapshots
        if snapshots is None:
            return LiveLook(self._overlay, unknown=NOT_KEPT)
        watch = self._overlay.writes.watch(folders)
        with ExitStack() as undone:
            undone.callback(self._overlay.writes.end, watch)
            snapshot = snapshots.name()
            try:
                view = await in_thread(snapshots.view, folders, self._closed)
                if not isinstance(view, str):
                    await in_thread(snapshots.keep, snapshot, folders, view)
            except BaseException as failure:
                await in_thread(snapshots.forget, snapshot)
                if isinstance(failure, StorageError):
                    raise StorageError(f"{failure.message} The command was not run.", code=failure.code) from failure
                raise
            if isinstance(view, str):
                await in_thread(snapshots.forget, snapshot)
                return LiveLook(self._overlay, unknown=view)
            undone.pop_all()
        held_there = {place: self._overlay.holding(place)[:1] for place in self._overlay.paths()}
        buffers = {place: held[0].buffer for place, held in held_there.items() if held}
        before = Before(snapshots, folders, self._closed, view, watch, buffers, began(snapshot))
        return LiveLook(self._overlay, before=before, snapshot=snapshot)

    async def again(self, snapshot: str) -> Found | None:
        """Return what has changed since a look whose process died; None while one of its folders is not in this workspace."""
        snapshots = self._snapshots
        kept = None if snapshots is None else await in_thread(snapshots.find, snapshot)
        if snapshots is None or kept is None:
            return Found(unknown=NOT_THERE)
        if not all(self._overlay.reaches(root) for root in kept.folders):
            return None

        def compare() -> Found:
            after = snapshots.view(kept.folders, self._closed, kept.view)
            if isinstance(after, str):
                return Found(unknown=after)
            found = pairs(kept.view, after)
            if len(found) > MOST_CHANGED:
                return Found(unknown=_too_many(found))
            doubts = {pair.absolute: _UNSEEN for pair in found if changed_at(pair) > kept.seen_alive} | _older(found, began(snapshot))
            return _found(found, _drafts(found, kept.folders), kept.folders, doubts)

        seen = snapshots.name()
        try:
            found = await in_thread(compare)
        finally:
            await in_thread(snapshots.forget, seen)
        for change in found.changes:
            self._overlay.overtake(change.draft.file.absolute, change.draft.before, change.draft.after)
        return found

    async def forget(self, snapshot: str) -> None:
        """Let go of what a look has kept."""
        if self._snapshots is not None:
            await in_thread(self._snapshots.forget, snapshot)


@dataclass(frozen=True, slots=True)
class Before:
    """What there was before a command: the files, who watches what others write, and the open buffers by place; ``began`` as in `began`."""

    snapshots: Snapshots
    folders: Mapping[str, str]
    closed: frozenset[str]
    view: View
    watch: Watch
    buffers: Mapping[str, Buffer]
    began: int


class LiveLook:
    """A look around one command; implements `coterie.domain.workspace_ports.Look`."""

    def __init__(self, overlay: Overlay, *, before: Before | None = None, snapshot: str | None = None, unknown: str | None = None) -> None:
        self._overlay = overlay
        self._before = before
        self._unknown = unknown
        self.snapshot = snapshot

    def show_life(self) -> None:
        """Note that this process lives."""
        if self._before is not None and self.snapshot is not None:
            self._before.snapshots.show_life(self.snapshot)

    async def drop(self) -> None:
        """Give it up; see the port."""
        if self._before is not None and self.snapshot is not None:
            self._overlay.writes.end(self._before.watch)
            await in_thread(self._before.snapshots.forget, self.snapshot)

    async def end(self) -> Found:
        """Look again; see the port."""
        before = self._before
        if before is None:
            return Found(unknown=self._unknown)
        try:
            after = await in_thread(before.snapshots.view, before.folders, before.closed, before.view)
            if isinstance(after, str):
                return Found(unknown=after)
            different = await in_thread(pairs, before.view, after)
            if len(different) > MOST_CHANGED:
                return Found(unknown=_too_many(different))
            drafts = await in_thread(_drafts, different, before.folders)
            own = [mine for draft in drafts if (mine := await self._own(before, draft)) is not None]
        finally:
            self._overlay.writes.end(before.watch)
        others = {pair.absolute for pair in different if not pair.is_text and pair.absolute in before.watch.texts}
        doubts = _older(different, before.began) | dict.fromkeys(before.watch.notebooks, _SAVED)
        doubts |= {pair.absolute: _BESIDE for pair in different} if before.watch.beside else {}
        found = await in_thread(_found, [pair for pair in different if pair.absolute not in others], own, before.folders, doubts)
        for change in found.changes:
            self._overlay.overtake(change.draft.file.absolute, change.draft.before, change.draft.after)
        return replace(found, changes=tuple(map(self._named, found.changes)))

    async def _own(self, before: Before, draft: Draft) -> Draft | None:
        """Return what of a change is the command's: what it did to the text that somebody else wrote last, if they did."""
        absolute = draft.file.absolute
        async with self._overlay.lock(absolute):  # an edit that is under way is noted once it is done
            written = before.watch.texts.get(absolute)
        if written:
            if _plain(written[-1]) == _plain(draft.after):
                return None
            return replace(draft, before=_like(draft.before, written[-1]))
        return None if self._is_typed(before, draft) else draft

    def _is_typed(self, before: Before, draft: Draft) -> bool:
        """Say whether a person typed what the file holds now: they have saved it, and their editor is about to say so.

        An editor that reads a file anew tells of the old text and the new one, and of nothing in between.
        """
        absolute = draft.file.absolute
        buffer, held = before.buffers.get(absolute), self._overlay.holding(absolute)
        if buffer is None or not held or _plain(held[0].buffer.text) != _plain(draft.after):
            return False
        read = {hash(_plain(text)) for text in (draft.before, draft.after)}
        return _plain(buffer.text) != _plain(draft.before) or not before.watch.told.get(absolute, set()) <= read

    def _named(self, change: FoundChange) -> FoundChange:
        """Return a change with the URI by which an editor calls the file that it has open."""
        file = change.draft.file
        buffer = self._overlay.documents.at(file.absolute)
        return change if buffer is None else replace(change, draft=replace(change.draft, file=replace(file, uri=buffer.uri)))


def _drafts(different: Sequence[Pair], folders: Mapping[str, str]) -> tuple[Draft, ...]:
    """Return the changes of texts, with the permission bits of files that come or go. Reads them."""
    return tuple(_draft(pair, folders) for pair in different if pair.is_text)


def _draft(pair: Pair, folders: Mapping[str, str]) -> Draft:
    before, after = pair.before, pair.after
    entry = after or before
    assert entry is not None  # noqa: S101 - a pair of nothing is not made
    old, new = (None if each is None else each.text for each in (before, after))
    return Draft(file_of(entry, folders), old, new, entry.mode if before is None or after is None else None)


def _found(different: Sequence[Pair], drafts: Sequence[Draft], folders: Mapping[str, str], unsure: Mapping[str, str]) -> Found:
    return Found(changes=with_moves(drafts, unsure), left_out=tuple(with_moved_files(different, folders, unsure)))


def _older(different: Sequence[Pair], since: int) -> dict[str, str]:
    return dict.fromkeys(moved_in(different, since - _TICK_NS), _OLDER)


def _too_many(different: Sequence[Pair]) -> str:
    return f"{len(different):,} files were changed"


def _plain(text: str | None) -> str | None:
    return None if text is None else text.removeprefix(BYTE_ORDER_MARK)


def _like(text: str | None, other: str | None) -> str | None:
    """Return another text with the byte order mark that a text has: what an editor tells has none."""
    marked = text is not None and text.startswith(BYTE_ORDER_MARK)
    return BYTE_ORDER_MARK + other if marked and other is not None and not other.startswith(BYTE_ORDER_MARK) else other
