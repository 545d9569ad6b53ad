"""The workspace folders, and which paths lie inside them: the confinement of everything that agents read and write."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from coterie.base.errors import ModelMistakeError
from coterie.domain.edits import FileRef
from coterie.domain.workspace_ports import Folder
from coterie.workspace.uris import path_of, uri_below


class Folders:
    """Immutable; a change of folders makes another one. Looking at links takes microseconds and is not worth a thread."""

    def __init__(self, folders: Iterable[Folder] = ()) -> None:
        self.all = tuple(folders)
        self._roots = {folder.uri: os.path.realpath(folder.absolute) for folder in self.all}
        self._held: dict[str, bool] = {}  # what was asked before: it is asked with each piece of a message

    @property
    def roots(self) -> frozenset[str]:
        """Where the folders really are."""
        return frozenset(self._roots.values())

    def root(self, uri: str) -> str:
        """Return where a folder really is. Raises `ModelMistakeError` for one that is not, or no longer, in the workspace."""
        if (folder := self.folder(uri)) is None:
            raise ModelMistakeError(f"{uri} is not a folder of this workspace.")
        return self._roots.get(uri) or os.path.realpath(folder.absolute)

    def folder(self, uri: str) -> Folder | None:
        """Return the folder of a URI: one of these, or one that lies in one of them."""
        if not self.holds(uri):
            return None
        if (own := next((folder for folder in self.all if folder.uri == uri), None)) is not None:
            return own
        path = path_of(uri) or ""
        around = next(folder for folder in self.all if _below(os.path.realpath(path), self._roots[folder.uri]) is not None)
        return Folder(uri=uri, name=Path(path).name, absolute=path, trusted=around.trusted)

    def contain(self, absolute: str) -> bool:
        """Say whether a resolved path lies in one of the folders."""
        return any(_below(absolute, root) is not None for root in self._roots.values())

    def holds(self, uri: str) -> bool:
        """Say whether a folder is one of these, or lies in one."""
        if uri not in self._held:
            path = path_of(uri)
            self._held[uri] = uri in self._roots or (path is not None and self.contain(os.path.realpath(path)))
        return self._held[uri]

    def locate(self, path: str, folder: str | None = None) -> FileRef:
        """Find a path, relative to ``folder`` or the first folder, absolute, or a ``file:`` URI.

        What counts is where it really leads: ``..`` and symbolic links may lead anywhere inside the folders, and nowhere else. Raises
        `ModelMistakeError`.
        """
        if not self.all:
            raise ModelMistakeError("No folder is open; there are no files to work with.")
        base = self.all[0].uri if folder is None else folder
        wanted = (path_of(path) or path) if path.startswith("file:") else path
        if "\0" in wanted:
            raise ModelMistakeError("A path cannot contain a null character.")
        roots = {**self._roots, base: self.root(base)}
        absolute = os.path.realpath(os.path.join(roots[base], wanted))  # noqa: PTH118 - an absolute path stands for itself
        # The asked folder comes first, then the innermost of those that contain the file.
        for uri, root in sorted(roots.items(), key=lambda item: (item[0] != base, -len(item[1]))):
            if (relative := _below(absolute, root)) is not None:
                return FileRef(folder=uri, path=relative, uri=uri_below(uri, relative), absolute=absolute)
        raise ModelMistakeError(
            f"{path} is outside of the workspace; only files in {', '.join(each.name for each in self.all)} can be used."
        )

    def locate_again(self, path: str, folder: str) -> FileRef:
        """Find a file by the path and folder that `locate` gave it, which lead through no link.

        Raises `ModelMistakeError` as that does, and where a symbolic link stands in its way by now: behind it is another file.
        """
        root = self.root(folder)
        place = root
        for part in path.split("/"):
            place = os.path.join(place, part)  # noqa: PTH118 - as above
            if os.path.islink(place):  # noqa: PTH114 - as above
                link = f"{os.path.relpath(place, root)} is a symbolic link by now, to {os.readlink(place)}"  # noqa: PTH115 - as above
                raise ModelMistakeError(f"{link}: take the link away, or put back what was in its place, and try again.")
        return self.locate(path, folder)

    def place_again(self, uri: str) -> str:
        """Return where a file of the folders lies, or lay, by the URI that `locate` gave it; itself it may be anything. Raises as above."""
        for folder in self.all:
            relative = _below(path_of(uri) or "", path_of(folder.uri) or "")
            if relative is not None:
                self.locate_again(Path(relative).parent.as_posix(), folder.uri)
                return os.path.join(self.root(folder.uri), relative)  # noqa: PTH118 - as above
        raise ModelMistakeError(f"{uri} is in no folder of this workspace.")


def _below(absolute: str, root: str) -> str | None:
    try:
        return Path(absolute).relative_to(root).as_posix()
    except ValueError:
        return None
