"""Takes out of a model's thoughts what llama-swap writes into them while it loads the model (its ``sendLoadingState``). Pure.

That text is a bar, a line that names the model, jokes and dots, and another bar. It comes in small pieces as thoughts of the answer, before
the model's own server is asked. It is no thought: it would be shown, and sent back as if the model had had it. `llama_swap` reads with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from coterie.domain.messages import StreamEvent, ThoughtDelta, Waiting
from coterie.providers import failures
from coterie.providers.decoding import Decoder
from coterie.providers.failures import Host
from coterie.providers.sse import ServerSentEvent

_BAR = "━━━━━"
_OPENING = f"{_BAR}\nllama-swap loading model:"
_CLOSING = "\n \n"
"""What follows the second bar."""
_OWN_EVENT = '{"choices":[{"delta":{"reasoning_content":'
"""How llama-swap's own events begin; those of models' servers say more than that."""


class LoadingText:
    """Tells that text from a model's thoughts. ``is_own`` says of a piece that its event looks like llama-swap's own."""

    def __init__(self) -> None:
        self.state: Literal["start", "loading", "closing", "past"] = "start"
        self._held = ""
        self._came_as_own = False

    def thought(self, piece: str, *, is_own: bool) -> str:
        """Return what of the thoughts so far is the model's and was not returned before."""
        if self.state == "loading" and self._came_as_own and not is_own:
            # Its writer had no time for the second bar.
            self.state, self._held = "past", ""
        self._held += piece
        if self.state == "start" and self._held.startswith(_OPENING):
            self.state, self._came_as_own = "loading", is_own
            self._held = self._held.removeprefix(_OPENING)
        if self.state == "loading":
            loading, bar, behind = self._held.partition(_BAR)
            self.state, self._held = ("closing", behind) if bar else ("loading", loading[-len(_BAR) :])
        if self.state == "closing" and not _CLOSING.startswith(self._held):
            self.state, self._held = "past", self._held.removeprefix(_CLOSING)
        if self.state == "start" and not _OPENING.startswith(self._held):
            self.state = "past"
        return self.rest() if self.state == "past" else ""

    def rest(self) -> str:
        """Return what was held back and is the model's after all: nothing else follows it."""
        held, self._held = self._held, ""
        return held if self.state in {"start", "past"} else ""


class LoadingFilter:
    """Implements `coterie.providers.decoding.Decoder` around another: loading is told as what it is."""

    def __init__(self, decoder: Decoder, host: Host) -> None:
        self._decoder = decoder
        self._host = host
        self._text = LoadingText()
        self._spoke = False

    @property
    def ended(self) -> bool:
        """Whether the host said that nothing more comes."""
        return self._decoder.ended

    @property
    def complete(self) -> bool:
        """Whether the model has finished."""
        return self._decoder.complete

    def feed(self, event: ServerSentEvent) -> Iterator[StreamEvent]:
        """Return what one chunk says."""
        if self._text.state == "past":
            yield from self._decoder.feed(event)
            return
        is_own = event.data.startswith(_OWN_EVENT)
        for told in self._decoder.feed(event):
            if isinstance(told, ThoughtDelta):
                before = self._text.state
                thought = self._text.thought(told.text, is_own=is_own)
                if before == "start" and self._text.state in {"loading", "closing"}:
                    yield Waiting("loading", f"{self._host.name} is being loaded.")
            else:
                yield from self._held_back()
                self._text.state = "past"
                self._spoke = True
                yield told
                continue
            if thought:
                self._spoke = True
                yield ThoughtDelta(thought, told.signature)

    def finish(self) -> Iterator[StreamEvent]:
        """End the answer. Raises `ProviderError` for one that ended while the model was being loaded."""
        if self._text.state in {"loading", "closing"} and not self._decoder.complete:
            raise failures.not_loaded(self._host)
        yield from self._held_back()
        yield from self._decoder.finish()

    def _held_back(self) -> Iterator[StreamEvent]:
        if thought := self._text.rest():
            yield ThoughtDelta(thought)
