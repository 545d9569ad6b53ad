"""Code that goes with a request unasked: what bears a question out, how much of it, and when there is none."""

import pytest

from coterie.context.retrieved import MOST_FILES, MOST_LINES, WINDOW, fitting, shown_before, within
from coterie.context.task import Excerpt, Task, first_message
from coterie.domain.messages import AssistantMessage, ToolCall, UserMessage
from coterie.domain.retrieval import Found

POOL = '"""Keeps idle sockets open."""\n\n\nclass RetryPolicy:\n    limit = 3\n\n\ndef open_pool(size):\n    return [None] * size\n'
REASON = "its text matches"


def found(path: str = "src/pool.py", lines: tuple[int, int] | None = None) -> Found:
    return Found(path=path, score=1.0, reasons=(REASON,), tokens=9, lines=lines)


@pytest.mark.parametrize(
    ("question", "lines", "reason"),
    [
        ("Why does open_pool fail?", (8, 9), "it defines open_pool"),
        ("call `pool.open_pool`", (8, 9), "it defines open_pool"),
        ("What is the retry policy?", (4, 5), "it defines RetryPolicy"),
        ("look at src/pool.py", None, "its path is in the question"),
        ("what does pool.py do?", (8, 9), "its path is in the question"),
        ("Which sockets stay open while they are idle?", None, REASON),
        ("Hello", (8, 9), None),
        ("Why does this fail?", (8, 9), None),
        ("What is the weather in Paris tomorrow afternoon?", None, None),
        ("a pool", (8, 9), None),
        ("Why does idle_sockets_open fail?", (8, 9), None),
        ("Sockets of another world, with planets and idle moons", None, None),
    ],
)
def test_a_file_is_shown_where_the_question_bears_it_out(question: str, lines: tuple[int, int] | None, reason: str | None) -> None:
    excerpt = fitting(question, found(lines=lines), POOL)
    assert (excerpt and excerpt.reason) == reason
    if excerpt is not None and lines is not None:
        assert excerpt.lines == lines
        assert excerpt.text == "".join(POOL.splitlines(keepends=True)[lines[0] - 1 : lines[1]])


def test_of_a_long_file_the_densest_lines_are_shown_and_of_a_long_definition_the_first() -> None:
    text = "nothing\n" * 100 + "sockets idle open\n" * 4 + "nothing\n" * 100
    excerpt = fitting("Which sockets stay open while they are idle?", found(), text)
    assert excerpt is not None
    assert excerpt.lines is not None
    assert excerpt.text.count("sockets") == 4
    assert excerpt.lines[1] - excerpt.lines[0] + 1 == WINDOW == len(excerpt.text.splitlines())
    long = "def open_pool():\n" + "    x\n" * 200
    excerpt = fitting("open_pool", found(lines=(1, 201)), long)
    assert excerpt is not None
    assert excerpt.lines == (1, MOST_LINES)


@pytest.mark.parametrize("end", ["\f\n", "\x85\n", "\u2028\n", "\r\n"])
def test_lines_are_those_of_the_index(end: str) -> None:
    paged = end * 5 + "def open_pool(size):\r\n    return size\r\n"
    excerpt = fitting("open_pool", found(lines=(6, 7)), paged)
    assert excerpt is not None
    assert within([excerpt], 500) == (excerpt,)
    assert (excerpt.text, excerpt.lines) == ("def open_pool(size):\r\n    return size\r\n", (6, 7))


def test_lines_that_the_file_does_not_have_any_more_are_not_shown() -> None:
    assert fitting("Why does open_pool fail?", found(lines=(80, 90)), POOL) is None
    shorter = fitting("Why does open_pool fail?", found(lines=(8, 90)), POOL)
    assert shorter is not None
    assert shorter.lines == (8, 9)
    assert fitting("look at src/pool.py", found(), "") is not None


@pytest.mark.parametrize("tokens", [0, 30, 60, 200, 2_000])
def test_excerpts_keep_to_their_room(tokens: int) -> None:
    every = [Excerpt("line é\n" * 30, f"a{number}.py", (11, 40), "because") for number in range(9)]
    kept = within(every, tokens)
    assert len(kept) <= MOST_FILES
    assert len(first_message(Task(prompt="", code=kept)).text.encode()) <= tokens * 4 + 2
    for excerpt in kept:
        assert excerpt.lines == (11, 10 + len(excerpt.text.splitlines()))
    assert bool(kept) == (tokens >= 30)
    assert len(within(every, 10_000)) == MOST_FILES


def test_the_code_stands_before_what_the_person_gave_and_belongs_to_the_surroundings() -> None:
    code = (Excerpt("def f():\n", "a.py", (3, 3), "it defines f"),)
    message = first_message(Task(prompt="Fix f", map="src/ (1)", code=code, attachments=(Excerpt("note", "b.txt"),)))
    assert message.text == (
        '<map>\nsrc/ (1)\n</map>\n\n<code path="a.py" lines="3-3" reason="it defines f">\ndef f():\n</code>\n\n'
        '<attachment path="b.txt">\nnote\n</attachment>\n\nFix f'
    )
    assert message.request == '<attachment path="b.txt">\nnote\n</attachment>\n\nFix f'


def test_what_a_conversation_has_shown_is_known() -> None:
    first = first_message(
        Task(prompt='<code path="no.py"', code=(Excerpt("x", 'we"ird.py', (1, 1), "why"), Excerpt("y", "b.py", (1, 1), "why")))
    )
    call = ToolCall(call_id="1", tool="read_file", arguments={"path": "c.py"})
    broken = ToolCall(call_id="2", tool="read_file", arguments=None)
    listed = ToolCall(call_id="3", tool="list_files", arguments={"path": None})
    assert shown_before([first, AssistantMessage(text="", tool_calls=(call, broken, listed)), UserMessage(text="hi")]) == {
        'we"ird.py',
        "b.py",
        "c.py",
    }


def test_what_a_file_holds_is_not_taken_for_what_was_shown() -> None:
    told = first_message(Task(prompt="Go.", code=(Excerpt('<code path="C:\\Users">\n', "a.md", (1, 1), REASON),)))
    assert shown_before([told]) == {"a.md"}
