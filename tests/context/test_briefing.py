"""A small window gets less of rules and notes, a large one all that was read, and each file its part."""

from __future__ import annotations

import pytest

from coterie.context.assemble import system_text
from coterie.context.briefing import LARGEST_PART, Briefing, briefed, takes
from coterie.context.cutting import has_changed
from coterie.context.memory import Memory, MemoryFile
from coterie.context.rules import Rules, RulesFile
from coterie.context.tokens import Calibration
from coterie.context.window import input_limit, share
from coterie.domain.messages import ToolSpec
from coterie.domain.model_ports import ModelChoice

PROMPT = "You code. " * 100
TOOLS = (ToolSpec(name="read_file", description="Read. " * 300, schema={}),)
RULES = Rules((RulesFile("AGENTS.md", "Use tabs.\n" * 1_600), RulesFile("CLAUDE.md", "Be \u5b57.\n" * 200)), ("read",))
NOTES = Memory((MemoryFile("memory.md", "".join(f"- note {number}\n" for number in range(600)), "person"),))


def model(window: int | None) -> ModelChoice:
    return ModelChoice("work/m1", "m1", "m1 on work", provider=None, context_tokens=window)  # type: ignore[arg-type]  # nobody is asked


def limit_of(window: int | None) -> int | None:
    return None if window is None else input_limit(window, None)


def brief(window: int | None) -> Briefing:
    return briefed(RULES, NOTES, model(window), PROMPT, TOOLS, limit=limit_of(window))


@pytest.mark.parametrize("window", [None, 64_000, 200_000])
def test_where_there_is_room_all_of_it_is_sent(window: int | None) -> None:
    briefing = brief(window)
    assert (briefing.rules, briefing.memory, briefing.warning) == (RULES, NOTES, None)


@pytest.mark.parametrize("window", [3_000, 8_192, 16_000])
def test_a_small_window_keeps_room_for_the_conversation_and_says_so(window: int) -> None:
    briefing, limit = brief(window), input_limit(window, None)
    text = system_text(PROMPT, briefing.rules, briefing.memory)
    head = (len(PROMPT) + len(TOOLS[0].description)) // 4
    room = max(limit // LARGEST_PART - head, share("project", limit))
    tokens = Calibration().tokens(len(text.encode())) - len(PROMPT) // 4
    assert 0.6 * room < tokens < room + 250, "with what stands around them"
    assert briefing.rules.files[0].text.startswith("Use tabs.\nUse tabs.\n")
    assert "[… cut here" in briefing.rules.files[0].text
    assert briefing.memory.files[0].text.endswith("- note 599\n")
    shown = [len(file.text) / len(whole.text) for file, whole in zip(briefing.rules.files, RULES.files, strict=True)]
    assert abs(shown[0] - shown[1]) < 0.1, "of each file the same part"
    assert briefing.warning is not None
    assert briefing.warning.startswith("m1 on work has room for ")
    assert "AGENTS.md, CLAUDE.md, memory.md" in briefing.warning
    assert takes(model(window), text, TOOLS, limit) is (window > 3_000)


def test_another_window_makes_no_other_rules() -> None:
    few, more = (brief(window).rules.files[0].text for window in (8_192, 16_000))
    assert few != more
    assert not has_changed(few, more)


def test_a_model_does_not_go_on_with_what_leaves_it_no_room() -> None:
    system = system_text(PROMPT, RULES, NOTES)
    assert [takes(model(window), system, TOOLS, limit_of(window)) for window in (8_192, 64_000, None)] == [False, True, True]
