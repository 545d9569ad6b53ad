"""An editor and a server that serves it over real pipes, both in the test's own process, which takes no time to start."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from coterie.features.attachment import Build
from coterie.lsp.server import Server
from coterie.lsp.transport import Descriptors
from lsp_client import LONGEST_MESSAGE, LspClient, conversation
from lsp_fake_core import build as build_fake_core


@asynccontextmanager
async def editor(build: Build = build_fake_core) -> AsyncIterator[LspClient]:
    """Connect an editor to a server with the fake core, or with another one."""
    loop = asyncio.get_running_loop()
    (server_reads, client_writes), (client_reads, server_writes) = os.pipe(), os.pipe()
    reader = asyncio.StreamReader(limit=LONGEST_MESSAGE)
    incoming, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(client_reads, "rb"))
    outgoing, flow = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(client_writes, "wb"))
    writer = asyncio.StreamWriter(outgoing, flow, None, loop)

    serving = loop.create_task(Server(build).serve(Descriptors(incoming=server_reads, outgoing=server_writes)))
    try:
        async with conversation(LspClient(reader, writer)) as client:
            yield client
    finally:
        writer.close()
        await serving  # the end of its pipe ends it, if nothing else did
        incoming.close()
