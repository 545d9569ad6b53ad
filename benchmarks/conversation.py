"""What a chat sends: bytes of its first request, and how much of each request repeats the one before.

A provider's prompt cache pays only for a prefix it has seen byte for byte. Ten turns, each with a tool call, make twenty
requests; `raw_http_server` keeps the bytes of each as they came over the wire.
"""

import itertools
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.client import Client, connect
from benchmarks.report import Measurement
from benchmarks.startup import COTERIE
from raw_http_server import Reply, Request, raw_http_server, sse

TURNS = 10
SOURCE = "def add(a: int, b: int) -> int:\n    return a + b\n"


async def measure_conversation() -> list[Measurement]:
    """Hold the conversation and look at its bytes."""
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as place:
        folder = Path(place, "workspace")
        folder.mkdir()
        for number in range(TURNS):
            (folder / f"part{number}.py").write_text(SOURCE, encoding="utf-8")
        async with raw_http_server(model()) as server, connect(COTERIE, home=Path(place, "home")) as client:
            provider = {"type": "openai_compatible", "base_url": f"{server.url}/v1", "models": ["chat"]}
            await client.initialize(folder=folder, settings={"model": "bench/chat", "providers": {"bench": provider}})
            await hold(client)
        bodies = [exchange.request.body for exchange in server.exchanges]
    assert len(bodies) == 2 * TURNS, f"{len(bodies)} requests for {TURNS} turns with one tool call each"
    shares = [repeated(one, two) / len(two) for one, two in itertools.pairwise(bodies)]
    lost = [len(one) - repeated(one, two) for one, two in itertools.pairwise(bodies)]
    least = min(range(len(shares)), key=shares.__getitem__)
    new = len(bodies[least + 1]) - len(bodies[least])
    return [
        Measurement(
            "first request of a chat", f"{len(bodies[0]) / 1000:.1f} KB", "≤ 12 KB", "the body as sent, `Hello` in a small workspace"
        ),
        Measurement(
            "share of each request's bytes that repeats the one before",
            f"median {statistics.median(shares):.1%}, least {min(shares):.1%}",
            "≥ 95 %",
            f"common prefix of the bodies as sent, {TURNS} turns with a tool call each, {len(bodies)} requests; the least is request "
            f"{least + 2}, of {len(bodies[least + 1]):,} bytes: {new} are new in it, a call and its result",
        ),
        Measurement(
            "bytes of each request that the next one does not repeat",
            f"at most {max(lost)}",
            "2, the closing brackets",
            "the same bodies: what a prompt cache could not have kept",
        ),
    ]


def repeated(one: bytes, two: bytes) -> int:
    """Return how many bytes two requests have in common from their beginning."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))


async def hold(client: Client) -> None:
    """Post ten messages, each after the answer to the one before."""
    channel = (await client.request("agent/channel/open", {}))["channelId"]
    for turn in range(TURNS):
        text = "Hello" if turn == 0 else f"And what is in part{turn}.py?"
        posted = await client.request("agent/channel/post", {"channelId": channel, "text": text})
        while (await client.event("run", state="succeeded"))[1]["runId"] != posted["runId"]:
            pass


def model() -> Callable[[Request], Reply]:
    """Return a model that answers every post with a tool call, and every tool result with a sentence."""
    calls = itertools.count()

    def reply(request: Request) -> Reply:
        if request.json()["messages"][-1]["role"] == "tool":
            return completion({"content": "It adds two numbers."}, "stop")
        number = next(calls)
        function = {"name": "read_file", "arguments": json.dumps({"path": f"part{number}.py"})}
        call = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
        return completion({"tool_calls": [call]}, "tool_calls")

    return reply


def completion(delta: dict[str, Any], finish: str) -> Reply:
    """Stream one delta of a chat completion."""

    def chunk(choices: list[dict[str, Any]], **rest: object) -> bytes:
        return sse({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "chat", "choices": choices, **rest})

    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    steps = (
        chunk([{"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": None}]),
        chunk([{"index": 0, "delta": {}, "finish_reason": finish}]),
        chunk([], usage=usage),
        sse("[DONE]"),
    )
    return Reply(steps=steps)
