"""Run every measurement and print the table; see the package's page."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from benchmarks.attaching import measure_attaching
from benchmarks.conversation import measure_conversation
from benchmarks.fallback import measure_fallback
from benchmarks.indexing import measure_indexing
from benchmarks.prediction import measure_prediction
from benchmarks.relay import measure_relay
from benchmarks.report import Measurement, page, table, updated
from benchmarks.startup import measure_startup
from benchmarks.streaming import measure_streaming
from benchmarks.suggestions import measure_suggestions
from benchmarks.vscode import measure_vscode
from benchmarks.window import measure_window

MEASUREMENTS = {
    "startup": measure_startup,
    "attaching": measure_attaching,
    "streaming": measure_streaming,
    "conversation": measure_conversation,
    "window": measure_window,
    "suggestions": measure_suggestions,
    "fallback": measure_fallback,
    "relay": measure_relay,
    "prediction": measure_prediction,
    "indexing": measure_indexing,
    "vscode": measure_vscode,
}


async def measure(names: Sequence[str]) -> list[Measurement]:
    """Take the measurements one after the other: they would disturb each other."""
    return [measurement for name in names for measurement in await MEASUREMENTS[name]()]


def main() -> None:
    """Parse the command line and show the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Coterie.")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="also write the result as a Markdown page")
    parser.add_argument("--only", choices=MEASUREMENTS, help="take one measurement, and leave the page's other lines as they are")
    arguments = parser.parse_args()
    measurements = asyncio.run(measure([arguments.only] if arguments.only else list(MEASUREMENTS)))
    print(table(measurements))
    if arguments.write:
        before = arguments.write.read_text(encoding="utf-8")
        text = updated(before, measurements) if arguments.only else page(measurements, before)
        arguments.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
