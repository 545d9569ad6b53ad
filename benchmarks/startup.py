"""Spawn to `initialize`, and the memory that is then held, against an empty pygls server.

The two servers take turns, so that whatever else the machine does falls on both; the ratio of each pair is taken and the
median of the ratios reported.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.client import connect
from benchmarks.report import Measurement
from daemon_stage import Stage

EMPTY = (sys.executable, str(Path(__file__).parent / "empty_server.py"))
COTERIE = (sys.executable, "-m", "coterie", "serve", "--stdio")
ROUNDS = 15


@dataclass(frozen=True)
class Start:
    """One start: milliseconds until `initialize` and the first request were answered, megabytes of the process tree after that."""

    ms: float
    ready_ms: float
    mb: float


async def measure_startup() -> list[Measurement]:
    """Start both servers in turn and compare."""
    # The first start of each writes its bytecode, which an installed package has from the beginning.
    await start(EMPTY)
    await start(COTERIE, first_request="agent/status")
    pairs = [(await start(EMPTY), await start(COTERIE, first_request="agent/status")) for _ in range(ROUNDS)]
    time_ratio = statistics.median(ours.ms / empty.ms for empty, ours in pairs)
    memory_ratio = statistics.median(ours.mb / empty.mb for empty, ours in pairs)
    ours_ms, empty_ms = (statistics.median(pair[side].ms for pair in pairs) for side in (1, 0))
    ready_ms = statistics.median(ours.ready_ms for _, ours in pairs)
    ours_mb, empty_mb = (statistics.median(pair[side].mb for pair in pairs) for side in (1, 0))
    return [
        Measurement(
            "spawn → `initialize` answered, against an empty pygls server",
            f"{time_ratio:.2f}× ({ours_ms:.0f} ms : {empty_ms:.0f} ms)",
            "≤ 1.3×",
            f"median of the ratios of {ROUNDS} alternating pairs",
        ),
        Measurement(
            "spawn → first `agent/status` answered",
            f"{ready_ms:.0f} ms",
            "",
            "the same starts; the core is built between the two answers",
        ),
        Measurement(
            "memory of the process tree with the core built, against the same",
            f"{memory_ratio:.2f}× ({ours_mb:.0f} MB : {empty_mb:.0f} MB)",
            "≤ 1.6×",
            "resident set of the server and its children, the same pairs",
        ),
    ]


async def start(command: tuple[str, ...], *, first_request: str | None = None, shared: Stage | None = None) -> Start:
    """Start a server with an empty workspace, ask what only Coterie answers, and shut it down again.

    Its home is fresh, or that of the daemon it attaches to.
    """
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as place:
        folder = Path(place, "workspace")
        folder.mkdir()
        began = time.perf_counter()
        home, runtime = (shared.home, shared.runtime) if shared else (Path(place, "home"), None)
        async with connect(command, home=home, runtime=runtime) as client:
            await client.initialize(folder=folder, settings={})
            ms = (time.perf_counter() - began) * 1000
            if first_request:
                await client.request(first_request)
            ready_ms = (time.perf_counter() - began) * 1000
            server = psutil.Process(client.pid)
            tree = [server, *server.children(recursive=True)]
            return Start(ms=ms, ready_ms=ready_ms, mb=sum(process.memory_info().rss for process in tree) / 1e6)
