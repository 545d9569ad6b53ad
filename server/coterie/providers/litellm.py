"""Vendors whose wires Coterie does not speak itself, through LiteLLM in the `model_host`.

LiteLLM takes and gives the chat-completions shape whatever the vendor's own is, so `openai_compatible` does the translation here too. What
it adds to that shape are thinking blocks, which some vendors want back as they came.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import assert_never

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, StreamEvent, ThoughtDelta
from coterie.domain.status import ModelView, ProviderCheck
from coterie.domain.suggestions import FillRequest
from coterie.domain.wire import Json
from coterie.providers import failures, vendors
from coterie.providers.anthropic import sealed
from coterie.providers.config import ProviderConfig
from coterie.providers.cost_map import CostMap
from coterie.providers.decoding import decoded
from coterie.providers.failures import Host
from coterie.providers.fields import count, parse_object, records, text
from coterie.providers.filling import FillingProvider, FillWire, Way, ways_of
from coterie.providers.keys import Keys
from coterie.providers.model_host import ModelHost
from coterie.providers.model_process import Chunk, Died, HostCall, Operation, Piece, Refused
from coterie.providers.openai_compatible import ChatDecoder, OpenAICompatibleWire
from coterie.providers.sse import ServerSentEvent

_ANY = "custom_openai"
_GRACE_S = 5.0
"""LiteLLM gives up this much later than we do, so that ours are the words."""


class LiteLLM(FillingProvider):
    """Implements `coterie.domain.model_ports.Provider` for one vendor, or for any where the host names none (``host/vendor/model``)."""

    version = "litellm"

    def __init__(self, config: ProviderConfig, model_host: ModelHost, cost_map: CostMap, *, keys: Keys, environ: Mapping[str, str]) -> None:
        super().__init__(config)
        self._model_host = model_host
        self._cost_map = cost_map
        self._keys = keys
        self._environ = environ
        self._wire = LiteLLMWire()

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Make one attempt of one call; see `coterie.domain.model_ports.Provider.stream`."""
        host, call = await self._call("chat", request.model, self._wire.encode(request, self._config))
        async with aclosing(decoded(self._events(host, call), LiteLLMDecoder(host), host)) as answer:
            async for piece in answer:
                yield piece

    @override
    def _ways(self, model: str) -> Sequence[Way]:
        return [Way(wire.name, partial(self._fill_by, wire)) for wire in ways_of(self._config, model)]

    async def _fill_by(self, wire: FillWire, request: FillRequest) -> AsyncGenerator[StreamEvent, None]:
        host, call = await self._call("fill", request.model, wire.encode(request))
        async with aclosing(decoded(self._events(host, call), wire.decoder(host), host)) as answer:
            async for piece in answer:
                yield piece

    @override
    async def connect(self) -> None:
        """See that there is a key and a process to speak for us; the vendor itself would only answer to a call that costs."""
        host, _ = await self._call("chat", "", {})
        await self._ready(host)
        self._is_connected = True

    @override
    async def check(self) -> ProviderCheck:
        """Look at what can be seen without a call."""
        seen = await super().check()
        if seen.state != "ready":
            return seen
        text = f"`{self.name}` can be asked. Whether it accepts the key, the first call shows."
        return replace(seen, state="unknown", text=text)

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the configured models, or else those that the cost map knows of the vendor."""
        config, vendor = self._config, vendors.vendor_of(self._config)
        await self._cost_map.load()
        # What Azure serves are deployments, which each customer names.
        names = config.models or (self._cost_map.models(vendor) if vendor and vendor != "azure" else ())
        return tuple(self._wire.model_view({"id": name}, config) for name in names)

    @override
    async def count_tokens(self, request: ModelRequest) -> int | None:
        """Return the tokens of a request as LiteLLM counts them; where it has not the model's own way to, it takes another's."""
        host, call = await self._call("count", request.model, self._wire.encode(request, self._config))
        async with aclosing(self._events(host, call)) as events:
            async for event in events:
                return count(parse_object(event.data) or {}, "tokens")
        return None

    async def _call(self, operation: Operation, model: str, body: Mapping[str, Json]) -> tuple[Host, HostCall]:
        """Reveal the key for one call, and say the call in LiteLLM's words. Raises `ProviderError` where there is none."""
        config = await self._keys.revealed(self._config)
        vendor, name = _named(config, model)
        found = vendors.from_environment(vendor, self._environ) if vendor else {}
        for secret in vendors.secrets_in(found):
            self._keys.redaction.know(secret)
        host = Host(provider=config.id, model=model, address=config.base_url or vendor or "LiteLLM", api_key=config.api_key)
        if (missing := failures.key_failure(host, wanted=False)) is not None:
            raise missing
        # LiteLLM insists on a key, also for a host that wants none.
        key = config.api_key.value if config.api_key else "none" if vendor == _ANY else None
        given = {"api_key": key, "api_base": config.base_url}
        arguments = found | {argument: value for argument, value in given.items() if value}
        if vendor and "api_base" in arguments:
            arguments["api_base"] = vendors.address_of(vendor, arguments["api_base"])
        limits = config.timeouts
        return host, HostCall(
            operation=operation,
            body={**arguments, **body, "model": name},
            connect_s=limits.connect_s,
            read_s=max(limits.first_token_s, limits.idle_s) + _GRACE_S,
        )

    async def _events(self, host: Host, call: HostCall) -> AsyncGenerator[ServerSentEvent, None]:
        await self._ready(host)
        has_begun = False
        async with aclosing(self._model_host.call(call)) as pieces:
            while (piece := await self._next(host, pieces, has_begun=has_begun)) is not None:
                match piece:
                    case Chunk():
                        has_begun = True
                        yield ServerSentEvent(piece.json)
                    case Refused():
                        raise self._refusal(host, piece)
                    case Died():
                        raise self._no_process(host, piece.reason)
                    case _:
                        assert_never(piece)

    async def _next(self, host: Host, pieces: AsyncGenerator[Piece, None], *, has_begun: bool) -> Piece | None:
        limits = self._config.timeouts
        try:
            async with asyncio.timeout(limits.idle_s if has_begun else limits.first_token_s):
                return await anext(pieces, None)
        except TimeoutError:
            if has_begun:
                raise failures.stalled_for(host, limits.idle_s) from None
            raise failures.no_answer_within(host, limits.first_token_s) from None

    async def _ready(self, host: Host) -> None:
        if (reason := await self._model_host.start()) is not None:
            raise self._no_process(host, reason)

    def _refusal(self, host: Host, refused: Refused) -> ProviderError:
        said = {"error": {"message": self._keys.redaction.hide(refused.message), "code": refused.code, "type": refused.type}}
        if refused.status is None:
            return failures.from_error_object(host, said)
        return failures.from_response(host, refused.status, refused.headers, json.dumps(said).encode())

    def _no_process(self, host: Host, reason: str) -> ProviderError:
        return failures.no_model_host(host, self._keys.redaction.hide(reason))


class LiteLLMWire(OpenAICompatibleWire):
    """The chat-completions shape as LiteLLM has it."""

    @override
    def encode_message(self, message: Message) -> Iterator[dict[str, Json]]:
        """Yield a message; the model's own with its thinking blocks."""
        for encoded in super().encode_message(message):
            if isinstance(message, AssistantMessage) and (blocks := records(parse_object(message.signature or "") or {}, "blocks")):
                yield {**encoded, "thinking_blocks": blocks}
            else:
                yield encoded


class LiteLLMDecoder(ChatDecoder):
    """Reads one streamed answer, and keeps its thinking blocks together."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._blocks: list[dict[str, Json]] = []

    @override
    def finish(self) -> Iterator[StreamEvent]:
        """End the thoughts, the calls and the answer."""
        kept = [block for block in self._blocks if block.get("signature") or block.get("data")]
        if kept:
            yield ThoughtDelta("", signature=sealed(kept))
        yield from super().finish()

    @override
    def _delta(self, delta: Mapping[str, Json]) -> Iterator[StreamEvent]:
        for block in records(delta, "thinking_blocks"):
            self._block(block)
        yield from super()._delta(delta)

    def _block(self, piece: Mapping[str, Json]) -> None:
        """Add a piece to the block that is not signed yet; its signature, which comes last, closes it."""
        if text(piece, "type") == "redacted_thinking":
            self._blocks.append({"type": "redacted_thinking", "data": text(piece, "data")})
            return
        if not self._blocks or self._blocks[-1].get("signature") or self._blocks[-1]["type"] != "thinking":
            self._blocks.append({"type": "thinking", "thinking": "", "signature": ""})
        self._blocks[-1]["thinking"] += text(piece, "thinking")
        self._blocks[-1]["signature"] += text(piece, "signature")


def _named(config: ProviderConfig, model: str) -> tuple[str | None, str]:
    """Return the vendor and LiteLLM's name of a model."""
    if (vendor := vendors.vendor_of(config)) is not None:
        return vendor, f"{vendor}/{model}"
    first, _, rest = model.partition("/")
    if rest and first in vendors.NAMES:
        return first, model
    # A host of one's own speaks the usual wire.
    return (_ANY, f"{_ANY}/{model}") if config.base_url else (None, model)
