"""What of a message goes into a window: never more than it holds beside what is there, of each attachment a fair part, and words always."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.context.admitting import admitted, alone, cuts_in, history_room, planned, reserve_of, wishes_of
from coterie.context.assemble import message_bytes
from coterie.context.compaction import UNKNOWN_WINDOW
from coterie.context.pieces import Part
from coterie.context.task import Excerpt, FolderFacts, Task, first_message
from coterie.context.tokens import Calibration
from coterie.context.window import input_limit
from coterie.domain.messages import UserMessage
from coterie.domain.window import Piece, Segment

TOKENS = Calibration().tokens
CODE = Excerpt("def add():\n    pass\n", "calc.py", (1, 2), "it defines add")
# Quotes and ends of lines take two bytes each in a request, most letters one, some three.
texts = st.text(st.sampled_from('ab "\n\\\u5b57'), max_size=900)


def there(segment: Segment, tokens: int) -> Part:
    return Part(Piece(piece_id=segment, segment=segment, source="", reason="", tokens=tokens, pinned=True))


def cost(messages: tuple[UserMessage, ...]) -> int:
    return TOKENS(sum(len(message_bytes(message)) for message in messages))


def within(messages: list[UserMessage], limit: int | None, *parts: Part, reserve: int = 0) -> tuple[UserMessage, ...]:
    wishes = wishes_of(messages, TOKENS)
    return admitted(messages, wishes, planned(parts, wishes, limit, reserve=reserve), TOKENS)


@given(st.lists(st.lists(texts, max_size=3), min_size=1, max_size=3), texts, st.integers(0, 900), st.integers(0, 300))
def test_with_what_is_there_it_is_never_more_than_the_window_holds(posts: list[list[str]], found: str, limit: int, system: int) -> None:
    messages = [
        first_message(Task(prompt="Go.", code=(Excerpt(found, "b.py"),), attachments=tuple(Excerpt(text, "a.py") for text in post)))
        for post in posts
    ]
    made = within(messages, limit, there("system", system))
    assert all(message.request.endswith("Go.") for message in made)
    words = within(messages, 0)
    if system + sum(wish.pieces[0].tokens for wish in wishes_of(messages, TOKENS) if wish.pieces[0].pinned) <= limit:
        assert system + cost(made) <= limit
    else:
        assert made == words, "what must be sent, and nothing else"
    assert within(messages, 10_000_000, there("system", system)) == tuple(messages)


@pytest.mark.parametrize("letter", ["x", "\u5b57", '"'], ids=["ascii", "wide", "quotes"])
def test_what_is_pointed_at_shares_the_room_that_there_is(letter: str) -> None:
    big = Excerpt(f"{letter * 9}\n" * 5_000, "big.txt")
    [message] = within([first_message(Task(prompt="Go.", attachments=(big, big, Excerpt("small", "s.txt")), selection=big))], 9_000)
    cuts = cuts_in([message])
    assert [cut.of for cut in cuts] == [49_999] * 3
    assert max(cut.shown for cut in cuts) - min(cut.shown for cut in cuts) <= 100
    assert 5_800 < cost((message,)) <= 6_000, "and uses all but history's share, which the answers need"
    assert "small" in message.text


@pytest.mark.parametrize("head", ["", "// made\n"], ids=["one line", "behind a short one"])
def test_a_giant_line_is_cut_inside(head: str) -> None:
    text = head + "x" * 50_000
    [message] = within([first_message(Task(prompt="Go.", attachments=(Excerpt(text, "a.js"),)))], 1_500)
    [cut] = cuts_in([message])
    assert 3_000 < cut.shown < 4_000
    assert f"{text[: cut.shown]}\n[\u2026 cut here, inside a line: {cut.shown} of {len(text)} characters" in message.text


def test_what_is_cut_again_still_says_how_long_it_was() -> None:
    text = "a line\n" * 3_000 + "end"
    [once] = within([first_message(Task(prompt="Go.", attachments=(Excerpt(text, "a.txt"),)))], 3_000)
    [twice] = within([once], 1_000)
    assert [cut.of for cut in cuts_in([once, twice])] == [len(text)] * 2
    assert twice.text.count("cut here") == 1


@pytest.mark.parametrize(
    ("limit", "kinds"),
    [(500, ["folder", "map", "code"]), (240, ["folder", "code"]), (190, ["code"]), (140, [])],
    ids=["all", "map out", "project out", "found out"],
)
def test_what_nobody_pointed_at_goes_in_whole_or_not_at_all_and_the_preface_says_how_far_it_goes(limit: int, kinds: list[str]) -> None:
    task = Task(prompt="Go.", folder=FolderFacts("p", ("x" * 120,)), map="y" * 300, code=(CODE,), attachments=(Excerpt("z" * 200, "a"),))
    [message] = within([first_message(task)], limit)
    assert [kind for kind in ("folder", "map", "code") if f"<{kind}" in message.text] == kinds
    assert message.request.startswith('<attachment path="a">\nz')
    assert message.request.endswith("Go.")


@pytest.mark.parametrize("limit", [500, 250, 140])
def test_that_a_chat_goes_on_in_another_folder_is_said_however_little_room_there_is(limit: int) -> None:
    folder = FolderFacts("p", ("x" * 120,), left="/w/before")
    [message] = within([first_message(Task(prompt="Go.", folder=folder, map="y" * 300, attachments=(Excerpt("z" * 200, "a"),)))], limit)
    assert message.text.startswith('<folder name="p" reason="you work in it from here on: ')
    assert message.request.startswith('<attachment path="a">\nz')
    assert message.request.endswith("Go.")


def test_rules_and_notes_take_their_room_from_what_goes_along() -> None:
    message = first_message(Task(prompt="Go.", attachments=(Excerpt("word " * 2_000, "a.txt"),)))
    [few], [many] = (within([message], 2_000, there("system", system)) for system in (100, 1_500))
    assert cost((few,)) + 100 <= 2_000
    assert cost((many,)) + 1_500 <= 2_000
    assert cost((few,)) > 2 * cost((many,))


def test_where_no_window_is_known_it_is_planned_for_one_that_is_empty() -> None:
    files = tuple(Excerpt("word\n" * 6_000, f"{name}.txt") for name in "abcdef")
    message = first_message(Task(prompt="Go.", attachments=files))
    [made] = within([message], None, there("history", 10_000_000))
    assert 0.6 * input_limit(UNKNOWN_WINDOW, None) < cost((made,)) < 0.7 * input_limit(UNKNOWN_WINDOW, None)
    assert [cut.name for cut in cuts_in([made])] == [file.path for file in files]
    assert alone(message, None) == made
    assert cost((alone(message, 3_000),)) <= 3_000


@pytest.mark.parametrize(("said", "room"), [(100, 300), (400, 300), (800, 300)], ids=["little", "more", "much"])
def test_history_has_its_share_beside_a_large_wish(said: int, room: int) -> None:
    parts = [there("system", 50), there("history", said)]
    wishes = wishes_of([first_message(Task(prompt="Go.", attachments=(Excerpt("word\n" * 6_000, "a.txt"),)))], TOKENS)
    assert history_room(parts, wishes, 900, reserve=reserve_of(parts, 900, is_task=True)) == room


@pytest.mark.parametrize("is_task", [True, False])
def test_with_what_goes_in_history_is_not_over_its_threshold(*, is_task: bool) -> None:
    parts, limit = [there("system", 50), there("history", 200)], 900
    message = first_message(Task(prompt="Go.", attachments=(Excerpt("word\n" * 6_000, "a.txt"),)))
    made = within([message], limit, *parts, reserve=reserve_of(parts, limit, is_task=is_task))
    new = cost(made)
    history, room = (200, limit - 50 - new) if is_task else (200 + new, limit - 50)
    assert history <= 0.8 * room
    assert new > 300
