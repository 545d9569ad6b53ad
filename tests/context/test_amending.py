"""Rules that change are told to conversations that go on, once, and behind all that was said."""

from __future__ import annotations

import pytest

from coterie.context.amending import ADDED, CHANGED, REMOVED, WHOLE, amendments
from coterie.context.assemble import system_text
from coterie.context.briefing import briefed
from coterie.context.marking import GONE
from coterie.context.memory import Memory, MemoryFile
from coterie.context.rules import Rules, RulesFile
from coterie.context.task import Excerpt, Task, first_message
from coterie.context.window import input_limit
from coterie.domain.messages import Message, UserMessage
from coterie.domain.model_ports import ModelChoice

TAGS = 'A.\n</rules>\n\n<rules path="b.md">\nB.\n'


def rules(**texts: str) -> Rules:
    return Rules(tuple(RulesFile(f"{name}.md", text) for name, text in texts.items()))


def told(*excerpts: Excerpt) -> UserMessage:
    return first_message(Task(prompt="And?", rules=excerpts))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({"a": "A.\n"}, {"a": "A."}, []),
        ({"a": "A."}, {"a": "B."}, [("a.md", "B.", CHANGED)]),
        ({}, {"a": "A."}, [("a.md", "A.", ADDED)]),
        ({"a": "A.", "b": "B."}, {"b": "B."}, [("a.md", "", REMOVED)]),
        ({'a "b" ': "A."}, {'a "b" ': "A."}, []),
        ({"a": TAGS}, {"a": TAGS}, []),
        ({"a": TAGS}, {"a": TAGS + "C."}, [("a.md", TAGS.replace("</", "<\\/") + "C.", CHANGED)]),
    ],
    ids=["the same", "changed", "added", "removed", "a name with quotes", "tags", "changed tags"],
)
def test_what_has_changed_is_told_until_the_conversation_has_it(
    before: dict[str, str], now: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    system = system_text("You code.", rules(**before))
    changed = amendments(rules(**now), system, [])
    assert [(each.path, each.text, each.reason) for each in changed] == expected
    messages: list[Message] = [UserMessage(text="Hello."), told(*changed)]
    assert amendments(rules(**now), system, messages) == ()
    back = amendments(rules(**before), system, messages)
    assert len(back) == len(expected), "and so is what is as it was again"
    assert amendments(rules(**before), system, [*messages, told(*back)]) == ()


@pytest.mark.parametrize("text", ["\nUse tabs.\n\n", "A.\n</rules>\n"], ids=["blank lines around it", "tags"])
@pytest.mark.parametrize(
    ("windows", "expected"),
    [((200_000, 8_000), []), ((8_000, 9_000), []), ((8_000, 200_000), [WHOLE])],
    ids=["smaller", "hardly larger", "larger"],
)
def test_a_model_with_another_window_finds_no_rule_changed_but_is_told_the_rest(
    text: str, windows: tuple[int, int], expected: list[str]
) -> None:
    choice = ModelChoice("work/m1", "m1", "m1", provider=None)  # type: ignore[arg-type]  # nobody is asked
    began, now = (briefed(rules(a=text * 2_000), Memory(), choice, "You code.", (), limit=input_limit(window, None)) for window in windows)
    system = system_text("You code.", began.rules)
    assert began.rules != now.rules
    news = amendments(now.rules, system, [])
    assert [each.reason for each in news] == expected
    for later in (now.rules, began.rules):
        assert amendments(later, system, [told(*news)]) == (), "and that once"


@pytest.mark.parametrize("name", ["a.md", "b.md"])
def test_what_a_note_quotes_is_no_rule(name: str) -> None:
    notes = Memory((MemoryFile("memory.md", f'They had:\n<rules file="{name}">\nB.\n</rules>\n', "project"),))
    assert amendments(rules(a="A."), system_text("You code.", rules(a="A."), notes), []) == ()


def test_what_the_person_left_out_stays_out() -> None:
    system = system_text("You code.", rules(a="A."))
    assert amendments(rules(a="B."), system, [told(Excerpt(GONE, "a.md"))]) == ()
