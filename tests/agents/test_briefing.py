"""Rules and notes leave a model room for its conversation, also one that takes over with a smaller window."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_stage import says
from coterie.context.assemble import request_bytes
from coterie.context.window import input_limit
from coterie.domain.events import WarningEvent
from talking import Talk, said, talking


def write_rules(talk: Talk) -> None:
    (talk.stage.project / "AGENTS.md").write_text("Use tabs, not blanks.\n" * 50_000, encoding="utf-8")
    (talk.stage.project / ".coterie").mkdir()
    (talk.stage.project / ".coterie" / "memory.md").write_text("- 2026-01-31: It is a calculator.\n" * 9_000, encoding="utf-8")


@pytest.mark.parametrize("window", [6_000, 8_192])
async def test_rules_and_notes_of_a_megabyte_leave_room_in_a_small_window(tmp_path: Path, window: int) -> None:
    async with talking(tmp_path, windows={"first": window}) as talk:
        write_rules(talk)
        for number in range(3):
            end = await talk.post(f"Post {number}?", says("word " * 100))
            assert end.state == "succeeded", end.text
        assert len(request_bytes(talk.sent)) / 4 < input_limit(window, None) * 0.75
        assert "Use tabs" in talk.sent.system
        assert "It is a calculator" in talk.sent.system
        warned = [event.text for event in talk.stage.listener.of(WarningEvent) if "has room for" in event.text]
        assert warned == [], "said once, when the conversation began"


async def test_a_channel_goes_on_with_a_model_whose_window_its_rules_would_fill(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={"first": 60_000, "second": 6_000}) as talk:
        write_rules(talk)
        await talk.post("One?", says("One."))
        large = talk.sent
        for _ in range(2):
            end = await talk.post("Two?", says("Two."), model="second/model")
            assert end.state == "succeeded", end.text
            assert len(talk.sent.system) < len(large.system) / 2
            assert said(talk.sent)[-1] == "Two?", "and what it began with is not told again"
        await talk.post("Three?", says("Three."))
        assert talk.sent.system == large.system, "the caches of the first one hold"
        assert said(talk.sent)[-1] == "Three?"
