"""The wires over which hosts fill gaps by a text completion; each is a `coterie.providers.filling.FillWire`, and `filling` chooses.

With a ``suffix`` beside the prompt (`CompletionsWire`, and at their own addresses `MistralWire` and `DeepSeekWire`), or with the tokens of
the model's family in the prompt (`TokensWire`). Nothing of a host tells whether it takes a suffix, and one that does not would leave it out
without a word: so that is for hosts whose settings say ``fim = true``.
"""

from __future__ import annotations

from collections.abc import Iterator

from typing_extensions import override

from coterie.domain.messages import Finished, StreamEvent, TextDelta, UsageReported
from coterie.domain.suggestions import FillRequest
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.config import ProviderConfig
from coterie.providers.decoding import object_of
from coterie.providers.failures import Host
from coterie.providers.families import Family, prompt
from coterie.providers.fields import record, records, text
from coterie.providers.openai_compatible import usage_of
from coterie.providers.snippets import commented
from coterie.providers.sse import ServerSentEvent

_END_MARK = "[DONE]"


class CompletionsWire:
    """A prompt and a suffix. ``base_url`` includes ``/v1``."""

    name = "suffix"

    def url(self, config: ProviderConfig) -> str:
        """Return the address of calls."""
        return f"{config.base_url.rstrip('/')}/completions"

    def encode(self, request: FillRequest) -> dict[str, Json]:
        """Return the body of a call."""
        return _body(request) | {"prompt": commented(request), "suffix": request.suffix}

    def decoder(self, host: Host) -> CompletionDecoder:
        """Return a decoder for one answer."""
        return CompletionDecoder(host)


class DeepSeekWire(CompletionsWire):
    """The same at DeepSeek, which has it under an address of its own (api-docs.deepseek.com/guides/fim_completion)."""

    name = "deepseek"

    @override
    def url(self, config: ProviderConfig) -> str:
        """Return the address of calls."""
        return f"{config.base_url.rstrip('/').removesuffix('/v1').removesuffix('/beta')}/beta/completions"


class MistralWire(CompletionsWire):
    """Mistral's own way for Codestral: a prompt and a suffix go out, and a message comes back. It refuses fields that it does not know."""

    name = "mistral"

    @override
    def url(self, config: ProviderConfig) -> str:
        """Return the address of calls."""
        return f"{config.base_url.rstrip('/')}/fim/completions"

    @override
    def encode(self, request: FillRequest) -> dict[str, Json]:
        """Return the body of a call."""
        body = super().encode(request)
        if "stream_options" not in request.extra:
            del body["stream_options"]
        return body


class TokensWire(CompletionsWire):
    """A prompt in which the tokens of the model's family stand around the texts. The request is `families.guarded`."""

    name = "tokens"

    def __init__(self, family: Family) -> None:
        self._family = family

    @override
    def encode(self, request: FillRequest) -> dict[str, Json]:
        """Return the body of a call."""
        return _body(request) | {"prompt": prompt(request, self._family)}


class CompletionDecoder:
    """Reads one streamed text completion. One that is empty is an answer: there may be nothing to fill in."""

    def __init__(self, host: Host) -> None:
        self.ended = False
        self._host = host
        self._finished = False

    @property
    def complete(self) -> bool:
        """Whether the model has finished."""
        return self._finished or self.ended

    def feed(self, event: ServerSentEvent) -> Iterator[StreamEvent]:
        """Return what one chunk says."""
        if event.data.strip() == _END_MARK:
            self.ended = True
            return
        chunk = object_of(event, self._host)
        for choice in records(chunk, "choices")[:1]:
            said = record(choice, "delta") or record(choice, "message")
            if words := text(choice, "text") or text(said, "content"):
                yield TextDelta(words)
            self._finished = self._finished or event.whole or bool(text(choice, "finish_reason"))
        if usage := record(chunk, "usage"):
            yield UsageReported(usage_of(usage))

    def finish(self) -> Iterator[StreamEvent]:
        """End the answer."""
        if not self.complete:
            raise failures.truncated(self._host)
        yield Finished("stop")


def _body(request: FillRequest) -> dict[str, Json]:
    """Return what all of them send. Without a temperature of its own the likeliest text is asked for."""
    body: dict[str, Json] = {
        "model": request.model,
        "stream": True,
        "max_tokens": request.max_tokens,
        "temperature": 0 if request.temperature is None else request.temperature,
        "stream_options": {"include_usage": True},
    }
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stop:
        body["stop"] = list(request.stop)
    return body | dict(request.extra)
