"""A run is stopped wherever it can wait, and goes on from there: nothing of it is left, and what is journalled makes a valid conversation.

`model_host` checks at the end of each test that every conversation that was sent, also after a resume, is one that hosts accept.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from killing import left_of_runs
from lsp_client import ResponseError
from model_host import Asked, ModelHost, answer, model_host
from raw_http_server import Reply, json_reply
from served import ALLOW, Served, Wire, make_project, served, settings

STATES = {"interrupt": "interrupted", "cancel": "cancelled"}
PIPE = "started"
COMMAND = f"echo running > {PIPE}; exec sleep 1000"


@dataclass(frozen=True)
class Stage:
    """A chat that is about to wait: who serves it, who answers it, and the pipe by which its command says that it runs."""

    editor: Served
    host: ModelHost
    pipe: asyncio.StreamReader

    async def stop(self, how: str, run_id: str) -> None:
        """Stop a run; it has ended when that is answered, and nobody runs on its behalf."""
        state = STATES[how]
        assert await self.editor.client.request(f"agent/run/{how}", {"runId": run_id}) == {"runId": run_id, "state": state}
        end = await self.editor.ended(run_id)
        assert (end["state"], end["reason"]) == (state, state)
        run = await self.editor.client.request("agent/run/get", {"runId": run_id})
        assert run["state"] == state
        if how == "cancel":
            assert "running" not in [step["state"] for step in run["steps"]], "nothing of it seems to go on for ever"
            calls = {call["callId"]: call["state"] for call in self.editor.events(run_id, "tool_call")}
            assert not {"pending", "running"} & set(calls.values())
        assert self.editor.client.process is not None
        assert left_of_runs(self.editor.client.process.pid) == []
        assert await self.editor.client.request("agent/approval/list", {}) == {"approvals": []}
        again = await self.editor.client.request("agent/run/cancel", {"runId": run_id})
        assert again["state"] == state, "stopping what has ended changes nothing"

    async def goes_on(self, how: str, run_id: str) -> dict[str, Any] | None:
        """Resume a run and return how it ended; one that was cancelled stays so."""
        if how == "cancel":
            with pytest.raises(ResponseError) as refused:
                await self.editor.client.request("agent/run/resume", {"runId": run_id})
            assert refused.value.code == -32803
            return None
        self.editor.client.notifications.clear()
        assert await self.editor.client.request("agent/run/resume", {"runId": run_id}) == {"runId": run_id, "state": "running"}
        return await self.editor.ended(run_id)


@asynccontextmanager
async def stage(tmp_path: Path, script: Callable[[Asked], Reply], *, wire: Wire = "openai_compatible") -> AsyncIterator[Stage]:
    """Serve a project whose agents may run anything, against a scripted host."""
    project = make_project(tmp_path / "project")
    os.mkfifo(project / PIPE)
    # Open for writing too: the pipe does not end with its first writer.
    end = os.open(project / PIPE, os.O_RDWR | os.O_NONBLOCK)
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(end, "rb", buffering=0)
    )
    try:
        async with model_host(wire, script) as host:
            options = settings(host.url, wire, permissions={"allow": [*ALLOW, "exec(echo running)", "exec(sleep 1000)"]})
            async with served(tmp_path, options) as editor:
                yield Stage(editor, host, reader)
    finally:
        transport.close()


HOW = pytest.mark.parametrize("how", ["interrupt", "cancel"])
WIRES = pytest.mark.parametrize("wire", ["openai_compatible", "anthropic"])


@HOW
async def test_before_the_model_answers(tmp_path: Path, how: str) -> None:
    never = asyncio.Event()

    def script(asked: Asked) -> Reply:
        return Reply(steps=(never,)) if asked.number == 0 else answer("openai_compatible", "It subtracts.")

    async with stage(tmp_path, script) as on:
        run_id = await on.editor.start("What does add do?")
        await on.host.request(0)
        await on.stop(how, run_id)
        await on.host.closed(0)
        if end := await on.goes_on(how, run_id):
            assert end["state"] == "succeeded", end
            assert on.host.asked[1].messages == on.host.asked[0].messages


@WIRES
@HOW
async def test_in_the_middle_of_an_answer(tmp_path: Path, how: str, wire: Wire) -> None:
    never = asyncio.Event()

    def script(asked: Asked) -> Reply:
        return answer(wire, "It subtracts.", hold=never if asked.number == 0 else None)

    async with stage(tmp_path, script, wire=wire) as on:
        run_id = await on.editor.start("What does add do?")
        delta = await on.editor.client.expect_event("message_delta")
        await on.stop(how, run_id)
        await on.host.closed(0)
        channel = on.editor.of(run_id)[0]["channelId"]
        # What the person has seen of the answer stays, and is said to be a part.
        half = (await on.editor.client.request("agent/channel/history", {"channelId": channel}))["messages"][-1]
        assert (half["messageId"], half["text"], half["partial"]) == (delta["event"]["messageId"], "It sub", True)
        if end := await on.goes_on(how, run_id):
            assert end["state"] == "succeeded", end
            assert on.host.asked[1].messages == on.host.asked[0].messages
            whole = (await on.editor.client.request("agent/channel/history", {"channelId": channel}))["messages"][-1]
            assert (whole["text"], whole["partial"]) == ("It subtracts.", None)
            assert whole["messageId"] != half["messageId"]


@HOW
async def test_while_a_command_runs(tmp_path: Path, how: str) -> None:
    def script(asked: Asked) -> Reply:
        if asked.last.answers:
            return answer("openai_compatible", "I stop here.")
        return answer("openai_compatible", "", ("execute_command", {"command": COMMAND}), ("read_file", {"path": "calc.py"}))

    async with stage(tmp_path, script) as on:
        run_id = await on.editor.start("Run it")
        assert await asyncio.wait_for(on.pipe.readline(), 60) == b"running\n"
        await on.stop(how, run_id)
        [command] = [call for call in on.editor.events(run_id, "tool_call") if call["state"] == "failed"]
        assert "verify" in command["output"]
        if end := await on.goes_on(how, run_id):
            assert end["state"] == "succeeded", end
            [(_, told), (_, read)] = on.host.asked[-1].last.answers
            assert "verify" in told
            assert read.startswith("def add")


@HOW
async def test_while_a_person_is_asked(tmp_path: Path, how: str) -> None:
    def script(asked: Asked) -> Reply:
        if asked.last.answers:
            return answer("openai_compatible", "Done.")
        return answer("openai_compatible", "", ("execute_command", {"command": "touch made"}))

    async with stage(tmp_path, script) as on:
        run_id = await on.editor.start("Make it")
        question = await on.editor.asked()
        await on.stop(how, run_id)
        last = on.editor.events(run_id, "approval")[-1]
        assert (last["state"], last["decision"]["optionId"]) == ("resolved", None)
        with pytest.raises(ResponseError) as late:
            await on.editor.answer(question, "allow_once")
        assert late.value.data["code"] == "already_resolved"
        if how == "interrupt":
            on.editor.client.notifications.clear()
            await on.editor.client.request("agent/run/resume", {"runId": run_id})
            await on.editor.answer(await on.editor.asked(), "allow_once")
            assert (await on.editor.ended(run_id))["state"] == "succeeded"
            assert "exit code 0" in on.host.asked[-1].last.answers[0][1]
        assert (on.editor.text("made") is not None) == (how == "interrupt")


@HOW
async def test_in_the_pause_before_another_attempt(tmp_path: Path, how: str) -> None:
    def script(asked: Asked) -> Reply:
        if asked.number == 0:
            return json_reply({"error": {"message": "slow down", "type": "rate_limit_error"}}, status=429, headers={"retry-after": "20"})
        return answer("openai_compatible", "It subtracts.")

    async with stage(tmp_path, script) as on:
        run_id = await on.editor.start("What does add do?")
        await on.editor.client.expect_event("warning", lambda warning: warning["code"] == "rate_limited")
        await on.stop(how, run_id)
        assert len(on.host.asked) == 1
        if end := await on.goes_on(how, run_id):
            assert end["state"] == "succeeded", end


async def test_a_stopped_run_of_the_team_goes_on_at_the_step_that_it_was_in(tmp_path: Path) -> None:
    plan = {"goal": "g", "criteria": ["c"], "files": [], "steps": [{"id": "s1", "title": "t"}]}
    submits: dict[str, Mapping[str, Any]] = {
        "planner-model": plan,
        "coder-model": {"summary": "Nothing to do."},
        "reviewer-model": {"verdict": "approve", "findings": []},
        "documenter-model": {"summary": "Nothing to say."},
    }
    never = asyncio.Event()
    held = True

    def script(asked: Asked) -> Reply:
        if asked.model == "tester-model" and not asked.last.answers:
            return answer("openai_compatible", "", ("run_tests", {"command": "echo running"}))
        if asked.model == "tester-model":
            return answer("openai_compatible", "", ("submit", {"summary": "It ran."}))
        if asked.model == "reviewer-model" and held:
            return Reply(steps=(never,))
        return answer("openai_compatible", "", ("submit", submits[asked.model]))

    async with stage(tmp_path, script) as on:
        run_id = await on.editor.start("Look at it", workflow="team")
        await on.editor.client.expect_event("step", lambda step: (step["stepId"], step["state"]) == ("test", "succeeded"))
        await on.stop("interrupt", run_id)
        held = False
        asked_before = [asked.model for asked in on.host.asked]
        end = await on.goes_on("interrupt", run_id)
        assert end is not None
        assert end["state"] == "succeeded", end
        models = [asked.model for asked in on.host.asked[len(asked_before) :]]
        assert models == ["reviewer-model", "documenter-model"]


@WIRES
async def test_what_is_said_to_a_run_is_heard_at_its_next_boundary(tmp_path: Path, wire: Wire) -> None:
    gate = asyncio.Event()

    def script(asked: Asked) -> Reply:
        if asked.number == 0:
            return answer(wire, "I look.", ("read_file", {"path": "calc.py"}), hold=gate)
        return answer(wire, f"Done after {asked.number}.", number=asked.number)

    async with stage(tmp_path, script, wire=wire) as on:
        client = on.editor.client
        run_id = await on.editor.start("What does add do?")
        await client.expect_event("message_delta")
        channel = on.editor.of(run_id)[0]["channelId"]
        steered = await client.request("agent/run/steer", {"runId": run_id, "text": "In French."})
        note = {"text": "Speak plainly."}
        posted = await client.request("agent/channel/post", {"channelId": channel, "text": "And briefly.", "attachments": [note]})
        assert posted["runId"] == run_id
        with pytest.raises(ResponseError) as busy:
            await client.request("agent/run/start", {"prompt": "Another", "channelId": channel})
        assert busy.value.data["code"] == "run_active"
        gate.set()
        assert (await on.editor.ended(run_id))["state"] == "succeeded"

        assert len(on.host.asked) == 2
        before, after = on.host.asked[0].messages, on.host.asked[1].messages
        assert after[: len(before)] == before
        said = "\n".join(message.text for message in after[len(before) :] if message.role == "user")
        attached = "<attachment>\nSpeak plainly.\n</attachment>\n\nAnd briefly."
        assert said.strip() == f"In French.\n{attached}", "what is attached to a steer is heard with it"
        messages = (await client.request("agent/channel/history", {"channelId": channel}))["messages"]
        mine = [(message["messageId"], message["text"]) for message in messages if message["role"] == "user"]
        assert mine[1:] == [(steered["messageId"], "In French."), (posted["messageId"], attached)]
        with pytest.raises(ResponseError) as late:
            await client.request("agent/run/steer", {"runId": run_id, "text": "Too late."})
        assert (late.value.code, late.value.data["code"]) == (-32803, "run_ended")


async def test_a_run_that_goes_on_is_neither_undone_nor_resumed_and_one_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    never = asyncio.Event()

    async with stage(tmp_path, lambda _: Reply(steps=(never,))) as on:
        run_id = await on.editor.start("What does add do?")
        await on.host.request(0)
        for method in ("undo", "resume"):
            with pytest.raises(ResponseError) as active:
                await on.editor.client.request(f"agent/run/{method}", {"runId": run_id})
            assert (active.value.code, active.value.data["code"]) == (-32803, "run_active")
        for method in ("get", "events", "steer", "interrupt", "cancel", "resume", "undo", "diff"):
            with pytest.raises(ResponseError) as unknown:
                await on.editor.client.request(f"agent/run/{method}", {"runId": "run_of_nobody", "after": 0, "text": "x"})
            assert (unknown.value.code, unknown.value.data["code"]) == (-32803, "unknown_run"), method
        await on.stop("cancel", run_id)
