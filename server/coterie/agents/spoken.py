"""What a person said in a run, and which of its conversations have heard that. Pure; `agents.history` feeds it.

The first thing that they said is the prompt, which each conversation is told with its task; what comes later is to be heard by the agent
whose turn it is then.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from coterie.domain.events import MessageEvent


@dataclass(slots=True)
class Spoken:
    """The person's words, in their order."""

    _said: dict[str, MessageEvent] = field(default_factory=dict)
    _heard: dict[tuple[str, int], set[str]] = field(default_factory=dict)  # by conversation: the ids of messages

    def say(self, message: MessageEvent) -> None:
        """Note what the person said."""
        self._said[message.message_id] = message

    def hear(self, step_id: str, attempt: int, message_id: str) -> None:
        """Note that the conversation of an attempt has heard a message, or done what it asked for."""
        self._heard.setdefault((step_id, attempt), set()).add(message_id)

    @property
    def prompt(self) -> MessageEvent | None:
        """What the run began with; None before that is journalled."""
        return next(iter(self._said.values()), None)

    @property
    def later(self) -> tuple[MessageEvent, ...]:
        """What was said after the prompt."""
        return tuple(self._said.values())[1:]

    def unheard(self, step_id: str, attempt: int) -> tuple[MessageEvent, ...]:
        """Return what was said after the prompt and an attempt's conversation has not heard."""
        heard = self._heard.get((step_id, attempt), set())
        return tuple(message for message in self.later if message.message_id not in heard)

    @property
    def missed(self) -> tuple[MessageEvent, ...]:
        """What was said after the prompt and no conversation has heard."""
        heard = set().union(*self._heard.values())
        return tuple(message for message in self.later if message.message_id not in heard)
