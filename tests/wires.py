"""What hosts send on each wire, in bytes: for tests that hold for all of them.

A `HostWire` writes the parts of an answer; `answer` joins them. `host_of` plays a reply for calls and says just enough to whatever else a
provider asks its host.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coterie.domain.status import ProviderType
from raw_http_server import Reply, Request, json_reply, sse


@dataclass(frozen=True)
class HostWire:
    """One wire. ``calls`` is the path of calls; ``opening`` is what begins an answer, ``closing`` what stands behind its end."""

    kind: ProviderType
    calls: str
    text: Callable[[str], bytes]
    tool: Callable[[Sequence[str]], Sequence[bytes]]
    finish: Callable[[str], bytes]
    opening: tuple[bytes, ...] = ()
    closing: tuple[bytes, ...] = ()
    content_type: str = "text/event-stream"

    def answer(self, *parts: bytes, reason: str = "stop") -> Reply:
        """Return a whole answer with these parts."""
        return self.reply(*self.opening, *parts, self.finish(reason), *self.closing)

    def reply(self, *steps: Any) -> Reply:
        """Return a reply with these steps alone."""
        return Reply(steps=steps, content_type=self.content_type)

    def host_of(self, *replies: Reply) -> Callable[[Request], Reply]:
        """Return a host that answers calls with these replies in turn, the last one again and again."""
        left = list(replies)

        def reply(request: Request) -> Reply:
            if request.path.partition("?")[0] != self.calls:
                return json_reply({"data": [], "capabilities": ["completion", "tools"]})
            return left.pop(0) if len(left) > 1 else left[0]

        return reply


def _chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
    return sse({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _chat_tool(pieces: Sequence[str]) -> list[bytes]:
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "edit_file", "arguments": ""}}
    return [
        _chunk({"tool_calls": [call]}),
        *(_chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in pieces),
    ]


def _event(kind: str, **fields: Any) -> bytes:
    return sse({"type": kind, **fields}, event=kind)


def _messages_text(text: str) -> bytes:
    return (
        _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        + _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
        + _event("content_block_stop", index=0)
    )


def _messages_tool(pieces: Sequence[str]) -> list[bytes]:
    return [
        _event("content_block_start", index=1, content_block={"type": "tool_use", "id": "call_1", "name": "edit_file", "input": {}}),
        *(_event("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": piece}) for piece in pieces),
        _event("content_block_stop", index=1),
    ]


def _messages_finish(reason: str) -> bytes:
    named = {"stop": "end_turn", "tool_calls": "tool_use"}[reason]
    return _event("message_delta", delta={"stop_reason": named}, usage={"output_tokens": 3})


def _line(message: Mapping[str, Any], **more: Any) -> bytes:
    return (
        json.dumps({"model": "one", "message": {"role": "assistant", "content": "", **message}, **more}, ensure_ascii=False).encode()
        + b"\n"
    )


def _ollama_tool(pieces: Sequence[str]) -> list[bytes]:
    # This wire has no pieces: a call is whole.
    return [_line({"tool_calls": [{"function": {"name": "edit_file", "arguments": json.loads("".join(pieces))}}]}, done=False)]


def _chat(kind: ProviderType, calls: str = "/v1/chat/completions") -> HostWire:
    return HostWire(
        kind=kind,
        calls=calls,
        text=lambda text: _chunk({"content": text}),
        tool=_chat_tool,
        finish=lambda reason: _chunk({}, reason),
        closing=(sse("[DONE]"),),
    )


WIRES = (
    _chat("openai_compatible"),
    _chat("llama_cpp"),
    _chat("llama_swap"),
    HostWire(
        kind="anthropic",
        calls="/v1/messages",
        text=_messages_text,
        tool=_messages_tool,
        finish=_messages_finish,
        opening=(_event("message_start", message={"usage": {"input_tokens": 5}}),),
        closing=(_event("message_stop"),),
    ),
    HostWire(
        kind="ollama",
        calls="/api/chat",
        text=lambda text: _line({"content": text}, done=False),
        tool=_ollama_tool,
        finish=lambda _reason: _line({}, done=True, done_reason="stop", prompt_eval_count=5, eval_count=3),
        content_type="application/x-ndjson",
    ),
)
"""The wires that are spoken over HTTP from this process."""
EVERY_WIRE = (*WIRES, _chat("litellm", "/chat/completions"))
"""With the one that LiteLLM speaks to a host of no vendor's."""
