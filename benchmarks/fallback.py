"""How long does a person wait for the first word when the first model's host is dead?

The dead host is a port on which nothing listens, the other one `model_server`. The first call of a server pays for its attempts; from then
on the breaker passes the dead host over, and what that costs is shown against asking the living host itself.
"""

import socket
import tempfile
import time
from pathlib import Path

from benchmarks.client import Client, connect
from benchmarks.report import Measurement, quantile
from benchmarks.startup import COTERIE
from benchmarks.streaming import model_server

SERVERS = 5
RUNS = 30


async def measure_fallback() -> list[Measurement]:
    """Measure the first fallback of several servers, then runs of the last one with and without a dead host in front."""
    firsts: list[float] = []
    passed_over: list[float] = []
    direct: list[float] = []
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as place, socket.socket() as unused:
        folder = Path(place, "workspace")
        folder.mkdir()
        unused.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        async with model_server() as url:
            providers = {name: {"type": "openai_compatible", "base_url": at} for name, at in (("dead", dead), ("alive", url))}
            settings = {"model": "dead/stream", "fallbacks": ["alive/stream"], "providers": providers}
            for number in range(SERVERS):
                async with connect(COTERIE, home=Path(place, f"home{number}")) as client:
                    await client.initialize(folder=folder, settings=settings)
                    await time_first_word(client, "alive/stream")  # the first call of all loads the HTTP client
                    firsts.append(await time_first_word(client, "dead/stream"))
                    if number == SERVERS - 1:
                        for _ in range(RUNS):
                            passed_over.append(await time_first_word(client, "dead/stream"))
                            direct.append(await time_first_word(client, "alive/stream"))
    return [
        Measurement(
            "first word of a run whose first host is dead, first call",
            f"median {quantile(firsts, 50):.0f} ms",
            "≤ 4,000 ms",
            f"{SERVERS} servers; four attempts with the default pauses (at most 0.5, 1 and 2 s), then the fallback",
        ),
        Measurement(
            "first word of a run whose first host is dead, later calls, against a living one",
            f"p50 {quantile(passed_over, 50):.0f} ms : {quantile(direct, 50):.0f} ms",
            "≤ 1.5×",
            f"{RUNS} pairs of runs, from `agent/run/start` to the first `message_delta`; the breaker is open",
        ),
    ]


async def time_first_word(client: Client, model: str) -> float:
    """Return the milliseconds from starting a run to its first word; cancel it."""
    began = time.monotonic_ns()
    run = await client.request("agent/run/start", {"prompt": "Talk.", "model": model})
    while True:
        at, payload = await client.event("message_delta")
        if payload["runId"] == run["runId"]:
            break
    await client.request("agent/run/cancel", {"runId": run["runId"]})
    return (at - began) / 1e6
