"""What an editor waits for, and what it holds, when a shared daemon is there already: attach to `initialize`, and the relay's memory.

The yardstick is the empty pygls server again, turn by turn with the relay. One editor stays attached meanwhile: it began the daemon.
"""

import statistics
import tempfile
from pathlib import Path

from benchmarks.client import connect
from benchmarks.report import Measurement
from benchmarks.startup import EMPTY, ROUNDS, start
from daemon_stage import ATTACH, stage


async def measure_attaching() -> list[Measurement]:
    """Start a daemon, then attach to it and start the empty server in turn."""
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as place:
        folder = Path(place, "workspace")
        folder.mkdir()
        async with stage(Path(place)) as shared, connect(ATTACH, home=shared.home, runtime=shared.runtime) as first:
            await first.initialize(folder=folder, settings={})
            await first.request("agent/status")
            await start(EMPTY)
            await start(ATTACH, first_request="agent/status", shared=shared)
            pairs = [(await start(EMPTY), await start(ATTACH, first_request="agent/status", shared=shared)) for _ in range(ROUNDS)]
    ratio = statistics.median(ours.ms / empty.ms for empty, ours in pairs)
    ours_ms, empty_ms = (statistics.median(pair[side].ms for pair in pairs) for side in (1, 0))
    ready_ms = statistics.median(ours.ready_ms for _, ours in pairs)
    return [
        Measurement(
            "attach to a warm daemon → `initialize` answered, against an empty pygls server",
            f"{ratio:.2f}× ({ours_ms:.0f} ms : {empty_ms:.0f} ms)",
            "≤ 0.5×",
            f"median of the ratios of {ROUNDS} alternating pairs, `coterie attach` beside one editor that stays",
        ),
        Measurement(
            "attach to a warm daemon → first `agent/status` answered",
            f"{ready_ms:.0f} ms",
            "",
            "the same; a core of the connection's own is built between the two answers",
        ),
        Measurement(
            "memory of a relay",
            f"{statistics.median(ours.mb for _, ours in pairs):.1f} MB",
            "≤ 20 MB",
            "resident set, what it shares with other processes included, the same relays",
        ),
    ]
