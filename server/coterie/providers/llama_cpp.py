"""The server of llama.cpp: chat over the completions wire, and what it offers besides: its real window, its tokenizer, gaps, its models.

It serves one model, or as a router several, each loaded when it is asked for. A model that is being loaded is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Literal
from urllib.parse import quote

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import ModelRequest, StreamEvent, Waiting
from coterie.domain.status import ModelView
from coterie.domain.suggestions import FillRequest
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.completions import TokensWire
from coterie.providers.config import ProviderConfig
from coterie.providers.decoding import decoded
from coterie.providers.fields import count, record, records, text
from coterie.providers.filling import Way, local_ways
from coterie.providers.http_provider import HttpProvider
from coterie.providers.infill import InfillDecoder, infill_body
from coterie.providers.keys import Keys
from coterie.providers.openai_compatible import OpenAICompatibleWire
from coterie.providers.transport import Transport

_LOOK_AGAIN_S = 1.0


class LlamaCpp(HttpProvider):
    """Implements `coterie.domain.model_ports.Provider`. ``pause`` waits while a model is loaded."""

    def __init__(
        self,
        config: ProviderConfig,
        transport: Transport,
        *,
        keys: Keys | None = None,
        wire: OpenAICompatibleWire | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        # Whether the address was written with ``/v1`` or without it: both are needed.
        self._origin = config.base_url.rstrip("/").removesuffix("/v1")
        super().__init__(replace(config, base_url=f"{self._origin}/v1"), wire or OpenAICompatibleWire(), transport, keys=keys)
        self.version = "llama.cpp"
        self._pause = pause

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Make one attempt of one call; see `coterie.domain.model_ports.Provider.stream`. Waits for a model that is being loaded."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._config.timeouts.first_token_s
        told = False
        while True:
            try:
                async with aclosing(super().stream(request)) as answer:
                    async for piece in answer:
                        yield piece
            except ProviderError as failure:
                if not failures.is_loading(failure) or loop.time() >= deadline:
                    raise
            else:
                return
            if not told:
                told = True
                yield Waiting("loading", f"{self._host(request.model).name} is being loaded.")
            await self._pause(_LOOK_AGAIN_S)

    @override
    def _ways(self, model: str) -> Sequence[Way]:
        # The file of an old model may not tell the server which its tokens are.
        return local_ways(self._config, model, Way("infill", self._infill), lambda family, gap: self._fill_by(TokensWire(family), gap))

    async def _infill(self, request: FillRequest) -> AsyncGenerator[StreamEvent, None]:
        call = await self._call(request.model, f"{self._origin}/infill", infill_body(request))
        try:
            async with aclosing(decoded(self._transport.events(call), InfillDecoder(call.host), call.host)) as answer:
                async for piece in answer:
                    yield piece
        except ProviderError as failure:
            if failure.status in {400, 404, 501} and "context" not in failure.message:
                raise failures.fills_no_gaps(call.host) from failure
            raise

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the model, or as a router the models, each with its window as far as it is known without loading it."""
        listed = await self._asked("/v1/models")
        entries = [entry for entry in records(listed, "data") if text(entry, "id")]
        if not isinstance(listed.get("data"), list):
            raise failures.malformed(self._host(""), str(listed))
        self._is_connected = True
        wanted = self._config.models
        shown = [entry for entry in entries if not wanted or text(entry, "id") in wanted]
        return tuple(await asyncio.gather(*(self._view(entry) for entry in shown)))

    @override
    async def unload_model(self, model: str) -> None:
        """Have a router free the memory of a model."""
        await self._asked("/models/unload", {"model": model}, model=model)

    @override
    async def count_tokens(self, request: ModelRequest) -> int | None:
        """Return the tokens of a request, by the model's own template and tokenizer; None where the server is too old to say."""
        sent = self._wire.encode(request, self._config)
        body: dict[str, Json] = {name: sent[name] for name in ("model", "messages", "tools") if name in sent}
        try:
            prompt = text(await self._asked(self._path("/apply-template", request.model), body, model=request.model), "prompt")
            content: dict[str, Json] = {"model": request.model, "content": prompt}
            tokens = (await self._asked(self._path("/tokenize", request.model), content, model=request.model)).get("tokens")
        except ProviderError as failure:
            if failure.status in {404, 501}:
                return None
            raise
        return len(tokens) if isinstance(tokens, list) else None

    def _path(self, path: str, model: str) -> str:  # noqa: ARG002 - where models have servers of their own it stands in the path
        """Return where the server of a model answers what it alone can."""
        return path

    async def _view(self, entry: Mapping[str, Json]) -> ModelView:
        name, config = text(entry, "id"), self._config
        window, state = config.context_tokens, _state(entry)
        if state == "loaded":
            try:
                # A router would load the model for the asking.
                props = await self._asked(f"/props?model={quote(name, safe='', errors='replace')}&autoload=false", model=name)
                window = count(record(props, "default_generation_settings"), "n_ctx") or window
            except ProviderError:
                window = window or count(record(entry, "meta"), "n_ctx_train")
        return ModelView(
            id=f"{config.id}/{name}",
            provider=config.id,
            context_tokens=window,
            max_output_tokens=config.max_tokens,
            capabilities=replace(self.capabilities, max_input_tokens=window, max_output_tokens=config.max_tokens),
            price=config.price_of(name),
            state=state,
        )

    async def _asked(self, path: str, body: Mapping[str, Json] | None = None, *, model: str = "") -> dict[str, Json]:
        return await self._transport.document(await self._call(model, f"{self._origin}{path}", body))


def _state(entry: Mapping[str, Json]) -> Literal["available", "loaded", "loading"]:
    match text(record(entry, "status"), "value"):
        case "" | "loaded":  # a server of one model does not say
            return "loaded"
        case "loading":
            return "loading"
        case _:
            return "available"
