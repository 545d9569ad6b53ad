"""Write docs/demo.svg, the picture in the README: parts of what `make demo` shows, captured by running it.

Run it from a checkout whose folder may be seen by everybody, because the picture shows where the interpreter lives.
"""

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.text import Text

from coterie.app.wiring import Wiring
from coterie.cli.arguments import parse
from coterie.cli.demo.story import show
from coterie.cli.terminal import Streams

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "demo.svg"
WIDTH = 100
# Each part goes from the first line that begins with the one up to the next that begins with the other. The whole is too tall for a page.
PARTS = (("A change by the team", "▸ code"), ("▸ review", "▸ code"), ("The change", "  --- a/README.md"), ("What it used", None))


def main() -> int:
    """Run the demo, keep its picture when every claim held, and return its exit status."""
    console = recording(sys.stdout)
    streams = Streams(stdin=StringIO(), stdout=sys.stdout, stderr=sys.stderr, environ=dict(os.environ))
    status = asyncio.run(show(parse(["demo", "--replay"]), Wiring(), streams, console))
    if status == 0:
        picture = recording(StringIO())
        for line in shown(Text.from_ansi(console.export_text(styles=True)).split(allow_blank=True)):
            picture.print(line)
        picture.save_svg(str(PICTURE), title="make demo")
    return status


def recording(file: IO[str]) -> Console:
    """Return a console that keeps what is printed, with the colours of a good terminal."""
    return Console(file=file, record=True, width=WIDTH, force_terminal=True, color_system="truecolor", highlight=False)


def shown(lines: Iterable[Text]) -> Iterator[Text]:
    """Yield the lines of `PARTS`, with a mark between them."""
    rest = iter(lines)
    for number, (first, end) in enumerate(PARTS):
        if number:
            yield Text("⋮", style="dim")
        yield from part(rest, first, end)


def part(lines: Iterator[Text], first: str, end: str | None) -> Iterator[Text]:
    """Yield what begins with the line ``first``, up to the line ``end`` or to the last."""
    begun = dropwhile(lambda line: not line.plain.startswith(first), lines)
    for line in takewhile(lambda line: end is None or not line.plain.startswith(end), begun):
        line.rstrip()
        yield line


if __name__ == "__main__":
    sys.exit(main())
