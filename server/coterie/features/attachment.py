"""The hand-over between a front door with an editor behind it and ``app``, which builds the core for it.

When an editor introduces itself (``initialize``), the front door calls the `Build` that ``app`` gave it with an `Attachment`: what the
editor has and can be asked. It gets an `Attached` back: what the editor's messages are passed on to. ``lsp.server`` is the caller,
``app`` the implementer; neither knows the other's types.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from coterie.domain.client_ports import Audience, Editor
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Folder

if TYPE_CHECKING:  # annotations are all that need it, and the answer to ``initialize`` waits for what is imported here
    from coterie.features.application import Application

Severity = Literal["error", "warning", "info"]


class Window(Protocol):
    """The little that every editor can show (implemented by ``lsp``). Never blocks."""

    def log(self, severity: Severity, text: str) -> None:
        """Add a line to the server's log in the editor."""
        ...

    def show(self, severity: Severity, text: str, *, again: bool = False) -> None:
        """Log ``text`` and show it to the person; the same text is shown once per connection, so that trouble never nags.

        ``again`` is for what they have asked for.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """What an editor said of itself, for ``coterie doctor`` to explain: ``rich`` is the mode that it gets, ``can`` what it announced."""

    name: str
    version: str
    rich: bool
    can: Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What the front door hands over.

    ``folders`` are as the editor gives them: whether one is trusted is for ``app`` to decide from the settings. ``options`` is the
    editor's settings layer, with keys as the editor spells them.
    """

    folders: tuple[Folder, ...]
    options: Mapping[str, Json]
    audience: Audience
    editor: Editor
    window: Window
    introduction: Introduction


class Notebooks(Protocol):
    """The order of cells in open notebooks (implemented by ``workspace.notebooks``); each cell is a document."""

    def cells(self, notebook: str) -> tuple[str, ...]:
        """Return the cells of a notebook from the top; none of one that is not open."""
        ...

    def did_open(self, notebook: str, cells: Sequence[str]) -> None:
        """Take a notebook over, with its cells."""
        ...

    def did_move(self, notebook: str, start: int, gone: int, come: Sequence[str]) -> None:
        """Put cells in the place of so many others, counted from 0."""
        ...

    def did_close(self, notebook: str) -> None:
        """Forget a notebook."""
        ...


class Documents(Protocol):
    """The open buffers (implemented by ``workspace.documents``). Called in the order of the editor's notifications; never blocks."""

    @property
    def notebooks(self) -> Notebooks:
        """Which of them are cells of what."""
        ...

    def text(self, uri: str) -> str | None:
        """Return an open buffer's text, or None when it is not open."""
        ...

    def did_open(self, uri: str, version: int, text: str, language: str) -> None:
        """Take over a buffer from the disk."""
        ...

    def did_change(self, uri: str, version: int | None, text: str) -> None:
        """Replace a buffer's text by what it is now; incremental changes are applied by the caller, who knows their encoding."""
        ...

    def did_save(self, uri: str) -> None:
        """Note that a buffer equals its file."""
        ...

    def did_close(self, uri: str) -> None:
        """Give a buffer back to the disk."""
        ...


class Attached(Protocol):
    """What the front door gets back. `Application.aclose` ends all of it."""

    @property
    def application(self) -> Application:
        """Where requests go."""
        ...

    @property
    def documents(self) -> Documents:
        """Where text synchronisation goes."""
        ...

    def catch_up(self) -> None:
        """Tell a client in zero-plugin mode what goes on already, now that it can be told."""
        ...

    async def set_folders(self, folders: tuple[Folder, ...]) -> None:
        """Work in these folders from now on, with the settings that they bring."""
        ...

    async def reconfigure(self, options: Mapping[str, Json]) -> None:
        """Replace the editor's settings layer by what ``workspace/configuration`` said; keys of machine scope in it are ignored."""
        ...


Build: TypeAlias = Callable[[Attachment], Awaitable[Attached]]
"""Builds the core for one attachment. Raises `SettingsError` or `StorageError`, which the editor is told."""
