"""What one call is to LiteLLM. The only module that imports it.

What LiteLLM adds of its own is taken out again, so that the other end sees what the vendor said: a finish reason for an answer that broke
off, and counts of tokens that nobody reported.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

_WHOLE = ("cohere/", "cohere_chat/")
"""Vendors whose streams LiteLLM cannot read: it takes the lines that name events for JSON. They are asked for the whole answer."""
_ALWAYS = {"num_retries": 0, "max_retries": 0, "drop_params": True}
"""Who asked tries again itself. What a model does not take (a temperature) is left out."""
_CHAT = {
    # With tools it would look for gateways of tools, in a package that need not be there.
    "_skip_mcp_handler": True,
}


def prepare() -> str:
    """Import LiteLLM, which takes seconds, and return its version."""
    import litellm  # noqa: PLC0415 - see the package
    from litellm._version import version  # noqa: PLC0415

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.disable_hf_tokenizer_download = True
    return str(version)


async def chat(request: Mapping[str, Any]) -> AsyncGenerator[str, None]:
    """Ask a model; yields chunks of the chat-completions wire."""
    import litellm  # noqa: PLC0415 - loaded by now

    body = request["body"]
    if body["model"].startswith(_WHOLE):
        asked = {name: value for name, value in body.items() if name not in {"stream", "stream_options"}}
        answer = await litellm.acompletion(**asked, **_ALWAYS, **_CHAT, timeout=_timeout(request))
        yield _as_chunk(answer.model_dump(exclude_none=True))
        return
    stream = await litellm.acompletion(**body, **_ALWAYS, **_CHAT, timeout=_timeout(request))
    async with aclosing(stream):
        async for chunk in stream:
            yield _honest(chunk.model_dump(exclude_none=True), stream)


async def fill(request: Mapping[str, Any]) -> AsyncGenerator[str, None]:
    """Fill a gap; yields chunks of the text-completions wire."""
    import litellm  # noqa: PLC0415 - loaded by now

    stream = await litellm.atext_completion(**request["body"], **_ALWAYS, timeout=_timeout(request))
    async for chunk in stream:
        yield json.dumps(chunk.model_dump(exclude_none=True))


async def count(request: Mapping[str, Any]) -> AsyncGenerator[str, None]:
    """Count the tokens of a conversation; yields one object. Asks no host."""
    import litellm  # noqa: PLC0415 - loaded by now

    body = request["body"]
    yield json.dumps({"tokens": litellm.token_counter(model=body["model"], messages=body["messages"], tools=body.get("tools"))})


OPERATIONS = {"chat": chat, "fill": fill, "count": count}


def _timeout(request: Mapping[str, Any]) -> Any:
    import httpx  # noqa: PLC0415 - loaded by now

    limits = request["timeouts"]
    return httpx.Timeout(limits["read_s"], connect=limits["connect_s"])


def _honest(chunk: dict[str, Any], stream: Any) -> str:
    """Return a chunk as JSON, without a finish reason or a usage that LiteLLM made up."""
    ended = stream.received_finish_reason or stream.intermittent_finish_reason
    for choice in chunk.get("choices", ()):
        if not ended:
            choice.pop("finish_reason", None)
    if "usage" in chunk and not any(getattr(one, "usage", None) for one in stream.chunks):
        del chunk["usage"]
    return json.dumps(chunk)


def _as_chunk(answer: dict[str, Any]) -> str:
    """Return a whole answer as the one chunk of a stream."""
    choices = [{**choice, "delta": choice.get("message", {})} for choice in answer.get("choices", ())]
    return json.dumps({**answer, "choices": choices})
