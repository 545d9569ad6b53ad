r"""Text positions: the one place where editors' line and character numbers meet Python's code points.

``lsp`` converts positions and incremental changes here; ``workspace`` finds places in buffers. Inside Coterie an offset counts code points
of a `str`; on the wire a position is a line and a number of code units of the negotiated encoding. Lines end as LSP says, with ``\n``,
``\r\n`` or ``\r`` and nothing else; where no editor is asked they are those of `lines_of`. Positions that are not there are clamped: past
a line's end to its end, past the last line to the end of the text, inside a character to its beginning. Lone surrogates, which JSON can
carry, count as one UTF-16 unit and three UTF-8 bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from itertools import accumulate
from typing import Literal, assert_never

Encoding = Literal["utf-8", "utf-16", "utf-32"]

# A byte of UTF-8 that is not the first of its character.
_LEADING_BITS, _CONTINUATION = 0b1100_0000, 0b1000_0000
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_BLOCK = 16 * 1024
_FEW = 3


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text, both numbers from 0; ``character`` counts code units of an `Encoding`."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class ContentChange:
    """One incremental change of a document: replace ``start`` to ``end`` by ``text``; without a ``start`` the whole text."""

    text: str
    start: Position | None = None
    end: Position | None = None


def scalars(text: str) -> str:
    """Return a text that can be stored and sent on: a lone surrogate, which JSON can smuggle in, becomes U+FFFD.

    That is as long as it in every encoding of positions.
    """
    if text.isascii():
        return text
    try:
        text.encode("utf-16-le")  # which finds one several times faster than the expression
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub("\ufffd", text)
    return text


def length(text: str, encoding: Encoding) -> int:
    """Return how many code units ``text`` has."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-16":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    assert_never(encoding)


def utf16_length(text: str) -> int:
    """Return the length that offsets in messages and suggestions are counted in."""
    return length(text, "utf-16")


def index_of(line: str, character: int, encoding: Encoding) -> int:
    """Return the code point of ``line`` where ``character`` code units have gone by, clamped to the line."""
    if character <= 0:
        return 0
    if encoding == "utf-32" or line.isascii():
        return min(character, len(line))
    if encoding == "utf-16":
        return _index_of_utf16(line, character)
    if encoding == "utf-8":
        return _index_of_utf8(line, character)
    assert_never(encoding)


def _index_of_utf16(line: str, character: int) -> int:
    pairs = 0
    for found in _ASTRAL.finditer(line):
        if found.start() + pairs >= character:
            break
        pairs += 1  # also when only the pair's first half fits, which leads to its beginning
    return min(character - pairs, len(line))


def _index_of_utf8(line: str, character: int) -> int:
    encoded = line.encode("utf-8", "surrogatepass")
    cut = min(character, len(encoded))
    while cut < len(encoded) and encoded[cut] & _LEADING_BITS == _CONTINUATION:
        cut -= 1
    return len(encoded[:cut].decode("utf-8", "surrogatepass"))


def split_lines(text: str) -> list[str]:
    """Return the lines with their ends; the last one has none and may be empty."""
    lines = list(StringIO(text, newline=""))  # which ends lines as LSP does, several times faster than an expression finds them
    if not lines or lines[-1].endswith(("\n", "\r")):
        lines.append("")
    return lines


def without_end(line: str) -> str:
    """Return a line of `split_lines` or `lines_of` without its end."""
    return line.removesuffix("\n").removesuffix("\r")


def lines_of(text: str) -> list[str]:
    r"""Return the lines with their ends as git, parsers and agents count them: ``\n`` alone ends one, and an empty last one is none."""
    *lines, last = text.split("\n")
    return [line + "\n" for line in lines] + ([last] if last else [])


def bare_lines(text: str) -> list[str]:
    """Return the lines of `lines_of` without their ends."""
    return [without_end(line) for line in lines_of(text)]


class LineIndex:
    """Finds positions in one text. Building it counts the lines of each block, at the speed of the memory; a look-up reads one block.

    No list of all lines is made: a person who types into a file of 20 MB waits for it with each key.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._ends = _with_line_feeds(text)
        blocks = range(0, len(text), _BLOCK)
        self._before = list(accumulate((self._ends.count("\n", at, at + _BLOCK) for at in blocks), initial=0))  # ends before each block

    @property
    def line_count(self) -> int:
        """How many lines there are, an empty last one included."""
        return self._before[-1] + 1

    def line(self, number: int) -> str:
        """Return the line ``number`` (from 0) without its end."""
        start = self._start(number)
        stop = self._ends.find("\n", start)
        return without_end(self.text[start : stop if stop >= 0 else len(self.text)])

    def offset(self, position: Position, encoding: Encoding) -> int:
        """Return the code point that a position names, clamped."""
        if position.line < 0:
            return 0
        if position.line >= self.line_count:
            return len(self.text)
        return self._start(position.line) + index_of(self.line(position.line), position.character, encoding)

    def position(self, offset: int, encoding: Encoding) -> Position:
        r"""Return the position of a code point. Between ``\r`` and ``\n`` there is none: it becomes the end of the line."""
        offset = min(max(offset, 0), len(self.text))
        block = offset // _BLOCK
        number = self._before[block] + self._ends.count("\n", block * _BLOCK, offset)
        before = without_end(self.text[self._ends.rfind("\n", 0, offset) + 1 : offset])
        return Position(number, length(before, encoding))

    def _start(self, number: int) -> int:
        """Return where a line begins, which is there: behind the last end before it."""
        block = max(0, bisect_left(self._before, number) - 1)
        end = block * _BLOCK - 1 if number else -1
        for _ in range(number - self._before[block]):
            end = self._ends.find("\n", end + 1)
        return end + 1


def _with_line_feeds(text: str) -> str:
    r"""Return a text of the same length in which ``\n`` stands where lines end, and nowhere else."""
    alone = text.count("\r")
    if alone and alone != text.count("\r\n"):
        return text.replace("\r\n", " \n").replace("\r", "\n")
    return text


def apply_changes(text: str, changes: Iterable[ContentChange], encoding: Encoding) -> str:
    """Return ``text`` after incremental changes, each of which refers to the text that the one before it left.

    Of many the text is split into lines once, so that a formatter's thousand changes of a large file cost little more than one; of a few,
    which typing makes, it is not.
    """
    changes = tuple(changes)
    if len(changes) <= _FEW:
        for change in changes:
            text = _changed(text, change, encoding)
        return text
    lines = split_lines(text)
    for change in changes:
        if change.start is None or change.end is None:
            lines = split_lines(change.text)
        else:
            start, end = sorted((change.start, change.end))
            _replace(lines, start, end, change.text, encoding)
    return "".join(lines)


def _changed(text: str, change: ContentChange, encoding: Encoding) -> str:
    if change.start is None or change.end is None:
        return change.text
    index = LineIndex(text)
    start, end = (index.offset(place, encoding) for place in sorted((change.start, change.end)))
    return text[:start] + change.text + text[end:]


def _replace(lines: list[str], start: Position, end: Position, text: str, encoding: Encoding) -> None:
    first, start_index = _place(lines, start, encoding)
    last, end_index = _place(lines, end, encoding)
    replaced = lines[first][:start_index] + text + lines[last][end_index:]
    if first and replaced.startswith("\n") and lines[first - 1].endswith("\r"):
        first -= 1  # the two become one line end
        replaced = lines[first] + replaced
    # The new lines end with what the last replaced line ended with; an end that is there already adds no empty line.
    tail = split_lines(replaced)
    if not tail[-1] and last + 1 < len(lines):
        tail.pop()
    lines[first : last + 1] = tail


def _place(lines: list[str], position: Position, encoding: Encoding) -> tuple[int, int]:
    if position.line < 0:
        return 0, 0
    if position.line >= len(lines):
        return len(lines) - 1, len(lines[-1])
    return position.line, index_of(without_end(lines[position.line]), position.character, encoding)
