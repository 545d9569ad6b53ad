"""What a person wrote above the tables of a TOML file, kept out of a change's way: to TOML it belongs to the table before.

``rewriting`` lifts it off, changes the rest, and puts it back: else a key that is added to a table would come below the words about the
next one, and a table that goes would take those along.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER = re.compile(r"\s*\[")
_BESIDE = re.compile(r"\s*(#|$)")


@dataclass(frozen=True, slots=True)
class Heading:
    """Lines that stand above a header, from an empty one on; ``header`` is its line, and which of those that read alike."""

    lines: tuple[str, ...]
    header: tuple[str, int]


def lifted(text: str) -> tuple[str, tuple[Heading, ...], tuple[tuple[str, int], ...]]:
    """Return a text without its headings, those, and all headers in their order. What only looks like a header does no harm."""
    kept: list[str] = []
    headings: list[Heading] = []
    headers: list[tuple[str, int]] = []
    for line, header in _numbered(text):
        if header is not None:
            headers.append(header)
            begin = len(kept)
            while begin and _BESIDE.match(kept[begin - 1]):
                begin -= 1
            while begin < len(kept) and kept[begin].strip():
                begin += 1
            if any(each.strip() for each in kept[begin:]):
                headings.append(Heading(tuple(kept[begin:]), header))
                del kept[begin:]
        kept.append(line)
    return "\n".join(kept), tuple(headings), tuple(headers)


def put_back(text: str, headings: tuple[Heading, ...], headers: tuple[tuple[str, int], ...]) -> str:
    """Return a changed text with headings above their headers, or, where one is gone, above the next that is not, or at the end."""
    left = {header for _, header in _numbered(text) if header is not None}
    above: dict[tuple[str, int] | None, list[str]] = {}
    for heading in headings:
        after = headers[headers.index(heading.header) :]
        above.setdefault(next((each for each in after if each in left), None), []).extend(heading.lines)
    lines: list[str] = []
    for line, header in _numbered(text):
        if header is not None:
            lines += above.get(header, ())
        lines.append(line)
    if (rest := above.get(None)) is not None:
        last = lines.pop() if lines and not lines[-1] else None
        lines += [*rest, *([""] if last is not None else [])]
    return "\n".join(lines)


def _numbered(text: str) -> Iterator[tuple[str, tuple[str, int] | None]]:
    """Yield lines, each with what it is called where it is a header."""
    seen: Counter[str] = Counter()
    for line in text.split("\n"):
        if _HEADER.match(line) is None:
            yield line, None
        else:
            seen[line] += 1
            yield line, (line, seen[line])
