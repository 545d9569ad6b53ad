"""A channel is read as a text without a file by an editor that announces that it can, again and again while it is answered in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from coterie.base.errors import InvalidParamsError, RequestError, StorageError
from coterie.base.ids import now
from coterie.domain.channels import Channel, ChannelChanged, ChannelPage
from coterie.domain.events import AgentEvent, Event, MessageDelta, MessageEvent, RunEvent
from coterie.domain.store_ports import ChannelStore
from coterie.features import chat_text
from coterie.features.chat_readings import ChatReadings
from coterie.features.chat_view import Told, View
from coterie.storage.store import Store
from lsp_client import PLAIN, RICH, LspClient, ResponseError
from lsp_editor import editor
from model_host import Asked, Wait, answer, model_host
from plain_editor import command, priced
from raw_http_server import Reply
from served import ENDED, served

CONTENT = "workspace/textDocumentContent"
REFRESH = f"{CONTENT}/refresh"
URI = "coterie-channel:/channel.md"


def reading(capabilities: Mapping[str, Any], announced: object = None) -> dict[str, Any]:
    """Return the capabilities of an editor that reads texts besides."""
    return {**capabilities, "workspace": {**capabilities["workspace"], "textDocumentContent": announced or {}}}


@pytest.mark.parametrize(
    ("capabilities", "registered"),
    [
        (reading(PLAIN), True),
        (reading(PLAIN, {"dynamicRegistration": True}), True),
        (reading(RICH, {"dynamicRegistration": False}), True),
        (PLAIN, False),
        (RICH, False),
        (reading(PLAIN, "yes"), False),
    ],
)
async def test_it_is_offered_to_who_announces_it(capabilities: Mapping[str, Any], *, registered: bool) -> None:
    async with editor() as client:
        offered = (await client.initialize(capabilities))["capabilities"]["workspace"].get("textDocumentContent")
        assert offered == ({"schemes": ["coterie-channel"]} if registered else None)
        assert (await client.request(CONTENT, {"uri": URI})) == {"text": f"# {URI}\n"}


def refreshed(client: LspClient, uri: str) -> int:
    """Return how often the editor was told to read a text again."""
    return client.wanted.count((REFRESH, {"uri": uri}))


@pytest.mark.parametrize(("can", "announced"), [(reading(PLAIN), True), (reading(RICH), True), (PLAIN, False)])
async def test_what_is_read_grows_while_it_is_answered_in(tmp_path: Path, can: Mapping[str, Any], *, announced: bool) -> None:
    hold = Wait()

    def script(asked: Asked) -> Reply:
        return answer("openai_compatible", "First half, second half.", number=asked.number, hold=hold)

    async with model_host("openai_compatible", script) as host, served(tmp_path, priced(host.url), capabilities=can) as here:
        client = here.client
        chat = await command(client, "coterie.openChannel", {"title": "Sums"})
        assert chat["uri"].startswith("file:"), "what is opened is the document to write in"
        uri = f"coterie-channel:/{chat['channelId']}.md"

        async def read() -> str:
            text: str = (await client.request(CONTENT, {"uri": uri}))["text"]
            return text

        async def read_until(part: str) -> str:
            while True:
                before = refreshed(client, uri)
                if part in (text := await read()):
                    return text
                await client.eventually(lambda before=before: refreshed(client, uri) > before)

        assert await read() == "# Sums\n"
        posted = await client.request("agent/channel/post", {"channelId": chat["channelId"], "text": "Why?"})
        if announced:
            text = await read_until("First half")
            assert text.startswith("# Sums\n\n## You\n\nWhy?\n\n## Coterie\n\nFirst half")
            assert "second half." not in text
        hold.set()
        if announced:
            await read_until("second half.")
        run = {"state": "running"}
        while run["state"] not in ENDED:
            run = await client.request("agent/run/get", {"runId": posted["runId"]})
        assert run["state"] == "succeeded"
        assert await read() == "# Sums\n\n## You\n\nWhy?\n\n## Coterie\n\nFirst half, second half.\n"
        assert (refreshed(client, uri) > 0) is announced

        with pytest.raises(ResponseError) as unknown:
            await client.request(CONTENT, {"uri": "coterie-channel:/channel_none.md"})
        assert unknown.value.data["code"] == "unknown_channel"


@dataclass
class Desk:
    """A channel that can be read. ``refreshes`` are the URIs that were told, ``may_go_on`` ends a pause between two."""

    store: Store
    readings: ChatReadings
    may_go_on: asyncio.Semaphore
    refreshes: list[str] = field(default_factory=list)

    def tell(self, *events: Event, channel_id: str = "channel") -> None:
        """Tell what happens in the channel's run."""
        for event in events:
            self.readings.tell(AgentEvent(seq=1, at=now(), run_id="run", channel_id=channel_id, event=event))

    async def settled(self) -> None:
        """Let every pause end, and wait until nothing more will be told."""
        async with asyncio.timeout(60):
            while self.readings._tasks.running:
                self.may_go_on.release()
                await asyncio.sleep(0)


@asynccontextmanager
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Make a channel."""
    store, may_go_on = Store(tmp_path / "data"), asyncio.Semaphore(0)

    async def pause() -> None:
        await may_go_on.acquire()

    await store.channels.create(Channel(channel_id="channel", title="Sums", folder="chats", state="idle", updated_at=now()))
    here = Desk(store, ChatReadings(store.channels, active=lambda _: None, pause=pause), may_go_on)
    here.readings.watch(here.refreshes.append)
    try:
        yield here
    finally:
        await here.readings.aclose()
        await store.aclose()


def words(number: int) -> MessageDelta:
    """Return the ``number``-th piece of an answer."""
    return MessageDelta(message_id="a", offset=number, text=f"word{number} ")


BEGINNING = (MessageEvent(message_id="u", role="user", text="Why?"), RunEvent(state="running"))


async def turn_of_the_loop() -> None:
    """Let what is about to be told be told."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_however_much_comes_in_a_pause_is_told_once_and_all_of_it_is_read(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        await here.readings.read(URI)
        here.tell(*BEGINNING)
        await turn_of_the_loop()
        assert here.refreshes == [URI]
        for number in range(20):
            here.tell(words(number))
            await here.readings.read(URI)
            here.tell(MessageEvent(message_id=f"note{number}", role="user", text=f"more {number}"))
            await turn_of_the_loop()
        assert here.refreshes == [URI], "the pause has not ended"
        await here.settled()
        assert here.refreshes == [URI, URI]
        text = await here.readings.read(URI)
        assert "word19" in text
        assert "more 19" in text


async def test_who_does_not_read_again_is_not_told_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        here.tell(*BEGINNING)
        assert here.refreshes == [], "nobody has read it"
        await here.readings.read(URI)
        for number in range(3):
            here.tell(words(number), channel_id="another")
        await here.settled()
        assert here.refreshes == []
        for number in range(3):
            here.tell(words(number))
            await here.settled()
        assert here.refreshes == [URI]
        await here.readings.read(URI)
        here.tell(words(3))
        await here.settled()
        assert here.refreshes == [URI, URI]


class Stuck:
    """A store whose history comes when it ``may_come``, and the first time not at all."""

    def __init__(self, channels: ChannelStore) -> None:
        self.get = channels.get
        self.tries = 0
        self.may_come = asyncio.Event()
        self._channels = channels

    async def history(self, channel_id: str, *, limit: int) -> ChannelPage:
        """Fail, then wait, then return it."""
        self.tries += 1
        if self.tries == 1:
            raise StorageError("The disk is full.")
        await self.may_come.wait()
        return await self._channels.history(channel_id, limit=limit)


async def test_what_comes_while_the_history_is_read_is_in_it_for_all_who_wait(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        store = Stuck(here.store.channels)
        here.readings = ChatReadings(cast("ChannelStore", store), active=lambda _: None)
        with pytest.raises(StorageError):
            await here.readings.read(URI)
        here.tell(*BEGINNING)
        async with asyncio.timeout(60), asyncio.TaskGroup() as readers:
            reads = [readers.create_task(here.readings.read(URI)) for _ in range(2)]
            while store.tries == 1:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
            here.tell(words(0))
            store.may_come.set()
        assert [each.result() for each in reads] == ["# Sums\n\n## You\n\nWhy?\n\n## Coterie\n\nword0\n"] * 2
        assert store.tries == 2
        await here.readings.aclose()


async def test_a_new_title_and_the_end_of_a_channel_are_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        assert await here.readings.read(URI) == "# Sums\n"
        renamed = Channel(channel_id="channel", title="Products", folder="chats", state="idle", updated_at=now())
        await here.store.channels.update(renamed, "title")
        here.readings.channel_changed(ChannelChanged(channel_id="channel", change="updated", channel=renamed))
        await here.settled()
        assert here.refreshes == [URI]
        assert await here.readings.read(URI) == "# Products\n"
        await here.store.channels.delete("channel")
        here.readings.channel_changed(ChannelChanged(channel_id="channel", change="deleted", channel=None))
        await here.settled()
        assert here.refreshes == [URI, URI]
        with pytest.raises(RequestError) as unknown:
            await here.readings.read(URI)
        assert unknown.value.code == "unknown_channel"


@pytest.mark.parametrize("uri", ["coterie-channel:/channel", "coterie-channel://host/channel.md", "file:///channel.md", "http://[", ""])
async def test_what_is_no_channels_uri_is_said_to_be_none(tmp_path: Path, uri: str) -> None:
    async with desk(tmp_path) as here:
        with pytest.raises(InvalidParamsError, match="uri: "):
            await here.readings.read(uri)


@pytest.mark.parametrize("uri", ["coterie-channel:///channel.md", "coterie-channel:/%63hannel.md", "coterie-channel:channel.md"])
async def test_a_uri_may_be_spelt_as_the_editor_likes(tmp_path: Path, uri: str) -> None:
    async with desk(tmp_path) as here:
        assert await here.readings.read(uri) == "# Sums\n"
        here.tell(*BEGINNING)
        await here.settled()
        assert here.refreshes == [uri]


@pytest.mark.parametrize(
    "turns",
    [
        [],
        [("Why?", "Because.")],
        [("", "It went on by itself.")],
        [("Why?", "Because."), ("And?", "So.")],
        [("Why?", "Because.\n\n> edit_file calc.py: succeeded"), ("And?", "")],
    ],
)
def test_it_reads_as_a_document_that_nobody_else_writes_in(turns: list[tuple[str, str]]) -> None:
    view = View(tuple(Told(said, answered, is_own=False) for said, answered in turns), written=())
    assert chat_text.whole("Sums", turns).rstrip() == view.up_to_date("# Sums\n").rstrip()


def test_what_is_said_twice_is_answered_twice() -> None:
    text = chat_text.whole("Sums", [("Why?", "Because."), ("Why?", "As I said.")])
    assert text == "# Sums\n\n## You\n\nWhy?\n\n## Coterie\n\nBecause.\n\n## You\n\nWhy?\n\n## Coterie\n\nAs I said.\n"
