"""How many tokens a text will cost, before any host has said so.

No tokenizer is right for every host, and the exact ones fetch their tables from the network. Bytes divided by a ratio are within a few
per cent for code; the ratio starts at 4 and is corrected by what the host reports (`Calibration.corrected`). ``window`` decides with it.

`Sizes` counts the bytes: each message once, and a long one away from the event loop.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from coterie.context.assemble import head_bytes, message_bytes
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolMessage, UserMessage
from coterie.domain.usage import Usage

PLAUSIBLE = (1.5, 8.0)
"""Bytes per token outside of this come from a host that counts something else, such as pictures or its own hidden prompt."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How many bytes make a token for one model."""

    bytes_per_token: float = 4.0

    def tokens(self, size: int) -> int:
        """Return the estimate for ``size`` bytes, rounded up."""
        return math.ceil(size / self.bytes_per_token)

    def corrected(self, size: int, usage: Usage) -> Calibration:
        """Return the calibration after a request of ``size`` bytes was billed as ``usage``; unchanged when its input is not known."""
        if usage.input is None:
            return self
        # Hosts without a prompt cache leave the cached counts unknown; there is nothing to add then.
        billed = usage.input + (usage.cache_read or 0) + (usage.cache_write or 0)
        ratio = size / billed if billed else 0.0
        return Calibration(ratio) if PLAUSIBLE[0] <= ratio <= PLAUSIBLE[1] else self


LARGE = 64_000
"""Characters from which a text is counted in a thread: JSON takes a millisecond for each of about 400,000."""
REMEMBERED = 8_192
"""Sizes that are kept, of the messages that were asked for latest."""


class Sizes:
    """The bytes that messages take in a request, remembered by the hash of what they hold, never by the text itself."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._known: OrderedDict[tuple[int, int], int] = OrderedDict()

    def message(self, message: Message) -> int:
        """Return the size of one message."""
        key = _key(message)
        size = self._known.get(key)
        return self._keep(key, len(message_bytes(message)) if size is None else size)

    async def counted(self, messages: Sequence[Message]) -> None:
        """Count what is not known yet, in a thread when it is much: `message` answers at once then."""
        unknown = [message for message in messages if _key(message) not in self._known]
        if sum(_key(message)[1] for message in unknown) > LARGE:
            sizes = await asyncio.to_thread(lambda: [len(message_bytes(message)) for message in unknown])
            for message, size in zip(unknown, sizes, strict=True):
                self._keep(_key(message), size)

    def _keep(self, key: tuple[int, int], size: int) -> int:
        self._known[key] = size
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return size

    async def request(self, request: ModelRequest) -> int:
        """Return the size of a whole request."""
        await self.counted(request.messages)
        return len(head_bytes(request)) + sum(map(self.message, request.messages))


def _key(message: Message) -> tuple[int, int]:
    """Return the hash of what a message says, and its length in characters. A string keeps its own hash: a second time costs nothing."""
    match message:
        case UserMessage():
            texts: tuple[str, ...] = (message.text,)
        case AssistantMessage():
            said = [(call.tool, call.raw or json.dumps(call.arguments, default=dict)) for call in message.tool_calls]
            texts = (message.thought, message.text, *(text for call in said for text in call))
        case ToolMessage():
            texts = tuple(text for result in message.results for text in (result.tool, result.output))
    return hash((message.role, texts)), sum(map(len, texts))
