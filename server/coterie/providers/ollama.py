"""Ollama on its native interface: the size of the window is asked for, and what the host made of it is looked at.

A prompt that is too long for its window is cut behind a 200. So the window that a loaded model really has is read back (``/api/ps``), the
planner of requests is told it, and an answer to a prompt that was certainly cut is no answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import quote

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import ModelRequest, StreamEvent, TextDelta, ThoughtDelta, ToolCallStarted
from coterie.domain.status import InstallProgress, ModelView
from coterie.domain.suggestions import FillRequest
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.config import ProviderConfig, Timeouts
from coterie.providers.decoding import decoded
from coterie.providers.failures import Host
from coterie.providers.families import Family, prompt
from coterie.providers.fields import count, parse_object, record, records, text
from coterie.providers.filling import FillingProvider, Way, local_ways
from coterie.providers.fim import family_for
from coterie.providers.keys import Keys
from coterie.providers.ollama_wire import OllamaDecoder, chat_body, fill_body
from coterie.providers.snippets import commented
from coterie.providers.transport import HttpCall, Transport

DEFAULT_WINDOW = 32_768
"""Tokens to ask for where the settings say nothing. Ollama's own default is too small for an agent, a model's largest for most cards."""
_BYTES_PER_TOKEN = 8.0
"""More bytes for a token than any prompt of ours has: what was read of a longer one was not the whole of it."""
_MARGIN = 1.5
"""By how much a prompt may have more bytes for a token than an earlier one of the same model that was certainly read whole."""
_UNKNOWN_PATH = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_SHOWN_AT_ONCE = 8
_NOT_IN_LIBRARY = "file does not exist"
_PULL_IDLE_S = 600.0
"""A host that verifies or waits for its own network says nothing for minutes."""


@dataclass(frozen=True, slots=True)
class _Model:
    """What the host says of a model. ``window`` is the largest that it was made for."""

    window: int | None
    can: frozenset[str]


class Ollama(FillingProvider):
    """Implements `coterie.domain.model_ports.Provider`."""

    version = "ollama"

    def __init__(self, config: ProviderConfig, transport: Transport, *, keys: Keys | None = None) -> None:
        # Whether the address is written as it is, or with the path of one of Ollama's interfaces.
        origin = config.base_url.rstrip("/").removesuffix("/v1").removesuffix("/api")
        super().__init__(replace(config, base_url=origin))
        self._transport = transport
        self._keys = keys or Keys()
        self._shown: dict[str, _Model] = {}
        self._windows: dict[str, int] = {}
        self._ratios: dict[str, float] = {}

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Make one attempt of one call; see `coterie.domain.model_ports.Provider.stream`.

        A prompt that was cut raises ``context_overflow``.
        """
        body = chat_body(request, await self._window(request.model))
        call = await self._call("/api/chat", body, model=request.model)
        decoder = OllamaDecoder(call.host)
        begun = False
        async with aclosing(decoded(self._transport.lines(call), decoder, call.host)) as answer:
            async for piece in answer:
                if not begun and isinstance(piece, TextDelta | ThoughtDelta | ToolCallStarted):
                    begun = True
                    await self._look_at_window(request.model, len(call.body or b""))
                yield piece
        self._check_read(request.model, len(call.body or b""), decoder.prompt_tokens)

    @override
    def _ways(self, model: str) -> Sequence[Way]:
        # The template of a model may only converse, though the model itself can do more.
        return local_ways(self._config, model, Way("suffix", self._insert), self._complete)

    async def _insert(self, request: FillRequest) -> AsyncGenerator[StreamEvent, None]:
        """Have the host put the texts into the model's own template."""
        if "insert" not in (await self._show(request.model)).can:
            raise failures.fills_no_gaps(self._host(request.model))
        body = fill_body(request, await self._window(request.model)) | {"prompt": commented(request), "suffix": request.suffix}
        call = await self._call("/api/generate", body, model=request.model)
        try:
            async with aclosing(decoded(self._transport.lines(call), OllamaDecoder(call.host, may_be_empty=True), call.host)) as answer:
                async for piece in answer:
                    yield piece
        except ProviderError as failure:
            if "does not support insert" in failure.message:
                raise failures.fills_no_gaps(call.host) from failure
            raise

    async def _complete(self, family: Family, request: FillRequest) -> AsyncGenerator[StreamEvent, None]:
        """Have the host go on behind a prompt that it takes as it is."""
        body = fill_body(request, await self._window(request.model)) | {"prompt": prompt(request, family), "raw": True}
        call = await self._call("/api/generate", body, model=request.model)
        async with aclosing(decoded(self._transport.lines(call), OllamaDecoder(call.host, may_be_empty=True), call.host)) as answer:
            async for piece in answer:
                yield piece

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the models that can converse, with the windows that they have or would be asked for."""
        tags, loaded = await asyncio.gather(self._transport.document(await self._call("/api/tags", None)), self._asked("/api/ps"))
        if not isinstance(tags.get("models"), list):
            raise failures.malformed(self._host(""), json.dumps(tags))
        self._keep_windows(loaded)
        names = [name for entry in records(tags, "models") if (name := text(entry, "model") or text(entry, "name"))]
        turns = asyncio.Semaphore(_SHOWN_AT_ONCE)

        async def shown(name: str) -> _Model:
            async with turns:
                return await self._show(name)

        models = await asyncio.gather(*(shown(name) for name in names))
        self._is_connected = True
        return tuple(self._view(name, model) for name, model in zip(names, models, strict=True) if "completion" in model.can)

    @override
    async def install_model(self, model: str) -> AsyncGenerator[InstallProgress, None]:
        """Have the host fetch a model. One that was broken off goes on where it was."""
        patient = replace(self._config.timeouts, first_token_s=_PULL_IDLE_S, idle_s=_PULL_IDLE_S)
        call = await self._call("/api/pull", {"model": model, "stream": True}, model=model, timeouts=patient)
        layers: dict[str, tuple[int, int]] = {}
        status = ""
        async with aclosing(self._transport.lines(call)) as lines:
            async for line in lines:
                if (said := parse_object(line.data)) is None:
                    raise failures.malformed(call.host, line.data)
                if _NOT_IN_LIBRARY in (words := text(said, "error")):
                    message = f"`{self.name}` finds no model `{model}` to fetch. It says: {call.host.quote(words)}"
                    raise ProviderError(message, kind="bad_request", code="unknown_model")
                if said.get("error"):
                    raise failures.from_error_object(call.host, said)
                status = text(said, "status")
                if (digest := text(said, "digest")) and (total := count(said, "total")):
                    layers[digest] = (count(said, "completed") or layers.get(digest, (0, 0))[0], total)
                yield InstallProgress(
                    text=status,
                    completed=sum(completed for completed, _ in layers.values()) if layers else None,
                    total=sum(total for _, total in layers.values()) if layers else None,
                )
        if status != "success":
            raise failures.truncated(call.host)
        self._shown.pop(model, None)

    @override
    async def unload_model(self, model: str) -> None:
        """Have the host free the memory of a model."""
        await self._transport.document(await self._call("/api/generate", {"model": model, "keep_alive": 0, "stream": False}, model=model))
        self._windows.pop(model, None)

    def _view(self, name: str, model: _Model) -> ModelView:
        config = self._config
        window = self._windows.get(_whole(name)) or self._wanted(model)
        capabilities = replace(
            self.capabilities,
            tools="tools" in model.can,
            vision="vision" in model.can,
            fim=self._config.fim is not False and ("insert" in model.can or family_for(config, name) is not None),
            max_input_tokens=window,
            max_output_tokens=config.max_tokens,
        )
        return ModelView(
            id=f"{config.id}/{name}",
            provider=config.id,
            context_tokens=window,
            max_output_tokens=config.max_tokens,
            capabilities=capabilities,
            price=config.price_of(name),
            state="loaded" if _whole(name) in self._windows else "available",
        )

    def _wanted(self, model: _Model) -> int:
        wanted = self._config.context_tokens or DEFAULT_WINDOW
        return min(wanted, model.window) if model.window else wanted

    async def _window(self, name: str) -> int:
        return self._wanted(await self._show(name))

    async def _show(self, name: str) -> _Model:
        if name not in self._shown:
            said = await self._asked("/api/show", {"model": name}, model=name)
            about = record(said, "model_info")
            largest = count(about, f"{text(about, 'general.architecture')}.context_length")
            told = said.get("capabilities")
            # Where nothing is told, a call will show what the model cannot do.
            can = frozenset(str(each) for each in told) if isinstance(told, list) else frozenset({"completion", "tools", "insert"})
            self._shown[name] = _Model(largest, can)
        return self._shown[name]

    async def _look_at_window(self, model: str, size: int) -> None:
        """Read back the window of a model that has just begun to answer. Raises ``context_overflow`` when the prompt cannot fit in it."""
        if _whole(model) not in self._windows:
            try:
                self._keep_windows(await self._transport.document(await self._call("/api/ps", None, model=model)))
            except ProviderError:
                return  # the answer comes; what a second question would have told is checked at its end too
        window = self._windows.get(_whole(model))
        if window is not None and size > window * self._most_bytes(model):
            raise failures.cut_prompt(self._host(model), window)

    def _check_read(self, model: str, size: int, tokens: int | None) -> None:
        """Raise ``context_overflow`` when the host read far less than it was sent. What it cuts fills at least half of the window."""
        window = self._windows.get(_whole(model))
        if window is None or not tokens:
            return
        if tokens < window // 2:
            self._ratios[model] = min(size / tokens, self._ratios.get(model, _BYTES_PER_TOKEN))
        elif size > tokens * self._most_bytes(model):
            raise failures.cut_prompt(self._host(model), window)

    def _most_bytes(self, model: str) -> float:
        return self._ratios[model] * _MARGIN if model in self._ratios else _BYTES_PER_TOKEN

    async def _asked(self, path: str, body: Mapping[str, Json] | None = None, *, model: str = "") -> dict[str, Json]:
        """Ask something that is good to know; nothing from a host that is too old, or only like Ollama. Raises `ProviderError`."""
        try:
            return await self._transport.document(await self._call(path, body, model=model))
        except ProviderError as failure:
            if failure.status in _UNKNOWN_PATH:
                return {}
            raise

    def _keep_windows(self, loaded: Mapping[str, Json]) -> None:
        self._windows = {
            _whole(text(entry, "model") or text(entry, "name")): window
            for entry in records(loaded, "models")
            if (window := count(entry, "context_length"))
        }

    def _host(self, model: str) -> Host:
        config = self._config
        return Host(provider=config.id, model=model, address=config.base_url, api_key=config.api_key)

    async def _call(self, path: str, body: Mapping[str, Json] | None, *, model: str = "", timeouts: Timeouts | None = None) -> HttpCall:
        config = await self._keys.revealed(self._config)
        headers = {"content-type": "application/json"}
        if config.api_key is not None and config.api_key.usable:
            headers["authorization"] = f"Bearer {config.api_key.value}"
        return HttpCall(
            host=Host(provider=config.id, model=model, address=config.base_url, api_key=config.api_key),
            url=config.base_url.rstrip("/") + quote(path),
            headers=headers,
            body=None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"),
            timeouts=timeouts or config.timeouts,
        )


def _whole(name: str) -> str:
    """Return a model's name with its tag: what is named without one is ``latest``."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
