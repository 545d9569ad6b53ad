"""What a person said in a run, and who has heard it."""

from __future__ import annotations

from collections.abc import Sequence

from coterie.agents.spoken import Spoken
from coterie.domain.events import MessageEvent


def said(*texts: str) -> Spoken:
    spoken = Spoken()
    for text in texts:
        spoken.say(MessageEvent(message_id=text, role="user", text=text))
    return spoken


def ids(messages: Sequence[MessageEvent]) -> list[str]:
    return [message.message_id for message in messages]


def test_each_conversation_is_to_hear_what_was_said_after_the_prompt() -> None:
    spoken = said("prompt", "first", "second")
    spoken.hear("code", 1, "first")
    assert spoken.prompt is not None
    assert spoken.prompt.text == "prompt"
    assert ids(spoken.unheard("code", 1)) == ["second"]
    assert ids(spoken.unheard("code", 2)) == ids(spoken.unheard("test", 1)) == ["first", "second"]


def test_what_one_conversation_has_heard_was_not_missed() -> None:
    spoken = said("prompt", "first", "second")
    assert ids(spoken.missed) == ["first", "second"]
    spoken.hear("code", 2, "second")
    assert ids(spoken.missed) == ["first"]


def test_before_anything_is_said_there_is_no_prompt() -> None:
    assert said().prompt is None
    assert said().missed == ()
