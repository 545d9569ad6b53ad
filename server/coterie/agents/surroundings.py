"""What all runs of one client work with, and what follows from it: their place, the rules that they work by, the texts they begin with.

`app.core` makes it; `agents.mustering` puts teams together from it, `agents.inspection` and `features.roster` show what would be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coterie.agents.lasting import UserRules
from coterie.agents.lessons import KeptLessons
from coterie.agents.pending import Approvals
from coterie.base.tasks import TaskSupervisor
from coterie.config.load import LayerRules, Loaded
from coterie.config.paths import name_of
from coterie.context.memory import Memory, read_memory
from coterie.context.rules import Rules, read_rules
from coterie.domain.code_ports import Attention, Index
from coterie.domain.model_ports import Providers
from coterie.domain.store_ports import ChannelStore, MarkStore, RunStore, UsageStore
from coterie.domain.workspace_ports import Folder, Sandbox, Workspace
from coterie.tools.rules import MEMORY_FILE, Policy, RuleLayer
from coterie.tools.tool import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all runs of a process share. ``loaded`` gives the settings as they are now; ``own_folders`` are closed to every agent.

    ``asides`` is where copies of workspaces lie while external agents work in them, ``memories`` where notes about projects are kept that
    are not trusted; ``hide`` takes the secrets out of a text that this process has met. ``index_wait_s`` as in `Place`, ``command_line``
    as in `RunApprovals`.
    """

    loaded: Callable[[], Loaded]
    runs: RunStore
    channels: ChannelStore
    usage: UsageStore
    marks: MarkStore
    providers: Providers
    workspace: Workspace
    sandbox: Sandbox
    approvals: Approvals
    tasks: TaskSupervisor
    own_folders: tuple[Path, ...]
    asides: Path
    user_rules: Path
    user_memory: Path
    memories: Path
    hide: Callable[[str], str] = str
    index: Index | None = None
    index_wait_s: float | None = None
    attention: Attention | None = None
    user_permissions: UserRules | None = None
    command_line: bool = False
    lessons: KeptLessons = field(default_factory=KeptLessons)

    def place(self, folder: str | None) -> Place:
        """Return where an agent works whose folder this is."""
        found = _folder(self.workspace, folder)
        return Place(
            workspace=self.workspace,
            folder=folder,
            tests_command=self.loaded().settings.tests.command,
            confined=self.sandboxed,
            index=self.index,
            index_wait_s=self.index_wait_s,
            attention=self.attention,
            notes=None if found is None or found.trusted else _notes(self, found),
            hide=self.hide,
        )

    def policy(self, rules: Sequence[LayerRules]) -> Policy:
        """Return what decides by these rules."""
        return Policy(
            layers=tuple(RuleLayer.of(layer.origin, allow=layer.allow, ask=layer.ask, deny=layer.deny) for layer in rules),
            roots=tuple(folder.absolute for folder in self.workspace.folders),
            protected=tuple(str(folder) for folder in self.own_folders),
        )

    async def sandboxed(self) -> bool:
        """Say whether commands may run by rule alone: they are confined, or the user said that they need not be."""
        return self.loaded().settings.sandbox.level == "none" or await self.confined()

    async def confined(self) -> bool:
        """Say whether commands are kept from what they do not need."""
        return (await self.sandbox.status()).level != "none"

    async def texts(self, folder: str | None) -> tuple[Rules, Memory]:
        """Read the rules and the notes that a conversation in a folder begins with."""
        rules = await read_rules(self.workspace, folder=folder, user_file=self.user_rules)
        found = _folder(self.workspace, folder)
        of_person = (self.user_memory, *([_notes(self, found)] if found is not None else ()))
        return rules, await read_memory(self.workspace, MEMORY_FILE, folder=folder, own=of_person)


def _folder(workspace: Workspace, uri: str | None) -> Folder | None:
    return next(iter(workspace.folders), None) if uri is None else workspace.folder(uri)


def _notes(around: Surroundings, folder: Folder) -> Path:
    return around.memories / f"{name_of(folder.absolute)}.md"
