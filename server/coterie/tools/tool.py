"""The contract of a tool, and what the built-in ones share.

``agents.loop`` looks a tool up in its `coterie.tools.registry.Toolbox`, has ``effects`` judged by `coterie.tools.rules.evaluate`, and
only then takes the proposal to ``agents.effects``, which acts. A tool itself never changes anything.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from coterie.base.errors import ModelMistakeError
from coterie.domain.code_ports import Attention, Index
from coterie.domain.edits import FileRef
from coterie.domain.messages import ToolSpec
from coterie.domain.permissions import Effect, EffectKind
from coterie.domain.proposals import Proposal
from coterie.domain.retrieval import Question
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Workspace
from coterie.tools.rules import path_effect
from coterie.tools.schema import compact_schema
from coterie.workspace.uris import path_of


class Tool(Protocol):
    """Something that a model can call."""

    @property
    def spec(self) -> ToolSpec:
        """The tool as the model is told of it."""
        ...

    @property
    def reads_only(self) -> bool:
        """Whether calls may run side by side, because they change nothing."""
        ...

    @property
    def edits(self) -> bool:
        """Whether calls change files of the workspace, and nothing else: they can be shown before they happen."""
        ...

    @property
    def kinds(self) -> frozenset[EffectKind]:
        """The kinds of effect that every call has: where all effects of one kind are denied, the tool is not shown."""
        ...

    async def effects(self, arguments: Mapping[str, Json]) -> tuple[Effect, ...]:
        """Say what a call would do. Raises `ModelMistakeError`, naming the field, for arguments that make no sense."""
        ...

    async def check(self, arguments: Mapping[str, Json]) -> None:
        """Raise `ModelMistakeError` for what cannot be done whatever a person answers; they are asked only after this.

        The model reads the words though nobody has allowed the call, so they tell nothing of what is in a file.
        """
        ...

    async def propose(self, arguments: Mapping[str, Json]) -> Proposal:
        """Work out the call without changing anything. Raises `ModelMistakeError` for what the model can correct."""
        ...


async def _unconfined() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an agent works.

    ``folder`` is the URI of the run's workspace folder (None: the first one). ``tests_command`` is the user's own setting, which
    stands above what is discovered; ``confined`` says whether commands are confined, or need not be; ``index`` is None where nothing is
    indexed, ``index_wait_s`` how long what is shown unasked waits for it where nobody keeps it up to date; ``attention`` is None where
    nobody has anything before them; ``notes`` is where the notes about a project are kept that is not to hold
    them itself; ``hide`` takes the secrets out of a text that this process has met. Times are in seconds.
    """

    workspace: Workspace
    folder: str | None = None
    tests_command: str | None = None
    confined: Callable[[], Awaitable[bool]] = _unconfined
    command_timeout_s: float = 120.0
    tests_timeout_s: float = 600.0
    index: Index | None = None
    index_wait_s: float | None = None
    attention: Attention | None = None
    notes: Path | None = None
    hide: Callable[[str], str] = str

    @property
    def root(self) -> Path:
        """The run's folder on disk. Raises `ModelMistakeError` when the editor has no folder open."""
        first = next(iter(self.workspace.folders), None)
        folder = first if self.folder is None else self.workspace.folder(self.folder)
        if folder is None:
            raise ModelMistakeError("No workspace folder is open, so there is no place to run a command in.")
        return Path(folder.absolute)

    def name_of(self, file: FileRef) -> str:
        """Return how the agent is told of a file, and may name it: by its path, which in another folder begins at the root of the disk."""
        first = next((each.uri for each in self.workspace.folders), None)
        return file.seen_from(self.folder or first)

    def question(self, text: str, limit: int, *, folder: str | None = None) -> Question:
        """Return a question to the index of a folder (None: the run's), with what the person has before them where that is known."""
        if self.attention is None:
            return Question(text=text, limit=limit)
        return self.attention.about(folder or str(self.root), text, limit)

    def path_effects(self, kind: Literal["read", "write"], path: str) -> tuple[Effect, ...]:
        """Return the effect on ``path``, judged by where it really leads. Raises `ModelMistakeError` outside of the workspace."""
        return (path_effect(kind, self.workspace.locate(path, self.folder).path),)

    def file_itself(self, path: str) -> FileRef:
        """Find a file that is to go away from its place. Raises `ModelMistakeError` for a link, whose name does not mean the file."""
        file = self.workspace.locate(path, self.folder)
        if (self.root / (path_of(path) or path)).is_symlink():
            raise ModelMistakeError(
                f"{path} is a symbolic link to {self.name_of(file)}. Name that file, or let a command take the link away."
            )
        return file


class Arguments(BaseModel):
    """Base of the arguments of a built-in tool. Built on first use, so that starting the server does not pay for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


A = TypeVar("A", bound=Arguments)


class BuiltinTool(ABC, Generic[A]):
    """A tool whose arguments are a pydantic model; implements `Tool`."""

    name: ClassVar[str]
    description: ClassVar[str]
    reads_only: ClassVar[bool] = False
    kinds: ClassVar[frozenset[EffectKind]] = frozenset()
    arguments: type[A]

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def edits(self) -> bool:
        """Whether calls change files of the workspace, and nothing else."""
        return "write" in self.kinds

    @cached_property
    def spec(self) -> ToolSpec:
        """The tool as the model is told of it."""
        return ToolSpec(self.name, self.description, compact_schema(self.arguments))

    async def effects(self, arguments: Mapping[str, Json]) -> tuple[Effect, ...]:
        """Validate, and say what the call would do."""
        read = self._read(arguments)
        return (*self.declare(read), *await self.look_up(read))

    async def check(self, arguments: Mapping[str, Json]) -> None:
        """Validate, and look whether the call can be carried out at all."""
        await self.look_ahead(self._read(arguments))

    async def propose(self, arguments: Mapping[str, Json]) -> Proposal:
        """Validate, and work the call out."""
        return await self.work_out(self._read(arguments))

    @abstractmethod
    def declare(self, arguments: A) -> tuple[Effect, ...]:
        """Say what a call with valid arguments would do."""

    async def look_up(self, arguments: A) -> tuple[Effect, ...]:  # noqa: ARG002 - most tools know it all by their arguments
        """Say what such a call would do besides, for which the world has to be looked at."""
        return ()

    async def look_ahead(self, arguments: A) -> None:
        """Raise `ModelMistakeError` when a call with valid arguments is bound to fail; see `Tool.check`."""

    @abstractmethod
    async def work_out(self, arguments: A) -> Proposal:
        """Make the proposal of a call with valid arguments."""

    def _read(self, arguments: Mapping[str, Json]) -> A:
        try:
            return self.arguments.model_validate(arguments)
        except ValidationError as invalid:
            wrong = "; ".join(f"{_field(error['loc'])}: {error['msg']}" for error in invalid.errors(include_url=False))
            raise ModelMistakeError(f"Invalid arguments for {self.name}. {wrong}.") from invalid


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "arguments"
