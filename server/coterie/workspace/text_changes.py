"""The small changes that turn one text of a buffer into another, and where an editor puts them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from coterie.base.text import LineIndex, lines_of
from coterie.domain.edits import TextChange
from coterie.workspace.difference import common_prefix, differences


def text_changes(before: str, after: str) -> tuple[TextChange, ...]:
    r"""Return changes that touch as little as possible, so that cursors and folds stay; a ``\r\n`` is never cut in two."""
    old, new = lines_of(before), lines_of(after)
    starts = list(accumulate(map(len, old), initial=0))
    changes: list[TextChange] = []
    for span in differences(old, new):
        gone, come = "".join(old[span.old_start : span.old_end]), "".join(new[span.new_start : span.new_end])
        head, tail = _in_common(gone, come)
        start = starts[span.old_start]
        changes.append(TextChange(start + head, start + len(gone) - tail, come[head : len(come) - tail]))
    return tuple(changes)


def _in_common(gone: str, come: str) -> tuple[int, int]:
    """Return how many characters two texts share at their beginning and at their end."""
    head = common_prefix(gone, come)
    if gone[:head].endswith("\r"):
        head -= 1
    tail = common_prefix(gone[head:][::-1], come[head:][::-1])
    for text in (gone, come):
        if text[len(text) - tail :].startswith("\n") and text[: len(text) - tail].endswith("\r"):
            return head, tail - 1
    return head, tail


def apply_text_changes(text: str, changes: Iterable[TextChange]) -> str:
    """Return ``text`` after changes that all refer to it, as an editor applies them."""
    parts: list[str] = []
    at = 0
    for change in changes:
        parts += (text[at : change.start], change.text)
        at = change.end
    return "".join((*parts, text[at:]))


def misplaced(changes: Iterable[TextChange], meant_for: str, text: str) -> str:
    """Return what an editor makes of changes that were ``meant_for`` another text, when it only looks at line and character."""
    meant, real = LineIndex(meant_for), LineIndex(text)

    def moved(offset: int) -> int:
        return real.offset(meant.position(offset, "utf-16"), "utf-16")

    return apply_text_changes(text, [TextChange(moved(each.start), moved(each.end), each.text) for each in changes])
