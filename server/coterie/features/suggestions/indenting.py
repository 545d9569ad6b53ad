"""Puts an answer at the indentation of its place, in the file's own steps of blanks or tabs. Pure.

Models that speak begin at the left edge, whatever the cursor's column; models that fill gaps go on in the steps of what they were trained
with. `placed` is the first thing that ``filters`` does with an answer. What it does to a line follows from the lines before it alone, so
that an answer can be judged while it comes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from coterie.context.fill import TAB_SIZE, Gap, indentation, opens_block
from coterie.features.suggestions.brackets import scan
from coterie.features.suggestions.languages import WORDS, named

BLANK_LINES: Final = re.compile(r"\A(?:[ \t]*\n)+")
_INDENTED = re.compile(r"(?: {2,}|\t)\S")
_GOES_ON = re.compile(r"(?:[-,(\[{+*/=&|\\.<>?]|\b(?:and|or|not|in|is))$")
_STEPS: Final = (2, 3, 4, 8)
_LABELS: Final = named("yaml makefile c cpp")
"""Languages in which a line that ends with a colon may be followed by one at its own indentation."""
_TABBED: Final = named("makefile make")
"""Languages that indent by tabs, whatever a file has so far."""
_ENDS_EARLIER = re.compile(r"(?:[\])}]|(?:else|elif|elsif|except|catch|finally|rescue|ensure|case|default|end|fi|done|esac)\b|</|#|@)")
_STANDS_APART = re.compile(r"(?:(?:async )?def|class)\b")
_LEAVES = re.compile(r"(?:return|raise|throw|break|continue|pass)\b")


@dataclass(frozen=True, slots=True)
class _Style:
    """How a file indents: by tabs, or by so many blanks; None where it does not tell."""

    step: int | None
    tabs: bool

    @property
    def tab(self) -> int:
        """Columns of a tab in an answer: a step, whatever the step is here."""
        return TAB_SIZE if self.tabs or self.step is None else self.step

    def written(self, columns: int) -> str:
        """Return white space that reaches so far."""
        return "\t" * (columns // TAB_SIZE) + " " * (columns % TAB_SIZE) if self.tabs else " " * columns


def placed(text: str, gap: Gap, language: str = "") -> str:
    """Begin the text where the cursor is: on a line of its own after an opened block, at the indentation that is there already."""
    line = gap.line_before
    if not line.strip():
        return _on_blank_line(BLANK_LINES.sub("", text), gap, language)
    if gap.opener and not gap.line_after.strip() and language not in WORDS:
        blank = BLANK_LINES.match(text)
        if blank is not None or _is_next_line(text, line):
            below = text if blank is None else text[blank.end() :]
            is_next = blank is None or blank.group().count("\n") == 1
            return "\n" + _below_opener(below, gap, language, is_next=is_next)
    return text.lstrip(" ") if line[-1:] in (" ", "\t") else text


def _is_next_line(text: str, line: str) -> bool:
    """Say whether a text is indented as the line below ``line`` would be, for which the line feed was forgotten."""
    return not line[-1:].isspace() and _INDENTED.match(text) is not None and indentation(text.partition("\n")[0]) > indentation(line)


def _on_blank_line(text: str, gap: Gap, language: str) -> str:
    """Leave out the indentation that is there; move the other lines by as much as the first one was off."""
    line, style = gap.line_before, _style(gap, language)
    if not line:
        if gap.opener and language not in WORDS and not gap.line_after.strip():
            return _below_opener(text, gap, language, is_next=True)
        if style.tabs and _mixes(text, style):
            text = "\n".join(style.written(columns) + other for columns, other in _measured(text.split("\n"), style))
        return text.lstrip(" \t") if _is_too_deep(text, gap, language) else text
    first, broken, rest = text.partition("\n")
    at, there = _columns(first, style), indentation(line)
    by = there - at
    if at == 0 and _is_at_left_edge(first, rest, gap, language):
        return "\n".join([first, *_unindented(rest.split("\n"), style, there)])
    if at == 0:
        following = next((other for other in rest.split("\n") if other.strip()), "")
        by = there if opens_block(first) and 0 < _columns(following, style) <= there else 0
    moved = (style.written(max(0, columns + by)) + other for columns, other in _measured(rest.split("\n"), style))
    return first.lstrip(" \t") + broken + ("\n".join(moved) if by or _mixes(rest, style) else rest)


def _is_at_left_edge(first: str, rest: str, gap: Gap, language: str) -> bool:
    """Say whether a body was written at the left edge, but for its first line, which stands where the cursor is.

    A model that fills gaps ends the block that way instead: that is believed only where the next line could stand at the left edge.
    """
    following = rest.partition("\n")[0]
    if not gap.opener or language in WORDS or not following.strip() or following[0].isspace() or _ENDS_EARLIER.match(following):
        return False
    if opens_block(first) or _LEAVES.match(first) or _STANDS_APART.match(following):
        return False
    if following.rstrip() in map(str.rstrip, gap.suffix.split("\n")[1:]):
        return False  # it goes on with what stands below the block
    opener = gap.opener.strip()
    return indentation(gap.opener) > 0 or (opener.endswith("{") or _STANDS_APART.match(opener) is not None)


def _below_opener(text: str, gap: Gap, language: str, *, is_next: bool) -> str:
    """Put the first line one step deeper than the line that opens the block, and the others as far from it as they are."""
    style, floor = _style(gap, language), indentation(gap.opener)
    if style.step is None and language == "python":
        style = _Style(TAB_SIZE, tabs=False)
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    deeper = _columns(first, style) - floor
    if not first or not style.step or first.strip()[0] in ")]}":
        return text
    if deeper <= 0:
        if not is_next or language in _LABELS or floor or gap.opener.rstrip()[-1:] not in ":{":
            return text
        return "\n".join(_unindented(lines, style, style.step))
    as_it_is = deeper == style.step or (gap.opener.rstrip()[-1:] in "([" and deeper > style.step)
    if as_it_is and not _mixes(text, style):
        return text
    measured = [columns for columns, _ in _measured(lines, style)]
    if as_it_is:
        moved = measured
    elif deeper < style.step or _own_step(lines, style) == deeper:
        steps = ((columns, divmod(columns - floor, deeper)) for columns in measured)
        moved = [columns if columns <= floor else floor + whole * style.step + rest for columns, (whole, rest) in steps]
    else:
        moved = [columns if columns <= floor else max(floor, columns - deeper + style.step) for columns in measured]
    return "\n".join(
        style.written(columns) + rest if rest else "" for columns, (_, rest) in zip(moved, _measured(lines, style), strict=True)
    )


def _own_step(lines: list[str], style: _Style) -> int | None:
    """Return how much deeper the first line goes that goes deeper than the one before it."""
    columns = [_columns(line, style) for line in lines if line.strip()]
    return next((after - before for before, after in pairwise(columns) if after > before), None)


def _unindented(lines: list[str], style: _Style, step: int) -> Iterator[str]:
    """Indent a body that was written at the left edge, up to a blank line or what closes the block."""
    body = ""
    for number, line in enumerate(lines):
        body += f"{line}\n"
        if number and (scan(body).closed or not line.strip()):
            yield from lines[number:]
            return
        yield style.written(step + _columns(line, style)) + line.lstrip(" \t")


def _is_too_deep(text: str, gap: Gap, language: str) -> bool:
    """Say whether a statement is indented below one that opens nothing, which is an error in Python."""
    if language != "python" or indentation(text.partition("\n")[0]) <= indentation(gap.above) or not gap.above:
        return False
    return _GOES_ON.search(gap.above.rstrip()) is None and not any(mark in "([{\"'" or mark[0] in "\"'" for mark in scan(gap.prefix).opened)


@lru_cache(maxsize=8)
def _style(gap: Gap, language: str) -> _Style:
    """Return how the lines around the cursor are indented, by the most usual step from one to the next.

    Where they do not tell, the cursor's own line does: the editor indented it.
    """
    if language in _TABBED:
        return _Style(TAB_SIZE, tabs=True)
    lines = [line for text in (gap.prefix, gap.suffix) for line in text.split("\n")[:400] if line.strip()]
    if not any(line[0] in " \t" for line in lines) and not gap.line_before.strip():
        lines = [gap.above, f"{gap.line_before}."]
    tabs = sum(line.startswith("\t") for line in lines)
    blanks = sum(line.startswith("  ") for line in lines)
    if tabs > blanks:
        return _Style(TAB_SIZE, tabs=True)
    steps = Counter(after - before for before, after in pairwise(map(indentation, lines)) if after - before in _STEPS)
    return _Style(min(steps, key=lambda step: (-steps[step], step)) if steps else None, tabs=False)


def _measured(lines: Iterable[str], style: _Style) -> Iterator[tuple[int, str]]:
    for line in lines:
        yield _columns(line, style), line.lstrip(" \t")


def _columns(line: str, style: _Style) -> int:
    white = line[: len(line) - len(line.lstrip(" \t"))]
    return len(white.expandtabs(style.tab))


def _mixes(text: str, style: _Style) -> bool:
    """Say whether a line of the text begins with the white space that the file does not use."""
    if style.step is None:
        return False
    return re.search(r"^ {2,}" if style.tabs else r"^ *\t", text, re.MULTILINE) is not None
