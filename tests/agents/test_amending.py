"""A rule that changes while a conversation goes on is in the next message of the person, and nothing before it is sent anew."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from agent_stage import says
from coterie.context.assemble import request_bytes
from coterie.domain.messages import ModelRequest, UserMessage
from talking import talking


def latest(request: ModelRequest) -> str:
    message = request.messages[-1]
    assert isinstance(message, UserMessage)
    return message.text


async def test_rules_that_change_come_with_the_next_message_and_once(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        file = talk.stage.project / "AGENTS.md"
        file.write_text("Use tabs.\n", encoding="utf-8")
        await talk.post("One?", says("One."))
        sent = [talk.sent]
        for text, told in (("Use blanks.", "Use blanks."), ("Use blanks.", None), (None, "")):
            file.write_text(text, encoding="utf-8") if text is not None else file.unlink()
            await talk.post("And?", says("Yes."))
            if told is None:
                assert latest(talk.sent) == "And?"
            else:
                assert latest(talk.sent).startswith('<rules path="AGENTS.md" reason="')
                assert latest(talk.sent).endswith(f'">\n{told}\n</rules>\n\nAnd?')
            sent.append(talk.sent)
            view = await talk.stage.inspector.inspect(channel_id=talk.channel)
            assert "rules:AGENTS.md" in [each.source for each in view.pieces if each.segment == "history"]
        for one, two in pairwise(sent):
            assert request_bytes(two).startswith(request_bytes(one)), "the hosts' prompt caches hold"


async def test_a_changed_rule_is_told_again_when_a_summary_takes_the_place_of_its_message(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        file = talk.stage.project / "AGENTS.md"
        file.write_text("Use tabs.\n", encoding="utf-8")
        await talk.grow(1)
        file.write_text("Use blanks.\n", encoding="utf-8")
        await talk.grow(1)
        await talk.post("More?", says("word " * 900))
        await talk.post("/compact")
        assert talk.told
        await talk.post("And?", says("Yes."))
        assert "Use blanks." in latest(talk.sent)
        await talk.post("And?", says("Yes."))
        assert "Use blanks." not in latest(talk.sent)
