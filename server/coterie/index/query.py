"""Reads a question: a person's words, a commit's message, a task for an agent. Pure.

Not every word asks. Lines that machines add to messages are left out, a word of the first line counts more than one far down, a name as it
stands in code more than a word of prose, and a path that is spelled out is taken at its word.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from coterie.index.terms import identifiers, split, terms

MOST_CHARACTERS = 20_000
MOST_TERMS = 64
_TRAILER = re.compile(
    r"^(?:[A-Z][A-Za-z]*(?:-[A-Za-z]+)*-by|Co-[Aa]uthored-[Bb]y|Change-Id|PR-URL|Reviewed-on|git-svn-id|Cc|Refs|Link):.*$|https?://\S+|"
    r"<[^<>\s]+@[^<>\s]+>|\b[0-9a-f]{7,40}\b",
    re.MULTILINE,
)
_PATH = re.compile(r"(?<![\w.@+-])(?:(?:[\w.@+-]+/)+[\w.@+-]+|[\w-]+\.[A-Za-z][A-Za-z0-9]{0,4}\b)")
_SCOPE = re.compile(r"\s*\[?([\w./, ()-]{1,40}?)\]?!?:\s")
_WORD = re.compile(r"[^\W\d]\w*")
_NAME = re.compile(r"_|[a-z][A-Z]")
_LATER_LINES = 0.35
_NAMES = 1.6
_STOPPED = frozenset(
    """a about add added adding adds after again all allow also always an and any are as at avoid be because been before being both but
    by can cannot case change changed changes co could did do does doesn don done during each either else even every fix fixed
    fixes fixing for from get gets give given had handle has have here how if improve in instead into is isn it its just know let
    like longer make makes may merge might more most much must need needed needs new no non not now of off on once one only or
    other our out over own pr previously properly rather really refactor remove removed removes removing rename same see set
    should similar since so some still such support sure than that the their them then there these they this those though through
    to too two under up update updated updates updating upon us use used uses using very via want was way we were what when where
    which while who why will with within without work works would yet you""".split()  # noqa: SIM905 - as a literal it would be a hundred lines
)
"""Words that stand in any message."""
_STOPPED_WEIGHT = 0.15


@dataclass(frozen=True, slots=True)
class Query:
    """A question.

    ``terms`` have weights, the heaviest first; ``paths`` are spelled out in it, in lower case; ``scope`` are terms of what stands before a
    colon at its beginning, which is by custom a part of the project: ``parser: keep comments``, ``fix(parser): …``.
    """

    terms: tuple[tuple[str, float], ...]
    paths: tuple[str, ...] = ()
    scope: frozenset[str] = frozenset()

    def asks_for(self, *terms: str) -> bool:
        """Say whether one of these terms is in it."""
        return any(term in terms for term, _ in self.terms)


def parse(text: str) -> Query:
    """Read a question."""
    weights: Counter[str] = Counter()
    first, _, rest = _TRAILER.sub(" ", text[:MOST_CHARACTERS]).strip().partition("\n")
    for part, weight in ((first, 1.0), (rest, _LATER_LINES)):
        for word, count in Counter(_WORD.findall(part)).items():
            own = _STOPPED_WEIGHT if word.lower() in _STOPPED else _NAMES if _NAME.search(word) else 1.0
            for term in split(word):
                # Said twice is not meant twice, so the second time counts for half.
                weights[term] += weight * own * (1 if count == 1 else 1.5)  # type: ignore[assignment]
    paths = dict.fromkeys(path.lower().removeprefix("./") for path in _PATH.findall(f"{first}\n{rest}"))
    heaviest = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:MOST_TERMS]
    scope = _SCOPE.match(first)
    return Query(tuple(heaviest), tuple(paths), frozenset(terms(identifiers(scope[1]).items())) if scope else frozenset())
