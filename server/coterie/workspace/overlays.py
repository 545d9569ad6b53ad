"""Which editor has a file open: the buffers of all editors of the process together, each seen from one of them.

``app.shared`` owns the `Overlays`; ``workspace`` looks files up through the `Overlay` of its own editor, and ``editing`` changes what is
found there through the editor that holds it. One editor alone is the simplest case of several. Used from one event loop only.

An editor sees its own buffers, and those of another one where they lie in the other's folders. Of several that hold a file the one with
unsaved text has its newest state: to write into another one would make two texts of one. Else the own editor comes first, where the person
watches who started the work, then the one that changed it last. Two editors with different unsaved text divide a file: which of them is
meant is not for us to say, so it is read as in the first, and not changed.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from weakref import WeakValueDictionary

from coterie.base.errors import ModelMistakeError
from coterie.domain.client_ports import Editor
from coterie.workspace.documents import Buffer, Documents, Happened
from coterie.workspace.files import decoded, in_thread, read_bytes
from coterie.workspace.line_ends import BYTE_ORDER_MARK
from coterie.workspace.uris import path_of
from coterie.workspace.writes import Writes


@dataclass(frozen=True, slots=True)
class Held:
    """A file's buffer in one editor. ``documents`` are that editor's; ``editor`` is None where it cannot be asked to change anything."""

    buffer: Buffer
    documents: Documents
    editor: Editor | None

    @property
    def still(self) -> bool:
        """Whether the buffer is as it was."""
        now = self.documents.get(self.buffer.uri)
        return now is not None and (now.version, now.text) == (self.buffer.version, self.buffer.text)


@dataclass(frozen=True, slots=True)
class Choice:
    """The buffer that is a file's text; ``divided`` says that another editor has other unsaved text of it."""

    held: Held
    divided: bool = False


class Overlays:
    """The editors of this process, and what keeps their changes of a file apart."""

    def __init__(self) -> None:
        self.order = itertools.count(1)  # of all editors' changes
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.writes = Writes()
        self._attached: list[Overlay] = []

    def attach(self, overlay: Overlay) -> None:
        """Let the others see what an editor has open, and commands know what it saves."""
        self._attached.append(overlay)
        overlay.documents.listen(partial(self._happened, overlay.documents))

    def detach(self, overlay: Overlay) -> None:
        """Forget an editor that leaves."""
        if overlay in self._attached:
            self._attached.remove(overlay)

    def overtake(self, absolute: str, before: str | None, after: str | None) -> None:
        """Note that a file was changed on the disk, and not by an editor."""
        for overlay in self._attached:
            overlay.documents.overtake(absolute, before, after)

    def _happened(self, documents: Documents, buffer: Buffer, happened: Happened) -> None:
        notebook = documents.notebooks.of(buffer.uri)
        if happened == "saved" and notebook is not None and (path := path_of(notebook)) is not None:
            self.writes.note_notebook(os.path.realpath(path))
        if buffer.absolute is not None and happened == "saved":
            self.writes.note(buffer.absolute, buffer.text)
        elif buffer.absolute is not None and happened == "changed":
            self.writes.note_told(buffer.absolute, buffer.text)

    def others(self, than: Overlay) -> tuple[Overlay, ...]:
        """Return the editors beside one."""
        return tuple(overlay for overlay in self._attached if overlay is not than)


class Overlay:
    """What one editor has open, and what it can see of the others. ``reaches`` says whether a path lies in its folders."""

    def __init__(
        self, documents: Documents, editor: Editor | None, *, reaches: Callable[[str], bool] = lambda _: True, among: Overlays | None = None
    ) -> None:
        self.documents = documents
        self._editor = editor
        self.reaches = reaches
        self._among = among or Overlays()

    @property
    def writes(self) -> Writes:
        """What is known to be written on the disk, by whomever."""
        return self._among.writes

    def overtake(self, absolute: str, before: str | None, after: str | None) -> None:
        """Note a change on the disk; see `Overlays.overtake`."""
        self._among.overtake(absolute, before, after)

    def lock(self, absolute: str) -> asyncio.Lock:
        """Return what is held while a file is changed, whoever changes it."""
        return self._among.locks.setdefault(absolute, asyncio.Lock())

    def holding(self, absolute: str) -> tuple[Held, ...]:
        """Return every buffer of a file: the own one first, then the one that was changed last."""
        own = self._held(absolute)
        others = [held for overlay in self._among.others(self) if overlay.reaches(absolute) for held in overlay._held(absolute)]  # noqa: SLF001 - its own kind
        return (*own, *sorted(others, key=lambda held: held.buffer.changed, reverse=True))

    def paths(self) -> tuple[str, ...]:
        """Return where the files are that are open somewhere."""
        others = (
            str(buffer.absolute)
            for overlay in self._among.others(self)
            for buffer in overlay.documents.files()
            if overlay.reaches(str(buffer.absolute))
        )
        return tuple(dict.fromkeys((*(str(buffer.absolute) for buffer in self.documents.files()), *others)))

    async def choice(self, absolute: str) -> Choice | None:
        """Choose the buffer that is a file's text; None when nobody has it open."""
        held = self.holding(absolute)
        return _chosen(held, await in_thread(_on_disk, absolute) if _differ(held) else None) if held else None

    def choice_now(self, absolute: str) -> Choice | None:
        """Choose as `choice` does. Reads the file in the few cases in which editors differ."""
        held = self.holding(absolute)
        return _chosen(held, _on_disk(absolute) if _differ(held) else None) if held else None

    def _held(self, absolute: str) -> tuple[Held, ...]:
        buffer = self.documents.at(absolute)
        # One that the disk has overtaken is nobody's text: its editor is about to read the file again, or knows nothing of it.
        return () if buffer is None or buffer.overtaken_by else (Held(buffer, self.documents, self._editor),)


def _differ(held: Sequence[Held]) -> bool:
    return len({_plain(each) for each in held}) > 1


def _chosen(held: Sequence[Held], on_disk: str | None) -> Choice:
    """Choose among the buffers of a file; what lies on the disk matters only where they differ."""
    if not _differ(held):
        return Choice(held[0])
    saved = [each for each in held if _plain(each) == on_disk]
    for each in saved:
        each.documents.seen_saved(each.buffer)  # else it would look unsaved when another editor saves its text
    unsaved = [each for each in held if each.buffer.touched and each not in saved]
    return Choice((unsaved or saved or held)[0], divided=_differ(unsaved))


def _plain(held: Held) -> str:
    return held.buffer.text.removeprefix(BYTE_ORDER_MARK)


def _on_disk(absolute: str) -> str | None:
    try:
        content = read_bytes(absolute)
        return None if content is None else decoded(content, absolute).removeprefix(BYTE_ORDER_MARK)
    except ModelMistakeError:
        return None  # not ours to decode: the editors alone know
