"""The hand-over between the command line and ``app``, which builds the core for it. Neither imports the other.

``coterie.__main__`` passes app's `Wiring` to ``cli.main.main``; a command opens a `Core` with an `Invocation` and closes its application.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from coterie.domain.client_ports import Audience
from coterie.domain.status import DatabaseView
from coterie.domain.suggestions import SuggestionExplanation
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Sandbox, Workspace
from coterie.features.attachment import Introduction

if TYPE_CHECKING:  # an annotation is all that needs it, and a server loads this for the record of its editors
    from coterie.features.application import Application


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What one command brings: the folder it works in, its settings layer (snake_case, the highest one), and who is told."""

    folder: Path
    settings: Mapping[str, Json]
    audience: Audience


Scheme = Literal["tcp", "ws"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """How to listen on the network: ``where`` is ``HOST:PORT``; a token that is in no file is in the environment."""

    scheme: Scheme
    where: str
    token_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value that holds: its dotted key, the value as JSON (a key of a host is never shown), and the layer that it comes from."""

    key: str
    value: Json
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEditor:
    """An editor as it was when it came last; ``shared`` tells the shared server from one of its own.

    ``suggestion`` is how its latest request for ghost text ended, None when it has made none.
    """

    at: str
    shared: bool
    introduction: Introduction
    suggestion: SuggestionExplanation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the settings say before anything is built.

    ``places`` are Coterie's folders by what they hold (config, data, cache, state); ``problems`` are sentences that begin with
    ``file:line``, ``notes`` such ones about what is right and has no effect in this version; ``model`` is the configured default model;
    ``test_command`` the one that the settings name. ``editors`` were here, the latest first; ``ghost_text`` is the model that suggestions
    come from, ``none`` where the project alone makes them, None where there are none.
    """

    places: Mapping[str, Path]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    editors: tuple[SeenEditor, ...] = ()
    ghost_text: str | None = None
    model: str | None = None
    test_command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What a command gets. `Application.aclose` ends all of it. ``problems`` are sentences about what is wrong in the settings."""

    application: Application
    workspace: Workspace
    sandbox: Sandbox
    problems: tuple[str, ...] = ()


class Wiring(Protocol):
    """What ``app`` can do for the command line."""

    async def open(self, invocation: Invocation) -> Core:
        """Build the core without an editor.

        Raises `InvalidParamsError` for what the invocation's own settings cannot mean, `SettingsError` and `StorageError`.
        """
        ...

    def recording(self, file: Path) -> Wiring:
        """Return what does the same and records every model's answers into ``file``, to be played again."""
        ...

    def surroundings(self, folder: Path) -> Surroundings:
        """Read the settings that hold in ``folder``, without building anything or asking any host."""
        ...

    def database(self, data: Path) -> DatabaseView:
        """Look at the database of this data folder, without changing it. Blocks."""
        ...

    def run_daemon(self) -> int:
        """Be the shared daemon until its end; returns the exit status."""
        ...

    def serve_stdio(self) -> int:
        """Be a language server on the standard streams until the editor leaves; returns the exit status."""
        ...

    def listen(self, wanted: Listening) -> int:
        """Be a language server for every client that connects, until a signal comes; returns the exit status."""
        ...
