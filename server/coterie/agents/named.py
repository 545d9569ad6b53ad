"""The runs and channels that clients name by their ids: found, or refused in the words and codes of the protocol."""

from __future__ import annotations

from coterie.base.errors import RequestError
from coterie.domain.channels import Channel
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import ChannelStore, RunStore


async def run_named(run_id: str, runs: RunStore) -> RunRow:
    """Return what a run is and how it stands. Raises `RequestError` ``unknown_run``."""
    row = await runs.row(run_id)
    if row is None:
        raise RequestError(f"There is no run '{run_id}'.", code="unknown_run")
    return row


async def channel_named(channel_id: str, channels: ChannelStore) -> Channel:
    """Return a channel. Raises `RequestError` ``unknown_channel``."""
    channel = await channels.get(channel_id)
    if channel is None:
        raise RequestError(f"There is no channel '{channel_id}'.", code="unknown_channel")
    return channel
