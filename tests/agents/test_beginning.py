"""What goes along with a message beside all that is there: nothing twice, and nothing is missing behind a summary."""

from __future__ import annotations

from pathlib import Path

from agent_stage import says
from coterie.domain.messages import UserMessage
from talking import LONG, Talk, said, talking


def latest(talk: Talk) -> str:
    message = talk.sent.messages[-1]
    assert isinstance(message, UserMessage)
    return message.text


async def test_behind_a_summary_the_folder_is_shown_again_and_once(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(2)
        assert said(talk.sent)[0] == "<folder "
        await talk.post("/compact")
        await talk.post("And?", says("Yes."))
        assert latest(talk).startswith('<folder name="project">\n')
        assert latest(talk).endswith("And?")
        await talk.post("And?", says("Yes."))
        assert latest(talk) == "And?"


async def test_a_pinned_file_right_behind_a_summary_is_not_sent_again(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(2)
        assert talk.channel is not None
        uri = (talk.stage.project / "calc.py").as_uri()
        await talk.stage.inspector.pin(talk.channel, uri=uri)
        await talk.post("Look.", says(LONG[:1_000]))
        assert '<attachment path="calc.py">' in latest(talk)
        await talk.post("/compact")
        view = await talk.stage.inspector.inspect(channel_id=talk.channel)
        assert "file" not in [each.source for each in view.pieces], "the next turn does not bring it"
        await talk.post("And?", says("Yes."))
        first, *_ = talk.sent.messages
        assert isinstance(first, UserMessage)
        assert first.text.startswith("<earlier>")
        assert '<attachment path="calc.py">' in first.text
        assert "<attachment" not in latest(talk)
