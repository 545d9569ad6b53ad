"""Tells everyone when something about a channel is different: its state, its messages, or its open questions.

What this server does is told as it does it (`ChannelNews.touched` and its like). What another server on the same store has done is found by
reading the list anew and comparing it with what everyone was told (`ChannelNews.list`); ``channel_watch`` says when that is worth it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from coterie.base.tasks import TaskSupervisor
from coterie.domain.channels import Channel, ChannelChanged
from coterie.domain.client_ports import Audience
from coterie.domain.store_ports import ChannelStore


class ChannelNews:
    """Reads a channel anew and tells it. ``pending`` counts the open questions of a channel."""

    def __init__(self, channels: ChannelStore, audience: Audience, tasks: TaskSupervisor, *, pending: Callable[[str], int]) -> None:
        self._channels = channels
        self._audience = audience
        self._tasks = tasks
        self._pending = pending
        self._told: dict[str, Channel] | None = None  # as they are stored; None until somebody asks for the list

    def touched(self, channel_id: str) -> None:
        """Note that a channel changed; what it is now is told in a moment. Never blocks."""
        if not self._tasks.closed:
            self._tasks.spawn(self._tell_anew(channel_id), name=f"channel {channel_id} changed")

    def created(self, channel: Channel) -> None:
        """Tell a new channel."""
        self._tell(ChannelChanged(channel_id=channel.channel_id, change="created", channel=channel))

    def deleted(self, channel_id: str) -> None:
        """Tell that a channel is gone."""
        self._tell(ChannelChanged(channel_id=channel_id, change="deleted", channel=None))

    def counted(self, channel: Channel) -> Channel:
        """Return the channel with the number of its open questions."""
        return replace(channel, pending_approvals=self._pending(channel.channel_id))

    async def list(self) -> tuple[Channel, ...]:
        """Return all channels, latest first; everyone is told what is different from what they were told before."""
        before = None if self._told is None else dict(self._told)
        found = {channel.channel_id: channel for channel in await self._channels.list()}
        if self._told is None:
            self._told = dict(found)
        elif before is not None:
            self._tell_differences(before, found)
        return tuple(map(self.counted, found.values()))

    def _tell_differences(self, before: Mapping[str, Channel], found: Mapping[str, Channel]) -> None:
        told = self._told or {}
        for channel_id in [*found, *(each for each in before if each not in found)]:
            was, now = before.get(channel_id), found.get(channel_id)
            if was == now or told.get(channel_id) is not was:  # told while the list was read, and by what may have been read later
                continue
            if now is None:
                self.deleted(channel_id)
            elif was is None:
                self.created(now)
            else:
                self._tell(ChannelChanged(channel_id=channel_id, change="updated", channel=now))

    async def _tell_anew(self, channel_id: str) -> None:
        channel = await self._channels.get(channel_id)
        if channel is not None:
            self._tell(ChannelChanged(channel_id=channel_id, change="updated", channel=channel))

    def _tell(self, change: ChannelChanged) -> None:
        if self._told is not None:
            if change.channel is None:
                self._told.pop(change.channel_id, None)
            else:
                self._told[change.channel_id] = change.channel
        self._audience.channel_changed(change if change.channel is None else replace(change, channel=self.counted(change.channel)))
