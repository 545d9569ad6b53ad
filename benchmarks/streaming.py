"""Twenty runs stream at once: how fast is one more acknowledged, and how long does a chunk take to reach the editor?

The model is `model_server`, whose chunks carry the time they were sent at; the server joins the chunks of one frame
(16 ms) into one notification, so the newest chunk of a notification shows the way through and the oldest the whole wait.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.client import PATIENCE_S, Client, connect
from benchmarks.report import Measurement, quantile
from benchmarks.startup import COTERIE

RUNS = 20
STARTS = 100
DELTAS = 3000


async def measure_streaming() -> list[Measurement]:
    """Measure starts on an idle server, then on one where twenty runs stream, then the streams themselves."""
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as place:
        folder = Path(place, "workspace")
        folder.mkdir()
        async with model_server() as url, connect(COTERIE, home=Path(place, "home")) as client:
            provider = {"type": "openai_compatible", "base_url": url, "models": ["stream"]}
            await client.initialize(folder=folder, settings={"model": "bench/stream", "providers": {"bench": provider}})
            idle = [await time_start(client) for _ in range(STARTS)]
            for _ in range(RUNS):
                await client.request("agent/run/start", {"prompt": "Talk."})
            await streams_running(client, RUNS)
            busy = [await time_start(client) for _ in range(STARTS)]
            newest, oldest = await time_deltas(client)
            for run in (await client.request("agent/run/list", {"state": "running"}))["runs"]:
                await client.request("agent/run/cancel", {"runId": run["runId"]})
    return [
        Measurement(
            f"`agent/run/start` acknowledged while {RUNS} runs stream, against an idle server",
            f"p50 {quantile(busy, 50):.1f} ms, p99 {quantile(busy, 99):.1f} ms "
            f"({quantile(busy, 50) / quantile(idle, 50):.1f}× and {quantile(busy, 99) / quantile(idle, 99):.1f}×)",
            "",
            f"{STARTS} starts one after the other, each cancelled; {RUNS} streams of 50 chunks a second from another process",
        ),
        Measurement(
            "chunk in → notification out, newest chunk of each notification",
            f"p50 {quantile(newest, 50):.1f} ms, p99 {quantile(newest, 99):.1f} ms",
            "",
            f"{DELTAS} `message_delta` notifications, from the write in the model's process to the read in the editor's",
        ),
        Measurement(
            "chunk in → notification out, oldest chunk (frames of 16 ms included)",
            f"p50 {quantile(oldest, 50):.1f} ms, p99 {quantile(oldest, 99):.1f} ms",
            "",
            "the same notifications",
        ),
    ]


async def time_start(client: Client) -> float:
    """Return the milliseconds until a run was acknowledged; cancel it again."""
    began = time.perf_counter()
    run = await client.request("agent/run/start", {"prompt": "Talk."})
    ms = (time.perf_counter() - began) * 1000
    await client.request("agent/run/cancel", {"runId": run["runId"]})
    return ms


async def streams_running(client: Client, count: int) -> None:
    """Wait until this many different runs have shown text."""
    seen: set[str] = set()
    while len(seen) < count:
        _, payload = await client.event("message_delta")
        seen.add(payload["runId"])


async def time_deltas(client: Client) -> tuple[list[float], list[float]]:
    """Return, for each notification from now on, how old its newest and its oldest chunk were, in milliseconds."""
    while not client.events.empty():
        client.events.get_nowait()
    newest: list[float] = []
    oldest: list[float] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(newest) < DELTAS:
            at, payload = await client.event("message_delta")
            sent = [int(stamp) for stamp in payload["event"]["text"].split()]
            newest.append((at - sent[-1]) / 1e6)
            oldest.append((at - sent[0]) / 1e6)
    return newest, oldest


@contextlib.asynccontextmanager
async def model_server() -> AsyncIterator[str]:
    """Run `model_server.py` and give its address."""
    program = str(Path(__file__).parent / "model_server.py")
    process = await asyncio.create_subprocess_exec(sys.executable, program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).decode().strip()
    finally:
        process.kill()
        await process.wait()
