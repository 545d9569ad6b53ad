"""The state of the server and of what it can reach, as ``agent/status`` and the provider and model lists tell it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coterie.domain.wire import Money, wire

ProviderType = Literal[
    "anthropic", "openai_compatible", "litellm", "claude_code", "ollama", "llama_cpp", "llama_swap", "botserver", "replay"
]
"""The kinds of hosts that there is a provider for; ``type`` in the settings."""

ProviderOrigin = Literal["settings", "environment", "found"]
"""Who named a host: a person, a variable of theirs (a key, an address), or nobody: it was found on this machine."""

ProviderState = Literal["ready", "unknown", "auth_required", "down", "disconnected"]


@wire
class Capabilities:
    """What a provider (or one model of it) can do. Unknown limits are None."""

    streaming: bool = True
    tools: bool = True
    vision: bool = False
    fim: bool = False
    json_schema: bool = False
    prompt_cache: bool = False
    install: bool = False
    local: bool = False
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None


@wire
class ProviderView:
    """A row of ``agent/provider/list``. ``state`` is what the latest use showed; ``unknown`` before the first."""

    id: str
    type: str
    state: ProviderState
    capabilities: Capabilities
    error: str | None = None
    origin: ProviderOrigin = "settings"


@wire
class Price:
    """US dollars for a million tokens; None: unknown."""

    input: Money | None = None
    cache_read: Money | None = None
    cache_write: Money | None = None
    output: Money | None = None


@wire
class ModelView:
    """A row of ``agent/model/list``. ``id`` is ``host/model``; ``installed`` is False for what the host could fetch."""

    id: str
    provider: str
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    capabilities: Capabilities
    price: Price | None = None
    state: Literal["available", "loaded", "loading", "down"] = "available"
    installed: bool = True
    favourite: bool = False


@wire
class ModelPage:
    """Some of the models that were asked for; ``next`` asks for more, None: there are no more."""

    models: tuple[ModelView, ...]
    next: str | None = None


@wire
class InstallProgress:
    """How far a model's installation is. ``total`` and ``completed`` are bytes, None while the host does not say."""

    text: str
    completed: int | None = None
    total: int | None = None


@wire
class ProviderCheck:
    """What a look at a provider showed, or at all of them: then ``provider`` is empty.

    ``text`` is for the person; ``action`` is a command that would help. ``latency_ms`` is how long the look took; ``models`` is how many
    are known of the host, None where it has not been asked for them.
    """

    provider: str
    state: ProviderState
    text: str
    action: str | None = None
    latency_ms: int | None = None
    models: int | None = None


@wire
class SandboxView:
    """How commands are confined, and why not better."""

    level: Literal["bubblewrap", "none", "unknown"]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseView:
    """The database as it was found: without a ``schema_version`` and a ``problem`` there is none yet.

    ``size`` in bytes; ``servers`` are the processes that have runs, ``writer`` is the one that writes just now.
    """

    path: Path
    schema_version: int | None = None
    size: int = 0
    servers: tuple[int, ...] = ()
    writer: int | None = None
    problem: str | None = None


@wire
class Degraded:
    """Something that does not work as it should, and what to do about it."""

    code: str
    text: str


@wire
class ProviderHealth:
    """A provider as ``agent/status`` tells it."""

    id: str
    type: str
    state: ProviderState
    error: str | None = None


@wire
class IndexView:
    """The index of the open folders: until it is ``complete``, ``done`` of the ``files`` to read are read; then it has them all."""

    files: int
    done: int
    complete: bool


@wire
class SuggestionsView:
    """Ghost text of this client: ``model`` is the one that the settings name, None where the project alone suggests."""

    enabled: bool
    model: str | None
    snoozed_until: str | None


Mode = Literal["local", "remote", "fallback"]
"""Where the work of who chose no model is done: by models that are called from here, by a farm, or from here because the farm fails."""


@wire
class Status:
    """The answer of ``agent/status`` and the payload of ``agent/status/changed``.

    ``index`` is None where no folder is indexed; ``suggestions`` is how ghost text stands for the client that is told.
    """

    version: str
    mode: Mode
    providers: tuple[ProviderHealth, ...]
    sandbox: SandboxView
    degraded: tuple[Degraded, ...]
    index: IndexView | None = None
    suggestions: SuggestionsView | None = None
