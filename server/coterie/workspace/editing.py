"""Carries a change to where the text lives: through the editor that has the file open, onto the disk when none has.

``workspace`` calls it for every edit of an agent and every undo. The rule is never to force: a change is matched against the text of this
moment, announced (the caller journals it), and carried out only if that text is still there; else it is matched anew. What an editor
answers is not believed: its edit counts when the buffer's own text shows it (`judge`). An edit that cannot be found there is said to be
unsure and is not tried again, because it may still come.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, assert_never

from coterie.base.errors import MergeConflictError, ModelMistakeError
from coterie.domain.edits import Applied, BufferEdit, Draft, FileRef, OnIntent, Outcome, Refused, Rewrite
from coterie.workspace.files import decoded, in_thread, mode_of, put, read_bytes
from coterie.workspace.line_ends import BYTE_ORDER_MARK, as_in, shown
from coterie.workspace.merge import holds_edit, merge
from coterie.workspace.text_changes import misplaced, text_changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from coterie.domain.client_ports import Editor
    from coterie.workspace.documents import Buffer, Documents
    from coterie.workspace.overlays import Held, Overlay

ATTEMPTS = 5
"""How often a change is matched anew before the person is left to finish typing."""

DIVIDED = "several editors have it open with different unsaved text; save or close it in all but one of them"

Sighting = Literal["there", "misplaced", "not_there"]
"""What one state of a buffer shows of an edit."""

Seen = Literal["there", "misplaced", "moved_on", "unchanged", "closed"]
"""What a buffer showed of an edit in the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an editor's text is waited for, in seconds.

    ``confirmation`` after it said that it applied an edit; ``refusal`` after it refused one, or told text without the edit that it said it
    applied. Neovim answers so when it has dropped an edit because of its version.
    """

    confirmation: float = 10.0
    refusal: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A change that somebody wants; see `domain.workspace_ports.Workspace.change`."""

    file: FileRef
    rewrite: Rewrite
    label: str
    on_intent: OnIntent
    exact: bool
    mode: int | None = None
    beneath: bool = False

    def draft(self, text: str | None) -> Draft:
        """Match the change against a text. Raises what ``rewrite`` raises."""
        return drafted(self.file, self.rewrite, text, exact=self.exact)


def drafted(file: FileRef, rewrite: Rewrite, text: str | None, *, exact: bool = False) -> Draft:
    """Match a change against a file's text, in the line ends that it has. Raises what ``rewrite`` raises."""
    if text is None or exact:
        after = rewrite(text)
    else:
        wanted = rewrite(shown(text))
        after = None if wanted is None else as_in(text, wanted)
    try:
        (after or "").encode()
    except UnicodeEncodeError:
        raise ModelMistakeError("The new text contains half a character (a lone surrogate), which cannot be stored.") from None
    return Draft(file, text, after)


class Editing:
    """Changes files, one change of a file at a time. ``root_of`` finds the folder of a file on disk."""

    def __init__(self, overlay: Overlay, root_of: Callable[[str], str], patience: Patience | None = None) -> None:
        self._overlay = overlay
        self._root_of = root_of
        self._patience = patience or Patience()

    async def change(self, wish: Wish) -> Outcome:
        """Carry out a change, or say why not."""
        lock = self._overlay.lock(wish.file.absolute)
        async with lock:
            for _ in range(ATTEMPTS):
                choice = await self._overlay.choice(wish.file.absolute)
                if choice is not None and choice.divided:
                    return Refused(DIVIDED)
                outcome = await (self._on_disk(wish) if choice is None else self._in_buffer(wish, choice.held))
                if outcome is not None:
                    return outcome
        return Refused("the file kept changing while it was to be edited")

    async def _on_disk(self, wish: Wish, *, beneath: Buffer | None = None) -> Outcome | None:
        """Change a closed file, or what lies beneath a buffer; None when it moved on meanwhile."""
        content = await in_thread(read_bytes, wish.file.absolute)
        draft = await in_thread(wish.draft, None if content is None else decoded(content, wish.file.path))
        if draft.before == draft.after:
            return Applied(draft)
        if draft.after is None:
            draft = replace(draft, mode=await in_thread(mode_of, wish.file.absolute))
        await wish.on_intent(draft)
        if [held.buffer.text for held in self._overlay.holding(wish.file.absolute)[:1]] != ([] if beneath is None else [beneath.text]):
            return None
        return await self._put(draft, content, wish.mode)

    async def _put(self, draft: Draft, content: bytes | None, mode: int | None = None) -> Outcome | None:
        wanted = None if draft.after is None else draft.after.encode()
        try:
            done = await in_thread(put, draft.file.absolute, content, wanted, within=self._root_of(draft.file.folder), mode=mode)
        except OSError as failure:
            return Refused(f"it cannot be written: {failure.strerror or failure}")
        if not done:
            return None
        self._overlay.overtake(draft.file.absolute, draft.before, draft.after)
        self._overlay.writes.note(draft.file.absolute, draft.after)
        return Applied(draft)

    async def _in_buffer(self, wish: Wish, held: Held) -> Outcome | None:
        """Change an open buffer; None when it moved on or was closed meanwhile."""
        buffer = held.buffer
        draft = await in_thread(wish.draft, buffer.text)
        if draft.after is None:
            return await self._delete_open(wish, held, draft)
        if draft.after == buffer.text:
            return await self._on_disk(wish, beneath=buffer) if wish.beneath else Applied(draft)
        if held.editor is None:
            return Refused("it is open in an editor that cannot be reached")
        changes = await in_thread(text_changes, buffer.text, draft.after)
        edit = BufferEdit(buffer.uri, buffer.version, buffer.text, changes, wish.label)
        await wish.on_intent(draft)
        if not held.still:
            return None
        return await self._through(held.editor, held.documents, draft, edit)

    async def _delete_open(self, wish: Wish, held: Held, draft: Draft) -> Outcome | None:
        """Delete a file that is open. An empty buffer is no deleted file: only one without unsaved text can go, from the disk."""
        content = await in_thread(read_bytes, wish.file.absolute)
        if content is None:  # what is left is the person's buffer
            return Applied(draft)
        if decoded(content, wish.file.path).removeprefix(BYTE_ORDER_MARK) != held.buffer.text.removeprefix(BYTE_ORDER_MARK):
            return Refused("it is open in the editor with unsaved text; save or close it first")
        draft = replace(draft, mode=await in_thread(mode_of, wish.file.absolute))
        await wish.on_intent(draft)
        return await self._put(draft, content) if held.still else None

    async def _through(self, editor: Editor, documents: Documents, draft: Draft, edit: BufferEdit) -> Outcome | None:
        """Ask the editor and look at what its text shows then; None when it is to be matched anew."""
        with documents.watch(edit.uri) as states:
            try:
                refusal = await editor.apply(edit)
            except TimeoutError:
                return _unanswered(await self._look(states, draft, edit, 0), draft)
            if refusal is not None:
                return _refused(await _next(states, asyncio.get_running_loop().time() + self._patience.refusal), draft, refusal)
            return await self._confirmed(
                await self._look(states, draft, edit, self._patience.confirmation, moved=self._patience.refusal), draft
            )

    async def _confirmed(self, seen: Seen, draft: Draft) -> Outcome | None:
        match seen:
            case "there":
                return Applied(draft)
            case "misplaced":
                return Refused("the editor applied the edit in a wrong place, because the text had moved", unsure=True)
            case "moved_on":
                return Refused("the editor said that it applied the edit, but its text does not show it", unsure=True)
            case "unchanged":
                return Refused("the editor said that it applied the edit, but its text has not changed", unsure=True)
            case "closed":
                return Applied(draft) if await in_thread(_on_disk_already, draft) else None
        assert_never(seen)

    async def _look(self, states: asyncio.Queue[Buffer | None], draft: Draft, edit: BufferEdit, seconds: float, moved: float = 0) -> Seen:
        """Follow a buffer until it shows the edit, at most ``seconds``, and at most ``moved`` more when it is told without the edit."""
        now = asyncio.get_running_loop().time
        deadline = now() + seconds
        previous = edit.text
        while (state := await _next(states, deadline)) != "none":
            if state is None:
                return "closed"
            sighting = await in_thread(judge, draft, edit, previous, state.text)
            if sighting != "not_there":
                return sighting
            previous = state.text
            deadline = min(deadline, now() + moved)
        return "unchanged" if previous == edit.text else "moved_on"


def _unanswered(seen: Seen, draft: Draft) -> Outcome:
    return Applied(draft) if seen == "there" else Refused("the editor did not answer; the edit may still appear", unsure=True)


def _refused(state: Buffer | Literal["none"] | None, draft: Draft, refusal: str) -> Outcome | None:
    """Judge by what came after a refusal: usually the change because of which the editor refused."""
    if state == "none":
        return Refused(refusal)
    return Applied(draft) if state is not None and state.text == draft.after else None


async def _next(states: asyncio.Queue[Buffer | None], deadline: float) -> Buffer | Literal["none"] | None:
    """Return the next state of a buffer, None when it was closed, ``none`` when there is none in time. What is there is never late."""
    if not states.empty():
        return states.get_nowait()
    try:
        async with asyncio.timeout_at(deadline):
            return await states.get()
    except TimeoutError:
        return "none"


def judge(draft: Draft, edit: BufferEdit, previous: str, text: str) -> Sighting:
    """Say whether the change of a buffer from ``previous`` to ``text`` is our edit, or at least holds it.

    Editors differ: most apply an edit to the very text it was made for; some ignore versions and put it at its line numbers in a text
    that has moved; some tell of the edit and of typing at once.
    """
    before, after = edit.text, draft.after or ""
    if previous != before:
        # The edit landed in a text that it was not made for. That may have destroyed what was typed into it and look perfect.
        try:
            if text == merge(before, after, previous):
                return "there"
        except MergeConflictError:
            pass  # there is no right place in that text, but perhaps a wrong one
        if text != previous and text == misplaced(edit.changes, before, previous):
            return "misplaced"
    return "there" if holds_edit(text, before, after) else "not_there"


def _on_disk_already(draft: Draft) -> bool:
    """Say whether an edit was saved before its buffer was closed."""
    content = read_bytes(draft.file.absolute)
    return content is not None and holds_edit(decoded(content, draft.file.path), draft.before or "", draft.after or "")
