"""The language server: pygls' registry on our own message pump, served over any ``transport``.

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
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from coterie import __version__
from coterie.base.errors import RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.wire import Json, to_wire
from coterie.features.attachment import Build
from coterie.lsp.capabilities import METHODS, capabilities
from coterie.lsp.failures import NOT_LOADED
from coterie.lsp.lifecycle import HANDLERS as LIFECYCLE
from coterie.lsp.params import read
from coterie.lsp.parent import watch_process
from coterie.lsp.rpc import Connection
from coterie.lsp.session import Handler, Session
from coterie.lsp.transport import Descriptors, Outgoing, Transport, claim_stdio

FLUSH_S = 5.0

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
        self.protocol.on_running = self._serve_all

    async def _initialize(self, introduce: Callable[[Json], Awaitable[object]], params: Json) -> Json:
        if self._refusal is not None:
            self.leave()  # which lets this request be answered first
            raise self._refusal
        await introduce(params)
        return {
            "capabilities": self.protocol.plain(capabilities(self.session.client)),
            "serverInfo": {"name": self.name, "version": self.version},
        }

    def _serve_all(self) -> None:
        try:
            self._load_handlers()
        except Exception:
            # The editor was told by now that all is well.
            log.exception("the handlers cannot be loaded")
            self.protocol.is_whole = False
            self.session.window.show("error", NOT_LOADED)

    def _load_handlers(self) -> None:
        # Nothing of this is needed to answer ``initialize``, and loading it takes a fifth as long as all that is.
        from coterie.lsp.handlers import AGENT, STANDARD  # noqa: PLC0415
        from coterie.lsp.protocol import REQUESTS  # noqa: PLC0415
        from coterie.lsp.shapes import strict  # noqa: PLC0415

        self.protocol.read_by(strict)
        for method, handler in STANDARD.items():
            self.feature(method, METHODS[method])(partial(self._on_core, handler))
        for method, handler in AGENT.items():
            self.feature(method)(partial(self._agent_request, REQUESTS[method].params, handler))

    async def _on_core(self, handler: Handler, params: Any) -> object:
        await self.session.ensure_core()
        return await handler(self.session, params)

    async def _agent_request(self, of: type, handler: Handler, params: Json) -> Json:
        return to_wire(await self._on_core(handler, read(of, params)))

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
