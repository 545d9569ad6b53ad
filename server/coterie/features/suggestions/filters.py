"""What of a model's answer is fit to be shown. Pure: an answer, so far, and the gap it is for.

``filling`` asks `enough` after each piece and stops the model at the first line or block that is whole; `refine` makes the suggestion of
what came, or says why there is none. Brackets are fitted later, when it is offered (``brackets``): what stands behind the cursor may be
another thing then.
"""

from __future__ import annotations

import re
from typing import Final

from coterie.context.fill import Extent, Gap, indentation
from coterie.features.suggestions.brackets import CLOSERS
from coterie.features.suggestions.gate import Refusal

SHORTEST = 3
MOST_LINES = 24
REPEATS = 3

EMPTY: Final = Refusal("filter", "empty", "The model has nothing to add here.")
LINE_FINISHED: Final = Refusal("filter", "line_finished", "The model takes the line for finished.")
REPETITION: Final = Refusal("filter", "repetition", "The model only repeated the line above.")
DUPLICATE: Final = Refusal("filter", "duplicates_suffix", "The model only repeated what stands behind the cursor.")
TOO_SHORT: Final = Refusal("filter", "too_short", f"The model added fewer than {SHORTEST} characters.")

_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)+")
_INDENTED = re.compile(r"(?: {2,}|\t)\S")
_CLOSING_LINE = re.compile(r"(?:[\])}]+|end)[;,)]*")


def enough(text: str, gap: Gap, extent: Extent) -> bool:
    """Say whether what came is whole: nothing that follows could be shown."""
    placed = _placed(text, gap)
    if extent == "line":
        return "\n" in placed or _ends_line(text, gap)
    whole_lines = placed.rpartition("\n")[0]
    return _block(whole_lines, gap)[1]


def refine(text: str, gap: Gap, extent: Extent, *, manual: bool) -> str | Refusal:
    """Return the suggestion, or why there is none."""
    placed = _placed(text, gap)
    if extent == "line" and _ends_line(text, gap):
        return LINE_FINISHED
    kept = placed.partition("\n")[0] if extent == "line" else _block(placed, gap)[0]
    if not kept.strip():
        return EMPTY
    if (gap.line_before + kept.partition("\n")[0]).strip() == gap.above.strip() and gap.above.strip(" \t])};,"):
        return REPETITION
    unlike = _without_suffix(kept.rstrip(), gap).rstrip()
    if not unlike.strip():
        return DUPLICATE
    return TOO_SHORT if not manual and len(unlike.strip()) < SHORTEST else unlike


def _ends_line(text: str, gap: Gap) -> bool:
    return bool(gap.line_before.strip()) and _BLANK_LINES.match(text) is not None


def _placed(text: str, gap: Gap) -> str:
    """Begin the text where the cursor is: on a line of its own after an opened block, at the indentation that is there already."""
    line = gap.line_before
    if not line.strip():
        text = _BLANK_LINES.sub("", text)
        if not line:
            return text
        return text.removeprefix(line) if text.startswith(line) else text.lstrip(" \t")
    if gap.opener and not gap.line_after.strip():
        if (blank := _BLANK_LINES.match(text)) is not None:
            return "\n" + text[blank.end() :]
        if _INDENTED.match(text):
            return "\n" + text
    return text.lstrip(" ") if line.endswith(" ") else text


def _block(text: str, gap: Gap) -> tuple[str, bool]:
    """Cut the text where the cursor's block ends; say whether it ended there."""
    floor = indentation(gap.opener) if gap.opener else indentation(gap.line_before) - 1
    kept: list[str] = []
    for number, line in enumerate(text.split("\n")):
        if number and line.strip() and indentation(line) <= floor:
            if _CLOSING_LINE.fullmatch(line.strip()) and indentation(line) == floor and line.rstrip() != gap.below.rstrip():
                kept.append(line)
            return "\n".join(kept), True
        kept.append(line)
        if line.strip() and kept[-REPEATS:] == [line] * REPEATS:
            return "\n".join(kept[: 1 - REPEATS]), True
        if len(kept) == MOST_LINES:
            return "\n".join(kept), True
    return "\n".join(kept), False


def _without_suffix(text: str, gap: Gap) -> str:
    """Cut off what stands behind the cursor already: the rest of its line, or the next line."""
    after = gap.line_after.rstrip()
    for length in range(len(after), 0, -1):
        # A few characters of a longer rest may be there by chance; brackets alone are fitted when it is offered.
        enough_to_tell = length >= SHORTEST or length == len(after)
        if enough_to_tell and text.endswith(after[:length]) and not CLOSERS.issuperset(after[:length]):
            return text[:-length]
    lines = text.split("\n")
    for number, line in enumerate(lines):
        whole = gap.line_before + line if number == 0 else line
        if gap.below and whole.rstrip() == gap.below.rstrip():
            return "\n".join(lines[:number])
    return text
