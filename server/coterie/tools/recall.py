"""What a conversation that goes on has shown its model already: read from its messages, in a later turn and after a restart.

``registry`` asks for it when it builds the tools of such a conversation; see ``seen`` for what it is good for.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from coterie.base.errors import ModelMistakeError
from coterie.domain.messages import AssistantMessage, Message, ToolCall, ToolMessage
from coterie.tools.edit_file import EditFileArguments, apply_edits
from coterie.tools.read_file import is_part
from coterie.tools.seen import Seen
from coterie.tools.tool import Place
from coterie.workspace.line_ends import shown


def recall(messages: Iterable[Message], place: Place) -> Seen:
    """Follow every call that succeeded. What cannot be followed is as if the model had not seen it."""
    recalled = Seen()
    texts: dict[str, str] = {}
    calls: dict[str, ToolCall] = {}
    for message in messages:
        if isinstance(message, AssistantMessage):
            calls = {call.call_id: call for call in message.tool_calls}
        elif isinstance(message, ToolMessage):
            for result in message.results:
                if not result.failed and result.call_id in calls:
                    with suppress(ModelMistakeError):
                        _follow(calls[result.call_id], result.output, recalled, texts, place)
    return recalled


def _follow(call: ToolCall, output: str, recalled: Seen, texts: dict[str, str], place: Place) -> None:
    arguments = call.arguments or {}
    if not isinstance(arguments.get("path"), str):
        return
    file = place.workspace.locate(arguments["path"], place.folder)
    match call.tool:
        case "read_file" if not is_part(output, file):
            text = output
        case "write_file":
            text = shown(arguments["content"])
        case "edit_file" if file.absolute in texts:
            text = apply_edits(texts[file.absolute], EditFileArguments.model_validate(arguments).edits, file.path)
        case _:
            return
    texts[file.absolute] = text
    recalled.show(file, text)
