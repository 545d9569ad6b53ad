"""What is different between two snapshots, in the words of edits: texts that changed, came or went, moves, and what no text tells. Blocks.

What was a text and is none any more, or the other way round, is two differences: one came, and the other went.

``looks`` compares what was there before a command with what is there after it, and takes out what others wrote.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from coterie.domain.edits import Draft, FileRef, FoundChange, LeftOut, LeftOutWhy, kind_of
from coterie.workspace.entries import Entry, View
from coterie.workspace.given_back import file_mark, link_mark, mode_mark
from coterie.workspace.survey import Kind, lies_in
from coterie.workspace.uris import uri_below

_NoText: TypeAlias = Literal["binary", "large", "secret", "link"]
_NO_TEXT: Mapping[Kind, _NoText] = {"binary": "binary", "large": "large", "secret": "secret", "link": "link"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A file at two moments; None: it was not there."""

    before: Entry | None
    after: Entry | None

    @property
    def absolute(self) -> str:
        """Its place on the disk."""
        there = self.after or self.before
        assert there is not None  # noqa: S101 - a pair of nothing is not made
        return there.absolute

    @property
    def is_text(self) -> bool:
        """Whether it was a text wherever it was there, and is another one."""
        return self._same != "content" and all(entry is None or entry.kind == "text" for entry in (self.before, self.after))

    @property
    def parts(self) -> Iterable[Pair]:
        """The differences that this is: two, where only one of the files is a text."""
        before, after = self.before, self.after
        if before is None or after is None or (before.kind == "text") == (after.kind == "text"):
            return [self]
        return [Pair(before, None), Pair(None, after)]

    @property
    def _same(self) -> Literal["all", "content", "nothing"]:
        before, after = self.before, self.after
        if before is None or after is None or (before.kind, before.digest) != (after.kind, after.digest):
            return "nothing"
        return "all" if before.mode == after.mode or before.kind == "link" else "content"

    @property
    def differs(self) -> bool:
        """Whether anything of it is other than it was."""
        return self._same != "all"

    def left_out(self, folders: Mapping[str, str]) -> LeftOut | None:
        """Return what no text says of it."""
        before, after = self.before, self.after
        entry = after or before
        assert entry is not None  # noqa: S101 - as above
        kinds = [each.kind for each in (after, before) if each is not None]
        other = next((_NO_TEXT[kind] for kind in kinds if kind in _NO_TEXT), None)
        why = "mode" if self._same == "content" else other
        if why is None and before is not None and after is not None and before.mode != after.mode:
            why = "mode"
        if why is None:
            return None
        file = file_of(entry, folders)
        was, now = (None if each is None else _mark(each, why) for each in (before, after))
        return LeftOut(folder=file.folder, path=file.path, uri=file.uri, what=kind_of(before, after), why=why, was=was, now=now)


def pairs(before: View, after: View) -> tuple[Pair, ...]:
    """Return the files that are not as they were, by their places.

    Of what was ignored before and no longer is nobody knows what it was: it may well have been there, so that it was not made.
    """
    hidden = {place for place, entry in before.items() if entry.kind == "hidden"}
    old, new = ({place: entry for place, entry in view.items() if entry.kind != "hidden"} for view in (before, after))
    places = [place for place in {**old, **new} if old.get(place) is not new.get(place)]
    found = (Pair(old.get(place), new.get(place)) for place in sorted(places) if not hidden or not lies_in(place, hidden))
    return tuple(each for pair in found if pair.differs for each in pair.parts)


def with_moved_files(different: Iterable[Pair], folders: Mapping[str, str], unsure: Mapping[str, str]) -> Iterator[LeftOut]:
    """Yield what no text says of the files, a file that came where another one was before as moved; ``unsure`` as in `with_moves`."""
    different = tuple(different)
    moved = _moved_files(different)
    went = {pair.absolute for pair in moved.values()}
    for pair in different:
        origin = moved.get(pair.absolute) if pair.after is not None else None
        if pair.before is not None and pair.absolute in went:
            if pair.after is None:
                continue
            pair = Pair(None, pair.after)  # noqa: PLW2901 - what was there before is told where it went
        if (left_out := pair.left_out(folders)) is None:
            continue
        source = None if origin is None else origin.before
        moved_from = None if source is None else file_of(source, folders).uri
        yield replace(left_out, moved_from=moved_from, unsure=unsure.get(pair.absolute))


def _moved_files(different: Iterable[Pair]) -> dict[str, Pair]:
    """Return where files that are no text were before, by where they are now; without those that changed places: none can go back first."""
    different = tuple(different)
    gone = {_identity(pair.before): pair for pair in different if pair.before is not None and not pair.is_text}
    came = (pair for pair in different if pair.after is not None and not pair.is_text)
    moved = {pair.absolute: origin for pair in came if (origin := gone.get(_identity(pair.after))) is not None and origin is not pair}
    return {place: origin for place, origin in moved.items() if not _is_in_a_ring(place, moved)}


def _is_in_a_ring(place: str, moved: Mapping[str, Pair]) -> bool:
    at = moved[place].absolute
    for _ in moved:
        if at == place:
            return True
        if at not in moved:
            return False
        at = moved[at].absolute
    return False


def _identity(entry: Entry | None) -> tuple[object, ...]:
    """Return what of a file stays the same when it is moved; how it is known that it is no text depends on its name."""
    if entry is None:
        return ()
    return (entry.digest, entry.stamp.inode) if entry.kind == "link" else (entry.stamp.written, entry.stamp.size, entry.stamp.inode)


def _mark(entry: Entry, why: LeftOutWhy) -> str:
    if why == "mode":
        return mode_mark(entry.mode)
    return link_mark(bytes.fromhex(entry.digest)) if entry.kind == "link" else file_mark(entry.stamp)


def file_of(entry: Entry, folders: Mapping[str, str]) -> FileRef:
    """Return an entry as a file of the workspace; ``folders`` are the URIs of the folders by their places."""
    path = entry.path.replace(os.sep, "/")
    uri = folders[entry.root]
    return FileRef(folder=uri, path=path, uri=uri_below(uri, path), absolute=entry.absolute)


def with_moves(drafts: Iterable[Draft], unsure: Mapping[str, str]) -> tuple[FoundChange, ...]:
    """Return changes, those that make a file before those that take one away: a file that came with the text of one that went was moved.

    ``unsure`` says of places why they may be somebody else's.
    """
    drafts = tuple(drafts)
    origins = dict(_moves(drafts))
    ordered = sorted(drafts, key=lambda draft: (draft.before is not None and draft.after is not None, draft.before is None), reverse=True)
    return tuple(FoundChange(draft, origins.get(draft.file.uri), unsure.get(draft.file.absolute)) for draft in ordered)


def _moves(drafts: Iterable[Draft]) -> Iterator[tuple[str, str]]:
    """Yield the URI of each file to which a text went, with the URI of the one where it was."""
    drafts = tuple(drafts)
    sources = {draft.before: draft.file.uri for draft in drafts if draft.after is None and draft.before}
    for draft in drafts:
        if draft.before is None and draft.after is not None and (source := sources.pop(draft.after, None)) is not None:
            yield draft.file.uri, source


def moved_in(different: Iterable[Pair], began: int) -> Iterator[str]:
    """Yield the places of files that are new there, and older than what made them: moved from where nothing is looked at, or copied.

    Nobody has kept where they were, so to take them away might be to lose them. ``began`` is in nanoseconds.
    """
    different = tuple(different)
    moved = _moved_files(different)
    gone = {pair.before.digest for pair in different if pair.before is not None and (pair.after is None or pair.is_text)}
    for pair in different:
        after = pair.after
        is_new = pair.before is None and pair.absolute not in moved
        if is_new and after is not None and after.digest not in gone and after.stamp.written < began:
            yield pair.absolute


def changed_at(pair: Pair) -> int:
    """Return when a file came to be as it is, in nanoseconds of the disk's clock; of one that is gone, when its folder was changed last."""
    if pair.after is not None:
        return max(pair.after.stamp.written, pair.after.stamp.changed)
    for folder in Path(pair.absolute).parents:
        try:
            status = folder.stat()
        except OSError:
            continue
        return max(status.st_mtime_ns, status.st_ctime_ns)
    return 0
