"""Channels as Markdown documents, for editors that have no chat view: written in, sent, answered into, whatever is typed meanwhile.

A document lies in the data folder under its channel's id. It is followed from when it is opened or sent here, or found open in the editor:
`ChatDocuments.tell` hears every event, and at most four times a second what is new is written, through the editor where the document is
open, else into the file. What is where in it is ``chat_text``'s business, what was said ``following``'s; ``chat_view`` brings the two
together.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from typing_extensions import override

from coterie.agents.named import channel_named
from coterie.base.errors import InvalidParamsError, ModelMistakeError, RequestError, StorageError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.channels import ChannelChanged, ChatPlace, Posted
from coterie.domain.edits import Applied, Draft, FileRef
from coterie.domain.events import AgentEvent
from coterie.domain.store_ports import ChannelStore
from coterie.features import chat_text
from coterie.features.channels import ChannelService
from coterie.features.chat_view import Told, View
from coterie.features.following import INTERVAL_S, Following
from coterie.features.listener import Listener
from coterie.workspace.documents import Documents
from coterie.workspace.editing import Editing, Wish
from coterie.workspace.files import decoded, in_thread, read_bytes
from coterie.workspace.line_ends import shown
from coterie.workspace.uris import path_of

PATIENCE: Final = 20
SUFFIX: Final = ".md"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Chat:
    """One document.

    ``written`` are the answers that the document shows, None while nobody has looked; ``own`` are the messages that were sent from it;
    ``was_open`` says where it showed them. An editor that was asked to open the document is waited for ``patience`` times, since what is
    written into the file meanwhile would be a conflict for it.
    ``refused`` says that an editor takes nothing into it: the person was told, and its file is written when it is closed.
    """

    channel_id: str
    file: FileRef
    title: str
    following: Following
    written: tuple[str, ...] | None = None
    own: set[str] = field(default_factory=set)
    was_open: bool = False
    patience: int = 0
    refused: bool = False
    dirty: bool = False
    writing: bool = False
    order: asyncio.Lock = field(default_factory=asyncio.Lock)


class ChatDocuments(Listener):
    """Implements `coterie.features.editor_faces.ChatDocuments`. ``active`` finds the run that goes on in a channel."""

    def __init__(
        self,
        folder: Path,
        documents: Documents,
        editing: Editing,
        channels: ChannelStore,
        service: ChannelService,
        *,
        active: Callable[[str], str | None],
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._folder = folder.resolve()
        self._documents = documents
        self._editing = editing
        self._channels = channels
        self._service = service
        self._active = active
        self._pause = pause or partial(asyncio.sleep, INTERVAL_S)
        self._tasks = TaskSupervisor("chat documents")
        self._chats: dict[str, _Chat] = {}
        self._listener: Callable[[str], None] = lambda _: None

    def watch(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with words for the person when an open document cannot be kept up to date."""
        self._listener = listener

    async def open(self, channel_id: str, *, draft: str = "", awaited: bool = False) -> str:
        """Make a channel's document and return its URI. Raises `RequestError`.

        ``draft`` is added to what is to be sent; ``awaited`` says that an editor is about to open it.
        """
        chat = await self._followed(channel_id)
        chat.patience = PATIENCE if awaited else 0
        if (reason := await self._write(chat, draft=draft)) is not None:
            raise RequestError(f"The chat document {chat.file.absolute} cannot be written: {reason}.", code="request_failed")
        return chat.file.uri

    async def send(self, uri: str | None = None) -> Posted:
        """Post what stands under the last heading of a document, or of the only open one. Raises `RequestError` ``nothing_to_send``."""
        chat = await self._followed(self.channel_of(uri or self._only_open()))
        async with chat.order:  # so that nothing is written before it is known that the message is there already
            text = await self._text(chat.file) or ""
            turns = await in_thread(self._view(chat).turns_in, text)
            draft = await in_thread(chat_text.draft_of, text, turns)
            if not draft:
                raise RequestError("There is nothing to send: write under the last “You” of the document.", code="nothing_to_send")
            last = chat.following.transcript.turns[-1] if chat.following.transcript.turns else None
            as_shown = chat_text.without_headings(draft)
            if last is not None and last.message_id in chat.own and last.said == as_shown and not last.answer:
                raise RequestError("This was sent already; the answer comes below it.", code="nothing_to_send")
            posted = await self._service.post(chat.channel_id, draft)
            chat.own.add(posted.message_id)
            return posted

    async def place(self, uri: str) -> ChatPlace | None:
        """Say what a document offers; None for one that is no chat."""
        if not self.is_chat(uri):
            return None
        text = shown(self._documents.text(uri) or "")
        channel = await self._channels.get(channel_id := self.channel_of(uri))
        turns = None if channel is None else await in_thread(self._view(await self._followed(channel_id)).turns_in, text)
        heading = await in_thread(chat_text.last_heading, text, turns)
        if heading is None:
            return None
        can_send = heading[1] == "You" and channel is not None
        return ChatPlace(text.count("\n", 0, heading.start()), can_send, self._active(channel_id), channel)

    def is_chat(self, uri: str) -> bool:
        """Say whether a document is one of ours."""
        path = path_of(uri)
        return path is not None and path.endswith(SUFFIX) and Path(path).resolve().parent == self._folder

    def channel_of(self, uri: str) -> str:
        """Return the channel of a document. Raises `InvalidParamsError` for any other document."""
        if not self.is_chat(uri):
            raise InvalidParamsError(f"uri: {uri} is no chat document.")
        return Path(path_of(uri) or "").stem

    def _only_open(self) -> str:
        opened = [buffer.uri for buffer in self._documents.files() if self.is_chat(buffer.uri)]
        if len(opened) != 1:
            raise InvalidParamsError(f"uri: {len(opened)} chat documents are open; say which one.")
        return opened[0]

    @override
    def tell(self, event: AgentEvent) -> None:
        """Follow a channel whose document is open or was opened."""
        if event.channel_id is None or event.run_id is None or self._tasks.closed:
            return
        chat = self._chats.get(event.channel_id)
        if chat is None:
            if self._documents.at(self._file(event.channel_id).absolute) is not None:
                self._tasks.spawn(self._found_open(event.channel_id), name=f"follow {event.channel_id}")
        elif chat.following.hear(event):
            self._touch(chat)

    @override
    def channel_changed(self, change: ChannelChanged) -> None:
        """Take a deleted channel's document away: what was said is not to stay in it."""
        if change.change == "deleted" and not self._tasks.closed:
            self._tasks.spawn(self._forget(change.channel_id), name=f"forget {change.channel_id}")

    async def aclose(self) -> None:
        """Stop following. What was said is in the channels."""
        await self._tasks.aclose()

    async def _found_open(self, channel_id: str) -> None:
        try:
            self._touch(await self._followed(channel_id))
        except (RequestError, StorageError) as failure:
            log.info("the document of %s is not followed: %s", channel_id, failure)

    async def _forget(self, channel_id: str) -> None:
        """Remove the document's file. A buffer of it is the person's; nothing is written into it any more."""
        file = Path(self._file(channel_id).absolute)
        chat = self._chats.pop(channel_id, None)
        async with chat.order if chat is not None else contextlib.nullcontext():  # a write that goes on would bring it back
            try:
                await in_thread(file.unlink, missing_ok=True)
            except OSError as failure:
                log.warning("the document of the deleted %s stays: %s", channel_id, failure)

    async def _followed(self, channel_id: str) -> _Chat:
        """Return a channel's document, with all that was said so far."""
        channel = await channel_named(channel_id, self._channels)
        chat = self._chats.get(channel_id)
        if chat is None:
            following = Following(channel_id, self._channels, active=self._active)
            chat = self._chats[channel_id] = _Chat(channel_id, self._file(channel_id), channel.title, following)
        await chat.following.caught_up()
        return chat

    def _touch(self, chat: _Chat) -> None:
        chat.dirty = True
        if not chat.writing and not self._tasks.closed:
            chat.writing = True
            self._tasks.spawn(self._keep_writing(chat), name=f"write {chat.channel_id}")

    async def _keep_writing(self, chat: _Chat) -> None:
        failures, most = 0, 1 if chat.refused else PATIENCE
        try:
            while chat.dirty:
                if chat.patience and not self._is_open(chat):
                    chat.patience -= 1
                else:
                    chat.dirty = False
                    reason = await self._write(chat)
                    # Somebody who types faster than an editor can be asked is waited for; an editor that never agrees is not.
                    failures = 0 if reason is None else failures + 1
                    chat.dirty |= 0 < failures < most
                    if reason is not None and failures == most and not chat.refused:
                        self._give_up(chat, reason)
                await self._pause()
        finally:
            chat.writing = False

    def _give_up(self, chat: _Chat, reason: str) -> None:
        """Tell the person that an editor does not take the answer, once, and write it into the file when that is closed."""
        buffer = self._documents.at(chat.file.absolute)
        if buffer is None or self._tasks.closed:
            return
        chat.refused = True
        self._listener(
            f"The chat “{chat.title}” is not kept up to date in the editor ({reason}). Nothing is lost: when its document is closed, "
            "the answer is written into the file."
        )
        self._tasks.spawn(self._write_when_closed(chat, buffer.uri), name=f"the end of the buffer of {chat.channel_id}")

    async def _write_when_closed(self, chat: _Chat, uri: str) -> None:
        with self._documents.watch(uri) as states:
            while await states.get() is not None:
                pass
        chat.refused = False
        self._touch(chat)

    async def _write(self, chat: _Chat, *, draft: str = "") -> str | None:
        """Bring a document up to date, or say why not."""
        async with chat.order:
            return await self._write_in_order(chat, draft)

    async def _write_in_order(self, chat: _Chat, draft: str) -> str | None:
        if self._chats.get(chat.channel_id) is not chat:
            return None  # the channel was deleted meanwhile
        is_open = self._is_open(chat)
        view = self._view(chat)
        rests = chat.following.transcript.run_id is None
        title = chat.title

        def rewrite(text: str | None) -> str:
            text = text or chat_text.begun(title)

            def change(text: str) -> str:
                text = view.up_to_date(text)
                text = chat_text.with_heading(text) if rests else text
                return chat_text.with_draft(text, draft) if draft else text

            return chat_text.around_draft(text, view.turns_in(text), change)

        wish = Wish(file=chat.file, rewrite=rewrite, label="Coterie's answer", on_intent=_no_journal, exact=False)
        try:
            outcome = await self._editing.change(wish)
        except ModelMistakeError as failure:
            log.info("%s: %s", chat.file.absolute, failure.message)
            return failure.message
        if not isinstance(outcome, Applied):
            log.info("%s: %s", chat.file.absolute, outcome.reason)
            return outcome.reason
        chat.was_open = is_open
        chat.written = tuple(turn.answer for turn in view.turns)
        return None

    def _view(self, chat: _Chat) -> View:
        # A buffer that was closed without saving takes with it what was written there.
        written, own = (chat.written, frozenset(chat.own)) if self._is_open(chat) == chat.was_open else (None, frozenset[str]())
        turns = tuple(Told(turn.said, turn.answer, is_own=turn.message_id in own) for turn in chat.following.transcript.turns)
        return View(turns, written)

    def _is_open(self, chat: _Chat) -> bool:
        return self._documents.at(chat.file.absolute) is not None

    async def _text(self, file: FileRef) -> str | None:
        if (buffer := self._documents.at(file.absolute)) is not None:
            return shown(buffer.text)
        content = await in_thread(read_bytes, file.absolute)
        return None if content is None else shown(decoded(content, file.path))

    def _file(self, channel_id: str) -> FileRef:
        name = f"{Path(channel_id).name}{SUFFIX}"
        place = self._folder / name
        buffer = self._documents.at(str(place))
        return FileRef(self._folder.as_uri(), name, place.as_uri() if buffer is None else buffer.uri, str(place))


async def _no_journal(_draft: Draft) -> None:
    """Keep nothing: the journal of a chat is its channel."""
