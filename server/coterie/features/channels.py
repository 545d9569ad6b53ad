"""Chat channels, as front doors ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import get_args

from coterie.agents.forking import cut
from coterie.agents.named import channel_named
from coterie.agents.templates import TEMPLATES
from coterie.base.errors import InvalidParamsError, RequestError
from coterie.base.ids import new_id, now
from coterie.base.tasks import whole
from coterie.domain.channels import (
    Channel,
    ChannelFolder,
    ChannelForked,
    ChannelOpened,
    ChannelPage,
    ChannelsFound,
    ChannelState,
    MessageFound,
    Posted,
)
from coterie.domain.runs import Attachment, RunRequest
from coterie.domain.store_ports import ChannelField, ChannelStore, RunStore
from coterie.features.channel_news import ChannelNews
from coterie.features.channel_watch import ChannelWatch
from coterie.features.runs import NEW_CHAT, RunService, check_page

LONGEST_TITLE = 200
_FORK = " (fork)"
AROUND = 80
"""How many characters before and after what was looked for are shown of a message."""
_SLICE = 64 * 1024


class ChannelService:
    """Implements `coterie.features.protocol_faces.Channels`. What is written is told, also where who asked for it hangs up meanwhile."""

    def __init__(self, channels: ChannelStore, journal: RunStore, runs: RunService, news: ChannelNews, watch: ChannelWatch) -> None:
        self._channels = channels
        self._journal = journal
        self._runs = runs
        self._news = news
        self._watch = watch

    def leave(self) -> None:
        """Note that the client is gone: nobody has the list before them here."""
        self._watch.leave(self)

    async def list(self, *, folder: str | None = None, state: str | None = None, query: str | None = None) -> tuple[Channel, ...]:
        """Return channels, latest first. Who asks for all of them is told of each difference from then on, whoever makes it."""
        for name, value, known in (("folder", folder, get_args(ChannelFolder)), ("state", state, get_args(ChannelState))):
            if value is not None and value not in known:
                raise InvalidParamsError(f"{name}: '{value}' is not one of {', '.join(known)}.")
        if folder is state is query is None:
            channels = await self._news.list()
            self._watch.attend(self)
            return channels
        return tuple(map(self._news.counted, await self._channels.list(folder=folder, state=state, query=query)))

    async def search(self, query: str, *, limit: int = 50) -> ChannelsFound:
        """Return the channels and messages that hold ``query``, latest first, at most ``limit`` of each."""
        check_page(limit)
        if not (wanted := query.strip()):
            raise InvalidParamsError("query: say what to look for.")
        channels = await self.list(query=wanted)
        found = await self._channels.search(wanted, limit=limit)
        excerpts = await asyncio.to_thread(lambda: [excerpt(each.text, wanted) for _, each in found])
        messages = tuple(
            MessageFound(channel_id=channel_id, message_id=each.message_id, role=each.role, text=text, at=each.at)
            for (channel_id, each), text in zip(found, excerpts, strict=True)
        )
        return ChannelsFound(channels=channels[:limit], messages=messages)

    async def open(self, *, title: str | None = None, agent: str | None = None, model: str | None = None) -> ChannelOpened:
        """Make a channel under *User Chats*."""
        await self._check(agent, model)
        channel = Channel(
            channel_id=new_id("channel"),
            title=_one_line(title or "") or NEW_CHAT,
            folder="chats",
            state="idle",
            updated_at=now(),
            agent=agent,
            model=model,
        )
        await whole(self._made(channel, self._channels.create(channel)))
        return ChannelOpened(channel_id=channel.channel_id)

    async def fork(self, channel_id: str, message_id: str | None = None) -> ChannelForked:
        """Make a channel that goes on from a place of another one, which stays as it is, and so do all files.

        Raises `RequestError` ``unknown_channel``, ``unknown_message``.
        """
        origin = await self._known(channel_id)
        found = await cut(self._journal, self._channels, channel_id, message_id)
        title = f"{origin.title[: LONGEST_TITLE - len(_FORK)]}{_FORK}"
        channel = replace(origin, channel_id=new_id("channel"), title=title, state="idle", updated_at=now(), pending_approvals=0)
        await whole(self._made(channel, self._channels.fork(channel, found.fork, found.kept)))
        return ChannelForked(
            channel_id=channel.channel_id,
            channel=channel,
            kept=len(found.kept),
            text=None if found.left is None else found.left.text,
            attachments=found.attachments,
            staying=found.staying,
        )

    async def post(self, channel_id: str, text: str, *, attachments: Sequence[Attachment] = ()) -> Posted:
        """Say something: starts a run, or steers the one that is active."""
        await self._known(channel_id)
        request = RunRequest(prompt=text, channel_id=channel_id, attachments=tuple(attachments))
        run_id, message_id = await self._runs.post(request)
        return Posted(run_id=run_id, message_id=message_id)

    async def history(self, channel_id: str, *, before: str | None = None, limit: int = 50) -> ChannelPage:
        """Return messages, oldest first."""
        check_page(limit)
        await self._known(channel_id)
        return await self._channels.history(channel_id, before=before, limit=limit)

    async def rename(self, channel_id: str, title: str) -> Channel:
        """Give a channel another title."""
        wanted = _one_line(title)
        if not wanted:
            raise InvalidParamsError("title: say what the channel is to be called.")
        channel = await self._known(channel_id)
        return await self._updated(replace(channel, title=wanted), "title")

    async def choose(self, channel_id: str, *, agent: str | None = None, model: str | None = None) -> Channel:
        """Say who answers from the next run on; None: what the settings say."""
        channel = await self._known(channel_id)
        await self._check(agent, model)
        return await self._updated(replace(channel, agent=agent, model=model), "agent", "model")

    async def archive(self, channel_id: str, *, archived: bool = True) -> Channel:
        """Put a channel away, or take it back out. A post takes it out, too."""
        async with self._runs.turn(channel_id):
            channel = await self._resting(channel_id, "archive")
            return await self._updated(replace(channel, state="archived" if archived else "idle"), "state")

    async def delete(self, channel_id: str) -> None:
        """Take a channel and its messages away. Its runs stay, and can be undone."""
        async with self._runs.turn(channel_id):
            await self._resting(channel_id, "delete")
            await whole(self._deleted(channel_id))

    async def _deleted(self, channel_id: str) -> None:
        await self._channels.delete(channel_id)
        self._news.deleted(channel_id)

    async def _made(self, channel: Channel, making: Awaitable[None]) -> None:
        await making
        self._news.created(channel)

    async def _check(self, agent: str | None, model: str | None) -> None:
        if agent is not None and agent not in TEMPLATES:
            raise RequestError(f"There is no agent '{agent}'. Known: {', '.join(sorted(TEMPLATES))}.", code="unknown_agent")
        if model is not None:
            await self._runs.check_model(model)

    async def _updated(self, channel: Channel, *fields: ChannelField) -> Channel:
        await whole(self._written(channel, *fields))
        return self._news.counted(await self._known(channel.channel_id))

    async def _written(self, channel: Channel, *fields: ChannelField) -> None:
        await self._channels.update(channel, *fields)
        self._news.touched(channel.channel_id)

    async def _resting(self, channel_id: str, what: str) -> Channel:
        channel = await self._known(channel_id)
        if channel.state == "active":
            raise RequestError(f"A run is going on in this channel; cancel it before you {what} the channel.", code="run_active")
        return channel

    async def _known(self, channel_id: str) -> Channel:
        return await channel_named(channel_id, self._channels)


def excerpt(text: str, query: str) -> str:
    """Return what stands around the first place that holds ``query`` in whatever case, with "…" where more is left out."""
    at = _place_of(query.casefold(), text)
    start, end = max(0, at - AROUND), at + len(query) + AROUND
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _place_of(folded: str, text: str) -> int:
    """Return where in a text something begins that is ``folded``; 0 where it is not.

    It is looked for in slices: folding a message of megabytes at once would let everybody else wait.
    """
    for begin in range(0, len(text), _SLICE):
        part = text[begin : begin + _SLICE + len(folded)]
        if (found := part.casefold().find(folded)) >= 0:
            # Folding makes some characters longer: what stands before the place tells where it is in the text itself.
            before = accumulate((len(character.casefold()) for character in part), initial=0)
            return begin + next(at for at, count in enumerate(before) if count >= found)
    return 0


def _one_line(title: str) -> str:
    """Return a title as it is shown in a list. Raises `InvalidParamsError` when it is too long."""
    line = " ".join(title.split())
    if len(line) > LONGEST_TITLE:
        raise InvalidParamsError(f"title: at most {LONGEST_TITLE} characters.")
    return line
