"""The language server: pygls' registry and capabilities on our own message pump, served over any ``transport``.

``app`` calls `serve_stdio` with what builds the core. Such a process serves one editor and ends with it: after ``exit``, at the end of the
pipe, on a signal, or when the editor's process is gone, always in order: runs are interrupted and journalled, children end, the queue is
written out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from coterie import __version__
from coterie.base.errors import RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.wire import Json, to_wire
from coterie.features.attachment import Build
from coterie.lsp import commands
from coterie.lsp.handlers import AGENT, LIFECYCLE, STANDARD, actions, contents
from coterie.lsp.parent import watch_process
from coterie.lsp.rpc import Connection
from coterie.lsp.session import Handler, Session
from coterie.lsp.transport import Descriptors, Outgoing, Transport, claim_stdio

FLUSH_S = 5.0
OPTIONS: Final[Mapping[str, object]] = {
    types.TEXT_DOCUMENT_INLINE_COMPLETION: types.InlineCompletionOptions(),
    types.TEXT_DOCUMENT_CODE_ACTION: actions.OPTIONS,
    types.TEXT_DOCUMENT_CODE_LENS: types.CodeLensOptions(resolve_provider=False),
}
"""What pygls does not advertise of itself. Everything is said in the answer to ``initialize``, nothing registered later: every client takes
that, also one that announces ``dynamicRegistration: false``."""

log = logging.getLogger(__name__)


class Server(LanguageServer):
    """One editor's server. Made inside the running event loop.

    ``same_machine`` says whether the editor's process can be watched. Behind a network connection, also a forwarded one, its number may
    be another process's here; there the end of the connection has to do. With a ``refusal``
    it answers ``initialize`` with that, and ends.
    """

    protocol: Connection

    def __init__(self, build: Build, *, same_machine: bool = True, refusal: RequestError | None = None) -> None:
        super().__init__("coterie", __version__, protocol_cls=Connection, converter_factory=default_converter)
        self._refusal = refusal
        self._tasks = TaskSupervisor("server")
        self._left: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.session = Session(wire=self.protocol, build=build, watch_process=self._watch if same_machine else _watch_nothing)
        self.protocol.on_exit = self.leave
        for method, handler in LIFECYCLE.items():
            served = partial(handler, self.session)
            self.feature(method)(partial(self._initialize, served) if method == types.INITIALIZE else served)
        for method, handler in STANDARD.items():
            self.feature(method, OPTIONS.get(method))(partial(self._on_core, handler))
        for method, handler in AGENT.items():
            self.feature(method)(partial(self._agent_request, handler))

    async def _initialize(self, introduce: Callable[[Json], Awaitable[object]], params: Json) -> Json:
        if self._refusal is not None:
            self.leave()  # which lets this request be answered first
            raise self._refusal
        await introduce(params)
        return {"capabilities": self._capabilities(), "serverInfo": {"name": self.name, "version": self.version}}

    def _capabilities(self) -> Json:
        features = self.protocol.fm
        builder: Any = ServerCapabilitiesBuilder(
            types.ClientCapabilities(),
            set(features.features),
            features.feature_options,
            commands.announced(rich=self.session.client.rich),
            types.TextDocumentSyncKind.Incremental,
            None,
            self.session.client.encoding,
        )
        built = builder.build()
        # pygls would leave it out for want of the client's capabilities, which are not read as a whole.
        built.notebook_document_sync = types.NotebookDocumentSyncOptions(
            [types.NotebookDocumentFilterWithNotebook(notebook="*")], save=True
        )
        if self.session.client.reads_contents:
            built.workspace.text_document_content = contents.OPTIONS  # pygls does not know it
        built.experimental = {"coterie": {"version": self.version}}
        return self.protocol.plain(built)

    async def _on_core(self, handler: Handler, params: Any) -> object:
        await self.session.ensure_core()
        return await handler(self.session, params)

    async def _agent_request(self, handler: Handler, params: Any) -> Json:
        return to_wire(await self._on_core(handler, params))

    def _watch(self, process_id: int) -> None:
        watch_process(process_id, self.leave, self._tasks)

    def leave(self) -> None:
        """Let the process end: with 0 after ``shutdown``, with 1 without."""
        if not self._left.done():
            self._left.set_result(0 if self.protocol.phase == "shut_down" else 1)

    async def serve(self, transport: Transport) -> int:
        """Serve until the editor leaves; returns the process's exit code."""
        outgoing = Outgoing(transport.write, on_lost=self.leave, on_back=self.session.back, close=transport.close, pack=transport.pack)
        self.protocol.outgoing = outgoing
        transport.start(self.protocol.receive, self.leave)
        code = await self._left
        try:
            await self.session.aclose()
        except Exception:
            log.exception("the core did not end in order")
        await self.protocol.aclose()
        await self._tasks.aclose()
        await outgoing.aclose(within_s=FLUSH_S)
        return code


def _watch_nothing(process_id: int) -> None:
    log.debug("the editor's process %d is not watched", process_id)


def serve_stdio(build: Build) -> int:
    """Serve one editor over standard input and output, and return the process's exit code."""
    try:
        descriptors = claim_stdio()
    except OSError as reason:
        sys.stderr.write(f"coterie: the standard input or output is closed ({reason}); a language server talks to its editor over them.\n")
        return 1
    return asyncio.run(_serve(build, descriptors))


async def _serve(build: Build, descriptors: Descriptors) -> int:
    server = Server(build)
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        with contextlib.suppress(NotImplementedError, AttributeError):  # not on every platform
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), server.leave)
    return await server.serve(descriptors)
