"""Channels as texts that an editor asks for and nobody writes in: ``workspace/textDocumentContent``, where the client announces it.

Such a text has a URI of its own (`domain.schemes.CHANNELS`) and no file. It is followed from when it is read, like the documents of
``chat_documents``, and rendered by the same ``transcript`` and ``chat_text``; ``lsp.handlers.contents`` answers with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote, urlsplit

from typing_extensions import override

from coterie.agents.named import channel_named
from coterie.base.errors import InvalidParamsError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.channels import ChannelChanged
from coterie.domain.events import AgentEvent
from coterie.domain.schemes import CHANNELS
from coterie.domain.store_ports import ChannelStore
from coterie.features.chat_text import whole
from coterie.features.following import INTERVAL_S, Following
from coterie.features.listener import Listener

SUFFIX = ".md"


@dataclass(slots=True)
class _Reading:
    """One text that was read.

    ``current`` says that the client has heard of nothing newer since it read: one that was told and did not read again, since it shows
    the text no more, is not told again. ``stale`` says that there is something newer, ``telling`` that somebody sees to that.
    """

    uri: str
    following: Following
    current: bool = False
    stale: bool = False
    telling: bool = False


class ChatReadings(Listener):
    """Implements `coterie.features.editor_faces.ChatReadings`. ``active`` finds the run that goes on in a channel."""

    def __init__(
        self,
        channels: ChannelStore,
        *,
        active: Callable[[str], str | None],
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._channels = channels
        self._active = active
        self._pause = pause or partial(asyncio.sleep, INTERVAL_S)
        self._tasks = TaskSupervisor("chat readings")
        self._readings: dict[str, _Reading] = {}  # by channel
        self._listener: Callable[[str], None] = lambda _: None

    def watch(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with the URI of a text that was read and is another one now, once in a while."""
        self._listener = listener

    async def read(self, uri: str) -> str:
        """Return a channel's text as it is now. Raises `InvalidParamsError` and `RequestError` ``unknown_channel``."""
        channel_id = channel_of(uri)
        channel = await channel_named(channel_id, self._channels)
        reading = self._readings.get(channel_id)
        if reading is None:
            reading = self._readings[channel_id] = _Reading(uri, Following(channel_id, self._channels, active=self._active))
        transcript = await reading.following.caught_up()
        reading.uri, reading.current, reading.stale = uri, True, False
        return whole(channel.title, [(turn.said, turn.answer) for turn in transcript.turns])

    @override
    def tell(self, event: AgentEvent) -> None:
        """Follow a channel that was read."""
        reading = self._readings.get(event.channel_id or "")
        if reading is not None and reading.following.hear(event):
            self._touch(reading)

    @override
    def channel_changed(self, change: ChannelChanged) -> None:
        """Have a channel read again that has another title, or is gone."""
        reading = self._readings.get(change.channel_id)
        if reading is None:
            return
        if change.change == "deleted":
            del self._readings[change.channel_id]
        self._touch(reading)

    async def aclose(self) -> None:
        """Stop following."""
        await self._tasks.aclose()

    def _touch(self, reading: _Reading) -> None:
        reading.stale = True
        if not reading.telling and not self._tasks.closed:
            reading.telling = True
            self._tasks.spawn(self._keep_telling(reading), name=f"tell of {reading.uri}")

    async def _keep_telling(self, reading: _Reading) -> None:
        try:
            while reading.stale and reading.current:
                reading.stale = reading.current = False
                self._listener(reading.uri)
                await self._pause()
        finally:
            reading.telling = False


def channel_of(uri: str) -> str:
    """Return the channel that a text shows. Raises `InvalidParamsError` for any other URI."""
    try:
        parts = urlsplit(uri)
    except ValueError as wrong:
        raise InvalidParamsError(f"uri: {uri} is no URI: {wrong}.") from wrong
    name = unquote(parts.path).removeprefix("/")
    if parts.scheme != CHANNELS or parts.netloc or not name.endswith(SUFFIX):
        raise InvalidParamsError(f"uri: {uri} is no chat; one is {CHANNELS}:/<channelId>{SUFFIX}.")
    return name.removesuffix(SUFFIX)
