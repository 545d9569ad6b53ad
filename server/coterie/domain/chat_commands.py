"""What a person can post to a channel that is meant for the channel itself and not for a model. Pure.

``agents.chat_commands`` does what they say. Everything else that begins with a slash is said to the agent like any other words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

ChatCommandName: TypeAlias = Literal["help", "compact", "clear", "restore"]

COMMANDS: Mapping[str, str] = {
    "/help": "this list",
    "/compact WORDS": "send the older part of the conversation as a summary from here on; words say what it must keep",
    "/clear": "begin anew: nothing that was said is sent any more",
    "/restore": "take the latest of these back, or what was left out by itself to make room",
}
"""What is shown of each."""

_NAMES: tuple[ChatCommandName, ...] = get_args(ChatCommandName)


@dataclass(frozen=True, slots=True)
class ChatCommand:
    """A command, and the ``words`` behind it."""

    name: ChatCommandName
    words: str = ""


def command_in(text: str) -> ChatCommand | None:
    """Return the command that a post is, None when it is meant for the agent. Only ``/compact`` takes words."""
    head, _, words = text.strip().partition(" ") if "\n" not in text.strip() else (text.strip(), "", "")
    name = next((name for name in _NAMES if head == f"/{name}"), None)
    if name is None or (words.strip() and name != "compact"):
        return None
    return ChatCommand(name, words.strip())
