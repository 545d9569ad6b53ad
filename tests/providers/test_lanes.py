"""Lanes: one model at a time on a machine, in the order of coming; ghost text gives way, and is really broken off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from coterie.base.errors import ProviderError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.messages import ModelRequest, StreamEvent, TextDelta, Waiting
from coterie.domain.status import ProviderType
from coterie.domain.suggestions import FillRequest
from coterie.providers.config import ProviderConfig
from coterie.providers.lanes import Lane, Lanes
from coterie.providers.registry import ProviderRegistry
from coterie.providers.resilience.guard import Guard
from provider_calls import REQUEST, host
from raw_http_server import Exchange, Reply, sse
from swap_box import Box, chunk, row, said, soon, swap_box

TASKS = TaskSupervisor("callers")
MODELS = ("a", "b", "c")


def call(model: str, *, gives_way: bool = False) -> ModelRequest:
    """Return a request of a conversation."""
    return replace(REQUEST, model=model, gives_way=gives_way)


def gap(model: str) -> FillRequest:
    """Return a request of ghost text."""
    return FillRequest(model=model, prefix="x = ", suffix="\n", max_tokens=8)


class Caller:
    """One call, in a task of its own."""

    def __init__(self, events: AsyncIterator[StreamEvent]) -> None:
        self.events: list[StreamEvent] = []
        self.waits = asyncio.Event()
        self.spoke = asyncio.Event()
        self.task = TASKS.spawn(self._read(events), name="a caller")

    @property
    def words(self) -> str:
        """Return what was answered."""
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def waited(self) -> list[str]:
        """Return what was said about the lane."""
        return [event.text for event in self.events if isinstance(event, Waiting) and event.code == "lane"]

    async def stop(self) -> None:
        """Give the call up."""
        self.task.cancel()
        await asyncio.wait([self.task])

    async def done(self) -> str:
        """Return the whole answer."""
        await asyncio.wait_for(asyncio.shield(self.task), 60)
        return self.words

    async def _read(self, events: AsyncIterator[StreamEvent]) -> None:
        async with aclosing(events):  # type: ignore[type-var]
            async for event in events:
                self.events.append(event)
                if isinstance(event, Waiting) and event.code == "lane":
                    self.waits.set()
                elif isinstance(event, TextDelta):
                    self.spoke.set()


class Stage:
    """A box whose answers wait to be let go, and callers of it."""

    def __init__(self, box: Box, gates: dict[str, asyncio.Event], config: ProviderConfig) -> None:
        self.box = box
        self.gates = gates
        self.lanes = Lanes()
        self.config = config
        self._registries: list[ProviderRegistry] = []

    def call(self, model: str, *, anew: bool = False, **settings: object) -> Caller:
        """Make a call of a conversation; ``anew`` by an editor of its own."""
        return Caller(self._provider(settings, anew=anew).stream(call(model)))

    def ghost(self, model: str) -> Caller:
        """Ask for ghost text."""
        return Caller(self._provider({}).fill(gap(model)))

    def spoken_ghost(self, model: str) -> Caller:
        """Ask for ghost text in a conversation."""
        return Caller(self._provider({}).stream(call(model, gives_way=True)))

    async def arrived(self, number: int) -> list[str]:
        """Wait until so many calls have come to the box, and return their models."""
        async with asyncio.timeout(60):
            at = 0
            while len(self.calls) < number:
                await self.box.server.wait_for_exchange(at)
                at += 1
        return [exchange.request.json()["model"] for exchange in self.calls]

    @property
    def calls(self) -> list[Exchange]:
        """Return the calls of models that have come to the box."""
        return [exchange for exchange in self.box.server.exchanges if exchange.request.path in {"/v1/chat/completions", "/infill"}]

    async def aclose(self) -> None:
        """Close every connection."""
        for registry in self._registries:
            await registry.aclose()

    def _provider(self, settings: dict[str, object], *, anew: bool = False):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a provider
        if anew or settings or not self._registries:
            config = replace(self.config, **settings)  # type: ignore[arg-type]
            self._registries.append(ProviderRegistry([config], guard=Guard(lanes=self.lanes)))
        registry = self._registries[-1] if anew or settings else self._registries[0]
        return registry.get("work")


@asynccontextmanager
async def stage(kind: ProviderType = "llama_swap", **settings: object) -> AsyncIterator[Stage]:
    """Set a stage; each model says its name when its gate is open."""
    gates = {model: asyncio.Event() for model in MODELS}
    half = {model: (chunk({"content": model}), gate) for model, gate in gates.items()}
    answers = {model: said(model.upper(), *steps) for model, steps in half.items()}
    box = Box([row(model) for model in MODELS], answers=answers)
    async with swap_box(box):
        play = Stage(box, gates, host(kind, box.server.url, **settings))
        try:
            yield play
        finally:
            await play.aclose()


def order(*turns: tuple[str, bool]) -> tuple[Lane, list[str], list[str]]:
    """Let calls come to a lane, and return it with who has begun and who was broken off."""
    lane = Lane()
    entered = [lane.enter(model, gives_way=gives_way) for model, gives_way in turns]
    return lane, [turn.model for turn in entered if turn.has_begun], [turn.model for turn in entered if turn.is_over]


@pytest.mark.parametrize(
    ("turns", "begun", "broken_off"),
    [
        ([("a", False), ("a", False)], ["a", "a"], []),
        ([("a", False), ("b", False)], ["a"], []),
        ([("a", False), ("b", False), ("a", False)], ["a"], []),
        ([("a", True), ("a", True), ("b", True)], ["a", "a"], []),
        ([("a", False), ("a", True)], ["a"], []),
        ([("a", True), ("b", False)], ["a"], ["a"]),
        ([("a", True), ("a", False)], ["a"], ["a"]),
        ([("a", True), ("b", True), ("c", False)], ["a"], ["a"]),
    ],
    ids=[
        "one model side by side",
        "another model waits",
        "nobody passes who waits",
        "ghost text side by side",
        "ghost text waits for a call",
        "ghost text gives way to another model",
        "ghost text gives way to its own model",
        "ghost text that waits is not broken off",
    ],
)
def test_who_begins(turns: Sequence[tuple[str, bool]], begun: list[str], broken_off: list[str]) -> None:
    assert order(*turns)[1:] == (begun, broken_off)


def test_calls_come_before_ghost_text_and_each_kind_in_its_order() -> None:
    lane = Lane()
    coming = [("a", False), ("b", True), ("c", False), ("b", False), ("a", True)]
    turns = [lane.enter(model, gives_way=gives_way) for model, gives_way in coming]
    assert [lane.before(turn) for turn in turns[1:]] == [("a", 2), ("a", 0), ("a", 1), ("a", 3)]
    begun: list[int] = []
    while len(begun) < len(turns):
        [number] = [at for at, turn in enumerate(turns) if turn.has_begun and at not in begun]
        begun.append(number)
        lane.leave(turns[number])
    assert begun == [0, 2, 3, 1, 4]


async def test_a_box_is_asked_for_one_model_at_a_time_and_the_wait_is_told() -> None:
    async with stage() as play:
        first = play.call("a")
        assert await play.arrived(1) == ["a"]
        second, beside = play.call("b"), play.call("a")
        await soon(second.waits)
        await soon(beside.waits)
        assert len(play.calls) == 1
        play.gates["a"].set()
        assert await first.done() == "aA"
        play.gates["b"].set()
        assert (await second.done(), await beside.done()) == ("bB", "aA")
        assert await play.arrived(3) == ["a", "b", "a"]
    assert second.waited == ["`work` works with `a`; this call of `b` waits."]
    assert beside.waited == ["`work` works with `a`; this call of `a` waits, behind 1 other."]
    assert first.waited == []


async def test_calls_of_one_model_go_side_by_side() -> None:
    async with stage() as play:
        callers = [play.call("a"), play.call("a", anew=True)]
        assert await play.arrived(2) == ["a", "a"]
        play.gates["a"].set()
        assert [await caller.done() for caller in callers] == ["aA", "aA"]


async def test_editors_and_entries_that_lead_to_one_machine_share_its_lane() -> None:
    async with stage() as play:
        first = play.call("a")
        await play.arrived(1)
        other_editor = play.call("b", anew=True)
        other_entry = play.call("c", base_url=play.config.base_url.replace("127.0.0.1", "localhost") + "/v1/")
        for caller in (other_editor, other_entry):
            await soon(caller.waits)
        assert len(play.calls) == 1
        for gate in play.gates.values():
            gate.set()
        assert [await caller.done() for caller in (first, other_editor, other_entry)] == ["aA", "bB", "cC"]


async def test_who_gives_up_waiting_is_never_asked_for() -> None:
    async with stage() as play:
        first = play.call("a")
        await play.arrived(1)
        second, third = play.call("b"), play.call("c")
        for caller in (second, third):
            await soon(caller.waits)
        await second.stop()
        for gate in play.gates.values():
            gate.set()
        assert (await first.done(), await third.done()) == ("aA", "cC")
        assert await play.arrived(2) == ["a", "c"]


async def test_a_call_that_is_given_up_or_fails_lets_the_next_one_go() -> None:
    async with stage() as play:
        first = play.call("a")
        await play.arrived(1)
        second = play.call("b")
        await soon(second.waits)
        await first.stop()
        await soon(play.calls[0].client_closed)
        await play.arrived(2)
        play.box.answers = {**play.box.answers, "c": Reply(steps=(chunk({"content": "c"}), "cut"))}
        third = play.call("c")
        await soon(third.waits)
        play.gates["b"].set()
        assert await second.done() == "bB"
        with pytest.raises(ProviderError):
            await third.done()
        play.gates["a"].set()
        assert await play.call("a").done() == "aA"


@pytest.mark.parametrize("model", ["a", "b"], ids=["of another model", "of the same model"])
@pytest.mark.parametrize("spoken", [False, True], ids=["a gap", "a conversation"])
async def test_ghost_text_is_broken_off_at_the_host_when_a_call_comes_and_begins_anew_behind_it(model: str, *, spoken: bool) -> None:
    async with stage() as play:
        hold = asyncio.Event()
        filled = (sse({"content": "1", "stop": False}), sse({"content": "", "stop": True}))
        spoken_words = (chunk({"content": "1"}), chunk({}, "stop"), sse("[DONE]"))
        ghost_answer = Reply(steps=(hold, *(spoken_words if spoken else filled)))
        usual, play.box.answers = play.box.answers, {model: ghost_answer}
        ghost = play.spoken_ghost(model) if spoken else play.ghost(model)
        await play.arrived(1)
        play.box.answers = usual
        chat = play.call("b")
        await soon(play.calls[0].client_closed)
        await play.arrived(2)
        await soon(ghost.waits)
        assert not chat.waited or chat.waited == [f"`work` works with `{model}`; this call of `b` waits."]
        play.box.answers = {model: ghost_answer}
        hold.set()
        play.gates["b"].set()
        assert await chat.done() == "bB"
        assert await ghost.done() == "1"
        assert await play.arrived(3) == [model, "b", model]


async def test_ghost_text_of_which_a_part_was_told_cannot_begin_anew() -> None:
    async with stage() as play:
        usual = play.box.answers
        play.box.answers = {"a": Reply(steps=(sse({"content": "1", "stop": False}), asyncio.Event()))}
        ghost = play.ghost("a")
        await play.arrived(1)
        await soon(ghost.spoke)
        play.box.answers = usual
        play.gates["b"].set()
        assert await play.call("b").done() == "bB"
        with pytest.raises(ProviderError) as failure:
            await ghost.done()
    assert (failure.value.code, failure.value.retry_after) == ("lane_taken", 0.5)


async def test_ghost_text_waits_for_a_call_and_is_given_up_with_the_next_key() -> None:
    async with stage() as play:
        chat = play.call("a")
        await play.arrived(1)
        ghost = play.ghost("a")
        await soon(ghost.waits)
        await ghost.stop()
        play.gates["a"].set()
        assert await chat.done() == "aA"
        assert await play.arrived(1) == ["a"]


@pytest.mark.parametrize(
    ("kind", "lane", "has_one"),
    [
        ("ollama", None, True),
        ("llama_cpp", None, True),
        ("llama_swap", None, True),
        ("llama_swap", False, False),
        ("openai_compatible", None, False),
        ("openai_compatible", True, True),
        ("anthropic", None, False),
    ],
)
def test_which_hosts_have_a_lane(kind: ProviderType, lane: bool | None, has_one: bool) -> None:  # noqa: FBT001 - a table
    assert host(kind, "http://127.0.0.1:1", lane=lane).has_lane is has_one


@pytest.mark.parametrize("kind", ["openai_compatible", "llama_swap"])
async def test_a_host_without_a_lane_is_asked_for_all_at_once(kind: ProviderType) -> None:
    async with stage(kind, lane=False) as play:
        callers = [play.call(model) for model in MODELS]
        assert sorted(await play.arrived(3)) == list(MODELS)
        for gate in play.gates.values():
            gate.set()
        assert [await caller.done() for caller in callers] == ["aA", "bB", "cC"]


def test_machines_are_told_apart_by_their_addresses() -> None:
    lanes = Lanes()

    def lane(url: str, **settings: str) -> Lane:
        return lanes.of(ProviderConfig(type="llama_swap", base_url=url, **{"id": "x", **settings}))  # type: ignore[arg-type]

    assert lane("http://localhost:8080") is lane("http://127.0.0.1:8080/v1") is lane("http://[::1]:8080", id="y")
    assert lane("http://box") is lane("http://box:80/")
    assert len({lane("http://localhost:8080"), lane("http://localhost:8081"), lane("http://box"), lane("https://box")}) == 4
    assert lane("", id="x") is not lane("", id="y")
