"""Chat documents under a person who types at the worst moments, in editors of several manners. Real store and documents, no clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from typing_extensions import override

from coterie.base.ids import now
from coterie.domain.channels import Channel, ChannelChanged
from coterie.domain.edits import BufferEdit
from coterie.domain.events import AgentEvent, Event, MessageDelta, MessageEvent, RunEvent
from coterie.features.channels import ChannelService
from coterie.features.chat_documents import PATIENCE, ChatDocuments
from coterie.storage.store import Store
from coterie.workspace.documents import Documents
from coterie.workspace.editing import Editing, Patience
from coterie.workspace.overlays import Overlay
from editor_fake import FakeEditor, Manner, Point

WORDS = [f"word{number} " for number in range(40)]
ANSWER = "".join(WORDS).strip()


@dataclass
class Desk:
    """A chat that is followed: ``may_write`` lets the next write happen, ``writes`` counts the rounds."""

    chats: ChatDocuments
    documents: Documents
    editor: FakeEditor
    uri: str
    seq: int = 0

    def tell(self, *events: Event) -> None:
        """Tell what happens in the channel's run."""
        for event in events:
            self.seq += 1
            self.chats.tell(AgentEvent(seq=self.seq, at=now(), run_id="run", channel_id="channel", event=event))

    def begin(self) -> None:
        """Let the person ask, and the run begin."""
        self.tell(MessageEvent(message_id="u", role="user", text="Why?"), RunEvent(state="running"))

    def stream(self, words: list[str]) -> None:
        """Let words come."""
        self.tell(*(MessageDelta(message_id="a", offset=0 if word is WORDS[0] else 1, text=word) for word in words))

    def end(self) -> None:
        """Let the run end."""
        self.tell(MessageEvent(message_id="a", role="assistant", text=ANSWER), RunEvent(state="succeeded"))

    async def idle(self, rounds: asyncio.Semaphore) -> None:
        """Wait until every round that was let happen has happened."""
        while rounds._value:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)

    async def eventually(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened."""
        async with asyncio.timeout(60):
            while not happened():  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)

    async def written(self) -> None:
        """Wait until everything that was told is written."""
        async with asyncio.timeout(60):
            await self.chats._tasks.settled()


class Stubborn(FakeEditor):
    """Refuses every edit."""

    @override
    async def apply(self, edit: BufferEdit) -> str | None:
        self.labels.append(edit.label)
        return "the buffer is read-only"


@asynccontextmanager
async def desk(
    tmp_path: Path, manner: Manner | FakeEditor = "strict", pause: asyncio.Semaphore | None = None, patience: Patience | None = None
) -> AsyncIterator[Desk]:
    """Follow one channel's document."""

    async def take_turns() -> None:
        await (asyncio.sleep(0) if pause is None else pause.acquire())

    store, documents = Store(tmp_path / "data"), Documents()
    editor = manner if isinstance(manner, FakeEditor) else FakeEditor(manner)
    editor.attach(documents)
    await store.channels.create(Channel(channel_id="channel", title="Sums", folder="chats", state="idle", updated_at=now()))
    editing = Editing(Overlay(documents, editor), lambda _: str(tmp_path), patience)
    nobody = cast("ChannelService", None)
    chats = ChatDocuments(tmp_path / "chats", documents, editing, store.channels, nobody, active=lambda _: None, pause=take_turns)
    try:
        yield Desk(chats, documents, editor, await chats.open("channel"))
    finally:
        await chats.aclose()
        await store.aclose()


def on_disk(tmp_path: Path) -> str:
    """Return the document's file."""
    return (tmp_path / "chats" / "channel.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("manner", ["strict", "late", "coalescing", "careless"])
async def test_the_document_is_the_chat_and_exactly_what_the_person_typed(tmp_path: Path, manner: Manner) -> None:
    async with desk(tmp_path, manner) as here:
        here.editor.open(here.uri, on_disk(tmp_path))
        points = typed = 0

        def type_now_and_then(_point: Point) -> None:
            nonlocal points, typed
            points += 1
            if points % 3 == 0:
                typed += 1
                here.editor.type(here.uri, len(here.editor.texts[here.uri]) if typed % 2 else 0, "\u270e")

        here.editor.at_point = type_now_and_then
        here.begin()
        for start in range(0, len(WORDS), 4):
            here.stream(WORDS[start : start + 4])
            await here.written()
        here.end()
        await here.written()
        here.editor.tell()
        text = here.editor.texts[here.uri]
        assert text.count("\u270e") == typed > len(WORDS) // 12
        assert " ".join(text.replace("\u270e", "").split()).endswith(f"## You Why? ## Coterie {ANSWER} ## You")


async def test_a_storm_of_words_is_written_once_a_round(tmp_path: Path) -> None:
    rounds = asyncio.Semaphore(0)
    async with desk(tmp_path, pause=rounds) as here:
        here.editor.open(here.uri, on_disk(tmp_path))
        here.begin()
        here.stream(WORDS)
        here.end()
        for _ in range(3):
            rounds.release()
        await here.written()
        assert len(here.editor.labels) <= 2, "the first word at once, the rest together"
        assert here.editor.texts[here.uri].endswith(f"{ANSWER}\n\n## You\n\n")


async def test_an_editor_that_was_asked_to_open_the_document_is_waited_for(tmp_path: Path) -> None:
    rounds = asyncio.Semaphore(0)
    async with desk(tmp_path, pause=rounds) as here:
        await here.chats.open("channel", awaited=True)
        before = on_disk(tmp_path)
        here.begin()
        here.stream(WORDS)
        rounds.release()
        rounds.release()
        await here.idle(rounds)
        assert on_disk(tmp_path) == before, "a file that changes while it is opened is a conflict"
        here.editor.open(here.uri, before)
        here.end()
        for _ in range(4):
            rounds.release()
        await here.written()
        assert here.editor.texts[here.uri].endswith(f"{ANSWER}\n\n## You\n\n")
        assert on_disk(tmp_path) == before, "an open buffer is the person's to save"


async def test_what_was_in_a_buffer_that_is_closed_unsaved_is_written_into_the_file(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        here.editor.open(here.uri, on_disk(tmp_path))
        here.begin()
        here.stream(WORDS[:20])
        await here.written()
        here.editor.close(here.uri)
        here.end()
        await here.written()
        assert on_disk(tmp_path).endswith(f"## You\n\nWhy?\n\n## Coterie\n\n{ANSWER}\n\n## You\n\n")
        assert on_disk(tmp_path).count("word0") == 1


async def test_nothing_of_a_deleted_channel_stays_in_a_document(tmp_path: Path) -> None:
    rounds = asyncio.Semaphore(0)
    async with desk(tmp_path, pause=rounds) as here:
        here.begin()
        here.stream(WORDS)
        await here.eventually(lambda: "word0" in on_disk(tmp_path))
        here.end()  # which is to be written in the next round
        here.chats.channel_changed(ChannelChanged(channel_id="channel", change="deleted", channel=None))
        rounds.release()
        rounds.release()
        await here.written()
        assert list((tmp_path / "chats").iterdir()) == []


async def test_what_an_editor_refuses_is_told_once_and_stands_in_the_file_when_it_is_closed(tmp_path: Path) -> None:
    told: list[str] = []
    async with desk(tmp_path, Stubborn(), patience=Patience(refusal=0.001)) as here:
        here.chats.watch(told.append)
        here.editor.open(here.uri, on_disk(tmp_path))
        here.begin()
        chat = here.chats._chats["channel"]
        await here.eventually(lambda: told != [] and not chat.writing)
        asked = len(here.editor.labels)
        here.end()
        await here.eventually(lambda: len(here.editor.labels) > asked and not chat.writing)
        assert len(here.editor.labels) < asked + PATIENCE, "who refused so often is asked once for each change"
        assert len(told) == 1
        assert "“Sums”" in told[0]
        assert "(the buffer is read-only)" in told[0]
        assert "word0" not in on_disk(tmp_path), "below an open buffer the file stays as it is"
        here.editor.close(here.uri)
        await here.written()
        assert on_disk(tmp_path).endswith(f"## You\n\nWhy?\n\n## Coterie\n\n{ANSWER}\n\n## You\n\n")
        assert len(told) == 1


async def test_an_editor_that_applies_nothing_is_not_asked_for_ever(tmp_path: Path) -> None:
    async with desk(tmp_path, "silent", patience=Patience(confirmation=0.01)) as here:
        here.editor.open(here.uri, on_disk(tmp_path))
        told: list[str] = []
        here.chats.watch(told.append)
        here.begin()
        await here.eventually(lambda: told != [])
        assert 1 < len(here.editor.labels) <= 20
