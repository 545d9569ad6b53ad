"""``agent/channel/*``: params, results. Channels and their messages stand in ``domain.channels``."""

from __future__ import annotations

from coterie.domain.channels import Channel, ChannelFolder, ChannelState
from coterie.domain.runs import Attachment
from coterie.domain.wire import wire
from coterie.lsp.payloads.fields import Count, Words


@wire
class ChannelListParams:
    """Which channels; ``query`` searches titles and messages."""

    folder: ChannelFolder | None = None
    state: ChannelState | None = None
    query: str | None = None


@wire
class ChannelListResult:
    """Channels, latest first."""

    channels: tuple[Channel, ...]


@wire
class ChannelSearchParams:
    """What to look for in titles and messages, in whatever case; at most ``limit`` channels and messages are wanted."""

    query: Words
    limit: Count = 50


@wire
class ChannelOpenParams:
    """What the new channel is called, and who answers in it."""

    title: str | None = None
    agent: str | None = None
    model: str | None = None


@wire
class ChannelForkParams:
    """Which channel, and where it is cut: before a message of the person, which can then be said anew, or behind an answer.

    Without a ``messageId`` everything is kept.
    """

    channel_id: str
    message_id: str | None = None


@wire
class ChannelPostParams:
    """What the person says."""

    channel_id: str
    text: Words
    attachments: tuple[Attachment, ...] = ()


@wire
class ChannelHistoryParams:
    """Which messages: those before the message ``before``, by default the latest."""

    channel_id: str
    before: str | None = None
    limit: Count = 50


@wire
class ChannelParams:
    """Which channel."""

    channel_id: str


@wire
class ChannelRenameParams:
    """What the channel is called from now on."""

    channel_id: str
    title: Words


@wire
class ChannelChooseParams:
    """Who answers in the channel from the next run on; None: what the settings say."""

    channel_id: str
    agent: str | None = None
    model: str | None = None


@wire
class ChannelArchiveParams:
    """Put the channel away, or with ``archived`` false take it back out."""

    channel_id: str
    archived: bool = True


@wire
class ChannelDeleted:
    """The channel that is gone."""

    channel_id: str
