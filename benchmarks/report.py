"""What a measurement is, and the table that shows all of them."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version


@dataclass(frozen=True)
class Measurement:
    """One line of the table; `aim` is empty where no bound was set."""

    what: str
    value: str
    aim: str
    how: str


def quantile(values: Sequence[float], percent: int) -> float:
    """Return a percentile, inclusive, of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def table(measurements: Sequence[Measurement]) -> str:
    """Render a Markdown table."""
    rows = [f"| {row.what} | {row.value} | {row.aim} | {row.how} |" for row in measurements]
    return "\n".join(["| what | measured | aim | how |", "|---|---|---|---|", *rows])


def page(measurements: Sequence[Measurement]) -> str:
    """Render `docs/benchmarks.md`."""
    now = datetime.now(UTC).date().isoformat()
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Measured on {now} with `make bench` (pygls {version('pygls')}; {machine}). Each line was measured in one run, the",
            "yardstick beside the thing, turn by turn. Absolute times belong to that machine; the ratios and shares should hold",
            "on any. The page is written by `python -m benchmarks --write docs/benchmarks.md`.",
            "",
            table(measurements),
            "",
        ]
    )
