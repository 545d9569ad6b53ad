"""One editor's connection, as the handlers see it.

``server`` makes a `Session` when it starts; ``handlers.lifecycle`` attaches it to the core when the editor introduces itself; the other
handlers find the core through it. Used from the event loop only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from coterie.domain.ports import Folder
from coterie.domain.wire import Json
from coterie.features.application import Application
from coterie.features.attachment import Attached, Attachment, Build, Documents
from coterie.lsp.convert import Client
from coterie.lsp.outbound import BareAudience, ClientEditor, ClientWindow, RichAudience, Wire

_T = TypeVar("_T")


class Session:
    """The state of one connection."""

    def __init__(self, *, wire: Wire, build: Build, watch_process: Callable[[int], None]) -> None:
        self.wire = wire
        self.window = ClientWindow(wire)
        self.watch_process = watch_process
        self.folders: dict[str, Folder] = {}  # by URI; changed by notifications only
        self.settling = asyncio.Lock()  # held while folders or settings change, so that changes land in their order
        self._ending = asyncio.Lock()
        self._build = build
        self._client: Client | None = None  # these three: None until `attach`
        self._audience: RichAudience | BareAudience | None = None
        self._attached: Attached | None = None

    async def attach(self, client: Client, folders: tuple[Folder, ...], options: dict[str, Json]) -> None:
        """Build the core for this client. Raises what the build raises."""
        if client.rich:
            self._audience = RichAudience(self.wire, asyncio.get_running_loop().call_later)
        else:
            self._audience = BareAudience(self.wire, self.window)
        self._client = client
        self.folders = {folder.uri: folder for folder in folders}
        self._attached = await self._build(
            Attachment(
                folders=folders,
                options=options,
                audience=self._audience,
                editor=ClientEditor(self.wire, client),
                window=self.window,
            )
        )

    @property
    def client(self) -> Client:
        """What the client can do."""
        return _there(self._client)

    @property
    def attached(self) -> Attached:
        """The core."""
        return _there(self._attached)

    @property
    def application(self) -> Application:
        """Where requests go."""
        return self.attached.application

    @property
    def documents(self) -> Documents:
        """Where text synchronisation goes."""
        return self.attached.documents

    def back(self) -> None:
        """Note that a client that had stopped reading reads again."""
        if self._audience is not None:
            self._audience.back()

    async def aclose(self) -> None:
        """End the core, once; a second caller waits for the first."""
        async with self._ending:
            attached, self._attached = self._attached, None
            if attached is not None:
                await attached.application.aclose()


def _there(value: _T | None) -> _T:
    if value is None:
        message = "the connection has not been initialized, or has ended"
        raise RuntimeError(message)
    return value


Handler: TypeAlias = Callable[[Session, Any], Awaitable[object]]
Handlers: TypeAlias = Mapping[str, Handler]
"""Handlers by method."""
