"""What the runs and features of one client work with: hosts of models, files, sandbox, index, and what the person has before them.

`core` makes one by the client's settings, and lets it follow them. Nothing here opens a file, a connection or a child before somebody asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from coterie.agents.lessons import KeptLessons
from coterie.agents.surroundings import Surroundings
from coterie.app.hosts import registry
from coterie.app.settings import LiveSettings, provider_configs
from coterie.app.shared import Shared
from coterie.base.tasks import TaskSupervisor
from coterie.domain.client_ports import Editor
from coterie.domain.reviews import OpenFinding
from coterie.features.attention import Attention
from coterie.features.indexing import Indexing
from coterie.features.kept_rules import KeptRules
from coterie.sandbox.probe import ProbedSandbox
from coterie.workspace.workspace import LiveWorkspace


class Workplace:
    """Owned by one core. ``findings`` are those of reviews that nobody has dealt with, ``changed`` is told of each other state."""

    def __init__(
        self,
        shared: Shared,
        settings: LiveSettings,
        environ: Mapping[str, str],
        *,
        editor: Editor | None,
        findings: Callable[[], Sequence[OpenFinding]],
        changed: Callable[[], None],
    ) -> None:
        self._shared = shared
        self._settings = settings
        self._environ = environ
        self._for_editor = editor is not None
        values, places = settings.loaded.settings, settings.loaded.places
        self._own_folders = (places.config, places.data, places.cache, places.state)
        self._lessons = KeptLessons(places.state)
        self.tasks = TaskSupervisor("core")
        self.providers = registry(shared, settings, environ)
        self.workspace = LiveWorkspace(
            settings.folders,
            editor=editor,
            among=shared.overlays,
            snapshots=shared.snapshots,
            trash=shared.trash,
            most_kept=lambda: settings.loaded.settings.undo.keep_mb * 1024 * 1024,
            closed=self._own_folders,
        )
        self.sandbox = ProbedSandbox(values.sandbox.level, environ, hidden=tuple(map(str, self._own_folders)), on_found=changed)
        self.attention = Attention(self.workspace.documents, findings)
        self.index = shared.index(places.cache)
        self.indexing = Indexing(
            self.index,
            self.workspace.documents,
            roots=lambda: self.workspace.roots,
            buffered=self.workspace.buffered,
            later=lambda seconds, call: asyncio.get_running_loop().call_later(seconds, call),
            changed=changed,
        )

    def surroundings(self, kept_rules: KeptRules, *, index_wait_s: float | None) -> Surroundings:
        """Return what runs share that are at home with this client."""
        shared, places = self._shared, self._settings.loaded.places
        return Surroundings(
            loaded=lambda: self._settings.loaded,
            runs=shared.store.runs,
            channels=shared.store.channels,
            usage=shared.store.usage,
            marks=shared.store.marks,
            providers=self.providers,
            workspace=self.workspace,
            sandbox=self.sandbox,
            approvals=shared.approvals,
            tasks=self.tasks,
            own_folders=self._own_folders,
            asides=places.cache / "asides",
            user_rules=places.config / "rules.md",
            user_memory=places.config / "memory.md",
            memories=places.data / "memory",
            hide=shared.redaction.hide,
            index=self.index,
            index_wait_s=index_wait_s,
            attention=self.attention,
            user_permissions=kept_rules,
            command_line=not self._for_editor,
            lessons=self._lessons,
        )

    def follow(self) -> None:
        """Take over what the settings say now."""
        settings = self._settings.loaded.settings
        self.providers.configure(provider_configs(self._settings.loaded, self._environ), default_model=settings.model)
        self.sandbox.set_level(settings.sandbox.level)

    def folders_changed(self) -> None:
        """Take over the workspace folders, and what the settings say of the trust in each."""
        self.workspace.set_folders(self._settings.folders)

    async def aclose(self) -> None:
        """End what was begun here, once no run needs it."""
        await self.tasks.aclose()
        await self._lessons.aclose()
        await self.providers.aclose()
