"""Run every measurement and print the table; see the package's page."""

import argparse
import asyncio
from pathlib import Path

from benchmarks.attaching import measure_attaching
from benchmarks.conversation import measure_conversation
from benchmarks.fallback import measure_fallback
from benchmarks.report import Measurement, page, table
from benchmarks.startup import measure_startup
from benchmarks.streaming import measure_streaming


async def measure() -> list[Measurement]:
    """Take the measurements one after the other: they would disturb each other."""
    return [
        *await measure_startup(),
        *await measure_attaching(),
        *await measure_streaming(),
        *await measure_conversation(),
        *await measure_fallback(),
    ]


def main() -> None:
    """Parse the command line and show the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Coterie.")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="also write the result as a Markdown page")
    arguments = parser.parse_args()
    measurements = asyncio.run(measure())
    print(table(measurements))
    if arguments.write:
        arguments.write.write_text(page(measurements), encoding="utf-8")


if __name__ == "__main__":
    main()
