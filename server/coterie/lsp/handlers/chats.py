"""Commands about chat documents: open one, choose one, send what is written in one, show what the model reads of one."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from pygls.exceptions import JsonRpcException

from coterie.base.errors import CoterieError, RequestError
from coterie.domain.channels import Channel, Posted
from coterie.domain.runs import Selection
from coterie.features.chat_text import quoted
from coterie.lsp.commands import ChatOpened, InspectContextArguments, OpenChannelArguments, SendArguments
from coterie.lsp.convert import dig, file_path
from coterie.lsp.handlers import runs
from coterie.lsp.payloads.channels import ChannelListParams, ChannelListResult
from coterie.lsp.session import Session
from coterie.lsp.wire import MESSAGE_TYPES

CHOICES: Final = 10
"""How many channels a prompt offers; editors show no scrolling list."""


async def open_channel(session: Session, argument: OpenChannelArguments) -> ChatOpened:
    """``coterie.openChannel``: a channel, or a new one."""
    channel_id = argument.channel_id
    if channel_id is None:
        channel_id = (await session.application.channels.open(title=argument.title, agent=argument.agent, model=argument.model)).channel_id
    draft = "" if argument.selection is None else await quotation(session, argument.selection)
    uri = await session.application.chats.open(channel_id, draft=draft, awaited=shows(session))
    show(session, uri, focus=True)
    return ChatOpened(channel_id=channel_id, uri=uri)


async def quotation(session: Session, selection: Selection) -> str:
    """Return the selected code as something to write about; of a whole file only its name."""
    name = PurePosixPath(urlsplit(selection.uri).path).name
    selection = await runs.selected(session, selection)
    text, chosen = selection.text, selection.range
    if text is None and chosen is None:
        return f"About `{name}`:"
    where = f"About `{name}`" if chosen is None else f"About `{name}`, lines {chosen.start.line + 1} to {chosen.end.line + 1}"
    language = "" if file_path(selection.uri) is None else PurePosixPath(name).suffix.removeprefix(".")
    return quoted(text or "", where, language)


async def list_channels(session: Session, argument: ChannelListParams) -> ChannelListResult:
    """``coterie.channels``: answers the list; a plain client's person is asked which one to open."""
    channels = await session.application.channels.list(folder=argument.folder, state=argument.state, query=argument.query)
    if session.bare is not None and channels:
        session.tasks.spawn(choose(session, channels[:CHOICES]), name="choose a channel")
    return ChannelListResult(channels=channels)


async def choose(session: Session, channels: tuple[Channel, ...]) -> None:
    """Ask which channel to open, and open it."""
    titles = {f"{number}. {channel.title}": channel.channel_id for number, channel in enumerate(channels, start=1)}
    params = {"type": MESSAGE_TYPES["info"], "message": "Open which channel?", "actions": [{"title": title} for title in titles]}
    try:
        chosen = dig(await session.wire.ask("window/showMessageRequest", params, within_s=None), "title")
    except JsonRpcException:
        return  # the list was answered anyway
    if isinstance(chosen, str) and chosen in titles:
        await show_channel(session, titles[chosen], focus=True)


async def show_channel(session: Session, channel_id: str, *, focus: bool = False) -> None:
    """Show a channel's document; trouble is told, since nobody waits for an answer."""
    try:
        uri = await session.application.chats.open(channel_id, awaited=shows(session))
    except CoterieError as failure:
        session.window.show("error", failure.message)
    else:
        show(session, uri, focus=focus)


def shows(session: Session) -> bool:
    """Say whether the client opens documents that we ask it to open; one with a view of its own is not asked."""
    return session.bare is not None and session.client.shows_documents


def show(session: Session, uri: str, *, focus: bool) -> None:
    """Open a document in a plain client, or say where it lies when the client opens none."""
    if session.bare is None:
        return  # a client with a view of its own shows the channel there
    if session.client.shows_documents:
        session.tasks.spawn(session.bare.views.show_document(uri, focus=focus), name=f"show {uri}")
    else:
        session.window.log("info", f"It is in {uri}.")


async def inspect_context(session: Session, argument: InspectContextArguments) -> ChatOpened:
    """``coterie.inspectContext``; where the client can read texts of ours the document is one, and is read anew."""
    channel_id = argument.channel_id
    if channel_id is None:
        channels = await session.application.channels.list()
        if not channels:
            raise RequestError("There is no chat yet.", code="unknown_channel")
        channel_id = channels[0].channel_id
    uri = await session.application.contexts.offer(channel_id, as_file=not session.client.reads_contents)
    session.views.refresh_content(uri)
    show(session, uri, focus=True)
    return ChatOpened(channel_id=channel_id, uri=uri)


async def send(session: Session, argument: SendArguments) -> Posted:
    """``coterie.send``."""
    return await session.application.chats.send(argument.uri)
