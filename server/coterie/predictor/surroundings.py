"""The cursor's file as the corpus's ids: what stands before the cursor, what has been begun there, and the file's own tokens.

The last token before the cursor may be unfinished (``fo`` of ``foo``, a space, the first ``=`` of ``==``), so it is no context: whatever
comes next has to start with it. `predictor` makes a `Surroundings` for each question. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from coterie.predictor.corpus import LAST_LINE_END, LONGEST_CONTEXT, RARE_NAME, SHAPE_OFFSET, Corpus, Ids, agreeing, shape_of_rare
from coterie.predictor.tokens import LINE_ENDS, is_word, tokens_of

PREFIX_READ: Final = 40_000
SUFFIX_READ: Final = 12_000
_BELOW: Final = 12
"""Characters of the file that are looked at, before and behind the cursor."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``context`` ends right before ``begun``, ``so_far`` tokens of it are in the cursor's line; ``below`` is how the next line begins.

    Ids from the vocabulary's length on are words that only this file has. ``stream`` is the file, before the cursor and behind it, with a
    file's end in between; ``excluded`` is where the corpus has the same file, as it was on disk.
    """

    corpus: Corpus
    context: tuple[int, ...]
    begun: str
    line: str
    so_far: int
    below: tuple[int, ...]
    stream: Ids
    shapes: Ids
    shape_of: Ids
    own_words: tuple[str, ...]
    own_ids: dict[str, int]
    own_begun: Ids
    begun_range: tuple[int, int]
    excluded: tuple[int, int]
    path: str
    language: str

    def number(self, token: str) -> int:
        """Return a token's id, one that nothing has where the token is nowhere."""
        found = self.corpus.ids.get(token)
        if found is None:
            found = self.own_ids.get(token)
        return -1 if found is None else found

    def shape(self, token: int) -> int:
        """Return the shape of a token; of one that is nowhere, that of a name."""
        return int(self.shape_of[token]) if token >= 0 else RARE_NAME

    def text(self, token: int) -> str:
        """Return a token's text."""
        known = len(self.corpus.vocabulary)
        return self.corpus.vocabulary[token] if token < known else self.own_words[token - known]

    def starts_with_begun(self, tokens: Ids) -> NDArray[np.bool_]:
        """Say of each token whether it can be what was begun."""
        low, high = self.begun_range
        fits = (tokens >= low) & (tokens < high)
        return fits | np.isin(tokens, self.own_begun) if len(self.own_begun) else fits

    def elsewhere(self, places: Ids) -> Ids:
        """Leave out the places that are in the cursor's own file."""
        low, high = self.excluded
        return places if low == high else places[(places < low) | (places >= high)]

    def counts_elsewhere(self, low: int, high: int) -> NDArray[np.int64]:
        """Return how often other files have each of the tokens ``low`` up to ``high``."""
        here = self.corpus.by_token.stream[slice(*self.excluded)]
        here = here[(here >= low) & (here < high)] - low
        return self.corpus.counts[low:high] - np.bincount(here, minlength=high - low)

    def nearest(self, places: Ids) -> Ids:
        """Return places of the cursor's file, those nearest to the cursor first."""
        return places[np.argsort(np.abs(places - len(self.context)), kind="stable")]

    def own_places(self, stream: Ids, context: Sequence[int]) -> list[Ids]:
        """Return the places in the cursor's file after the last token of a context, the last two, …, as long as there are any.

        ``stream`` is `stream` or `shapes`; it is too short to be worth sorting as the corpus is.
        """
        places: Ids = np.flatnonzero(stream[LONGEST_CONTEXT:-1] == context[-1]).astype(np.int32) + LONGEST_CONTEXT
        places = places[places != len(self.context)]
        found: list[Ids] = []
        longest = min(len(context), LONGEST_CONTEXT)
        for back in range(1, longest + 1):
            if not len(places):
                break
            found.append(places)
            if len(places) == 1:
                return found + [places] * (agreeing(stream, int(places[0]), context[-longest:], back) - back)
            if back < longest:
                places = places[stream[places - back] == context[-1 - back]]
        return found


def surroundings(corpus: Corpus, path: str, prefix: str, suffix: str) -> Surroundings:
    """Read the text around the cursor."""
    before = tokens_of(_from_line_start(prefix[-PREFIX_READ:], whole=len(prefix) <= PREFIX_READ))
    behind = tokens_of(suffix[:SUFFIX_READ])
    begun = "" if not before or before[-1] in LINE_ENDS else before.pop()
    own: dict[str, int] = {}
    known = corpus.ids

    def numbers(tokens: Sequence[str]) -> list[int]:
        return [known[token] if token in known else len(known) + own.setdefault(token, len(own)) for token in tokens]

    context, following = numbers(before), numbers(behind)
    stream = np.array([*([0] * LONGEST_CONTEXT), *context, 0, *following, 0], np.int32)
    shape_of = corpus.shape_of
    if own:
        mine = [shape_of_rare(token) if is_word(token) else len(known) + number + SHAPE_OFFSET for token, number in own.items()]
        shape_of = np.concatenate([shape_of, np.array(mine, np.int32)])
    return Surroundings(
        corpus=corpus,
        context=(*([0] * LONGEST_CONTEXT), *context),
        so_far=next((back for back, token in enumerate(reversed(before)) if token in LINE_ENDS), len(before)),
        below=tuple(_next_line(following)),
        begun=begun,
        line=prefix.rpartition("\n")[2],
        stream=stream,
        shapes=shape_of[stream],
        shape_of=shape_of,
        own_words=tuple(own),
        own_ids={token: len(known) + number for token, number in own.items()},
        own_begun=np.array([len(known) + number for token, number in own.items() if token.startswith(begun)], np.int32),
        begun_range=(bisect_left(corpus.vocabulary, begun), bisect_left(corpus.vocabulary, begun + "\U0010ffff")),
        excluded=corpus.bounds.get(path, (0, 0)),
        path=path,
        language=PurePosixPath(path).suffix.lower(),
    )


def _next_line(tokens: Sequence[int]) -> Sequence[int]:
    starts = [at for at, token in enumerate(tokens) if token <= LAST_LINE_END][:2]
    if not starts:
        return []
    stop = starts[1] if len(starts) > 1 else len(tokens)
    return tokens[starts[0] + 1 : min(stop, starts[0] + 1 + _BELOW)]


def _from_line_start(text: str, *, whole: bool) -> str:
    return text if whole else text[text.find("\n") + 1 :]
