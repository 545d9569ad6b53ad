"""Keeps a request inside the model's window, or says in words why it cannot.

``agents.loop`` calls `fit` before each model call and goes on with the messages of what it returns: once a tool's output is left out, it
stays out, so the requests that follow share their beginning again. Pruning goes down to a low-water mark for the same reason: it happens
rarely and then frees enough for many calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from coterie.base.errors import RunError
from coterie.context.assemble import message_bytes, request_bytes
from coterie.context.tokens import Calibration
from coterie.context.window import input_limit
from coterie.domain.messages import Message, ModelRequest, ToolMessage, ToolResult

LOW_WATER = 0.75
"""How full of its limit a request may be after pruning."""
BIG_OUTPUT = 1_000
"""Characters from which leaving out a tool's output frees more than the sentence in its place costs."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A request that fits. ``notice`` is a sentence for the person when tool outputs were left out of it."""

    request: ModelRequest
    notice: str | None = None


def fit(request: ModelRequest, context_tokens: int | None, calibration: Calibration | None = None) -> Fitted:
    """Return ``request``, its oldest big tool outputs left out when it is too large for ``context_tokens`` (None: unknown, not checked).

    Outputs of the newest tool message stay: the model has not seen them yet. Raises `RunError` ``context_overflow`` when that does not do.
    """
    if context_tokens is None:
        return Fitted(request)
    counting = calibration or Calibration()
    limit = input_limit(context_tokens, request.max_output_tokens)
    needed = counting.tokens(len(request_bytes(request)))
    if needed <= limit:
        return Fitted(request)
    messages = list(request.messages)
    pruned = 0
    for index, shorter in _prunings(messages):
        needed -= counting.tokens(len(message_bytes(messages[index]))) - counting.tokens(len(message_bytes(shorter)))
        messages[index] = shorter
        pruned += 1
        if needed <= limit * LOW_WATER:
            break
    fitted = replace(request, messages=tuple(messages))
    needed = counting.tokens(len(request_bytes(fitted)))
    if needed > limit:
        raise RunError(
            f"The conversation needs about {needed:,} tokens and {request.model} takes {limit:,} (its window of {context_tokens:,} without "
            "the answer). Start a new channel, attach less, or choose a model with a larger window.",
            code="context_overflow",
        )
    return Fitted(fitted, f"The window of {request.model} is full: {pruned} old tool outputs are no longer sent to it.")


def _prunings(messages: list[Message]) -> Iterator[tuple[int, ToolMessage]]:
    """Yield, from the oldest on, each tool message with one more of its big outputs left out."""
    tool_messages = [(index, message) for index, message in enumerate(messages) if isinstance(message, ToolMessage)]
    for index, message in tool_messages[:-1]:
        results = list(message.results)
        for place, result in enumerate(message.results):
            if len(result.output) >= BIG_OUTPUT:
                results[place] = _left_out(result)
                yield index, replace(message, results=tuple(results))


def _left_out(result: ToolResult) -> ToolResult:
    words = (
        f"[this output of {result.tool}, {len(result.output):,} characters, was left out to make room; call the tool again if it matters]"
    )
    return replace(result, output=words)
