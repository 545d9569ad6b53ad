"""The fences of Markdown that models put around the text that they were asked for. Pure.

``chatter`` calls this with an answer as far as it has come. In code no fence is meant. In the text of a documentation one may be: it goes
on as the lines around it do, with what begins the comment, or in the columns of the string.
"""

from __future__ import annotations

import re
from typing import Final

from coterie.context.fill import Gap, indentation
from coterie.features.suggestions.brackets import QUOTES, open_behind
from coterie.features.suggestions.prose import announces

_FENCES: Final = ("```", "~~~")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)([^\n`]*)\n", re.MULTILINE)
_NAMED = re.compile(r"[\w+#.-]*")
_ENDING = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_DOC_MARK = re.compile(r"///|//!|\*")
_WORDS: Final = frozenset(("markdown", "md", "text", "plaintext"))


def is_fenced(text: str) -> bool:
    """Say whether a text begins with a line that is a fence."""
    return _FENCE.match(text) is not None


def without_fence(text: str) -> str:
    """Return what stands in the first fence, or before one that was never opened."""
    begun = text.lstrip()
    if begun.startswith(_FENCES):
        opening = _FENCE.match(begun)
        if opening is None or opening[1].strip() == "diff":
            return ""
        return _until_fence(begun[opening.end() :])
    return _until_fence(text)


def unwrapped(text: str, gap: Gap) -> str:
    """Return an answer in a comment or string without the fence around all of it, and what announced that."""
    begun = text.lstrip()
    first, ended, rest = begun.partition("\n")
    if ended and announces(first) and first.rstrip().endswith(":"):
        begun = rest.lstrip()
        if not begun.strip("`~"):
            return ""  # so far; a fence may come
    opening = _FENCE.match(begun)
    if opening is None or _NAMED.fullmatch(opening[1].strip()) is None:
        return "" if opening is None and begun.startswith(_FENCES) and not text.lstrip().startswith(_FENCES) else text
    body = begun[opening.end() :]
    return text if _is_meant(body, gap) else _until_fence(body).lstrip("\n")


def out_of_fence(text: str) -> str:
    """Unpack an answer in words that was fenced as a whole."""
    opening = _FENCE.match(text.lstrip())
    if opening is None or opening[1].strip() not in _WORDS:
        return text
    body = text.lstrip()[opening.end() :].rstrip()
    return body.removesuffix("```").removesuffix("\n")


def _is_meant(body: str, gap: Gap) -> bool:
    """Say whether what stands behind an opening fence goes on as the comment or the string does in which the fence is."""
    line = gap.line_before
    ending = _ENDING.search(body)
    if sum(gap.prefix.count(fence) for fence in _FENCES) % 2:
        return True  # it ends the one that stands above
    if (mark := _DOC_MARK.match(line.lstrip())) is not None:
        return ending is None and body.lstrip().startswith(mark.group())
    if line.strip() or any(opened[0] in QUOTES and len(opened) == 1 for opened in open_behind(line)):
        return False
    return ending is None or indentation(ending.group() + ".") >= indentation(f"{line}.")


def _until_fence(text: str) -> str:
    ending = _ENDING.search(text)
    return text if ending is None else text[: max(0, ending.start() - 1)]
