r"""Differences as people read them: the hunks of a change event, and unified diffs.

``agents`` makes hunks from what was really edited; ``features`` diffs for ``agent/run/diff``. Lines are whole and end with ``\n`` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from coterie.base.ids import new_id
from coterie.base.text import lines_of
from coterie.domain.edits import ChangeState, Hunk
from coterie.workspace.difference import Span, differences

CONTEXT = 3


def hunks_between(before: str | None, after: str | None, *, state: ChangeState = "applied", step_id: str | None = None) -> tuple[Hunk, ...]:
    """Return what differs between two texts; None stands for no such file.

    The start of a side without lines is the line before which the other side's lines stand, so that it counts from 1 as well. That an
    empty file comes or goes is a hunk without lines.
    """
    old, new = lines_of(before or ""), lines_of(after or "")
    spans = differences(old, new) or ((Span(0, 0, 0, 0),) if before != after else ())
    return tuple(
        Hunk(
            hunk_id=new_id("hunk"),
            old_start=span.old_start + 1,
            old_lines=span.old_end - span.old_start,
            new_start=span.new_start + 1,
            new_lines=span.new_end - span.new_start,
            old_text="".join(old[span.old_start : span.old_end]),
            new_text="".join(new[span.new_start : span.new_end]),
            state=state,
            step_id=step_id,
        )
        for span in spans
    )


def with_hunks(before: str, hunks: Iterable[Hunk]) -> str:
    """Return a text with hunks of it, in their order, put in."""
    lines, at, made = lines_of(before), 0, list[str]()
    for hunk in hunks:
        made += [*lines[at : hunk.old_start - 1], hunk.new_text]
        at = hunk.old_start - 1 + hunk.old_lines
    return "".join(made + lines[at:])


def placed(hunks: Iterable[Hunk]) -> tuple[Hunk, ...]:
    """Return the hunks of one change, each with the line where it begins when those that are applied are in the text."""
    made, shift = list[Hunk](), 0
    for hunk in hunks:
        made.append(replace(hunk, new_start=hunk.old_start + shift))
        shift += hunk.new_lines - hunk.old_lines if hunk.state == "applied" else 0
    return tuple(made)


def unified_diff(path: str, before: str | None, after: str | None, moved_from: str | None = None) -> str:
    """Return a diff that ``git apply`` and ``patch -p1`` understand; empty when nothing differs and nothing was moved."""
    if moved_from is not None:
        moved = f"diff --git a/{moved_from} b/{path}\nrename from {moved_from}\nrename to {path}\n"
        return moved + ("" if before == after else _named(moved_from, path, before, after))
    return "" if before == after else _named(path, path, before, after)


def _named(old_path: str, path: str, before: str | None, after: str | None) -> str:
    old, new = lines_of(before or ""), lines_of(after or "")
    # A tab ends a name with a space in it, or patch would take the rest for a time.
    old_name, name = (one + "\t" if " " in one else one for one in (old_path, path))
    diff = [
        "--- /dev/null\n" if before is None else f"--- a/{old_name}\n",
        "+++ /dev/null\n" if after is None else f"+++ b/{name}\n",
    ]
    for group in _grouped(differences(old, new)):
        diff += _hunk(group, old, new)
    return "".join(diff)


def _grouped(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Put spans together whose context would overlap."""
    group: list[Span] = []
    for span in spans:
        if group and span.old_start - group[-1].old_end > 2 * CONTEXT:
            yield group
            group = []
        group.append(span)
    if group:
        yield group


def _hunk(group: list[Span], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    lead = min(CONTEXT, group[0].old_start)
    start, new_start = group[0].old_start - lead, group[0].new_start - lead
    tail = min(CONTEXT, len(old) - group[-1].old_end)
    end, new_end = group[-1].old_end + tail, group[-1].new_end + tail
    yield f"@@ -{_extent(start, end)} +{_extent(new_start, new_end)} @@\n"
    at = start
    for span in group:
        yield from _marked(" ", old[at : span.old_start])
        yield from _marked("-", old[span.old_start : span.old_end])
        yield from _marked("+", new[span.new_start : span.new_end])
        at = span.old_end
    yield from _marked(" ", old[at:end])


def _extent(start: int, end: int) -> str:
    count = end - start
    first = start + 1 if count else start  # git: a side without lines stands after its line
    return str(first) if count == 1 else f"{first},{count}"


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"
