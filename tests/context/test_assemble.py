"""Assembly is pure, and each request begins with the bytes of the one before it (invariant 12)."""

import itertools
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from coterie.context.assemble import assemble, request_bytes, system_text
from coterie.context.rules import Rules, RulesFile
from coterie.context.task import Excerpt, FolderFacts, Task, first_message
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from coterie.domain.model_ports import ModelChoice

GOLDEN = Path(__file__).parent / "golden" / "conversation.jsonl"
RULES = Rules((RulesFile("rules.md", "Answer in English.\n"), RulesFile("AGENTS.md", "Use tabs.\n")))
TOOLS = (
    ToolSpec("read_file", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}),
    ToolSpec("submit", "End the step.", {"type": "object", "properties": {"summary": {"type": "string"}}}),
)
TASK = Task(
    prompt="Make the total right — “now”.",
    folder=FolderFacts("shop", ("README.md", "shop/ (3 files)")),
    attachments=(Excerpt("price: 3\n", "data/prices.yml"),),
    selection=Excerpt("return sum(prices)\n", "shop/basket.py", (4, 4)),
    artifacts={"plan": {"goal": "totals are right", "steps": [{"id": "s1", "title": "fix the sum"}]}},
    note="This is attempt 2: the tests failed.",
)
CONVERSATION: tuple[Message, ...] = (
    first_message(TASK),
    AssistantMessage(
        text="I look first.", tool_calls=(ToolCall(call_id="c1", tool="read_file", arguments={"path": "shop/basket.py"}),), thought="hm"
    ),
    ToolMessage(results=(ToolResult(call_id="c1", tool="read_file", output="def total(prices):\n    return sum(prices)\n"),)),
    AssistantMessage(text="", tool_calls=(ToolCall(call_id="c2", tool="submit", arguments=None, raw='{"summary": '),)),
    ToolMessage(results=(ToolResult(call_id="c2", tool="submit", output="not JSON", failed=True),)),
)


def request(messages: tuple[Message, ...], call: int = 0) -> ModelRequest:
    choice = ModelChoice("work/m1", "m1", "m1 on work", provider=None, temperature=0.5, max_output_tokens=99, extra={"seed": 7})  # type: ignore[arg-type]
    return assemble(system=system_text("You code.", RULES), tools=TOOLS, messages=messages, choice=choice, agent="coder", call=call)


def test_the_bytes_of_a_conversation_are_the_ones_reviewed() -> None:
    assert request_bytes(request(CONVERSATION)).decode() == GOLDEN.read_text(encoding="utf-8")


def test_the_choice_and_the_recording_place_go_into_the_request() -> None:
    made = request(CONVERSATION[:1], call=3)
    assert (made.model, made.temperature, made.max_output_tokens, made.extra) == ("m1", 0.5, 99, {"seed": 7})
    assert (made.agent, made.call) == ("coder", 3)


def test_a_bare_prompt_is_sent_as_it_was_typed() -> None:
    assert first_message(Task(prompt="  what is this?\n")) == UserMessage(text="  what is this?\n")


texts = st.text(max_size=30)
calls = st.builds(
    ToolCall, call_id=texts, tool=texts, arguments=st.none() | st.dictionaries(texts, texts | st.integers(), max_size=3), raw=texts
)
turns = st.one_of(
    st.builds(UserMessage, text=texts),
    st.builds(AssistantMessage, text=texts, thought=texts, tool_calls=st.lists(calls, max_size=2).map(tuple)),
    st.builds(ToolMessage, results=st.lists(st.builds(ToolResult, call_id=texts, tool=texts, output=texts), max_size=2).map(tuple)),
)


@given(st.lists(turns, min_size=1, max_size=8).map(tuple))
def test_each_request_begins_with_the_bytes_of_the_one_before(messages: tuple[Message, ...]) -> None:
    requests = [request_bytes(request(messages[:count], call=count)) for count in range(1, len(messages) + 1)]
    for before, after in itertools.pairwise(requests):
        assert after.startswith(before)
        assert len(after) > len(before)
