"""Continues the line as lines of the same shape were continued, with the names there exchanged for those here.

Where ``self.width = width`` stood after ``self.width``, ``self.height = `` is followed by ``height``: names that took the same place above
or below, and the names of the files, are taken for each other (`renaming`). `spots` finds such lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coterie.predictor.corpus import LAST_LINE_END, LONGEST_CONTEXT, SHAPE_OFFSET
from coterie.predictor.renaming import Renaming
from coterie.predictor.spots import LONGEST_LINE, Spot, spots
from coterie.predictor.surroundings import Surroundings
from coterie.predictor.tokens import is_word

_COMPARED: Final = 24
_MOST: Final = 5
_MOST_COMPLETING: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Analogue:
    """A rest of the line, from what was begun on. ``share`` is its part of all votes, ``alike`` how alike the best context was.

    ``below`` is how many tokens of the line below are those below a place where it was found. ``foreign`` counts names in it that were
    taken over as they stood there; ``completes`` says that what was begun is taken for a whole name.
    """

    text: str
    share: float
    alike: float
    below: float
    length: int
    votes: int
    foreign: int
    completes: bool


@dataclass(frozen=True, slots=True)
class _Found:
    text: str
    alike: float
    below: float
    foreign: int
    completes: bool


@dataclass(slots=True)
class _Votes:
    foreign: int
    completes: bool
    weight: float = 0.0
    alike: float = 0.0
    below: float = 0.0
    length: int = 0
    count: int = 0


def analogues(around: Surroundings) -> list[Analogue]:
    """Return rests of the line, the one with the most votes first."""
    context = around.context[-max(LONGEST_CONTEXT, _COMPARED) :]
    shapes = [int(around.shape_of[token]) for token in context]
    here = [around.text(token) for token in reversed(context)]
    votes: dict[str, _Votes] = {}
    for spot in spots(around, shapes):
        found = _continued(around, spot, here)
        if found is None:
            continue
        vote = votes.setdefault(found.text, _Votes(foreign=found.foreign, completes=found.completes))
        vote.weight += (1.0 + found.alike + found.below) * spot.weight
        vote.alike = max(vote.alike, found.alike)
        vote.below = max(vote.below, found.below)
        vote.length = max(vote.length, spot.length)
        vote.count += 1
    total = sum(vote.weight for vote in votes.values())
    ranked = sorted(votes.items(), key=lambda item: (-item[1].weight, item[0]))
    best = [one for one in ranked if not one[1].completes][:_MOST] + [one for one in ranked if one[1].completes][:_MOST_COMPLETING]
    return [
        Analogue(
            text=text,
            share=vote.weight / total,
            alike=vote.alike,
            below=vote.below,
            length=vote.length,
            votes=vote.count,
            foreign=vote.foreign,
            completes=vote.completes,
        )
        for text, vote in best
    ]


def _continued(around: Surroundings, spot: Spot, here: list[str]) -> _Found | None:
    """Return what comes after a place in the names of here, ``here`` being the tokens before the cursor, the last first."""
    following = spot.stream[spot.place + 1 : spot.place + 1 + 2 * LONGEST_LINE].tolist()
    end = next((at for at, token in enumerate(following) if token <= LAST_LINE_END), 0)
    if not 0 < end < LONGEST_LINE or not following[end]:
        return None
    renaming = Renaming()
    alike = _learn_above(around, renaming, spot, here)
    below = _learn_below(around, renaming, following[end + 1 :])
    if spot.stream is not around.stream:
        _learn_path(renaming, around.corpus.path_at(spot.place + 1), around.path)
    rest = following[:end]
    completes = _is_whole(around, renaming, rest[0])
    if completes:
        renaming.learn(around.text(rest[0]).strip(), around.begun.strip())
    parts = [around.begun] if completes else []
    foreign = 0
    for token in rest[1:] if completes else rest:
        text = around.text(token)
        if is_word(text):
            bare = text.lstrip(" ")
            known = renaming.renamed(bare)
            foreign += known is None and bool(around.shape_of[token] < SHAPE_OFFSET)
            text = text[: len(text) - len(bare)] + (known or bare)
        parts.append(text)
    found = "".join(parts)
    return _Found(found, alike, below, foreign, completes) if found.startswith(around.begun) else None


def _is_whole(around: Surroundings, renaming: Renaming, first: int) -> bool:
    """Say whether what was begun has to be a whole name: one stands at the place, too, and that one would not begin so."""
    there = around.text(first)
    if not (around.begun and is_word(around.begun) and is_word(there)):
        return False
    bare = there.strip()
    return not (there[: len(there) - len(bare)] + (renaming.renamed(bare) or bare)).startswith(around.begun)


def _learn_above(around: Surroundings, renaming: Renaming, spot: Spot, here: list[str]) -> float:
    """Take the names before a place for those of here, as long as the shapes are alike; return how alike they are, the nearest first."""
    alike = 0.0
    weight = 1.0
    for back, word in enumerate(here[: spot.place + 1]):
        other = around.text(int(spot.stream[spot.place - back]))
        if other == word:
            alike += weight
        elif back >= spot.length or not is_word(other) or not is_word(word):
            break
        if is_word(other):
            renaming.learn(other.strip(), word.strip())
        weight *= 0.9
    return alike


def _learn_below(around: Surroundings, renaming: Renaming, there: list[int]) -> float:
    """Take the names of the line below there for those of the line below, as long as the shapes are alike; return how alike they are."""
    alike = 0.0
    for token, other in zip(around.below, there, strict=False):
        if around.shape_of[token] != around.shape_of[other]:
            break
        alike += token == other
        if around.shape_of[token] < SHAPE_OFFSET:
            renaming.learn(around.text(other).strip(), around.text(token).strip())
    return alike


def _learn_path(renaming: Renaming, there: str, here: str) -> None:
    """Take the names of a file and of its folder for those of the cursor's."""
    for other, word in zip(there.rsplit("/", 2)[:-3:-1], here.rsplit("/", 2)[:-3:-1], strict=False):
        renaming.learn(other.partition(".")[0], word.partition(".")[0])
