"""llama-swap: a machine with many models, which it loads and unloads as they are asked for. Each has a server of llama.cpp's behind it.

What only that server can tell is asked of models that are loaded: to ask it of another one would have it loaded. To load takes up to
minutes, in which nothing comes; so it is looked up before each call whether the model has to be loaded, and the person is told.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import ModelRequest, StreamEvent, Waiting
from coterie.domain.status import ModelView
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.config import ProviderConfig
from coterie.providers.decoding import Decoder
from coterie.providers.failures import Host
from coterie.providers.fields import count, record, records, text
from coterie.providers.keys import Keys
from coterie.providers.llama_cpp import LlamaCpp
from coterie.providers.loading_text import LoadingFilter
from coterie.providers.openai_compatible import OpenAICompatibleWire
from coterie.providers.transport import Transport

_LOOK_S = 10.0
"""What is only good to know is not waited for any longer."""
_READY = "ready"


class LlamaSwap(LlamaCpp):
    """Implements `coterie.domain.model_ports.Provider`."""

    def __init__(self, config: ProviderConfig, transport: Transport, *, keys: Keys | None = None) -> None:
        super().__init__(config, transport, keys=keys, wire=_Wire())
        self.version = "llama-swap"
        # Each name that may be called, with the name under which its model runs. Other machines' models are not among them.
        self._names: dict[str, str] = {}
        self._windows: dict[str, int | None] = {}  # by the servers of models, as they were loaded last
        self._loaded: frozenset[str] = frozenset()

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Make one attempt of one call; see `coterie.domain.model_ports.Provider.stream`.

        A model that must be loaded first is waited for.
        """
        if told := await self._must_load(request.model):
            yield Waiting("loading", f"{self._host(request.model).name} is being loaded.")
        async with aclosing(super().stream(request)) as answer:
            async for piece in answer:
                if told and isinstance(piece, Waiting):
                    continue
                yield piece

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the models that can converse, each with its window as far as it is known without loading it."""
        listed, running = await asyncio.gather(self._asked("/v1/models"), self._running())
        if not isinstance(listed.get("data"), list):
            raise failures.malformed(self._host(""), json.dumps(listed))
        self._is_connected = True
        entries = [entry for entry in records(listed, "data") if text(entry, "id")]
        self._names = {text(entry, "id"): text(_about(entry), "modelID") or text(entry, "id") for entry in entries if _is_own(entry)}
        self._names |= {alias: text(entry, "id") for entry in entries for alias in _aliases(entry)}
        running = running or {}
        await self._look_at_windows(frozenset(name for name, state in running.items() if state == _READY))
        wanted = self._config.models
        shown = (entry for entry in entries if _converses(entry) and (not wanted or text(entry, "id") in wanted))
        return tuple(self._view_of(entry, running) for entry in shown)

    @override
    async def unload_model(self, model: str) -> None:
        """Have the machine free the memory of a model."""
        call = await self._call(model, f"{self._origin}/api/models/unload/{quote(model, errors='replace')}", {})
        try:
            await self._transport.content(call)
        except ProviderError as failure:
            # Older ones can only unload everything.
            if failure.status != HTTPStatus.NOT_FOUND or set(await self._running() or ()) != {model}:
                raise
            await self._transport.content(await self._call(model, f"{self._origin}/unload", None))

    @override
    async def count_tokens(self, request: ModelRequest) -> int | None:
        """Return the tokens of a request by the model's own template and tokenizer; None for a model that is not loaded."""
        return None if await self._must_load(request.model) else await super().count_tokens(request)

    @override
    def _path(self, path: str, model: str) -> str:
        return f"/upstream/{quote(model, errors='replace')}{path}"

    async def _must_load(self, model: str) -> bool:
        """Say whether a model has to be loaded first, as far as the machine tells; of another machine's model it knows nothing."""
        with suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                if (running := await self._running()) is None:
                    return False
                if model not in running and not self._names:
                    await self.installed_models()
                name = self._names.get(model, model)
                return (name in running or model in self._names) and running.get(name) != _READY
        return False

    async def _running(self) -> dict[str, str] | None:
        """Return the states of the models that run or are about to; None from a machine that does not tell."""
        try:
            said = await self._asked("/running")
        except ProviderError as failure:
            if failure.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return {name: text(entry, "state") or _READY for entry in records(said, "running") if (name := text(entry, "model"))}

    async def _look_at_windows(self, loaded: frozenset[str]) -> None:
        """Ask the servers that have come since the last look, and only these: each question keeps a model from being unloaded."""

        async def window(name: str) -> int | None:
            with suppress(ProviderError):
                props = await self._asked(f"/props?model={quote(name, safe='', errors='replace')}", model=name)
                return count(record(props, "default_generation_settings"), "n_ctx")
            return None

        come = sorted(loaded - self._loaded)
        self._windows |= dict(zip(come, await asyncio.gather(*map(window, come)), strict=True))
        self._loaded = loaded

    def _view_of(self, entry: Mapping[str, Json], running: Mapping[str, str]) -> ModelView:
        name, config, can = text(entry, "id"), self._config, record(entry, "capabilities")
        runs_as = self._names.get(name, name)
        window = self._windows.get(runs_as) or _configured_window(entry) or config.context_tokens
        return ModelView(
            id=f"{config.id}/{name}",
            provider=config.id,
            context_tokens=window,
            max_output_tokens=config.max_tokens,
            capabilities=replace(
                self.capabilities, vision=can.get("vision") is True, max_input_tokens=window, max_output_tokens=config.max_tokens
            ),
            price=config.price_of(name),
            state=_state(running.get(runs_as) or text(record(entry, "status"), "value")),
        )


class _Wire(OpenAICompatibleWire):
    """The completions wire, without what llama-swap says while it loads."""

    @override
    def decoder(self, host: Host) -> Decoder:
        return LoadingFilter(super().decoder(host), host)


def _about(entry: Mapping[str, Json]) -> Mapping[str, Json]:
    return record(record(entry, "meta"), "llamaswap")


def _is_own(entry: Mapping[str, Json]) -> bool:
    """Say whether this machine runs the model: it may be another machine's, or a choice among several."""
    return text(_about(entry), "type") in {"", "model", "alias"}


def _aliases(entry: Mapping[str, Json]) -> list[str]:
    aliases = _about(entry).get("aliases")
    return [alias for alias in aliases if isinstance(alias, str)] if isinstance(aliases, list) else []


def _converses(entry: Mapping[str, Json]) -> bool:
    makes = record(entry, "architecture").get("output_modalities")
    return record(entry, "capabilities").get("reranker") is not True and (not isinstance(makes, list) or "text" in makes)


def _configured_window(entry: Mapping[str, Json]) -> int | None:
    return count(entry, "context_length") or count(record(entry, "meta"), "n_ctx") or count(_about(entry), "context_length")


def _state(said: str) -> Literal["available", "loaded", "loading"]:
    match said:
        case "ready" | "loaded":
            return "loaded"
        case "starting" | "loading":
            return "loading"
        case _:
            return "available"
