"""What leaves the server: coalesced deltas, a bounded queue, a client that stops reading and comes back."""

import asyncio
import json
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from coterie.domain.edits import BufferEdit, Refused
from coterie.domain.events import AgentEvent, MessageDelta, RunEvent, ThoughtDelta
from coterie.domain.workspace_ports import Folder
from coterie.lsp.convert import client_of, workspace_edit
from coterie.lsp.frames import Frames
from coterie.lsp.outbound import ClientEditor, RichAudience
from coterie.lsp.transport import HIGH_WATER, Outgoing
from coterie.lsp.wire import ClientWindow
from coterie.workspace.workspace import LiveWorkspace
from editor_fake import Intents
from held_back import HeldBack
from lsp_client import RICH
from lsp_fake_core import event

BOUND_S = 60


def delta(seq: int, text: str, *, message: str = "m", offset: int = 0) -> AgentEvent:
    return event(seq, MessageDelta(message_id=message, offset=offset, text=text))


def told(sent: list[AgentEvent]) -> list[tuple[int, str]]:
    return [(each.seq, each.event.text if isinstance(each.event, MessageDelta | ThoughtDelta) else each.event.kind) for each in sent]


def test_the_first_delta_leaves_at_once_and_the_rest_of_the_frame_as_one() -> None:
    sent: list[AgentEvent] = []
    clock = HeldBack()
    frames = Frames(sent.append, clock.later)
    for seq, text in enumerate(["a", "b", "c"], start=1):
        frames.tell(delta(seq, text, offset=seq - 1))
    assert told(sent) == [(1, "a")]
    clock.pass_time()
    assert told(sent) == [(1, "a"), (3, "bc")]
    assert isinstance(sent[1].event, MessageDelta)
    assert sent[1].event.offset == 1
    clock.pass_time()  # an empty frame ends: the next delta leaves at once again
    assert clock.due == []
    frames.tell(delta(4, "d"))
    assert told(sent)[2:] == [(4, "d")]


def test_everything_else_leaves_at_once_behind_what_came_before_it() -> None:
    sent: list[AgentEvent] = []
    frames = Frames(sent.append, HeldBack().later)
    frames.tell(delta(1, "a"))
    frames.tell(delta(2, "b"))
    frames.tell(event(3, RunEvent(state="waiting")))
    assert told(sent) == [(1, "a"), (2, "b"), (3, "run")]


@given(st.lists(st.sampled_from(["m", "n", "thought", "run", "tick"]), max_size=40))
def test_nothing_is_lost_and_numbers_rise_however_messages_interleave(script: list[str]) -> None:
    sent: list[AgentEvent] = []
    clock = HeldBack()
    frames = Frames(sent.append, clock.later)
    said = {"m": "", "n": "", "thought": ""}
    for seq, what in enumerate(script, start=1):
        match what:
            case "tick":
                clock.pass_time()
            case "run":
                frames.tell(event(seq, RunEvent(state="running")))
            case "thought":
                frames.tell(event(seq, ThoughtDelta(message_id="m", offset=0, text=str(seq))))
                said[what] += str(seq)
            case _:
                frames.tell(delta(seq, str(seq), message=what))
                said[what] += str(seq)
    clock.pass_time()
    assert all(before.seq < after.seq for before, after in pairwise(sent))
    heard = {"m": "", "n": "", "thought": ""}
    for each in sent:
        if isinstance(each.event, MessageDelta):
            heard[each.event.message_id] += each.event.text
        elif isinstance(each.event, ThoughtDelta):
            heard["thought"] += each.event.text
    assert heard == said


class Pipe:
    """A reader that reads when it may."""

    def __init__(self) -> None:
        self.may_read = threading.Event()
        self.read = 0

    def write(self, data: bytes) -> None:
        assert self.may_read.wait(BOUND_S)
        self.read += len(data)


BIG = b"x" * (HIGH_WATER + 1)


async def test_runs_wait_for_a_slow_reader_and_go_on_when_it_has_caught_up() -> None:
    pipe = Pipe()
    outgoing = Outgoing(pipe.write, on_lost=pytest.fail, on_back=pytest.fail)
    await outgoing.ready()
    outgoing.send(BIG)
    waiting = asyncio.get_running_loop().create_task(outgoing.ready())
    done, _ = await asyncio.wait([waiting], timeout=0)
    assert not done
    outgoing.send(b"a response is queued all the same")
    pipe.may_read.set()
    await asyncio.wait_for(waiting, BOUND_S)
    await outgoing.aclose(within_s=BOUND_S)
    assert pipe.read > len(BIG) + len(b"a response is queued all the same")


async def test_a_reader_that_has_stopped_is_detached_and_runs_go_on_until_it_is_back() -> None:
    pipe, back = Pipe(), asyncio.Event()
    outgoing = Outgoing(pipe.write, on_lost=pytest.fail, on_back=back.set, patience_s=0)
    outgoing.send(BIG)
    await asyncio.wait_for(outgoing.ready(), BOUND_S)
    states = [outgoing.detached]
    outgoing.send(BIG)
    await asyncio.wait_for(outgoing.ready(), BOUND_S)
    pipe.may_read.set()
    await asyncio.wait_for(back.wait(), BOUND_S)
    assert [*states, outgoing.detached] == [True, False]
    await outgoing.aclose(within_s=BOUND_S)
    assert pipe.read > 2 * len(BIG)


async def test_a_reader_that_keeps_reading_and_never_catches_up_is_detached_too() -> None:
    """Whoever shares the server with it would be held up for as long as it likes."""
    loop, may_read, has_read = asyncio.get_running_loop(), threading.Semaphore(0), asyncio.Event()

    def write(_data: bytes) -> None:
        assert may_read.acquire(timeout=BOUND_S)
        loop.call_soon_threadsafe(has_read.set)

    outgoing = Outgoing(write, on_lost=pytest.fail, on_back=lambda: None, patience_s=0.1)
    for _ in range(5):
        outgoing.send(BIG[: HIGH_WATER // 4])
    async with asyncio.timeout(BOUND_S):
        while not outgoing.detached:
            may_read.release()
            await has_read.wait()
            has_read.clear()
            outgoing.send(BIG[: HIGH_WATER // 4])
    may_read.release(6)
    await outgoing.aclose(within_s=BOUND_S)


async def test_the_end_does_not_wait_for_a_reader_for_ever() -> None:
    pipe = Pipe()
    outgoing = Outgoing(pipe.write, on_lost=pytest.fail, on_back=pytest.fail)
    outgoing.send(b"{}")
    await outgoing.aclose(within_s=0)
    pipe.may_read.set()


async def test_a_reader_that_lets_too_much_pile_up_is_lost_and_holds_no_more_of_it() -> None:
    pipe, lost = Pipe(), asyncio.Event()
    outgoing = Outgoing(pipe.write, on_lost=lost.set, on_back=pytest.fail, most_unread=len(BIG) + 64)
    outgoing.send(BIG)
    outgoing.send(BIG)
    assert not lost.is_set(), "one message may be longer than that"
    outgoing.send(BIG)
    assert lost.is_set()
    outgoing.send(BIG)
    pipe.may_read.set()
    await outgoing.aclose(within_s=BOUND_S)
    assert pipe.read < 3 * len(BIG), "what came after that is not kept"


async def test_a_broken_pipe_is_told_once_and_stops_nobody() -> None:
    lost: list[None] = []

    def write(_data: bytes) -> None:
        raise BrokenPipeError

    ended = asyncio.Event()

    def on_lost() -> None:
        lost.append(None)
        ended.set()

    outgoing = Outgoing(write, on_lost=on_lost, on_back=pytest.fail)
    for _ in range(3):
        outgoing.send(BIG)
    await asyncio.wait_for(ended.wait(), BOUND_S)
    await asyncio.wait_for(outgoing.ready(), BOUND_S)
    outgoing.send(b"nobody reads this")
    await outgoing.aclose(within_s=BOUND_S)
    assert lost == [None]


class FakeWire:
    """A connection that can be detached."""

    def __init__(self) -> None:
        self.detached = False
        self.sent: list[tuple[str, Any]] = []

    def notify(self, method: str, params: Any) -> None:
        self.sent.append((method, json.loads(json.dumps(params))))

    async def ask(self, method: str, params: Any, *, within_s: float) -> Any:
        raise NotImplementedError

    async def ready(self) -> None:
        pass


def test_a_detached_client_gets_no_events_and_is_told_to_catch_up_when_it_is_back() -> None:
    wire = FakeWire()
    audience = RichAudience(wire, HeldBack().later)
    audience.back()
    assert (wire.sent, audience.can_answer) == ([], True)
    wire.detached = True
    audience.tell(event(1, RunEvent(state="running")))
    assert (wire.sent, audience.can_answer) == ([], False)
    wire.detached = False
    audience.back()
    audience.back()
    ((method, params),) = wire.sent
    assert method == "agent/event"
    assert (params["runId"], params["event"]["kind"], params["event"]["code"]) == (None, "warning", "events_missed")


def test_the_same_trouble_is_shown_once_and_logged_each_time() -> None:
    wire = FakeWire()
    window = ClientWindow(wire)
    for text in ("down", "down", "up"):
        window.show("error", text)
    methods = [(method.removeprefix("window/"), params["message"]) for method, params in wire.sent]
    assert methods == [
        ("logMessage", "down"),
        ("showMessage", "down"),
        ("logMessage", "down"),
        ("logMessage", "up"),
        ("showMessage", "up"),
    ]


async def test_an_edit_that_is_not_answered_is_never_sent_again_though_the_text_moves_on(tmp_path: Path) -> None:
    sent: list[tuple[str, str]] = []

    class SilentWire(FakeWire):
        @override
        async def ask(self, method: str, params: Any, *, within_s: float) -> Any:
            assert within_s > 0
            sent.append((method, params["label"]))
            workspace.documents.did_change(file.uri, 2, "typed instead of an answer\none\n")
            raise TimeoutError

    editor = ClientEditor(SilentWire(), client_of({"capabilities": RICH}), pytest.fail)
    workspace = LiveWorkspace([Folder(uri=tmp_path.as_uri(), name="work", absolute=str(tmp_path))], editor=editor)
    file = workspace.locate("file.txt")
    workspace.documents.did_open(file.uri, 1, "one\n", "plaintext")
    outcome = await workspace.change(file, lambda text: f"{text}two\n", label="add a line", on_intent=Intents())
    assert sent == [("workspace/applyEdit", "add a line")]
    assert isinstance(outcome, Refused)
    assert outcome.unsure


@pytest.mark.parametrize(("name", "version", "sent"), [("Neovim", 0, 1), ("Neovim", 4, 4), ("another", 0, 0)])
def test_neovim_is_told_a_version_that_it_compares(name: str, version: int, sent: int) -> None:
    client = client_of({"capabilities": RICH, "clientInfo": {"name": name}})
    edit = workspace_edit(BufferEdit("file:///a", version, "a", (), "edit"), client)
    assert edit["documentChanges"][0]["textDocument"]["version"] == sent
