"""A rule that changes while a conversation goes on is in the next message of the person, and nothing before it is sent anew."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(("takes", "summaries"), [(8_192, 0), (12_000, 1)])
async def test_a_large_rule_that_changes_in_a_small_window_that_nobody_knows_fails_nothing_and_costs_few_summaries(
    tmp_path: Path, takes: int, summaries: int
) -> None:
    async with talking(tmp_path, windows={}) as talk:
        talk.hosts.takes, talk.hosts.bytes_per_token = takes, 4.0
        file = talk.stage.project / "AGENTS.md"
        file.write_text("Use tabs, not blanks.\n" * 700, encoding="utf-8")
        ended, made = [], 0
        for number in range(14):
            if number == 3:
                file.write_text("Use blanks, not tabs.\n" * 700, encoding="utf-8")
            ended.append((await talk.post(f"Post {number}?", says(f"{number} {'word ' * 200}"))).state)
            made += len(talk.hosts.heard("compaction"))
        assert (set(ended), made) == ({"succeeded"}, summaries)
        told = str(talk.sent)
        assert "Use blanks" in told
        assert "Use tabs" not in told, "behind the summary nothing is sent in two versions"
        assert len(talk.sent.system) / 4 < takes / 3


async def test_behind_a_summary_a_conversation_begins_with_the_rules_as_they_are_and_goes_on_so(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        file = talk.stage.project / "AGENTS.md"
        file.write_text("Use tabs.\n", encoding="utf-8")
        await talk.grow(2)
        began = talk.sent.system
        file.write_text("Use blanks.\n", encoding="utf-8")
        await talk.post("/compact")
        systems = []
        for text in ("Use blanks.", "Use blanks.", "Use nothing."):
            file.write_text(text, encoding="utf-8")
            await talk.post("And?", says("Yes."))
            systems.append(talk.sent.system)
        assert systems == [began.replace("Use tabs.", "Use blanks.")] * 3, "and from then on hosts know it"
        assert '<rules path="AGENTS.md"' in latest(talk.sent)
        assert "Use nothing." in latest(talk.sent)
        await talk.post("/restore")
        await talk.post("And?", says("Yes."))
        assert talk.sent.system == began, "with what was said, what it was said behind comes back"


async def test_a_rule_that_changes_behind_a_summary_brings_back_nothing_from_before_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(2)
        file = talk.stage.project / "AGENTS.md"
        file.write_text("Use tabs.\n", encoding="utf-8")
        await talk.post("/compact")
        sent = []
        for text in ("Use tabs.\n", "Use blanks.\n", "Use blanks.\n", "Use blanks.\n"):
            file.write_text(text, encoding="utf-8")
            await talk.post("And?", says("Yes."))
            sent.append(talk.sent)
        assert "Use tabs." in sent[0].system
        for one, two in pairwise(sent):
            assert request_bytes(two).startswith(request_bytes(one)), "the hosts' prompt caches hold"


async def test_the_run_behind_the_one_that_made_a_summary_begins_as_that_did(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(1)
        file = talk.stage.project / "AGENTS.md"
        file.write_text("Use tabs.\n", encoding="utf-8")
        await talk.post("/compact")
        await talk.grow(3)
        file.write_text("Use blanks.\n", encoding="utf-8")
        sent = []
        for _ in range(3):
            await talk.post("And?", says("Yes."))
            assert bool(talk.told) == (not sent), "the first one makes a summary"
            sent.append(talk.sent)
        assert "Use tabs." in sent[0].system
        for one, two in pairwise(sent):
            assert request_bytes(two).startswith(request_bytes(one)), "the hosts' prompt caches hold"


async def test_a_summary_alone_changes_nothing_of_what_a_conversation_began_with(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        (talk.stage.project / "AGENTS.md").write_text("Use tabs.\n", encoding="utf-8")
        await talk.grow(2)
        began = talk.sent.system
        (talk.stage.project / ".coterie").mkdir()
        (talk.stage.project / ".coterie" / "memory.md").write_text("- 2026-01-31: It is a calculator.\n", encoding="utf-8")
        await talk.post("/compact")
        await talk.post("And?", says("Yes."))
        assert talk.sent.system == began


async def test_a_changed_rule_holds_also_when_a_summary_takes_the_place_of_its_message(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        file = talk.stage.project / "AGENTS.md"
        file.write_text("Use tabs.\n", encoding="utf-8")
        await talk.grow(1)
        file.write_text("Use blanks.\n", encoding="utf-8")
        await talk.grow(1)
        await talk.post("More?", says("word " * 900))
        await talk.post("/compact")
        assert talk.told
        for _ in range(2):
            await talk.post("And?", says("Yes."))
            assert "Use blanks." in talk.sent.system
            assert "Use tabs." not in talk.sent.system
            assert "Use blanks." not in latest(talk.sent)
