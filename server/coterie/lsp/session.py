"""One editor's connection, as the handlers see it.

``server`` makes a `Session` when it starts; ``lifecycle`` gives it what the editor said of itself; the other handlers find the
core through it. Used from the event loop only.

The core is built after the editor was answered, not before: loading it takes as long as loading half of the rest, and nothing of the
answer to ``initialize`` depends on it. What the editor sends meanwhile waits in its order (`ensure_core`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from coterie.base.tasks import TaskSupervisor
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Folder
from coterie.features.attachment import Attached, Attachment, Build, Documents, Introduction
from coterie.lsp.convert import Client
from coterie.lsp.echoes import Echoes
from coterie.lsp.wire import ClientWindow, Wire

if TYPE_CHECKING:  # loaded with the core
    from coterie.features.application import Application
    from coterie.lsp.bare import BareAudience
    from coterie.lsp.outbound import RichAudience
    from coterie.lsp.views import Views

_T = TypeVar("_T")


class Session:
    """The state of one connection."""

    def __init__(self, *, wire: Wire, build: Build, watch_process: Callable[[int], None]) -> None:
        self.wire = wire
        self.window = ClientWindow(wire)
        self.watch_process = watch_process
        self.folders: dict[str, Folder] = {}  # by URI; changed by notifications only
        self.tasks = TaskSupervisor("session")  # what is asked of the editor while its own requests are served
        self.settling = asyncio.Lock()  # held while folders or settings change, so that changes land in their order
        self.stops: dict[str | int, Callable[[], object]] = {}  # by token of a progress that is no run's: what ends its request
        self.echoes = Echoes(self._told, lambda seconds, call: asyncio.get_running_loop().call_later(seconds, call))
        self._build = build
        self._client: Client | None = None  # these two: None until `introduce`
        self._attaching: Callable[[], Attachment] | None = None
        self._views: Views | None = None  # these: None until `ensure_core`
        self._audience: RichAudience | BareAudience | None = None
        self._bare: BareAudience | None = None  # the same, unless the client is a rich one
        self._attachment: Attachment | None = None
        self._attached: Attached | None = None  # None until `ensure_core`, and at the end
        self._ended = False
        self._changing = asyncio.Lock()  # held while the core is built or ended; it lets through in order, which an event would not

    def introduce(self, client: Client, folders: tuple[Folder, ...], options: dict[str, Json], introduction: Introduction) -> None:
        """Keep what the core will be built for."""
        self._client = client
        self.folders = {folder.uri: folder for folder in folders}
        self._attaching = partial(self._attach, client, folders, options, introduction)

    def _attach(self, client: Client, folders: tuple[Folder, ...], options: dict[str, Json], introduction: Introduction) -> Attachment:
        """Make what the client is told and asked by. What that needs is loaded here, after the client was answered."""
        from coterie.lsp.outbound import ClientEditor, RichAudience  # noqa: PLC0415
        from coterie.lsp.views import Views  # noqa: PLC0415

        self._views = Views(self.wire, client, self.tasks)
        if client.rich:
            self._audience = RichAudience(self.wire, asyncio.get_running_loop().call_later)
        else:
            from coterie.lsp.bare import BareAudience  # noqa: PLC0415

            self._audience = self._bare = BareAudience(
                self.wire, self.window, client, self.tasks, views=self._views, core=lambda: self.application
            )
        return Attachment(
            folders=folders,
            options=options,
            audience=self._audience,
            editor=ClientEditor(self.wire, client, self.echoes.applied),
            window=self.window,
            introduction=introduction,
        )

    async def ensure_core(self) -> None:
        """Build the core unless it is there; those who wait for it go on in the order in which they came.

        Raises what the build raises; the next one who needs the core tries again.
        """
        async with self._changing:
            if self._attached is None and not self._ended:
                if self._attachment is None:
                    self._attachment = _there(self._attaching)()
                self._attached = await self._build(self._attachment)
                application = self._attached.application
                application.readings.watch(self.views.refresh_content)
                if self.client.shows_progress:
                    from coterie.lsp.progress import Builds  # noqa: PLC0415 - loaded where there are bars

                    application.indexing.watch(Builds(self.wire, self.tasks, asyncio.get_running_loop().call_later).told)
                self.views.show_findings(application.findings)
                if self.bare is not None:
                    application.changes.watch(self.views.refresh_lenses)
                    application.chats.watch(partial(self.window.show, "warning"))

    def catch_up(self) -> None:
        """Have the client told what goes on already and what waits for it, unless it left at once."""
        if self._attached is not None:
            self._attached.catch_up()
            if self.bare is not None and not self.tasks.closed:
                self.tasks.spawn(self.bare.offer_to_resume(), name="offer to resume")

    @property
    def bare(self) -> BareAudience | None:
        """What a client in zero-plugin mode is shown; None for a rich one."""
        return self._bare

    @property
    def client(self) -> Client:
        """What the client can do."""
        return _there(self._client)

    @property
    def views(self) -> Views:
        """What the client shows beside the text, and reads again when it is told to."""
        return _there(self._views)

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

    def _told(self, uri: str) -> str | None:
        """Return what the editor has told of a buffer; None also when the core is gone."""
        return None if self._attached is None else self._attached.documents.text(uri)

    def back(self) -> None:
        """Note that a client that had stopped reading reads again."""
        if self._audience is not None:
            self._audience.back()

    async def aclose(self) -> None:
        """End the core, once; a second caller waits for the first."""
        async with self._changing:
            self._ended = True
            await self.tasks.aclose()
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
