"""How llama.cpp's server fills a gap: ``/infill``, with the text on both sides of it. Pure; `llama_cpp` speaks it."""

from __future__ import annotations

from collections.abc import Iterator

from coterie.domain.messages import Finished, StreamEvent, TextDelta, UsageReported
from coterie.domain.suggestions import FillRequest
from coterie.domain.usage import Usage
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.decoding import object_of
from coterie.providers.failures import Host
from coterie.providers.fields import count, text
from coterie.providers.sse import ServerSentEvent


def infill_body(request: FillRequest) -> dict[str, Json]:
    """Return the body of a call. Without a temperature of its own the likeliest text is asked for."""
    body: dict[str, Json] = {
        "model": request.model,
        "stream": True,
        "n_predict": request.max_tokens,
        "temperature": 0 if request.temperature is None else request.temperature,
        "cache_prompt": True,
    }
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stop:
        body["stop"] = list(request.stop)
    if request.snippets:
        body["input_extra"] = [{"filename": snippet.path, "text": snippet.text} for snippet in request.snippets]
    return body | dict(request.extra) | {"input_prefix": request.prefix, "input_suffix": request.suffix}


class InfillDecoder:
    """Reads one streamed answer. One that is empty is an answer: there may be nothing to fill in."""

    def __init__(self, host: Host) -> None:
        self.ended = False
        self._host = host

    @property
    def complete(self) -> bool:
        """Whether the model has finished."""
        return self.ended

    def feed(self, event: ServerSentEvent) -> Iterator[StreamEvent]:
        """Return what one chunk says."""
        chunk = object_of(event, self._host)
        if words := text(chunk, "content"):
            yield TextDelta(words)
        if chunk.get("stop") is True:
            self.ended = True
            # ``tokens_cached`` counts the answer too: how much of the prompt was cached is not told.
            read = count(chunk, "tokens_evaluated")
            yield UsageReported(Usage(input=read, cache_read=0, cache_write=0, output=count(chunk, "tokens_predicted")))

    def finish(self) -> Iterator[StreamEvent]:
        """End the answer."""
        if not self.ended:
            raise failures.truncated(self._host)
        yield Finished("stop")
