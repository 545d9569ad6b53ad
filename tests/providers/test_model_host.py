"""The process behind ``litellm`` providers: started once, shared, replaced when it dies, given up when it dies too often, and silent."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import mortal_host
from coterie.providers.model_host import DEATHS_WITHIN_S, MOST_DEATHS, ModelHost
from coterie.providers.model_process import Chunk, Died, HostCall, Piece

FAKE = (sys.executable, "-P", mortal_host.__file__)
END_S = 60


class Clock:
    """Time that goes on when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def model_host(**settings: Any) -> AsyncIterator[ModelHost]:
    # The fake imports frames from where this test does.
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **settings.pop("environ", {})}
    host = ModelHost(environ, command=settings.pop("command", FAKE), **settings)
    try:
        yield host
    finally:
        await host.aclose()


async def asked(host: ModelHost, model: str) -> list[Piece]:
    call = HostCall(operation="chat", body={"model": model, "api_key": "canary-key-1234"}, connect_s=1, read_s=1)
    async with asyncio.timeout(END_S), aclosing(host.call(call)) as pieces:
        return [piece async for piece in pieces]


def said(pieces: list[Piece]) -> dict[str, Any]:
    assert isinstance(pieces[0], Chunk)
    value: dict[str, Any] = json.loads(pieces[0].json)
    return value


async def test_nothing_is_started_before_it_is_needed_and_one_process_serves_all() -> None:
    async with model_host() as host:
        assert host.pid is None
        answers = await asyncio.gather(*(asked(host, "answer") for _ in range(5)))
        assert {said(answer)["pid"] for answer in answers} == {host.pid}


async def test_it_can_be_started_ahead() -> None:
    async with model_host() as host:
        host.warm()
        host.warm()
        assert await host.start() is None
        warmed = host.pid
        assert said(await asked(host, "answer"))["pid"] == warmed


async def test_no_key_is_in_its_arguments_or_its_environment_and_it_is_nowhere_near_the_project() -> None:
    keys = {"GEMINI_API_KEY": "canary-key-1234", "AWS_SECRET_ACCESS_KEY": "canary-key-1234", "COTERIE_TOKEN": "canary-key-1234"}
    async with model_host(environ={**keys, "HTTPS_PROXY": "http://proxy.example:1", "NO_PROXY": "intra.example"}) as host:
        seen = said(await asked(host, "environment"))
    assert "canary-key-1234" not in json.dumps(seen)
    assert seen["environ"]["HTTPS_PROXY"] == "http://proxy.example:1"
    assert seen["environ"]["NO_PROXY"] == "localhost,127.0.0.1,::1,intra.example"
    assert seen["environ"]["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
    assert Path(seen["cwd"]) == Path(sys.prefix)


async def test_what_it_prints_is_neither_its_answer_nor_ours(capfd: pytest.CaptureFixture[str]) -> None:
    async with model_host() as host:
        assert said(await asked(host, "print"))["pid"] == host.pid
    assert capfd.readouterr().out == ""


async def test_its_death_ends_the_calls_that_it_had_and_the_next_one_has_another() -> None:
    async with model_host() as host:
        pid = said(await asked(host, "answer"))["pid"]
        pieces = await asked(host, "die later")
        assert [type(piece) for piece in pieces] == [Chunk, Died]
        assert await asked(host, "die") == [Died("it ended with status 3: out of memory")]
        assert said(await asked(host, "answer"))["pid"] not in {pid, None}


async def test_a_kill_is_named_for_what_it_is() -> None:
    async with model_host() as host:
        await host.start()
        assert host.pid is not None
        call = HostCall(operation="count", body={"model": "garbage"}, connect_s=1, read_s=1)
        os.kill(host.pid, signal.SIGSTOP)
        async with asyncio.timeout(END_S), aclosing(host.call(call)) as pieces:
            waiting = asyncio.ensure_future(anext(pieces))  # noqa: TID251 - the test itself waits for it
            await asyncio.sleep(0)
            os.kill(host.pid, signal.SIGKILL)
            assert await waiting == Died("it was ended by signal 9")


async def test_a_process_that_talks_nonsense_is_replaced() -> None:
    async with model_host() as host:
        assert [type(piece) for piece in await asked(host, "garbage")] == [Died]
        assert said(await asked(host, "answer"))


async def test_a_process_that_keeps_dying_is_left_alone_for_a_while() -> None:
    clock = Clock()
    async with model_host(clock=clock) as host:
        for _ in range(MOST_DEATHS):
            assert await asked(host, "die") == [Died("it ended with status 3: out of memory")]
        refused = await asked(host, "answer")
        assert isinstance(refused[0], Died)
        assert "left alone" in refused[0].reason
        assert host.pid is None
        clock.now += DEATHS_WITHIN_S
        assert said(await asked(host, "answer"))


async def test_one_that_answers_in_between_may_die_again() -> None:
    async with model_host(clock=Clock()) as host:
        for _ in range(MOST_DEATHS + 1):
            assert [type(piece) for piece in await asked(host, "die")] == [Died]
            assert said(await asked(host, "answer"))


async def test_one_that_cannot_be_started_says_why() -> None:
    async with model_host(command=("/nonexistent/python",)) as host:
        assert "cannot be started" in (await host.start() or "")
    async with model_host(command=(sys.executable, "-c", "raise SystemExit('no LiteLLM here')")) as host:
        assert await host.start() == "it ended with status 1: no LiteLLM here"


async def test_who_gives_up_waiting_leaves_the_start_to_the_others() -> None:
    async with model_host() as host:
        async with asyncio.TaskGroup() as group:
            impatient = group.create_task(asked(host, "answer"))
            patient = group.create_task(asked(host, "answer"))
            await asyncio.sleep(0)
            impatient.cancel()
        assert said(patient.result())["pid"] == host.pid


async def test_it_ends_with_its_owner() -> None:
    async with model_host() as host:
        await host.start()
        pid = host.pid
        assert pid is not None
    assert host.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
