"""Finds hosts that nobody named: servers of models on this machine, and the ``claude`` program.

`registry` looks when it is first asked for what it does not have, and again when a person wants to know. All places are looked at side by
side and within a second. What listens at a usual port may be anything, so only an answer that no other program gives makes it a host; and
two hosts share a usual port. Nothing is sent but questions that load no model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import assert_never
from urllib.parse import urlsplit

from coterie.base.errors import ProviderError
from coterie.base.tasks import side_by_side
from coterie.config.addresses import LocalHost, UsualPlace
from coterie.domain.model_ports import DiscoveryReason
from coterie.domain.status import ProviderType
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.config import ProviderConfig, Timeouts
from coterie.providers.failures import Host
from coterie.providers.fields import records, text
from coterie.providers.transport import HttpCall, Transport

BOUND_S = 1.0
CLAUDE = "claude_code"
CLAUDE_MODELS = ("sonnet", "opus", "haiku")
"""Its own short names of its models: to ask it for a list would start it."""
_OWNERS = frozenset({"organization_owner", "organization-owner"})
"""Whom LM Studio says its models belong to."""


class Discovery:
    """Looks around, and remembers what was there. ``wanted`` says whether it may; ``bound_s`` is how long it may take."""

    def __init__(
        self,
        places: Sequence[UsualPlace],
        environ: Mapping[str, str],
        *,
        wanted: Callable[[], bool] = lambda: True,
        bound_s: float = BOUND_S,
    ) -> None:
        self._places = places
        self._environ = environ
        self._wanted = wanted
        self._bound_s = bound_s
        self._has_looked = False
        self._found: dict[str, ProviderConfig] = {}

    async def look(self, reason: DiscoveryReason, configured: Sequence[ProviderConfig], transport: Callable[[], Transport]) -> bool:
        """Look, if there is a reason to (see `coterie.domain.model_ports.Providers.discover`); return whether it did. Never fails."""
        is_named = any(config.origin == "settings" for config in configured)
        if not self._wanted() or (reason == "listing" and is_named):
            return False
        if self._has_looked and reason != "asked":
            return False
        # What was there before and does not answer now is down, and listed as that.
        self._found |= {config.id: config for config in await self.around(transport())}
        self._has_looked = True
        return True

    def found_beside(self, configured: Sequence[ProviderConfig]) -> tuple[ProviderConfig, ...]:
        """Return what was found and settings do not name: neither by its id nor by its address."""
        if not self._wanted():
            return ()
        ids, machines = {config.id for config in configured}, {config.machine for config in configured}
        has_claude = any(config.type == "claude_code" for config in configured)
        return tuple(
            config
            for config in self._found.values()
            if config.id not in ids and not (has_claude if config.id == CLAUDE else config.machine in machines)
        )

    async def around(self, transport: Transport) -> tuple[ProviderConfig, ...]:
        """Return the hosts that are there now, those of one's own machine first."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        listening = await side_by_side(*(self._listens(place) for place in self._places))
        left = self._bound_s - (clock() - begun)
        if any(listening):  # on most machines nothing does, and the HTTP library stays unloaded
            await transport.load()  # which takes long on a busy machine, and is no host's fault
        places = zip(self._places, listening, strict=True)
        found = await side_by_side(*(self._at(place, transport, left if listens else 0) for place, listens in places))
        claude = await asyncio.to_thread(self._claude)
        return _named_apart([*(config for config in found if config is not None), *claude])

    async def _listens(self, place: UsualPlace) -> bool:
        parts = urlsplit(place.address)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._bound_s):
                _, writer = await asyncio.open_connection(parts.hostname, port)
                writer.close()
                return True
        return False

    async def _at(self, place: UsualPlace, transport: Transport, seconds: float) -> ProviderConfig | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for kind in place.hosts if seconds > 0 else ():
                    if await _is_there(kind, place.address, transport, seconds):
                        return _config(kind, place)
        return _config(place.hosts[0], place) if place.is_said else None

    def _claude(self) -> tuple[ProviderConfig, ...]:
        from coterie.providers.claude_code.binary import find  # noqa: PLC0415 - with all that a child process needs

        config = ProviderConfig(id=CLAUDE, type="claude_code", models=CLAUDE_MODELS, origin="found")
        try:
            find(config, self._environ)
        except ProviderError:
            return ()
        return (config,)


async def _is_there(kind: LocalHost, address: str, transport: Transport, seconds: float) -> bool:
    """Say whether an address answers as only this kind of host does."""

    async def said(path: str) -> dict[str, Json]:
        timeouts = Timeouts(connect_s=seconds, first_token_s=seconds, idle_s=seconds)
        host = Host(provider=kind, model="", address=address)
        return await transport.document(HttpCall(host=host, url=f"{origin}{path}", headers={}, timeouts=timeouts))

    origin = address.removesuffix("/v1")
    try:
        match kind:
            case "ollama":
                # The server of llama.cpp has this list too, beside one of its own.
                tags = await said("/api/tags")
                return isinstance(tags.get("models"), list) and "data" not in tags
            case "llama_swap":
                return isinstance((await said("/running")).get("running"), list)
            case "llama_cpp":
                return isinstance((await said("/props")).get("default_generation_settings"), dict)
            case "lm_studio":
                models = records(await said("/v1/models"), "data")
                return any(text(model, "owned_by") in _OWNERS for model in models) or _is_lm_studio(await said("/api/v0/models"))
            case _:
                assert_never(kind)
    except ProviderError as failure:
        return kind == "llama_cpp" and failures.is_loading(failure)


def _is_lm_studio(said: Mapping[str, Json]) -> bool:
    return any(text(model, "compatibility_type") for model in records(said, "data"))


def _config(kind: LocalHost, place: UsualPlace) -> ProviderConfig:
    wire: ProviderType = "openai_compatible" if kind == "lm_studio" else kind
    address = f"{place.address}/v1" if kind == "lm_studio" else place.address
    return ProviderConfig(id=kind, type=wire, base_url=address, origin="environment" if place.is_said else "found")


def _named_apart(found: Iterable[ProviderConfig]) -> tuple[ProviderConfig, ...]:
    """Return each machine once, those of one kind under different names."""
    named: dict[str, ProviderConfig] = {}
    for config in found:
        if any(config.machine == other.machine for other in named.values()):
            continue
        name = config.id if config.id not in named else f"{config.id}-{config.machine.rpartition(':')[2]}"
        named[name] = replace(config, id=name)
    return tuple(named.values())
