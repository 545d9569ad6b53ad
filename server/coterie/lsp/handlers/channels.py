"""``agent/channel/*``."""

from __future__ import annotations

from coterie.domain.channels import Channel, ChannelForked, ChannelOpened, ChannelPage, ChannelsFound, Posted
from coterie.lsp import protocol
from coterie.lsp.handlers import runs
from coterie.lsp.payloads.channels import (
    ChannelArchiveParams,
    ChannelChooseParams,
    ChannelDeleted,
    ChannelForkParams,
    ChannelHistoryParams,
    ChannelListParams,
    ChannelListResult,
    ChannelOpenParams,
    ChannelParams,
    ChannelPostParams,
    ChannelRenameParams,
    ChannelSearchParams,
)
from coterie.lsp.session import Handlers, Session


async def list_channels(session: Session, params: ChannelListParams) -> ChannelListResult:
    """``agent/channel/list``."""
    channels = session.application.channels
    return ChannelListResult(channels=await channels.list(folder=params.folder, state=params.state, query=params.query))


async def open_channel(session: Session, params: ChannelOpenParams) -> ChannelOpened:
    """``agent/channel/open``."""
    return await session.application.channels.open(title=params.title, agent=params.agent, model=params.model)


async def fork(session: Session, params: ChannelForkParams) -> ChannelForked:
    """``agent/channel/fork``."""
    return await session.application.channels.fork(params.channel_id, params.message_id)


async def post(session: Session, params: ChannelPostParams) -> Posted:
    """``agent/channel/post``."""
    attachments = runs.with_buffers(session, params.attachments)
    return await session.application.channels.post(params.channel_id, params.text, attachments=attachments)


async def history(session: Session, params: ChannelHistoryParams) -> ChannelPage:
    """``agent/channel/history``."""
    return await session.application.channels.history(params.channel_id, before=params.before, limit=params.limit)


async def rename(session: Session, params: ChannelRenameParams) -> Channel:
    """``agent/channel/rename``."""
    return await session.application.channels.rename(params.channel_id, params.title)


async def choose(session: Session, params: ChannelChooseParams) -> Channel:
    """``agent/channel/choose``."""
    return await session.application.channels.choose(params.channel_id, agent=params.agent, model=params.model)


async def archive(session: Session, params: ChannelArchiveParams) -> Channel:
    """``agent/channel/archive``."""
    return await session.application.channels.archive(params.channel_id, archived=params.archived)


async def delete(session: Session, params: ChannelParams) -> ChannelDeleted:
    """``agent/channel/delete``."""
    await session.application.channels.delete(params.channel_id)
    return ChannelDeleted(channel_id=params.channel_id)


async def search(session: Session, params: ChannelSearchParams) -> ChannelsFound:
    """``agent/channel/search``."""
    return await session.application.channels.search(params.query, limit=params.limit)


HANDLERS: Handlers = {
    protocol.CHANNEL_LIST: list_channels,
    protocol.CHANNEL_OPEN: open_channel,
    protocol.CHANNEL_FORK: fork,
    protocol.CHANNEL_POST: post,
    protocol.CHANNEL_HISTORY: history,
    protocol.CHANNEL_RENAME: rename,
    protocol.CHANNEL_CHOOSE: choose,
    protocol.CHANNEL_ARCHIVE: archive,
    protocol.CHANNEL_DELETE: delete,
    protocol.CHANNEL_SEARCH: search,
}
