"""What a chunk of a model's stream costs until an agent has it, against bare httpx and against LiteLLM, and how late first words are.

Each way reads the same bytes in a process of its own (`relay_client`), in turn; the model is `model_server`.
"""

import asyncio
import json
import os
import statistics
import sys
from dataclasses import dataclass

from benchmarks.client import PATIENCE_S
from benchmarks.report import Measurement
from benchmarks.streaming import model_server

ROUNDS = 3
ALONE = 5000
MANY = 50
EACH = 200
PACED = 100


@dataclass(frozen=True)
class Reading:
    """What reading took: seconds of the processor and of the clock, and how late each stream's first word was, if it said so."""

    cpu_s: float
    wall_s: float
    first_ms: tuple[float, ...] = ()


async def measure_relay() -> list[Measurement]:
    """Read one stream and fifty at full speed, then fifty at the pace of a fast model."""
    async with model_server() as url:
        rows = [row for streams, chunks in ((1, ALONE), (MANY, EACH)) for row in await compare(url, streams, chunks)]
        paced = {way: [await run(way, url, "stream", MANY, PACED) for _ in range(ROUNDS)] for way in ("httpx", "coterie")}
    late, bare = ([ms for each in paced[way] for ms in each.first_ms] for way in ("coterie", "httpx"))
    cpu = statistics.median(each.cpu_s / each.wall_s for each in paced["coterie"])
    return [
        *rows,
        Measurement(
            f"first token of {MANY} streams at 50 tokens a second each",
            f"p50 {statistics.median(late):.1f} ms, latest {max(late):.1f} ms after it was sent "
            f"(httpx {statistics.median(bare):.1f} ms, {max(bare):.1f} ms)",
            "< 50 ms late",
            f"{ROUNDS} times {MANY} streams of {PACED} chunks from another process; reading them takes {cpu:.0%} of one core",
        ),
    ]


async def compare(url: str, streams: int, chunks: int) -> list[Measurement]:
    """Take turns, so that whatever else the machine does falls on all; report medians, and ratios of the same turn."""
    total = streams * chunks
    turns = [
        {way: await run(way, url, f"burst-{chunks}", streams, chunks) for way in ("httpx", "coterie", "litellm")} for _ in range(ROUNDS)
    ]
    how = f"{total} chunks in {'one stream' if streams == 1 else f'{streams} streams at once'} at full speed, median of {ROUNDS} turns"

    def cpu(way: str) -> float:
        return statistics.median(turn[way].cpu_s for turn in turns) / total * 1000

    def speed(way: str) -> float:
        return total / statistics.median(turn[way].wall_s for turn in turns)

    bare = statistics.median(turn["coterie"].cpu_s / turn["httpx"].cpu_s for turn in turns)
    other = statistics.median(turn["litellm"].cpu_s / turn["coterie"].cpu_s for turn in turns)
    many = "1 stream" if streams == 1 else f"{streams} streams"
    return [
        Measurement(
            f"CPU for a chunk of {many}, against bare httpx (and LiteLLM against ours)",
            f"{bare:.2f}× ({cpu('coterie'):.3f} ms : {cpu('httpx'):.3f} ms); LiteLLM {other:.0f}× ours",
            "≤ 2×",
            how,
        ),
        Measurement(
            f"chunks a second of {many}",
            f"{speed('coterie'):,.0f} (httpx {speed('httpx'):,.0f}, LiteLLM {speed('litellm'):,.0f})",
            "",
            "the same turns",
        ),
    ]


async def run(way: str, url: str, model: str, streams: int, chunks: int) -> Reading:
    """Read streams in another process and return what it measured."""
    arguments = (sys.executable, "-m", "benchmarks.relay_client", way, url, model, str(streams), str(chunks))
    environment = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    process = await asyncio.create_subprocess_exec(*arguments, env=environment, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 5 * PATIENCE_S)
    assert process.returncode == 0, f"{way} failed"
    return Reading(**json.loads(out.splitlines()[-1]))
