"""Hands cores out: one to each editor that attaches, one to each command."""

from __future__ import annotations

import gc
import linecache
import os
import sys
import typing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from coterie.base.errors import InvalidParamsError
from coterie.base.redaction import redacted_log
from coterie.domain.workspace_ports import Folder

if TYPE_CHECKING:
    from coterie.app.core import Core
    from coterie.cli import wiring
    from coterie.config.schema import Settings
    from coterie.domain.status import DatabaseView
    from coterie.features.attachment import Attachment


INDEX_WAIT_S = 5.0
"""How long a command waits for the index: that suffices for about a thousand files that it reads for the first time."""


class Wiring:
    """Implements `coterie.cli.wiring.Wiring`. What a front door needs is imported when it opens.

    ``no_daemon`` is why an editor that wanted the shared server gets one of its own; ``record_to`` is the file of a recorded session.
    """

    def __init__(self, *, no_daemon: str | None = None, record_to: Path | None = None) -> None:
        self._no_daemon = no_daemon
        self._record_to = record_to

    def recording(self, file: Path) -> Wiring:
        """Return what does the same and records every answer; see `coterie.cli.wiring.Wiring.recording`."""
        return Wiring(no_daemon=self._no_daemon, record_to=file)

    async def open(self, invocation: wiring.Invocation) -> wiring.Core:
        """Build the core without an editor; see `coterie.cli.wiring.Wiring.open`."""
        from coterie.app.sole import sole_core  # noqa: PLC0415 - see the class
        from coterie.cli import wiring  # noqa: PLC0415
        from coterie.config.load import COMMAND_LINE  # noqa: PLC0415

        folder = Folder(uri=invocation.folder.as_uri(), name=invocation.folder.name, absolute=str(invocation.folder))
        environ = _environ(self._record_to)
        core = sole_core(
            environ, (folder,), invocation.audience, command_line=invocation.settings, redaction=redacted_log(), index_wait_s=INDEX_WAIT_S
        )
        # A file's wrong key costs nothing but itself; an option that would be dropped would do something else than was asked for.
        for problem in core.settings_problems:
            if problem.file == COMMAND_LINE:
                raise InvalidParamsError(f"{problem.key}: {problem.message}")
        told = await core.move_keys()
        return wiring.Core(application=core, workspace=core.workspace, sandbox=core.sandbox, problems=(*told, *core.problems))

    def surroundings(self, folder: Path) -> wiring.Surroundings:
        """Read the settings that hold in ``folder``, without building anything or asking any host."""
        from coterie.app.editors import seen_editors  # noqa: PLC0415 - see the class
        from coterie.cli import wiring  # noqa: PLC0415
        from coterie.config.load import load  # noqa: PLC0415
        from coterie.config.showing import shown  # noqa: PLC0415

        loaded = load(dict(os.environ), folders=[folder])
        where = loaded.places
        return wiring.Surroundings(
            places={"config": where.config, "data": where.data, "cache": where.cache, "state": where.state},
            problems=tuple(problem.text for problem in loaded.problems if problem.level == "warning"),
            notes=tuple(problem.text for problem in loaded.problems if problem.level == "note"),
            settings=tuple(wiring.Setting(key=each.key, value=each.value, origin=each.origin) for each in shown(loaded)),
            editors=seen_editors(where.state),
            ghost_text=(loaded.settings.completion_model or "none") if loaded.settings.suggestions.enabled else None,
            model=loaded.settings.model or _first_model(loaded.settings),
            test_command=loaded.settings.tests.command,
        )

    def database(self, data: Path) -> DatabaseView:
        """Look at the database of this data folder; see `coterie.cli.wiring.Wiring.database`."""
        from coterie.storage.examination import examine  # noqa: PLC0415 - see the class

        return examine(data)

    def run_daemon(self) -> int:
        """Be the shared daemon until its end; returns the exit status."""
        from coterie.app.daemon_process import run  # noqa: PLC0415 - see the class

        return run()

    def serve_stdio(self) -> int:
        """Be a language server on the standard streams until the editor leaves; returns the exit status."""
        if self._no_daemon is not None:
            sys.stderr.write(f"coterie: no shared server is possible ({self._no_daemon}); this editor gets one of its own.\n")
        # Loading a hundred thousand objects that stay would set off dozens of collections, a tenth of the start.
        gc.set_threshold(10_000, 10, 10)
        from coterie.lsp.server import serve_stdio  # noqa: PLC0415 - see the class

        return serve_stdio(partial(attach, no_daemon=self._no_daemon, record_to=self._record_to))

    def listen(self, wanted: wiring.Listening) -> int:
        """Be a language server for every client that connects, until a signal comes; returns the exit status."""
        from coterie.app.listening import run  # noqa: PLC0415 - see the class

        return run(wanted)


def _first_model(settings: Settings) -> str | None:
    """Return the model that serves who chose none, of those that the settings name."""
    return next((f"{name}/{provider.models[0]}" for name, provider in settings.providers.items() if provider.models), None)


def _environ(record_to: Path | None) -> dict[str, str]:
    """Return the environment of a core; the file that a session is recorded into stands there."""
    from coterie.app.hosts import RECORD  # noqa: PLC0415 - see the class

    return dict(os.environ) | ({} if record_to is None else {RECORD: str(record_to)})


async def attach(attachment: Attachment, *, no_daemon: str | None = None, record_to: Path | None = None) -> Core:
    """Build the core of one editor."""
    # What loading the language server left behind that nobody reads: the sources of generated methods, each overload of a signature.
    linecache.clearcache()
    typing.clear_overloads()
    # What is loaded stays: to walk it in each full collection, of which loading the core sets one off, takes 30 ms and more.
    gc.freeze()
    from coterie.app.sole import sole_core  # noqa: PLC0415 - imported after the editor was answered

    gc.freeze()
    core = sole_core(
        _environ(record_to),
        attachment.folders,
        attachment.audience,
        editor=attachment.editor,
        editor_options=attachment.options,
        no_daemon=no_daemon,
        redaction=redacted_log(),
    )
    for told in await core.move_keys():
        attachment.window.show("info", told)
    for problem in core.problems:
        attachment.window.show("warning", problem)
    await core.introduce(attachment.introduction, shared=False)
    return core
