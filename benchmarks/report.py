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
    return "\n".join(["| what | measured | aim | how |", "|---|---|---|---|", *map(_row, measurements)])


def updated(page: str, measurements: Sequence[Measurement]) -> str:
    """Return a page with these lines in place of the ones about the same, or behind the others."""
    lines = page.rstrip("\n").split("\n")
    for measurement in measurements:
        there = next((number for number, line in enumerate(lines) if line.startswith(f"| {measurement.what} |")), len(lines))
        lines[there : there + 1] = [_row(measurement)]
    return "\n".join([*lines, ""])


def _row(row: Measurement) -> str:
    return f"| {row.what} | {row.value} | {row.aim} | {row.how} |"


def page(measurements: Sequence[Measurement], before: str) -> str:
    """Render `docs/benchmarks.md`; lines of the page ``before`` about what this run has not measured stay."""
    measured = tuple(f"| {measurement.what} |" for measurement in measurements)
    kept = [line for line in before.splitlines() if line.startswith("| ") and not line.startswith(("| what |", *measured))]
    now = datetime.now(UTC).date().isoformat()
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Measured on {now} with `make bench` (pygls {version('pygls')}; {machine}). Each line was measured in one run, the",
            "yardstick beside the thing, turn by turn. Absolute times belong to that machine; the ratios and shares should hold",
            "on any. The page is written by `python -m benchmarks --write docs/benchmarks.md`, which keeps the lines that were measured by",
            "hand before.",
            "",
            table(measurements),
            *kept,
            "",
        ]
    )
