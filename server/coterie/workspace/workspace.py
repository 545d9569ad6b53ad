"""The workspace as everyone above sees it: implements `domain.workspace_ports.Workspace`.

``app`` builds one for each attachment and hands its ``documents`` to the front door. Paths go through `Folders`, which confines them;
texts come from the open buffers first; blocking work is done in threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from coterie.base.errors import ModelMistakeError
from coterie.domain.client_ports import Editor
from coterie.domain.edits import Draft, FileRef, Found, LeftOut, OnIntent, Outcome, Rewrite
from coterie.domain.workspace_ports import Folder, Look
from coterie.workspace.documents import Buffer, Documents
from coterie.workspace.editing import Editing, Patience, Wish, drafted
from coterie.workspace.files import clear_of_empty_folders, decoded, in_thread, mode_of, read_bytes
from coterie.workspace.folders import Folders
from coterie.workspace.given_back import give_back
from coterie.workspace.line_ends import BYTE_ORDER_MARK, shown
from coterie.workspace.looks import Looks
from coterie.workspace.overlays import Overlay, Overlays
from coterie.workspace.privacy import Privacy, Withheld
from coterie.workspace.snapshots import Snapshots
from coterie.workspace.trash import MOST_KEPT, Trash
from coterie.workspace.uris import uri_below
from coterie.workspace.walk import is_listed, list_files

_Stamp: TypeAlias = tuple[int, int, int]
"""What changes when a file is written: its time in nanoseconds, its size, its inode."""


class LiveWorkspace:
    """Files as the person sees them.

    ``editor`` is None where there is none, as on the command line; ``among`` are the other editors; ``snapshots`` keeps what commands may
    change, None where none are run, and looks for that into none of the ``closed`` folders; ``trash`` is where what they wrote goes when it
    is taken back, ``most_kept`` says how many bytes of the disk all of that may take.
    """

    def __init__(
        self,
        folders: Iterable[Folder] = (),
        *,
        editor: Editor | None = None,
        patience: Patience | None = None,
        among: Overlays | None = None,
        snapshots: Snapshots | None = None,
        trash: Trash | None = None,
        most_kept: Callable[[], int] = lambda: MOST_KEPT,
        closed: Iterable[Path] = (),
    ) -> None:
        self._among = among or Overlays()
        self.documents = Documents(self._among.order)
        self._folders = Folders(folders)
        self._overlay = Overlay(self.documents, editor, reaches=self._reaches, among=self._among)
        self._among.attach(self._overlay)
        self._editing = Editing(self._overlay, self._root_of, patience)
        self._looks = Looks(self._overlay, snapshots, self._places, frozenset(map(os.path.realpath, closed)))
        self._compared: dict[str, tuple[_Stamp, Buffer, bool]] = {}
        self._trash = trash
        self._most_kept = most_kept
        self._privacy = Privacy()

    @property
    def folders(self) -> tuple[Folder, ...]:
        """The workspace folders, as the editor gives them."""
        return self._folders.all

    @property
    def roots(self) -> frozenset[str]:
        """Where the folders really are."""
        return self._folders.roots

    def set_folders(self, folders: Iterable[Folder]) -> None:
        """Work in these folders from now on. What lies outside of them can no longer be read or changed."""
        self._folders = Folders(folders)

    def folder(self, uri: str) -> Folder | None:
        """Return a folder of the workspace, or one inside; see `domain.workspace_ports.Workspace.folder`."""
        return self._folders.folder(uri)

    def holds(self, uri: str) -> bool:
        """Say whether a folder is one of the workspace's, or lies in one."""
        return self._folders.holds(uri)

    def leave(self) -> None:
        """Note that the editor is gone, and what was open there with it. Who still works here goes on with what others have open."""
        self._among.detach(self._overlay)
        self.documents.close_all()

    def locate(self, path: str, folder: str | None = None) -> FileRef:
        """Find a path; see `Folders.locate`. An open file has the URI that its editor calls it by."""
        return self._named(self._folders.locate(path, folder))

    def locate_again(self, path: str, folder: str) -> FileRef:
        """Find a file as `Folders.locate_again` does."""
        return self._named(self._folders.locate_again(path, folder))

    def _named(self, file: FileRef) -> FileRef:
        buffer = self.documents.at(file.absolute)
        return file if buffer is None else replace(file, uri=buffer.uri)

    async def read(self, file: FileRef, *, exact: bool = False) -> str | None:
        """Return the text of the open buffer, or of the file on disk (None: no such file)."""
        self._check(file)
        text: str | None
        if (choice := await self._overlay.choice(file.absolute)) is not None:
            text = choice.held.buffer.text
        else:
            content = await in_thread(read_bytes, file.absolute)
            text = None if content is None else decoded(content, file.path)
        return text if text is None or exact else shown(text)

    async def read_many(self, files: Sequence[FileRef], *, room: int) -> tuple[Sequence[tuple[FileRef, str]], bool]:
        """Read as `read` does, all closed files in one piece of work; see `domain.workspace_ports.Workspace.read_many`."""
        for file in files:
            self._check(file)
        opened = frozenset(self._overlay.paths())
        buffers = {file.absolute: await self.buffered(file.absolute) for file in files if file.absolute in opened}
        return await in_thread(_texts, files, {absolute: text for absolute, text in buffers.items() if text is not None}, room)

    async def buffered(self, absolute: str) -> str | None:
        """Return the text of the buffer that is a file's text, in whichever editor; None when nobody has it open."""
        choice = await self._overlay.choice(absolute)
        return None if choice is None else choice.held.buffer.text

    async def files(self, folder: str | None = None, under: str = "") -> tuple[FileRef, ...]:
        """Return the files below ``under``, sorted by path; buffers that are no files yet are there, too."""
        if not self.folders:
            return ()
        start = self._folders.locate(under or ".", folder)
        root = self._folders.root(start.folder)
        opened = {
            Path(absolute).relative_to(root).as_posix(): held[0].buffer.uri
            for absolute in self._overlay.paths()
            if Path(absolute).is_relative_to(start.absolute) and (held := self._overlay.holding(absolute))
        }
        return await in_thread(_listed, start.folder, root, "" if start.path == "." else start.path, opened)

    async def draft(self, file: FileRef, rewrite: Rewrite) -> Draft:
        """Say what a change would make of a file; see `domain.workspace_ports.Workspace.draft`."""
        text = await self.read(file, exact=True)
        draft = await in_thread(drafted, file, rewrite, text)
        if draft.after is None and draft.before is not None:
            return replace(draft, mode=await in_thread(mode_of, file.absolute))
        return draft

    async def change(
        self,
        file: FileRef,
        rewrite: Rewrite,
        *,
        label: str,
        on_intent: OnIntent,
        exact: bool = False,
        mode: int | None = None,
        beneath: bool = False,
    ) -> Outcome:
        """Change a file where its text lives; see `domain.workspace_ports.Workspace.change`."""
        self._check(file)
        wish = Wish(file=file, rewrite=rewrite, label=label, on_intent=on_intent, exact=exact, mode=mode, beneath=beneath)
        return await self._editing.change(wish)

    async def withheld(self, uri: str) -> Withheld | None:
        """Say why a document is shown to no model without being asked to, if it is not."""
        return await self._privacy.withheld(uri, self._folders.roots)

    def unsaved(self) -> Mapping[str, str]:
        """Return the texts of buffers in the folders that differ from the disk, by absolute path.

        A file is read only when it or its buffer changed since the last call.
        """
        chosen = {absolute: self._overlay.choice_now(absolute) for absolute in self._overlay.paths() if self._reaches(absolute)}
        texts = {absolute: choice.held.buffer for absolute, choice in chosen.items() if choice is not None}
        self._compared = {absolute: self._compare(absolute, buffer) for absolute, buffer in texts.items()}
        return {absolute: buffer.text for absolute, buffer in texts.items() if self._compared[absolute][2]}

    async def look(self) -> Look:
        """Look at the files before a command; see `domain.workspace_ports.Workspace.look`."""
        return await self._looks.begin()

    async def look_again(self, snapshot: str) -> Found | None:
        """Return what has changed since a look whose process died."""
        return await self._looks.again(snapshot)

    async def forget(self, snapshot: str) -> None:
        """Let go of what a look has kept."""
        await self._looks.forget(snapshot)

    async def make_way(self, file: FileRef) -> None:
        """Take an empty folder out of the way of a file; see `domain.workspace_ports.Workspace.make_way`."""
        self._check(file)
        await in_thread(clear_of_empty_folders, Path(file.absolute))

    async def set_aside(self, run_id: str, path: str, text: str) -> None:
        """Keep a text before it is taken away; see `domain.workspace_ports.Workspace.set_aside`."""
        try:
            await in_thread(self._kept_in.put, run_id, path, text.encode("utf-8", "surrogatepass"))
        except OSError as failure:
            why = failure.strerror or failure
            raise ModelMistakeError(f"What it holds now cannot be kept before it is taken away: {why}. It was left as it is.") from failure
        await self._bound(run_id)

    async def _bound(self, run_id: str) -> None:
        """Keep no more than there is room for. Where that fails, too much is kept, and the undo goes on."""
        with suppress(OSError):
            await in_thread(self._kept_in.bound, run_id, self._most_kept())

    async def give_back(self, run_id: str, left_out: LeftOut) -> bool:
        """Give back what no text tells; see `domain.workspace_ports.Workspace.give_back`."""
        root = self._folders.root(left_out.folder)
        absolute = os.path.join(root, left_out.path)  # noqa: PTH118 - a link is not followed: it may be what is taken back
        self._folders.locate_again(Path(left_out.path).parent.as_posix(), left_out.folder)
        origin = None if left_out.moved_from is None else self._folders.place_again(left_out.moved_from)
        async with self._overlay.lock(absolute):
            if left_out.why != "mode":
                self._overlay.writes.note(absolute, None)
            try:
                given_back = await in_thread(give_back, absolute, left_out, origin, self._kept_in, run_id, within=root)
            except OSError as failure:
                raise ModelMistakeError(f"It cannot be taken back: {failure.strerror or failure}. It was left as it is.") from failure
        if self.kept_of(run_id) is not None:
            await self._bound(run_id)
        return given_back

    def kept_of(self, run_id: str) -> str | None:
        """Return where lies what was taken away of a run; see `domain.workspace_ports.Workspace.kept_of`."""
        folder = None if self._trash is None else self._trash.folder(run_id)
        return None if folder is None else str(folder)

    def let_go_for(self, run_id: str) -> int:
        """Return of how many runs what was kept went for this one; see `domain.workspace_ports.Workspace.let_go_for`."""
        return 0 if self._trash is None else self._trash.let_go(run_id)

    @property
    def _kept_in(self) -> Trash:
        if self._trash is None:
            raise ModelMistakeError("Nothing is kept here of what would be taken away. It was left as it is.")
        return self._trash

    def _places(self) -> Mapping[str, str]:
        return {self._folders.root(folder.uri): folder.uri for folder in self._folders.all}

    def _root_of(self, folder: str) -> str:
        return self._folders.root(folder)

    def _reaches(self, absolute: str) -> bool:
        return self._folders.contain(absolute)

    def _check(self, file: FileRef) -> None:
        if not self._reaches(file.absolute):
            raise ModelMistakeError(f"{file.path} is outside of the workspace.")

    def _compare(self, absolute: str, buffer: Buffer) -> tuple[_Stamp, Buffer, bool]:
        """Return the file's stamp, the buffer, and whether the two differ, from the last comparison where it still holds."""
        stamp = _stamp(absolute)
        known = self._compared.get(absolute)
        if known is not None and known[0] == stamp and known[1] is buffer:
            return known
        return stamp, buffer, _differs(absolute, buffer)


def _texts(files: Iterable[FileRef], buffers: Mapping[str, str], room: int) -> tuple[Sequence[tuple[FileRef, str]], bool]:
    texts = list[tuple[FileRef, str]]()
    for file in files:
        text = buffers.get(file.absolute)
        if text is None:
            try:
                content = read_bytes(file.absolute)
                text = "" if content is None else decoded(content, file.path)
            except ModelMistakeError:
                continue
        room -= len(text)
        if room < 0:
            return texts, False
        texts.append((file, shown(text)))
    return texts, True


def _stamp(absolute: str) -> _Stamp:
    try:
        status = os.lstat(absolute)
    except OSError:
        return (0, 0, 0)
    return status.st_mtime_ns, status.st_size, status.st_ino


def _differs(absolute: str, buffer: Buffer) -> bool:
    """Say whether a buffer differs from its file; of a file that is not ours to decode the editor alone knows."""
    try:
        content = read_bytes(absolute)
        text = None if content is None else decoded(content, absolute)
    except ModelMistakeError:
        return buffer.touched
    return text is None or text.removeprefix(BYTE_ORDER_MARK) != buffer.text.removeprefix(BYTE_ORDER_MARK)


def _listed(folder: str, root: str, under: str, opened: Mapping[str, str]) -> tuple[FileRef, ...]:
    """List files of a folder; ``opened`` are the URIs of open files by path."""
    paths = set(list_files(root, under))
    paths |= {path for path in opened.keys() - paths if not Path(root, path).exists() and is_listed(root, path)}
    return tuple(FileRef(folder, path, opened.get(path) or uri_below(folder, path), f"{root}{os.sep}{path}") for path in sorted(paths))
