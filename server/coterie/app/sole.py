"""The core of a process that serves one client: an editor over pipes, or one command.

``wiring`` builds it. What several clients of a process have is in ``joining``; what every core is in ``core``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import override

from coterie.app.core import Core
from coterie.app.settings import LiveSettings
from coterie.app.shared import Shared
from coterie.base.redaction import Redaction
from coterie.domain.client_ports import Audience, Editor
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Folder


class SoleCore(Core):
    """The core of a process that serves one client: it ends with that client, and everything with it."""

    @override
    async def aclose(self) -> None:
        """Interrupt what runs, journal it, end every child, close the store."""
        await self.chats.aclose()  # an editor that leaves applies no more edits
        await self._shared.coordinator.aclose()
        await self._leave()
        await self._end_when_quiet()
        await self._shared.aclose()


def sole_core(
    environ: Mapping[str, str],
    folders: Sequence[Folder],
    audience: Audience,
    *,
    editor: Editor | None = None,
    editor_options: Mapping[str, Json] | None = None,
    command_line: Mapping[str, Json] | None = None,
    no_daemon: str | None = None,
    redaction: Redaction | None = None,
    index_wait_s: float | None = None,
) -> SoleCore:
    """Build everything for one client. Raises `SettingsError` or `StorageError`.

    ``index_wait_s`` is for who does not keep the index up to date: how long a run waits for it before its first words.
    """
    settings = LiveSettings(environ, folders, editor_options=editor_options, command_line=command_line)
    shared = Shared(settings.loaded.places.data, redaction)
    core = SoleCore(shared, settings, environ, audience, editor=editor, no_daemon=no_daemon, index_wait_s=index_wait_s)
    core.join()
    return core
