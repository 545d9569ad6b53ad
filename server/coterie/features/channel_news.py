"""Tells everyone when something about a channel is different: its state, its messages, or its open questions."""

from __future__ import annotations

from collections.abc import Callable
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

    def touched(self, channel_id: str) -> None:
        """Note that a channel changed; what it is now is told in a moment. Never blocks."""
        if not self._tasks.closed:
            self._tasks.spawn(self._tell(channel_id), name=f"channel {channel_id} changed")

    def created(self, channel: Channel) -> None:
        """Tell a new channel."""
        self._audience.channel_changed(ChannelChanged(channel_id=channel.channel_id, change="created", channel=channel))

    def deleted(self, channel_id: str) -> None:
        """Tell that a channel is gone."""
        self._audience.channel_changed(ChannelChanged(channel_id=channel_id, change="deleted", channel=None))

    def counted(self, channel: Channel) -> Channel:
        """Return the channel with the number of its open questions."""
        return replace(channel, pending_approvals=self._pending(channel.channel_id))

    async def _tell(self, channel_id: str) -> None:
        channel = await self._channels.get(channel_id)
        if channel is not None:
            self._audience.channel_changed(ChannelChanged(channel_id=channel_id, change="updated", channel=self.counted(channel)))
