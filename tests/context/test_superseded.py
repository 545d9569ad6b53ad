"""Which texts of files a conversation holds that a later message has replaced."""

from __future__ import annotations

import pytest

from coterie.context.elements import elements_of
from coterie.context.marking import GONE
from coterie.context.superseded import superseded
from coterie.context.task import PART, REPLACES, Excerpt, FolderFacts, Task, first_message
from coterie.context.thread import FILE_LEFT_OUT, Placed, pruned_of
from coterie.domain.messages import AssistantMessage, Message, UserMessage
from coterie.domain.records import OutputPlace

LONG = "text of it\n" * 100


def said(*excerpts: Excerpt) -> UserMessage:
    return first_message(Task(prompt="And?", map="src/", attachments=excerpts))


def a(text: str = LONG, reason: str | None = None, path: str | None = "a.txt") -> Excerpt:
    return Excerpt(text, path, reason=reason)


def moved(*excerpts: Excerpt) -> UserMessage:
    return first_message(Task(prompt="And?", folder=FolderFacts("other", left="/w/one"), attachments=excerpts))


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([said(a())], set()),
        ([said(a()), said(a())], {(0, 1)}),
        ([said(a(), a(path="b.txt")), said(a("new", REPLACES))], {(0, 1)}),
        ([said(a()), AssistantMessage(text="Hm."), said(a("another", REPLACES)), said(a("last", REPLACES))], {(0, 1), (2, 1)}),
        ([said(a()), said(a(LONG + "1", REPLACES)), said(a(LONG + "2", REPLACES))], {(0, 1), (1, 1)}),
        ([said(a()), said(a("another"))], set()),
        ([said(a()), said(a("Lines 1 to 1:\ntext of it", PART)), said(a("Lines 1 to 1:\ntext of it", PART))], set()),
        ([said(a("Lines 1 to 99:\n" + LONG, PART)), said(a(LONG, REPLACES))], set()),
        ([said(a(path=None)), said(a(path=None))], set()),
        ([said(a()), said(a(GONE, REPLACES))], set()),
        ([said(a()), said(a(FILE_LEFT_OUT, REPLACES)), said(a("last", REPLACES))], {(0, 1)}),
        ([said(a()), moved(a()), said(a("its namesake", REPLACES))], {(1, 1)}),
        ([said(a(path="/w/a.txt")), moved(a(path="/w/a.txt"))], {(0, 1)}),
    ],
)
def test_only_what_is_said_anew_is_superseded(messages: list[Message], found: set[tuple[int, int]]) -> None:
    assert superseded([elements_of(each.text) if isinstance(each, UserMessage) else () for each in messages]) == found


def test_what_is_left_out_keeps_its_place_and_all_around_it() -> None:
    message = said(a(), a(path="b.txt"))
    left = pruned_of(Placed("r1", 4, message), [OutputPlace(run_id="r1", seq=4, place=1), OutputPlace(run_id="r1", seq=5, place=2)]).message
    assert isinstance(left, UserMessage)
    assert left.text == message.text.replace(LONG.rstrip(), FILE_LEFT_OUT, 1)
    assert left.request == message.request.replace(LONG.rstrip(), FILE_LEFT_OUT, 1)
