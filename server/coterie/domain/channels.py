"""Chat channels and their messages, as clients are told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from coterie.domain.events import Attached, ToolCallEvent
from coterie.domain.runs import Attachment
from coterie.domain.wire import wire

ChannelFolder = Literal["chats", "tasks"]
ChannelState = Literal["active", "idle", "archived"]


@wire
class Channel:
    """A row of ``agent/channel/list``. ``state`` is ``active`` while a run of the channel goes on."""

    channel_id: str
    title: str
    folder: ChannelFolder
    state: ChannelState
    updated_at: str
    pending_approvals: int = 0
    agent: str | None = None
    model: str | None = None


@wire
class ChannelMessage:
    """One message of a channel's history."""

    message_id: str
    run_id: str | None = None
    role: Literal["user", "assistant"]
    text: str
    at: str
    agent: str | None = None
    model: str | None = None
    partial: bool | None = None
    tool_calls: tuple[ToolCallEvent, ...] | None = None
    attachments: tuple[Attached, ...] = ()


@wire
class ChannelPage:
    """The answer of ``agent/channel/history``, oldest first."""

    messages: tuple[ChannelMessage, ...]
    more: bool


@wire
class MessageFound:
    """A message in which something was found. ``text`` is what stands around it."""

    channel_id: str
    message_id: str
    role: Literal["user", "assistant"]
    text: str
    at: str


@wire
class ChannelsFound:
    """The answer of ``agent/channel/search``, both latest first: the channels whose title or messages hold it, and those messages."""

    channels: tuple[Channel, ...]
    messages: tuple[MessageFound, ...]


@wire
class ChannelOpened:
    """The answer of ``agent/channel/open``."""

    channel_id: str


@wire
class KeptRun:
    """What a fork keeps of another channel's run: the entries of its journal up to the number ``through``."""

    run_id: str
    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Where a channel comes from: the channel that it was forked from, and the runs that its story begins with, oldest first."""

    channel_id: str
    kept: tuple[KeptRun, ...] = ()


@wire
class Staying:
    """Files that a run changed which is no part of a fork's story: they stay as they are unless that run is undone."""

    run_id: str
    paths: tuple[str, ...]


@wire
class ChannelForked:
    """The answer of ``agent/channel/fork``.

    ``kept`` is how many messages the new channel begins with. ``text`` and ``attachments`` are what the person had said at the place of
    the cut, to be said anew; None where the cut is behind an answer. ``staying`` is what runs behind the cut have changed on the disk:
    nothing of it is undone, `agent/run/undo` does that.
    """

    channel_id: str
    channel: Channel
    kept: int
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    staying: tuple[Staying, ...] = ()


@wire
class Posted:
    """The answer of ``agent/channel/post``."""

    run_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class ChatPlace:
    """What a chat document offers at its last heading: ``line`` counts from 0, ``run_id`` is the run that can be stopped.

    ``channel`` is None when it was deleted: the document is the person's alone then, and nothing can be sent from it.
    """

    line: int
    can_send: bool
    run_id: str | None
    channel: Channel | None


@wire
class ChannelChanged:
    """The payload of ``agent/channel/changed``."""

    channel_id: str
    change: Literal["created", "updated", "deleted"]
    channel: Channel | None
