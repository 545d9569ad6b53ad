"""The tokens of many files, sorted by the tokens before them: where has this context been before, and what came next?

`build` makes it once; nothing changes it afterwards. `ContextOrder` sorts the places of a stream by their contexts read backwards, so that
all places with the same last tokens stand side by side and a longer context is a part of the shorter one's stretch. `blend` asks the
order of the tokens themselves, `analogy` the order of their shapes, in which all rare names are the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from coterie.predictor.tokens import FILE_END, LINE_ENDS, is_word, tokens_of

LONGEST_CONTEXT: Final = 16
_DOUBLINGS: Final = (1, 2, 4, 8)
_SMALL: Final = 4096
"""Up to this length a stretch is searched in one step of numpy, above it by halves."""
_FEW: Final = 64
"""Up to this length numpy has no advantage."""
LAST_LINE_END: Final = len(LINE_ENDS)
"""Ids up to this one end a line: `FILE_END` is 0, the line ends follow."""
RARE_NAME: Final = 0
_SPACED_WORD: Final = 1
SHAPE_OFFSET: Final = 2
"""Shapes below it are rare names; other tokens are their own shape, so much above their id."""
_COMMON_SHARE: Final = 0.2
_COMMON_LEAST: Final = 4

Ids: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The places of an order whose last ``length`` tokens are those of a context: ``places[low:high]``."""

    length: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ContextOrder:
    """All places of ``stream``, sorted by the token there, then the one before it, and so on.

    ``bounds`` is where each token's begin; ``pairs`` holds the last two tokens of each place as one number.
    """

    stream: Ids
    places: Ids
    bounds: Ids
    pairs: NDArray[np.int64]

    def stretches(self, context: Sequence[int]) -> list[Stretch]:
        """Return the places with the same last token, the same last two, …, as long as there are any."""
        last = context[-1] if context else -1
        if not 0 <= last < len(self.bounds) - 1:
            return []
        low, high = int(self.bounds[last]), int(self.bounds[last + 1])
        found: list[Stretch] = []
        longest = min(len(context), LONGEST_CONTEXT)
        for back in range(1, longest + 1):
            if low == high:
                break
            found.append(Stretch(back, low, high))
            if high - low == 1:
                known = agreeing(self.stream, int(self.places[low]), context[-longest:], back)
                return found + [Stretch(length, low, high) for length in range(back + 1, known + 1)]
            if back == 1 < longest:
                if not 0 <= context[-2] < len(self.bounds):
                    break  # it would be taken for another pair
                pair = last * len(self.bounds) + context[-2]
                low, high = int(self.pairs.searchsorted(pair, "left")), int(self.pairs.searchsorted(pair, "right"))
            elif back < longest:
                low, high = self._narrowed(low, high, back, context[-1 - back])
        return found

    def _narrowed(self, low: int, high: int, back: int, token: int) -> tuple[int, int]:
        if high - low <= _SMALL:
            keys = self.stream.take(self.places[low:high] - back)
            if high - low <= _FEW:
                few: list[int] = keys.tolist()
                return low + bisect_left(few, token), low + bisect_right(few, token)
            sought = np.int32(token)  # all keys would be made numbers of 64 bits for the sake of one
            return low + int(keys.searchsorted(sought, "left")), low + int(keys.searchsorted(sought, "right"))

        def key(at: int) -> int:
            return int(self.stream[self.places[at] - back])

        span = range(low, high)
        return low + bisect_left(span, token, key=key), low + bisect_right(span, token, key=key)


def agreeing(stream: Ids, place: int, context: Sequence[int], known: int) -> int:
    """Return how many tokens up to a place are the last ones of the context, of which ``known`` are."""
    there = stream[place - len(context) + 1 : place - known + 1].tolist()
    for token in reversed(there):
        if token != context[-1 - known]:
            break
        known += 1
    return known


@dataclass(frozen=True, slots=True)
class LineEdges:
    """The lines of a stream: where each starts, its first token and its last."""

    starts: Ids
    firsts: Ids
    lasts: Ids

    def ends(self, first: int, without: tuple[int, int]) -> Ids:
        """Return the last tokens of the lines that start with ``first``; those at places ``without`` do not count."""
        low, high = self.starts.searchsorted(np.array(without, np.int32))
        alike = self.firsts == first
        alike[low:high] = False
        found: Ids = self.lasts[alike]
        return found


@dataclass(frozen=True, slots=True)
class Corpus:
    """Files as one stream of token ids, rising with the tokens' text.

    ``bounds`` holds each file's first place and the one past its end, in the order of ``paths`` and ``starts``.
    """

    vocabulary: tuple[str, ...]
    ids: dict[str, int]
    counts: Ids
    bounds: dict[str, tuple[int, int]]
    shape_of: Ids
    by_token: ContextOrder
    by_shape: ContextOrder
    lines: LineEdges
    paths: tuple[str, ...]
    starts: Ids

    def path_at(self, place: int) -> str:
        """Return the path of the file that has a place."""
        return self.paths[int(self.starts.searchsorted(np.int32(place), "right")) - 1]


def build(files: Sequence[tuple[str, str]]) -> Corpus:
    """Return the corpus of files, given as path and text."""
    cut = [tokens_of(text) for _, text in files]
    known = set(chain.from_iterable(cut))
    vocabulary = tuple(sorted(known | {FILE_END, *LINE_ENDS}))
    ids = {token: number for number, token in enumerate(vocabulary)}
    padding = [0] * LONGEST_CONTEXT  # so that no context reaches past the beginning
    bounds: dict[str, tuple[int, int]] = {}
    parts = [np.array(padding, np.int32)]
    spread = np.zeros(len(vocabulary), np.int32)
    at = len(padding)
    for (path, _), tokens in zip(files, cut, strict=True):
        part = np.fromiter((ids[token] for token in tokens), np.int32, len(tokens))
        spread[np.unique(part)] += 1
        bounds[path] = (at, at + len(part))
        parts += [part, np.zeros(1, np.int32)]
        at += len(part) + 1
    stream = np.concatenate(parts)
    shape_of = _shapes(vocabulary, spread, len(files))
    return Corpus(
        vocabulary=vocabulary,
        ids=ids,
        counts=np.bincount(stream, minlength=len(vocabulary)).astype(np.int32),
        bounds=bounds,
        shape_of=shape_of,
        by_token=_order(stream),
        by_shape=_order(shape_of[stream]),
        lines=edges(stream),
        paths=tuple(bounds),
        starts=np.array([low for low, _ in bounds.values()], np.int32),
    )


def edges(stream: Ids) -> LineEdges:
    """Return the lines of a stream that are not empty."""
    ends = stream <= LAST_LINE_END
    starts = np.flatnonzero(ends[:-1] & ~ends[1:]).astype(np.int32) + 1
    stops = np.flatnonzero(~ends[:-1] & ends[1:]).astype(np.int32)
    return LineEdges(starts=starts, firsts=stream[starts], lasts=stream[stops])


def _shapes(vocabulary: Sequence[str], spread: Ids, files: int) -> Ids:
    """Return the shape of each token: rare names are alike, what many files hold (keywords, as a rule) stays what it is."""
    common = max(_COMMON_LEAST, int(_COMMON_SHARE * files))
    shapes = np.arange(len(vocabulary), dtype=np.int32) + SHAPE_OFFSET
    for number, token in enumerate(vocabulary):
        if spread[number] < common and is_word(token):
            shapes[number] = shape_of_rare(token)
    return shapes


def shape_of_rare(name: str) -> int:
    """Return the shape that all rare names have, with a space before them or without."""
    return _SPACED_WORD if name[0] == " " else RARE_NAME


def _order(stream: Ids) -> ContextOrder:
    """Sort by doubling: places sorted by their last n tokens, looked at in pairs, are sorted by their last 2n."""
    rank = stream.astype(np.int64)
    for step in _DOUBLINGS:
        before = np.zeros_like(rank)
        before[step:] = rank[:-step]
        pairs = rank * (int(rank.max()) + 1) + before
        order = np.argsort(pairs, kind="stable")
        ordered = pairs[order]
        steps = np.empty(len(order), np.int64)
        steps[0] = 0
        steps[1:] = np.cumsum(ordered[1:] != ordered[:-1])
        rank = np.empty_like(rank)
        rank[order] = steps
    # Not the padding, nor the last place of all, which nothing follows.
    places = order[(order >= LONGEST_CONTEXT) & (order < len(order) - 1)].astype(np.int32)
    bounds = np.searchsorted(stream[places], np.arange(int(stream.max()) + 2)).astype(np.int32)
    before = stream[places - 1].astype(np.int64)
    return ContextOrder(stream=stream, places=places, bounds=bounds, pairs=stream[places].astype(np.int64) * len(bounds) + before)
