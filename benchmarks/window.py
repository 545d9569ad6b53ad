"""How long does it take to put a request together when the window is as full as it gets before a compaction?

A conversation of a model with 200,000 tokens, read and edited in for hundreds of turns: from what the journal holds to the request, with
everything counted for the first time (a run that has just begun), and with one message more than the last time (the next call).
"""

import time
from dataclasses import replace

from benchmarks.report import Measurement, quantile
from coterie.agents.compacting import Compactor
from coterie.agents.conversation import LiveConversation
from coterie.agents.history import Conversation, History
from coterie.agents.live_run import LiveRun
from coterie.agents.model_call import ModelCalls
from coterie.agents.summarising import Summariser
from coterie.context.assemble import assemble
from coterie.context.learned import Learned
from coterie.context.window import plan
from coterie.domain.messages import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, UserMessage
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import ConversationRecord
from coterie.domain.runs import RunRequest, RunRow
from coterie.domain.window import Piece, Segment
from coterie.providers.resilience.policy import RetryPolicy

CONTEXT = 200_000
FULL = 0.58
"""Of the window in characters; JSON adds some, and history is compacted at 80 % of the 86 % that a request may have."""
SOURCE = "def add(first: int, second: int) -> int:\n    return first + second\n\n\n" * 60
ROUNDS = 20
PIECES = 5_000


async def measure_window() -> list[Measurement]:
    """Fill a window, and time what makes a request of it."""
    run = _run()
    choice = ModelChoice("bench/m", "m", "m", provider=None, context_tokens=CONTEXT)  # type: ignore[arg-type]
    cold: list[float] = []
    warm: list[float] = []
    tokens = 0
    for _ in range(ROUNDS):
        compactor = _compactor(run)
        cold.append(await _milliseconds(compactor, choice))
        journalled = run.history.conversations["chat", 1]
        _add(journalled, UserMessage(text="And now?"))
        warm.append(await _milliseconds(compactor, choice))
        tokens = sum(len(str(message)) for message in journalled.messages) // 4
    segments: tuple[Segment, ...] = ("project", "history", "task")
    pieces = [
        Piece(piece_id=str(number), segment=segments[number % 3], source="", reason="", tokens=number % 97) for number in range(PIECES)
    ]
    planning: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        plan(pieces, CONTEXT // 2)
        planning.append(1_000 * (time.perf_counter() - began))
    how = f"a conversation of about {tokens:,} tokens in a window of {CONTEXT:,}, from the journal's messages to the request"
    return [
        Measurement("assembling a full window, nothing counted yet", f"median {quantile(cold, 50):.0f} ms", "≤ 50 ms", how),
        Measurement(
            "assembling a full window, one message more", f"median {quantile(warm, 50):.0f} ms", "≤ 50 ms", "the same, in the next call"
        ),
        Measurement(f"planning {PIECES:,} pieces", f"median {quantile(planning, 50):.0f} ms", "", "half of them do not fit"),
    ]


async def _milliseconds(compactor: Compactor, choice: ModelChoice) -> float:
    began = time.perf_counter()
    await compactor.request(choice)
    return 1_000 * (time.perf_counter() - began)


def _run() -> LiveRun:
    """Return a run whose journal holds a conversation that fills the window."""
    row = RunRow(
        run_id="r", channel_id="c", request=RunRequest(prompt="x"), workflow=None, agent="chat", state="running", started_at="2026-01-01"
    )
    record = ConversationRecord(step_id="chat", attempt=1, agent="chat", system="s", tools=())
    journalled = Conversation(record)
    _add(journalled, UserMessage(text="Mend it."))
    size = 0
    for number in range(10_000):
        size += len(SOURCE)
        if size / 4 > FULL * CONTEXT:
            break
        call = ToolCall(call_id=f"c{number}", tool="read_file", arguments={"path": f"part{number}.py"}, raw="{}")
        _add(journalled, AssistantMessage(text=f"I look at part {number}.", tool_calls=(call,)))
        _add(journalled, ToolMessage(results=(ToolResult(call_id=call.call_id, tool=call.tool, output=f"{number}\n{SOURCE}"),)))
    history = History(conversations={("chat", 1): journalled})
    return LiveRun(row, None, None, history)  # type: ignore[arg-type]


def _add(journalled: Conversation, message: Message) -> None:
    journalled.messages.append(replace(message))
    journalled.numbers.append(len(journalled.numbers) + 1)


def _compactor(run: LiveRun) -> Compactor:
    learned = Learned()
    models = ModelCalls(run, None, None, RetryPolicy(attempts=1, base_s=0, max_s=0), learned)  # type: ignore[arg-type]
    conversation = LiveConversation(
        run=run,
        step_id="chat",
        attempt=1,
        build=lambda messages, choice: assemble(system="You help.", tools=(), messages=messages, choice=choice, agent="chat", call=0),
    )
    summariser = Summariser(run, None, None, sizes=models.sizes, learned=learned, small=_nobody)  # type: ignore[arg-type]
    return Compactor(conversation, models, summariser, ())


async def _nobody() -> None:
    """Have no small model."""
