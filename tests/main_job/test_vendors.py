"""A vendor that only LiteLLM speaks to, over the editor's wire: named by a model's id and a key in the environment, and nothing else."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from aimock_server import StartAimock
from lsp_client import BOUND_S, ResponseError
from raw_http_server import Reply, Request, raw_http_server, sse
from served import fixture, served

# LiteLLM is imported by the server's own child, which a busy machine takes long for.
pytestmark = pytest.mark.timeout(300)

MODEL = "gemini/gemini-2.5-pro"
CANARY = "canary-key-1234"
OPTIONS = {"model": MODEL, "retry": {"attempts": 4, "baseMs": 10, "maxMs": 50}}


def hosts_of(process: int) -> list[psutil.Process]:
    """Return the model hosts among a process's children."""
    return [child for child in psutil.Process(process).children(recursive=True) if "coterie.modelhost" in child.cmdline()]


async def test_a_model_of_a_vendor_works_with_its_key_alone(tmp_path: Path, start_aimock: StartAimock) -> None:
    fixtures = [
        fixture("gemini-2.5-pro", 0, text="I look.", calls=[("read_file", {"path": "calc.py"})]),
        {"match": {}, "response": {"content": "Two numbers are added.", "usage": {"prompt_tokens": 1000, "completion_tokens": 10}}},
    ]
    async with start_aimock(fixtures) as host:
        env = {"GEMINI_API_KEY": CANARY, "GEMINI_API_BASE": host.url}
        async with served(tmp_path, {"model": MODEL}, env=env) as editor:
            run_id, end = await editor.play("What does calc.py do?")
            assert end["state"] == "succeeded", end
            said = [event["text"] for event in editor.events(run_id, "message")]
            models = (await editor.client.request("agent/model/list", {"provider": "gemini"}))["models"]
            usage = await editor.client.request("agent/usage", {"by": "provider"})
            providers = (await editor.client.request("agent/provider/list", {}))["providers"]
        calls = await host.journal()
    assert "Two numbers are added." in said[-1]
    assert [call.path.partition("?")[0] for call in calls] == ["/v1beta/models/gemini-2.5-pro:streamGenerateContent"] * 2
    assert not [event for event in editor.events(run_id, "warning") if event["code"] == "price_unknown"]
    (row,) = [row for row in usage["rows"] if row["key"] == "gemini"]
    # 1.25 and 10 dollars for a million tokens.
    assert float(row["usd"]) == pytest.approx((row["input"] * 1.25 + row["output"] * 10) / 1_000_000)
    known = {model["id"]: model for model in models}
    assert (known[MODEL]["contextTokens"], known[MODEL]["price"]["input"]) == (1_048_576, "1.25")
    assert [(provider["id"], provider["type"], provider["state"]) for provider in providers] == [("gemini", "litellm", "ready")]
    written = [file for file in (tmp_path / "home").rglob("*") if file.is_file() and CANARY.encode() in file.read_bytes()]
    assert written == [], "the key is in none of our files"


def pieces(texts: Sequence[str], *, end: bool = True) -> list[bytes]:
    """Return what Gemini streams."""
    said: list[dict[str, Any]] = [{"content": {"role": "model", "parts": [{"text": text}]}} for text in texts]
    if end:
        said[-1]["finishReason"] = "STOP"
    return [sse({"candidates": [candidate]}) for candidate in said]


async def test_a_run_goes_on_when_the_process_is_killed_amid_an_answer(tmp_path: Path) -> None:
    def reply(_request: Request) -> Reply:
        is_first = not server.exchanges
        return (
            Reply(steps=(*pieces(["Half an "], end=False), asyncio.Event()))
            if is_first
            else Reply(steps=tuple(pieces(["A whole ", "answer."])))
        )

    async with raw_http_server(reply) as server:
        env = {"GEMINI_API_KEY": CANARY, "GEMINI_API_BASE": server.url}
        async with served(tmp_path, OPTIONS, env=env) as editor:
            run_id = await editor.start("Say something")
            await editor.client.eventually(lambda: bool(editor.events(run_id, "message_delta")))
            assert editor.client.process is not None
            (first,) = hosts_of(editor.client.process.pid)
            assert CANARY not in " ".join([*first.cmdline(), *first.environ().values()])
            first.send_signal(signal.SIGKILL)
            end = await editor.ended(run_id)
            (second,) = hosts_of(editor.client.process.pid)
            said = [event["text"] for event in editor.events(run_id, "message")]
        assert end["state"] == "succeeded", end
        assert said == ["Say something", "A whole answer."]
        assert second.pid != first.pid
        assert len(server.exchanges) == 2
    await asyncio.wait_for(asyncio.to_thread(psutil.wait_procs, [first, second], BOUND_S), 2 * BOUND_S)
    assert not [process for process in (first, second) if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


async def test_a_vendors_key_that_is_not_set_is_named(tmp_path: Path) -> None:
    assert "XAI_API_KEY" not in os.environ
    async with served(tmp_path, {"model": "xai/grok-4.7"}) as editor:
        with pytest.raises(ResponseError) as refused:
            await editor.start("hi")
        assert refused.value.data["code"] == "auth_required"
        assert "XAI_API_KEY" in refused.value.message
        assert editor.client.process is not None
        assert hosts_of(editor.client.process.pid) == [], "nothing is started for what cannot be asked"
