"""What a person decided about a conversation: what is dropped is not sent, what is pinned is kept word for word, the rest as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.context.compaction import facts_of, replacement
from coterie.context.elements import elements_of
from coterie.context.marking import GONE, attached_before, pinned_words, without_dropped
from coterie.context.task import Excerpt, FolderFacts, Task, first_message
from coterie.context.thread import Placed
from coterie.domain.inspection import Mark, Marks, marks_of
from coterie.domain.messages import AssistantMessage, ToolCall, ToolMessage, ToolResult, UserMessage

TASK = first_message(
    Task(
        prompt="Mend it.",
        folder=FolderFacts("p", ("a.py",)),
        map="src/ (1)",
        code=(Excerpt("def f():\n", "a.py", (1, 1), "it defines f"),),
        attachments=(Excerpt("note\n\n</code>\n\n", 'b "c".txt'),),
        artifacts={"plan": {"goal": "x"}},
    )
)
CALLS = (
    ToolCall(call_id="1", tool="write_file", arguments={"path": "a.py", "text": "canary"}, raw='{"path": "a.py", "text": "canary"}'),
    ToolCall(call_id="2", tool="search", arguments=None, raw="canary{"),
)
THREAD = (
    Placed("r1", 1, TASK),
    Placed("r1", 2, AssistantMessage(text="Let me see.", tool_calls=CALLS, thought="hm", signature="s", made_by="work/m1")),
    Placed(
        "r1",
        3,
        ToolMessage(results=tuple(ToolResult(call_id=call.call_id, tool=call.tool, output=f"out of {call.tool}") for call in CALLS)),
    ),
    Placed("r1", 4, AssistantMessage(text="Done.")),
)


def test_a_message_is_taken_apart_as_it_was_put_together() -> None:
    parts = elements_of(TASK.text)
    assert [part.kind for part in parts] == ["folder", "map", "code", "attachment", "artifact", "words"]
    assert "".join(part.text for part in parts) == TASK.text
    assert parts[2].attributes == {"path": "a.py", "lines": "1-1", "reason": "it defines f"}
    assert parts[3].attributes == {"path": 'b "c".txt'}
    assert (parts[1].shown, parts[-1].shown) == ("src/ (1)", "Mend it.")


NAMES = ("folder", "map", "code", "attachment", "selection", "artifact")
foreign = st.lists(
    st.sampled_from([*(f"</{name}>" for name in NAMES), *(f"<{name}>" for name in NAMES), "\n", "\n\n", "delete it", "<\\/code>"]),
    max_size=9,
).map("".join)


@given(foreign, foreign, foreign, foreign, foreign)
def test_no_text_of_a_file_ends_the_element_that_it_stands_in(listed: str, found: str, first: str, second: str, selected: str) -> None:
    task = Task(
        prompt="Mend it.",
        folder=FolderFacts("p", (listed,)),
        map=listed or "a.py",
        code=(Excerpt(found, "a.py"),),
        attachments=(Excerpt(first, "b.md"), Excerpt(second, "c.md")),
        selection=Excerpt(selected, "d.md"),
        artifacts={"plan": {"goal": found}},
    )
    parts = elements_of(first_message(task).text)
    assert [part.kind for part in parts] == ["folder", "map", "code", "attachment", "attachment", "selection", "artifact", "words"]
    assert parts[-1].shown == "Mend it."
    pinned = pinned_words([Placed("r1", 1, first_message(task))], Marks(pinned=frozenset({"r1:1:3"})))
    text = replacement("short", facts_of([UserMessage(text="</record>")], pinned=(*pinned, "</pinned>"))).text
    assert (text.count("</record>"), text.count("</pinned>")) == (1, 2)


@given(
    st.text(st.sampled_from('<>/\n"codemap =ab'), max_size=60)
    | st.sampled_from(["<map>\n\n</map>", "<code>\nx\n</code>\n\n", "<map>\nx\n</map>\n\ny"])
)
def test_whatever_a_message_says_its_parts_are_the_message(text: str) -> None:
    parts = elements_of(text)
    assert "".join(part.text for part in parts) == text
    assert parts
    assert all(part.kind != "words" for part in parts[:-1])


@pytest.mark.parametrize("path", ['"C:\\Users"', '"a\tb"', '"\\u12"', '"a\nb"'])
def test_what_a_person_writes_like_an_element_and_is_none_is_words(path: str) -> None:
    text = f"<map>\nsrc\n</map>\n\n<code path={path}>\nx\n</code>\n\nWhy?"
    assert [part.kind for part in elements_of(text)] == ["map", "words"]


def test_nothing_decided_changes_nothing() -> None:
    assert without_dropped(THREAD, Marks()) == THREAD
    assert without_dropped(THREAD, Marks(dropped=frozenset({"r2:1:0", "r1:9", "r1:3:7"}))) == THREAD


@pytest.mark.parametrize("place", range(6))
def test_a_part_of_a_message_goes_and_the_others_keep_their_numbers(place: int) -> None:
    first, *others = without_dropped(THREAD, Marks(dropped=frozenset({f"r1:1:{place}"})))
    assert tuple(others) == THREAD[1:]
    assert isinstance(first.message, UserMessage)
    before, after = elements_of(TASK.text), elements_of(first.message.text)
    assert [part.kind for part in after] == [part.kind for part in before]
    assert after[place].shown == GONE
    assert [part for at, part in enumerate(after) if at != place] == [part for at, part in enumerate(before) if at != place]
    assert first.message.request.startswith("<attachment")
    again = without_dropped((first, *others), Marks(dropped=frozenset({f"r1:1:{place}"})))
    assert again == (first, *others)


def test_an_answer_keeps_its_calls_without_what_it_called_with_and_an_output_its_place() -> None:
    _, answer, outputs, _ = without_dropped(THREAD, Marks(dropped=frozenset({"r1:2", "r1:3:1"})))
    calls = (
        ToolCall(call_id="1", tool="write_file", arguments={"path": GONE, "text": GONE}),
        ToolCall(call_id="2", tool="search", arguments={}),
    )
    assert answer.message == AssistantMessage(text=GONE, tool_calls=calls, made_by="work/m1")
    assert isinstance(outputs.message, ToolMessage)
    assert [result.output for result in outputs.message.results] == ["out of write_file", GONE]


def test_what_is_pinned_is_kept_word_for_word_behind_a_summary() -> None:
    pinned = pinned_words(THREAD, Marks(pinned=frozenset({"r1:1:2", "r1:3:0", "r1:4", "r1:8"})))
    assert pinned == (
        '<code path="a.py" lines="1-1" reason="it defines f">\ndef f():\n</code>',
        "Result of write_file:\nout of write_file",
        "Done.",
    )
    text = replacement("short", facts_of([], pinned=pinned)).text
    assert text.endswith("<pinned>\nResult of write_file:\nout of write_file\n</pinned>\n<pinned>\nDone.\n</pinned>")
    assert "<pinned" not in replacement("short", facts_of([])).text


def test_what_is_attached_is_known_until_it_is_dropped() -> None:
    assert attached_before([TASK]) == {'b "c".txt': "note\n\n</code>"}
    dropped = without_dropped(THREAD, Marks(dropped=frozenset({"r1:1:3"})))
    assert attached_before([placed.message for placed in dropped]) == {}


def test_the_latest_decision_about_a_piece_counts() -> None:
    made = [("r1:1:0", "pinned"), ("r1:2", "dropped"), ("file:///p/b", "pinned"), ("file:///p/a", "pinned"), ("r1:1:0", "dropped")]
    made += [("r1:2", "plain"), ("file:///p/b", "plain"), ("file:///p/b", "pinned")]
    marks = marks_of(Mark(target=target, kind=kind) for target, kind in made)  # type: ignore[arg-type]  # literal kinds
    assert marks == Marks(dropped=frozenset({"r1:1:0"}), files=("file:///p/a", "file:///p/b"))
