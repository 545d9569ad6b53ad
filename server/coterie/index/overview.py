"""Which files much of a project rests on, whatever is asked: those that are imported by what is imported itself, and those that change.

Pure, over a `Snapshot`; `folder` asks it for the map that agents begin with.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest

from coterie.domain.retrieval import SymbolKind
from coterie.index.imports import imported_by
from coterie.index.snapshot import Snapshot
from coterie.index.symbols import Symbol

_DAMPING = 0.85
_ROUNDS = 12
_CHANGES = 0.5
"""How much often changed counts beside often imported."""
_MOST_NAMES = 6
_ORDER: Mapping[SymbolKind, int] = {"class": 0, "function": 1, "module": 2, "constant": 3}


def central(snapshot: Snapshot, limit: int) -> Sequence[int]:
    """Return the files of code that are most central, the most first; of equal ones the first by path."""
    code = [file for file, each in snapshot.files.items() if each.role == "code"]
    rested_on = _to_one(_rested_on(snapshot, code))
    changed = _to_one(
        {file: math.log1p(times) for file, times in Counter(file for commit in snapshot.history.touched for file in commit).items()}
    )
    scores = {file: rested_on.get(file, 0.0) + _CHANGES * changed.get(file, 0.0) for file in code}
    first_by_path = sorted(code, key=lambda file: snapshot.files[file].path)
    return nlargest(limit, first_by_path, key=scores.__getitem__)


def main_names(symbols: Iterable[Symbol]) -> tuple[str, ...]:
    """Return the main names that a file defines outside of other definitions: classes before functions, the long before the short."""
    outer: list[Symbol] = []
    for symbol in sorted(symbols, key=lambda each: (each.line, -each.end_line)):
        if not outer or symbol.line > outer[-1].end_line:
            outer.append(symbol)
    public = [symbol for symbol in outer if not symbol.name.startswith("_")]
    telling = [symbol for symbol in public if symbol.kind != "constant"] or public
    best = sorted(telling, key=lambda each: (_ORDER[each.kind], each.line - each.end_line, each.line))[:_MOST_NAMES]
    return tuple(dict.fromkeys(symbol.name for symbol in sorted(best, key=lambda each: each.line)))


def _rested_on(snapshot: Snapshot, code: Sequence[int]) -> Mapping[int, float]:
    """Let each file pass on what it is worth to those that it imports, some rounds long."""
    known = set(code)
    imports: dict[int, list[int]] = {file: [] for file in code}
    for target, importing in imported_by(snapshot.imported).items():
        for file in importing:
            if file in known and target in known:
                imports[file].append(target)
    worth = dict.fromkeys(code, 1.0)
    for _ in range(_ROUNDS):
        passed = dict.fromkeys(code, 1 - _DAMPING)
        for file, targets in imports.items():
            for target in targets:
                passed[target] += _DAMPING * worth[file] / len(targets)
        worth = passed
    return worth


def _to_one(found: Mapping[int, float]) -> Mapping[int, float]:
    most = max(found.values(), default=0.0)
    return {file: value / most for file, value in found.items()} if most > 0 else {}
