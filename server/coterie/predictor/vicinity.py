"""What speaks for a candidate beyond the likelihood of its tokens: where whole it stood before, between such lines, and its names.

`measures` asks for each candidate. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, log1p
from typing import Final

from coterie.predictor.blend import next_step
from coterie.predictor.corpus import LONGEST_CONTEXT
from coterie.predictor.surroundings import Surroundings
from coterie.predictor.tokens import DEEPER, LEVEL, LINE_ENDS, SHALLOWER, tokens_of

_NEAR: Final = 20_000
_BELOW: Final = 3
"""So many tokens of the next line have to agree, too."""
_FORESEEN: Final = 2
_LEAST: Final = 1e-3
_BRACKETS_READ: Final = 3_000
_WORD: Final = re.compile(r"\w+")
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
_FAR: Final = 12.0


@dataclass(frozen=True, slots=True)
class Vicinity:
    """The text around the cursor as the measures of all candidates need it.

    ``ends`` holds the token that ends this line, by the next one; all that may where there is none. ``behind`` is how much is known below.
    """

    around: Surroundings
    before: str
    words: Mapping[str, int]
    ends: tuple[int, ...]
    behind: int
    below: tuple[int, ...]
    depth: int
    closers: str | None


def vicinity(around: Surroundings, prefix: str, suffix: str) -> Vicinity:
    """Read the text around the cursor once for all candidates."""
    before, behind = prefix[-_NEAR:], suffix[:_NEAR].partition("\n")[2]
    following = next((line for line in behind.splitlines() if line.strip()), "")
    ids = around.corpus.ids
    below = tuple(around.number(token) for token in tokens_of(following.strip())[:_BELOW])
    ends: tuple[str, ...] = LINE_ENDS
    if following:
        here, there = _depth(around.line), _depth(following)
        ends = (LEVEL if here == there else DEEPER if there > here else SHALLOWER,)
    words = Counter(_WORD.findall(before))
    words.update(_WORD.findall(suffix[:_NEAR]))
    return Vicinity(
        around=around,
        before=before,
        words=words,
        ends=tuple(ids[end] for end in ends),
        behind=len(behind.strip()),
        below=below,
        depth=_open_brackets(before.rpartition("\n")[0]),
        closers=_closers(around.line, behind),
    )


def of_whole(near: Vicinity, text: str) -> dict[str, float]:
    """Return with how much of the context, and with how much of the line below, the whole candidate stood in one place before."""
    around = near.around
    tokens = [around.number(token) for token in tokens_of(around.begun + text)]
    rest, beyond = len(tokens) + 1, len(near.below) + 1
    lengths = dict.fromkeys(("whole", "shape_whole", "bridge", "shape_bridge"), (-1, -1))
    for end in near.ends:
        line = [*around.context[-LONGEST_CONTEXT:], *tokens, end]
        shapes = [around.shape(token) for token in line]
        found = {"whole": _met(around, line, rest), "shape_whole": _met(around, shapes, rest, shaped=True)}
        if near.below:
            found["bridge"] = _met(around, [*line, *near.below], beyond)
            found["shape_bridge"] = _met(around, [*shapes, *map(around.shape, near.below)], beyond, shaped=True)
        for name, (there, here) in found.items():
            lengths[name] = (max(lengths[name][0], there), max(lengths[name][1], here))
    elsewhere = {name: float(length) for name, (length, _) in lengths.items()}
    return elsewhere | {f"own_{name}": float(length) for name, (_, length) in lengths.items()}


def _met(around: Surroundings, tokens: Sequence[int], rest: int, *, shaped: bool = False) -> tuple[int, int]:
    """Return how many of the last tokens stood together in another file, and how many in the cursor's, beyond the ``rest``."""
    order = around.corpus.by_shape if shaped else around.corpus.by_token
    stretches = order.stretches(tokens)
    while stretches and not len(around.elsewhere(order.places[stretches[-1].low : stretches[-1].high])):
        stretches.pop()
    here = around.own_places(around.shapes if shaped else around.stream, tokens)
    return max(-1, len(stretches) - rest), max(-1, len(here) - rest)


def of_below(near: Vicinity, text: str) -> dict[str, float]:
    """Return how likely the next line begins as it does if the candidate is the rest of this one; 0 where no next line is known."""
    around = near.around
    more = (*(around.number(token) for token in tokens_of(around.begun + text)), near.ends[0])
    total = 0.0
    for token in near.below[:_FORESEEN]:
        total += log(max(_LEAST, next_step(around, more).likelihood.get(token, 0.0)))
        more = (*more, token)
    return {"next_line": total}


def of_words(near: Vicinity, text: str) -> dict[str, float]:
    """Return how well the names of a candidate are known in the cursor's file, and how far away they were written last."""
    words = [word for word in _WORD.findall(near.around.begun + text) if not word.isdigit()]
    if not words:
        return {"rarest": _FAR, "farthest": 0.0}
    last = [near.before.rfind(word) for word in words]
    return {
        "rarest": log1p(min(near.words[word] for word in words)),
        "farthest": max(_FAR if at < 0 else log1p(len(near.before) - at) for at in last),
    }


def of_brackets(near: Vicinity, text: str) -> dict[str, float]:
    """Return how many brackets are open before the line and behind the candidate."""
    line = near.around.line + text
    opened = _left_open(line)
    fits = 0.0 if near.closers is None else 1.0 if opened == near.closers else -1.0
    return {"outer": float(near.depth), "left_open": float(near.depth + _balance(line)), "opens": float(len(opened)), "fits_closers": fits}


def _closers(line: str, behind: str) -> str | None:
    """Return the brackets that start the next line which is no deeper than this one, none if that is less deep; None if there is none."""
    here = _depth(line)
    for below in behind[:_BRACKETS_READ].splitlines():
        text = below.lstrip()
        if text and (there := _depth(below)) <= here:
            return "" if there < here else text[: len(text) - len(text.lstrip(_CLOSING))]
    return None


def _left_open(line: str) -> str:
    """Return the closing brackets that a line leaves to others, the innermost first."""
    waiting: list[str] = []
    for character in line:
        if character in _OPENING:
            waiting.append(_CLOSING[_OPENING.index(character)])
        elif waiting and character == waiting[-1]:
            waiting.pop()
    return "".join(reversed(waiting))


def _open_brackets(text: str) -> int:
    """Count the brackets that are open at the end of a text, those of the last block alone."""
    depth = 0
    for line in reversed(text[-_BRACKETS_READ:].split("\n")):
        if line[:1].strip():
            return depth + max(0, _balance(line))
        depth = depth + _balance(line)
    return depth


def _balance(text: str) -> int:
    return sum(text.count(bracket) for bracket in _OPENING) - sum(text.count(bracket) for bracket in _CLOSING)


def _depth(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip(" \t"))
