"""Describes each candidate for the rest of the line in numbers, which is all that `gate` sees. `predictor` calls `candidates`. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from math import exp, log, log1p
from typing import Final

import numpy as np

from coterie.predictor.analogy import Analogue, analogues
from coterie.predictor.blend import Continuation, continuations, familiarity
from coterie.predictor.corpus import LAST_LINE_END, LONGEST_CONTEXT
from coterie.predictor.surroundings import Surroundings
from coterie.predictor.tokens import tokens_of

_UNLIKELY: Final = -14.0
_FAR_BEHIND: Final = -6.0
_NEAR: Final = 20_000
_MANY: Final = 64
_RARE: Final = 0.3
_OPENERS: Final = (":", "{", "(", "[", "=>", "->")
_DEFINING: Final = (
    "def ",
    "class ",
    "import ",
    "from ",
    "use ",
    "pub ",
    "fn ",
    "func ",
    "function ",
    "export ",
    "public ",
    "#include",
    "struct ",
)
_WORD: Final = re.compile(r"\w+")
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
_PROSE: Final = ("#", "//", "*", "/*", '"""', "--", "///")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible rest of the line, its end not included, with what is known of it; see `candidates` for the names."""

    text: str
    measures: Mapping[str, float]


def candidates(around: Surroundings, prefix: str, suffix: str) -> list[Candidate]:
    """Return what could be the rest of the line, the same order for the same text."""
    blended = {_text(around, line): line for line in reversed(continuations(around))}
    alike = {analogue.text[len(around.begun) :]: analogue for analogue in reversed(analogues(around))}
    finished = blended.get("")
    leads = _leads({text: line.logp for text, line in blended.items()})
    analogy_leads = _leads({text: analogue.share for text, analogue in alike.items()})
    nearby = set(_WORD.findall(prefix[-_NEAR:])) | set(_WORD.findall(suffix[:_NEAR]))
    following = next((line for line in suffix.partition("\n")[2][:_NEAR].splitlines() if line.strip()), "")
    so_far = len(tokens_of(around.line.strip()))
    own_lines = Counter(line.strip() for line in chain(prefix[-_NEAR:].splitlines(), suffix[:_NEAR].splitlines()))
    place = _place(around, following) | {"finished": 0.0 if finished is None else exp(finished.logp), "familiar": familiarity(around)}
    return [
        Candidate(
            text,
            {
                **_of_blend(blended.get(text), leads.get(text, _FAR_BEHIND), so_far),
                **_of_analogy(alike.get(text), analogy_leads.get(text, -1.0)),
                **_of_text(text, around, following.strip(), nearby),
                **_of_line(text, around),
                "own_lines": float(min(3, own_lines[(around.line + text).strip()])),
                **place,
                "both": float(leads.get(text, -1.0) > 0 and analogy_leads.get(text, -1.0) > 0),
            },
        )
        for text in {**blended, **alike}
        if text
    ]


def _text(around: Surroundings, line: Continuation) -> str:
    return "".join(around.text(token) for token in line.tokens)[len(around.begun) :]


def _leads(merits: Mapping[str, float]) -> dict[str, float]:
    """Return how far each is ahead of the best other one."""
    ranked = sorted(merits.values(), reverse=True)
    best, second = ranked[0] if ranked else 0.0, ranked[1] if len(ranked) > 1 else None
    return {
        text: (best - second if second is not None else -_FAR_BEHIND) if merit == best else merit - best for text, merit in merits.items()
    }


def _of_blend(line: Continuation | None, lead: float, so_far: int) -> dict[str, float]:
    if line is None:
        return {
            "logp": _UNLIKELY,
            "weakest": _UNLIKELY,
            "lead": lead,
            "order": 0.0,
            "least_order": 0.0,
            "seen": 0.0,
            "own_order": 0.0,
            "beyond": 0.0,
            "tokens": 0.0,
        }
    return {
        "logp": max(line.logp, _UNLIKELY),
        "weakest": line.weakest,
        "lead": lead,
        "order": float(line.order),
        "least_order": float(line.least_order),
        "seen": line.seen,
        "own_order": float(line.own_order),
        "beyond": float(line.order - so_far),
        "tokens": float(len(line.tokens)),
    }


def _of_analogy(analogue: Analogue | None, lead: float) -> dict[str, float]:
    if analogue is None:
        return {"share": 0.0, "alike": 0.0, "shape_length": 0.0, "votes": 0.0, "foreign": 0.0, "share_lead": lead}
    return {
        "share": analogue.share,
        "alike": analogue.alike,
        "shape_length": float(analogue.length),
        "votes": float(analogue.votes),
        "foreign": float(analogue.foreign),
        "share_lead": lead,
    }


def _of_text(text: str, around: Surroundings, following: str, nearby: set[str]) -> dict[str, float]:
    line = around.line + text
    words = _WORD.findall(line[len(around.line) - len(around.begun) :])
    return {
        "length": float(len(text.strip())),
        "repeated": float(line.strip() == following),
        "open": float(sum(line.count(bracket) for bracket in _OPENING) - sum(line.count(bracket) for bracket in _CLOSING)),
        "opener": float(line.rstrip().endswith(_OPENERS)),
        "comma": float(line.rstrip().endswith(",")),
        "quotes": float(line.count('"') % 2 + line.count("'") % 2),
        "words": float(len(words)),
        "new_words": float(sum(word not in nearby for word in words)),
    }


def _of_line(text: str, around: Surroundings) -> dict[str, float]:
    """Return whether lines that start as this one does end as it would, and whether lines elsewhere do end with all of it."""
    line = [around.corpus.ids.get(token, -1) for token in tokens_of((around.line + text).strip())]
    if not line:
        return {"alike_lines": 0.0, "ending": 0.0, "elsewhere": 0.0}
    starts, ends = around.corpus.lines.share(line[0], line[-1], around.excluded)
    return {
        "alike_lines": log1p(starts),
        "ending": log((ends + _RARE) / (starts + 1.0)),
        "elsewhere": log1p(_times_elsewhere(around, line[-LONGEST_CONTEXT:])),
    }


def _times_elsewhere(around: Surroundings, line: list[int]) -> int:
    """Return how often these tokens are the last of a line in other files, counted up to a few."""
    order = around.corpus.by_token
    stretches = order.stretches(line)
    if len(stretches) < len(line):
        return 0
    whole = stretches[-1]
    places = around.elsewhere(order.places[whole.low : whole.high][:_MANY])
    return int(np.count_nonzero(order.stream[places + 1] <= LAST_LINE_END))


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _place(around: Surroundings, following: str) -> dict[str, float]:
    line = around.line.strip()
    last = around.line[-1:]
    return {
        "begun": float(len(around.begun.strip())),
        "line": float(len(line)),
        "prose": float(line.startswith(_PROSE)),
        "at_start": float(not line),
        "after_open": float(last != "" and last in _OPENING),
        "after_dot": float(last == "."),
        "after_equals": float(around.line.rstrip().endswith("=")),
        "after_word": float(last.isalnum() or last == "_"),
        "after_close": float(last != "" and last in _CLOSING),
        "after_mark": float(last in (":", ";", ",", "{")),
        "after_space": float(last in (" ", "\t")),
        "below": float(_sign(_depth(following) - _depth(around.line))),
        "closes_below": float(following.lstrip().startswith(tuple(_CLOSING))),
        "defines": float(line.startswith(_DEFINING)),
    }


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
