"""A workspace of texts in a dict, for tests of what stands above `coterie.domain.workspace_ports.Workspace`."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from pathlib import Path

from coterie.base.errors import ModelMistakeError
from coterie.domain.edits import Applied, Draft, FileRef, OnIntent, Outcome, Rewrite
from coterie.domain.workspace_ports import Folder


class FakeWorkspace:
    """One folder at ``root`` (resolved, which need not exist) whose files are ``texts``, by path relative to it."""

    def __init__(self, root: Path, texts: Mapping[str, str] | None = None) -> None:
        self.root = root = Path(os.path.realpath(root))
        self.texts = dict(texts or {})
        self.folders = (Folder(root.as_uri(), root.name, str(root)),)

    def folder(self, uri: str) -> Folder | None:
        """Return the one folder by its name."""
        return next((each for each in self.folders if each.uri == uri), None)

    def locate(self, path: str, folder: str | None = None) -> FileRef:
        """Find a path where it really leads, as the real one does."""
        assert folder in {None, self.folders[0].uri}
        real = Path(os.path.realpath(self.root / path))
        if not real.is_relative_to(self.root):
            raise ModelMistakeError(f"{path} is outside of the workspace.")
        return FileRef(self.folders[0].uri, real.relative_to(self.root).as_posix(), real.as_uri(), str(real))

    async def read(self, file: FileRef, *, exact: bool = False) -> str | None:  # noqa: ARG002 - texts here are exact
        """Return the text."""
        return self.texts.get(file.path)

    async def read_many(self, files: Sequence[FileRef], *, room: int) -> tuple[Sequence[tuple[FileRef, str]], bool]:
        """Return the texts that there is room for."""
        texts = list[tuple[FileRef, str]]()
        for file in files:
            text = self.texts.get(file.path, "")
            room -= len(text)
            if room < 0:
                return texts, False
            texts.append((file, text))
        return texts, True

    async def files(self, folder: str | None = None, under: str = "") -> tuple[FileRef, ...]:
        """Return every file below ``under``."""
        prefix = f"{under}/" if under else ""
        return tuple(self.locate(path, folder) for path in sorted(self.texts) if path.startswith(prefix))

    async def change(
        self,
        file: FileRef,
        rewrite: Rewrite,
        *,
        label: str,
        on_intent: OnIntent,
        exact: bool = False,  # noqa: ARG002 - texts here are exact
        mode: int | None = None,  # noqa: ARG002 - and have no mode
        beneath: bool = False,  # noqa: ARG002 - nor anything beneath them
    ) -> Outcome:
        """Change the text at once."""
        assert label
        draft = Draft(file, before := self.texts.get(file.path), rewrite(before))
        await on_intent(draft)
        if draft.after is None:
            self.texts.pop(file.path, None)
        else:
            self.texts[file.path] = draft.after
        return Applied(draft)

    def unsaved(self) -> Mapping[str, str]:
        """Nothing is unsaved."""
        return {}
