"""A chat document takes answers in, whatever the person does to it meanwhile, and gives back what is to be sent. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.domain.channels import ChannelMessage
from coterie.domain.events import Attached, CompactionEvent, MessageDelta, MessageDiscarded, MessageEvent, RunEvent, ToolCallEvent
from coterie.features import chat_text
from coterie.features.transcript import Transcript

ASKED = "# Chat\n\n## You\n\nWhy?\n"
ANSWERED = f"{ASKED}\n## Coterie\n\nBecause."


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        ("# Chat\n", None),
        (ANSWERED, None),
        (ASKED, "Why?"),
        (f"{ANSWERED}\n\n## You\n\n", ""),
        (f"{ANSWERED}\n\n## You  \n\nAnd?\nReally?\n\n", "And?\nReally?"),
        (f"{ANSWERED}\n\n### You\n\nno heading of ours", None),
    ],
)
def test_the_draft_is_what_stands_under_the_last_heading(text: str, draft: str | None) -> None:
    assert chat_text.draft_of(text) == draft


PASTED = "Mend this:\n```\n## You\n\n## Coterie\n```\nPlease."
PLAIN = "Mend this:\n```\n### You\n\n### Coterie\n```\nPlease."
TURNS = [("Why?", "Because.")]


@pytest.mark.parametrize(
    ("text", "turns", "draft"),
    [
        (f"# Chat\n\n## You\n\n{PASTED}\n", [], PASTED),
        (f"{ANSWERED}\n\n## You\n\n{PASTED}\n", TURNS, PASTED),
        (f"{ANSWERED} And more.\n\n## You\n\n{PASTED}\n", TURNS, PASTED),
        (f"{ANSWERED}\n\n## You\n\nAs you said:\n{ANSWERED}", TURNS, f"As you said:\n{ANSWERED}"),
        (f"{ANSWERED}\n\n## You\n\nWhy?", TURNS, "Why?"),
        (f"{ANSWERED}\n\n## You\n\n{PASTED}\n", [*TURNS, (PLAIN, "")], PASTED),
        (f"{ANSWERED}\n\n## You\n\n{PASTED}\n## You\nmore", [*TURNS, (PLAIN, "")], "more"),
        (ASKED, [("Why?", "")], "Why?"),
        (f"{ASKED}And how?", [("Why?", "")], "Why?\nAnd how?"),
        (ANSWERED, TURNS, None),
        (ANSWERED.replace("Why?", "Why not?"), TURNS, None),
        (f"{ANSWERED}\n\n## You\n\nlast", [("of", "another document")], "last"),
    ],
)
def test_headings_below_the_last_turn_are_words_of_the_draft(text: str, turns: list[tuple[str, str]], draft: str | None) -> None:
    assert chat_text.draft_of(text, turns) == draft


@pytest.mark.parametrize("now", ["Because. It is so.", "Because."])
def test_an_answer_finds_its_place_above_a_draft_that_quotes_it(now: str) -> None:
    text = f"{ANSWERED}\n\n## You\n\nAs you said:\n{ANSWERED}"
    grown = chat_text.around_draft(text, TURNS, lambda text: chat_text.with_answer(text, "Why?", "Because.", now))
    assert grown == f"{ASKED}\n## Coterie\n\n{now}\n\n## You\n\nAs you said:\n{ANSWERED}"


def test_what_was_sent_with_headings_in_it_is_answered_below_and_shows_none_of_them() -> None:
    text = f"{ANSWERED}\n\n## You\n\n{PASTED}\n"
    turns = [*TURNS, (PLAIN, "")]
    assert chat_text.around_draft(text, turns, lambda text: text) == text
    answered = chat_text.around_draft(text, turns, lambda text: chat_text.with_answer(text, PLAIN, "", "Done."))
    assert answered == f"{ANSWERED}\n\n## You\n\n{PLAIN}\n\n## Coterie\n\nDone.\n"


def test_an_answer_goes_on_where_it_ended_though_the_person_types_above_and_below() -> None:
    text = chat_text.with_answer(ASKED, "Why?", "", "Because")
    assert text == f"{ASKED.rstrip()}\n\n## Coterie\n\nBecause\n"
    typed = f"mine\n{text.rstrip()} and I add\n\n## You\n\nnext"
    grown = chat_text.with_answer(typed, "Why?", "Because", "Because it is so.")
    assert grown == f"mine\n{ASKED}\n## Coterie\n\nBecause it is so. and I add\n\n## You\n\nnext"
    assert chat_text.with_heading(grown) == grown


@pytest.mark.parametrize("behind", ["", "\n\n## You\n\nmy draft"])
def test_an_answer_that_the_person_has_edited_goes_on_at_its_end(behind: str) -> None:
    text = f"{ASKED}\n## Coterie\n\nBecos"
    assert chat_text.with_answer(text + behind, "Why?", "Because", "Because it is.") == f"{text} it is.{behind}"
    unasked = text.replace("Why?", "Why not?")
    assert chat_text.with_answer(unasked + behind, "Why?", "Because", "Because it is.") == f"{unasked} it is.{behind}"


@pytest.mark.parametrize(
    ("text", "then"),
    [
        (ASKED, f"{ASKED}\n## Coterie\n\nBecause it is.\n"),
        (f"{ASKED}And?", f"{ASKED}And?\n\n## Coterie\n\nBecause it is."),
        ("# Chat\n", "# Chat\n\n## Coterie\n\nBecause it is.\n"),
    ],
)
def test_an_answer_that_the_person_has_taken_away_is_written_anew_and_not_as_words_of_theirs(text: str, then: str) -> None:
    assert chat_text.with_answer(text, "Why?", "Because", "Because it is.") == then
    assert chat_text.with_answer(then, "Why?", "Because", "Because it is.") == then


@given(st.lists(st.text(alphabet="ab \n#", min_size=1, max_size=6), min_size=1, max_size=6), st.integers(0, 3))
def test_writing_twice_is_writing_once_also_when_somebody_else_writes_too(pieces: list[str], behind: int) -> None:
    text, written, answers = ASKED, "", []
    for number in range(1, len(pieces) + 1):
        answers.append("x" + "".join(pieces[:number]).rstrip())
        text = chat_text.with_answer(text, "Why?", written, answers[-1])
        assert chat_text.with_answer(text, "Why?", written, answers[-1]) == text
        written = answers[-1]
    late = answers[max(len(answers) - 1 - behind, 0) :]
    assert all(chat_text.with_answer(text, "Why?", late[0], now) == text for now in late)
    assert text == f"{ASKED}\n## Coterie\n\n{written}\n"


def test_what_was_said_elsewhere_stands_before_a_draft() -> None:
    drafting = f"{ANSWERED}\n\n## You\n\nmy draft\n"
    text = chat_text.with_said(drafting, "from the terminal")
    assert chat_text.draft_of(text) == "my draft"
    assert text.index("from the terminal") < text.index("my draft")
    assert chat_text.with_said(f"{ANSWERED}\n\n## You\n\n", "And?").endswith("## You\n\nAnd?\n")
    assert chat_text.with_said(ASKED, "Why?") == ASKED
    text = chat_text.with_answer(text, "from the terminal", "", "Heard.")
    assert text.index("from the terminal") < text.index("## Coterie\n\nHeard.") < text.index("## You\n\nmy draft")


def test_an_answer_goes_behind_what_was_said_also_when_more_is_typed_before_its_first_word() -> None:
    typed = f"{ASKED.rstrip()} Tell me!\n\n## You\n\nAnd another\n"
    text = chat_text.with_answer(typed, "Why?", "", "Because.")
    assert text == f"{ASKED.rstrip()} Tell me!\n\n## Coterie\n\nBecause.\n\n## You\n\nAnd another\n"
    assert chat_text.with_answer(text, "Why?", "", "Because.") == text


def test_a_document_from_before_a_restart_is_gone_on_with() -> None:
    turns = [("Why?", "Because."), ("And?", "So."), ("New", "")]
    text = f"{ANSWERED}\n\n## You\n\nAnd?\n\n## Coterie\n\n"
    assert chat_text.shown_in(text, turns) == ("Because.", "")
    assert chat_text.shown_in("# Chat\n", turns) == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_no_line_end_lets_a_heading_of_ours_through(end: str) -> None:
    transcript = Transcript()
    said, answered = f"Look:{end}## You{end}at this", f"So:{end}## Coterie{end}## Youth"
    transcript.add("run", MessageEvent(message_id="u", role="user", text=said))
    shown = [""]
    for offset, character in enumerate(answered):
        transcript.add("run", MessageDelta(message_id="a", offset=offset, text=character))
        shown.append(transcript.turns[0].answer)
        assert shown[-1].startswith(shown[-2])
    transcript.add("run", MessageEvent(message_id="a", role="assistant", text=answered))
    assert transcript.turns[0].said == "Look:\n### You\nat this"
    assert transcript.turns[0].answer == "So:\n### Coterie\n## Youth"


def test_what_went_along_with_a_message_stands_below_it_live_and_recalled() -> None:
    along = (
        Attached(label="a`b.py", uri="file:///p/a%60b.py", excerpt="Lines 3 to 5:"),
        Attached(label=""),
        Attached(label="\n\n## You\n", excerpt="def f(**kw): <!-- [\n## You"),
        Attached(label="Problems:"),
    )
    live, recalled = Transcript(), Transcript()
    live.add("run", MessageEvent(message_id="u", role="user", text="Why?\n", attachments=along))
    recalled.recall(ChannelMessage(message_id="u", role="user", text="Why?\n", at="2026-01-01", attachments=along))
    assert [turn.said for turn in (*live.turns, *recalled.turns)] == [
        "Why?\n\n> Attached: `ab.py` (`Lines 3 to 5`), `## You` (`def f(**kw): <!-- [`), `Problems:`"
    ] * 2


def test_that_a_conversation_became_shorter_is_a_line_at_the_answer_s_end() -> None:
    told = CompactionEvent(
        compaction_id="k", step_id="chat", text="To make room, …", messages=3, outputs=0, tokens_before=9, tokens_after=3, summary="## Goal"
    )
    live, recalled = Transcript(), Transcript()
    for event in (
        MessageEvent(message_id="u", role="user", text="Go"),
        MessageEvent(message_id="a", role="assistant", text="One."),
        told,
        MessageEvent(message_id="b", role="assistant", text="Two."),
        RunEvent(state="succeeded"),
    ):
        live.add("run", event)
        if event is not told:
            recalled.add("run", event)
    assert live.turns[0].answer == "One.\n\nTwo.\n\n> To make room, …"
    assert live.turns[0].answer.startswith(recalled.turns[0].answer), "after a restart the rest is known to stand there"


def test_a_transcript_only_grows_while_answers_come_side_by_side() -> None:
    transcript = Transcript()
    seen = [""]

    def add(event: object) -> None:
        transcript.add("run", event)  # type: ignore[arg-type]
        answer = transcript.turns[-1].answer if transcript.turns else ""
        assert answer.startswith(seen[-1]), (seen[-1], answer)
        seen.append(answer)

    add(MessageEvent(message_id="u", role="user", text="Go"))
    add(RunEvent(state="running"))
    add(MessageDelta(message_id="a", offset=0, text="One \n"))
    add(MessageDelta(message_id="b", offset=0, text="Two"))
    add(MessageDelta(message_id="a", offset=5, text="## You"))
    add(MessageDelta(message_id="a", offset=11, text="\nthree"))
    assert "Two" not in transcript.turns[-1].answer
    add(MessageEvent(message_id="a", role="assistant", text="One \n## You\nthree"))
    assert transcript.turns[-1].answer == "One \n### You\nthree\n\nTwo"
    add(MessageDiscarded(message_id="b", reason="disconnected"))
    add(ToolCallEvent(call_id="c", tool="edit_file", arguments={"path": "a.py"}, state="succeeded"))
    add(RunEvent(state="failed", text="The host is down."))
    assert transcript.turns[-1].answer.endswith("> edit_file a.py: succeeded\n\n> The run is failed. The host is down.")
    again = list(transcript.turns)
    add(MessageEvent(message_id="a", role="assistant", text="One"))
    assert transcript.turns == again
    assert transcript.run_id is None
