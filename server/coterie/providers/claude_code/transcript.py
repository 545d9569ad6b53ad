"""A conversation of ours, as a CLI's session knows it: which messages it has heard, and the words for those that it has not.

A session is found again by what was said in it (`marks`), since our requests name none. Where there is none any more (after a restart, a
cancellation, a window that was pruned), a new one is told the conversation as text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import assert_never

from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolCall, ToolMessage, UserMessage

_BEFORE = "This is the conversation so far; it was interrupted, and you go on with it. Calls that have results were made and are done."
_GO_ON = "Go on from here."


def heading(request: ModelRequest) -> str:
    """Return what cannot change within a session."""
    tools = [[tool.name, tool.description, tool.schema] for tool in request.tools]
    return _text([request.model, request.system, tools])


def marks(messages: Sequence[Message]) -> list[str]:
    """Return each message as it is compared: by what was said, not by ids or thoughts."""
    return [_mark(message) for message in messages]


def answer_mark(words: str, calls: Sequence[tuple[str, str]]) -> str:
    """Return the mark of an answer of ``words`` and calls, each a tool and the JSON text of its arguments."""
    return _text(["assistant", words, [[tool, _canonical(raw)] for tool, raw in calls]])


def retold(messages: Sequence[Message]) -> str:
    """Return the text that begins a session in which these messages were not said: the last one alone where it is the first, too."""
    *before, last = messages
    if not before and isinstance(last, UserMessage):
        return spoken(last.text)
    said = before if isinstance(last, UserMessage) else list(messages)
    asked = last.text if isinstance(last, UserMessage) else _GO_ON
    return "\n".join([_BEFORE, "<conversation>", *(line for message in said for line in _lines(message)), "</conversation>", "", asked])


def spoken(words: str) -> str:
    """Return words as they are typed to a CLI, for which a leading slash would be a command of its own."""
    return f"They write: {words}" if words.lstrip().startswith("/") else words


def _mark(message: Message) -> str:
    match message:
        case UserMessage():
            return _text(["user", message.text])
        case AssistantMessage():
            return answer_mark(message.text, [(call.tool, _raw(call)) for call in message.tool_calls])
        case ToolMessage():
            return _text(["tool", sorted([result.tool, result.output] for result in message.results)])
        case _:
            assert_never(message)


def _lines(message: Message) -> Iterator[str]:
    match message:
        case UserMessage():
            yield f"<user>\n{message.text}\n</user>"
        case AssistantMessage():
            yield f"<assistant>\n{message.text}"
            yield from (f'<call tool="{call.tool}">{_raw(call)}</call>' for call in message.tool_calls)
            yield "</assistant>"
        case ToolMessage():
            yield from (f'<result tool="{result.tool}">\n{result.output}\n</result>' for result in message.results)
        case _:
            assert_never(message)


def _raw(call: ToolCall) -> str:
    return call.raw if call.arguments is None else _text(call.arguments)


def _canonical(raw: str) -> str:
    try:
        return _text(json.loads(raw or "{}"))
    except ValueError:
        return raw


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=dict)
