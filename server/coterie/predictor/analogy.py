"""Continues the line as lines of the same shape were continued, with the names there exchanged for those here.

Where ``self.width = width`` stood after ``self.width``, ``self.height = `` is followed by ``height``: names that took the same place in
the two contexts are taken for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coterie.predictor.corpus import LAST_LINE_END, LONGEST_CONTEXT, SHAPE_OFFSET, Ids
from coterie.predictor.surroundings import Surroundings
from coterie.predictor.tokens import is_word

_SHORTEST: Final = 3
_ENOUGH: Final = 32
"""So many places are compared, those with the longest context of the same shape first."""
_COMPARED: Final = 24
_MOST_TOKENS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Analogue:
    """A rest of the line, from what was begun on. ``share`` is its part of all votes, ``alike`` how alike the best context was.

    ``foreign`` counts names in it that were taken over as they stood there.
    """

    text: str
    share: float
    alike: float
    length: int
    votes: int
    foreign: int


@dataclass(slots=True)
class _Votes:
    weight: float = 0.0
    alike: float = 0.0
    length: int = 0
    count: int = 0
    foreign: int = 0


def analogues(around: Surroundings) -> list[Analogue]:
    """Return rests of the line, the one with the most votes first."""
    context = around.context[-max(LONGEST_CONTEXT, _COMPARED) :]
    shapes = [int(around.shape_of[token]) for token in context]
    here = [around.text(token) for token in reversed(context)]
    votes: dict[str, _Votes] = {}
    for stream, place, length, nearness in _places(around, shapes):
        found = _continued(around, stream, place, here, length)
        if found is None:
            continue
        text, alike, foreign = found
        vote = votes.setdefault(text, _Votes(foreign=foreign))
        vote.weight += (1.0 + alike) * nearness
        vote.alike = max(vote.alike, alike)
        vote.length = max(vote.length, length)
        vote.count += 1
    total = sum(vote.weight for vote in votes.values())
    best = sorted(votes.items(), key=lambda item: (-item[1].weight, item[0]))[:4]
    return [
        Analogue(text=text, share=vote.weight / total, alike=vote.alike, length=vote.length, votes=vote.count, foreign=vote.foreign)
        for text, vote in best
    ]


def _places(around: Surroundings, shapes: list[int]) -> list[tuple[Ids, int, int, float]]:
    """Return where the same shapes stand: the stream, the place, the length of the context that agrees, and how much it counts."""
    found: list[tuple[Ids, int, int, float]] = []
    taken: set[int] = set()
    own = around.own_places(around.shapes, shapes)
    elsewhere = around.corpus.by_shape.stretches(shapes)
    for length in range(max(len(own), len(elsewhere)), _SHORTEST - 1, -1):
        if length <= len(own):
            for place in own[length - 1][-_ENOUGH:].tolist():
                if -place not in taken:
                    taken.add(-place)
                    found.append((around.stream, place, length, 3.0))
        if length <= len(elsewhere):
            there = elsewhere[length - 1]
            span = there.high - there.low
            for place in around.elsewhere(around.corpus.by_shape.places[there.low : there.high : max(1, span // _ENOUGH)]).tolist():
                if place not in taken:
                    taken.add(place)
                    found.append((around.corpus.by_token.stream, place, length, 1.0))
        if len(found) >= _ENOUGH:
            break
    return found[: 2 * _ENOUGH]


def _continued(around: Surroundings, stream: Ids, place: int, here: list[str], length: int) -> tuple[str, float, int] | None:
    """Return what comes after a place in the names of here, how alike the contexts are, and how many names were not exchanged."""
    renamed: dict[str, str] = {}
    alike = 0.0
    weight = 1.0
    for back, word in enumerate(here[: max(0, min(place + 1, max(length, LONGEST_CONTEXT), len(here)))]):
        other = around.text(int(stream[place - back]))
        if other == word:
            alike += weight
        elif back >= length or not is_word(other):
            break
        if is_word(other):
            renamed.setdefault(other.strip(), word.strip())
        weight *= 0.9
    parts: list[str] = []
    foreign = 0
    for token in stream[place + 1 : place + 1 + _MOST_TOKENS].tolist():
        if token <= LAST_LINE_END:
            break
        text = around.text(token)
        if is_word(text):
            bare = text.lstrip(" ")
            if bare not in renamed and around.shape_of[token] < SHAPE_OFFSET:
                foreign += 1
            text = text[: len(text) - len(bare)] + renamed.get(bare, bare)
        parts.append(text)
    else:
        return None
    found = "".join(parts)
    return (found, alike, foreign) if found.startswith(around.begun) and token else None
