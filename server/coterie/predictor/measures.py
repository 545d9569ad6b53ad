"""Describes each candidate for the rest of the line in numbers, which is all that `gate` sees. `predictor` calls `candidates`. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import exp, log, log1p
from typing import Final

import numpy as np

from coterie.predictor.analogy import Analogue, analogues
from coterie.predictor.blend import Continuation, continuations, familiarity
from coterie.predictor.corpus import LAST_LINE_END, LONGEST_CONTEXT, Ids
from coterie.predictor.scope import of_names, scope
from coterie.predictor.setting import of_setting, setting
from coterie.predictor.surroundings import Surroundings
from coterie.predictor.tokens import tokens_of
from coterie.predictor.vicinity import of_below, of_brackets, of_whole, of_words, vicinity

_UNLIKELY: Final = -14.0
_FAR_BEHIND: Final = -6.0
_NEAR: Final = 20_000
_LAST: Final = 1_000
_START: Final = 4
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
_LANGUAGES: Final = {
    "c": (".c", ".h"),
    "cpp": (".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"),
    "go": (".go",),
    "java": (".java", ".kt", ".kts"),
    "javascript": (".js", ".jsx", ".mjs", ".cjs"),
    "python": (".py", ".pyi"),
    "rust": (".rs",),
    "typescript": (".ts", ".tsx", ".mts", ".cts"),
}
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
    near = vicinity(around, prefix, suffix)
    lines = continuations(around)
    blended = {_text(around, line): line for line in reversed(lines)}
    ends = _ends(around, lines, near.ends)
    alike = {analogue.text[len(around.begun) :]: analogue for analogue in reversed(analogues(around))}
    finished = blended.get("")
    merits = {text: line.logp for text, line in blended.items()}
    leads = _leads(merits)
    analogy_leads = _leads({text: analogue.share for text, analogue in alike.items()})
    following = next((line for line in suffix.partition("\n")[2][:_NEAR].splitlines() if line.strip()), "")
    so_far = len(tokens_of(around.line.strip()))
    own_lines = Counter(line.strip() for line in chain(prefix[-_NEAR:].splitlines(), suffix[:_NEAR].splitlines()))
    names = scope(around.path, prefix[-_NEAR:], around.line, suffix[:_NEAR].partition("\n")[2], following)
    place = _place(around, following) | {"finished": 0.0 if finished is None else exp(finished.logp), "familiar": familiarity(around)}
    own, others = len(around.stream), len(around.corpus.by_token.stream) - (around.excluded[1] - around.excluded[0])
    place |= {"corpus": log1p(own + others), "file": log1p(own), "behind": log1p(near.behind)}
    place |= {name: float(around.language in endings) for name, endings in _LANGUAGES.items()}
    last_lines = [line for line in prefix[-_LAST:].split("\n")[:-1] if line.strip()][-5:]
    place |= _above(last_lines[-1] if last_lines else "", around)
    texts = [text for text in {**blended, **alike} if text]
    below = {text: of_below(near, text)["next_line"] for text in texts}
    borne_out = _leads({text: merits.get(text, _UNLIKELY) + below[text] for text in texts})
    here = setting(around, near.ends)
    ends_by_first: dict[int, Ids] = {}
    return [
        Candidate(
            text,
            {
                **_of_blend(blended.get(text), leads.get(text, _FAR_BEHIND), so_far),
                **_of_analogy(alike.get(text), analogy_leads.get(text, -1.0)),
                **_of_text(text, around, following.strip(), near.words),
                **_of_line(text, around, ends_by_first),
                **_of_rivals(text, merits),
                **of_whole(near, text),
                **of_words(near, text),
                **of_brackets(near, text),
                **of_setting(here, text),
                **of_names(names, around.begun.lstrip() + text),
                "next_line": below[text],
                "next_line_lead": below[text] - max(below.values()),
                "borne_out": borne_out[text],
                "end_fits": ends.get(text, -1.0),
                "own_lines": float(min(3, own_lines[(around.line + text).strip()])),
                "just_written": float((around.line + text).rstrip() in map(str.rstrip, last_lines)),
                **place,
                "both": float(leads.get(text, -1.0) > 0 and analogy_leads.get(text, -1.0) > 0),
            },
        )
        for text in texts
    ]


def _ends(around: Surroundings, lines: Sequence[Continuation], ends: Sequence[int]) -> dict[str, float]:
    """Return how much of the likelihood of each line is that of it with an end that it may have."""
    fits: defaultdict[str, float] = defaultdict(float)
    whole: defaultdict[str, float] = defaultdict(float)
    for line in lines:
        text = _text(around, line)
        whole[text] += exp(line.logp)
        fits[text] += exp(line.logp) * (line.end in ends)
    return {text: fits[text] / total for text, total in whole.items()}


def _of_rivals(text: str, merits: Mapping[str, float]) -> dict[str, float]:
    """Return how the candidate stands among lines that go on where it ends, that end where it goes on, and that begin as it does."""
    mine = merits.get(text, _UNLIKELY)
    longer = max((merit for other, merit in merits.items() if len(other) > len(text) and other.startswith(text)), default=_UNLIKELY)
    shorter = max((merit for other, merit in merits.items() if len(other) < len(text) and text.startswith(other)), default=_UNLIKELY)
    start = text.lstrip()[:_START]
    return {
        "longer": mine - longer,
        "shorter": mine - shorter,
        "same_start": sum(exp(merit) for other, merit in merits.items() if other.lstrip().startswith(start)),
        "better": float(sum(merit > mine for merit in merits.values())),
        "all_lines": sum(map(exp, merits.values())),
    }


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
            "least_own_order": -1.0,
            "here": _UNLIKELY,
            "there": _UNLIKELY,
            "rival": 1.0,
            "end_logp": _UNLIKELY,
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
        "least_own_order": float(line.least_own_order),
        "here": max(_UNLIKELY, line.here),
        "there": max(_UNLIKELY, line.there),
        "rival": line.rival,
        "end_logp": line.end_logp,
    }


def _of_analogy(analogue: Analogue | None, lead: float) -> dict[str, float]:
    if analogue is None:
        return {
            "share": 0.0,
            "alike": 0.0,
            "shape_length": 0.0,
            "votes": 0.0,
            "foreign": 0.0,
            "completes": 0.0,
            "below_alike": -1.0,
            "share_lead": lead,
        }
    return {
        "share": analogue.share,
        "alike": analogue.alike,
        "shape_length": float(analogue.length),
        "votes": float(analogue.votes),
        "foreign": float(analogue.foreign),
        "completes": float(analogue.completes),
        "below_alike": analogue.below,
        "share_lead": lead,
    }


def _of_text(text: str, around: Surroundings, following: str, nearby: Mapping[str, int]) -> dict[str, float]:
    line = around.line + text
    words = _WORD.findall(line[len(around.line) - len(around.begun) :])
    return {
        "length": float(len(text.strip())),
        "repeated": float(line.strip() == following),
        "open": float(sum(line.count(bracket) for bracket in _OPENING) - sum(line.count(bracket) for bracket in _CLOSING)),
        "opener": float(line.rstrip().endswith(_OPENERS)),
        "comma": float(line.rstrip().endswith(",")),
        "semicolon": float(line.rstrip().endswith(";")),
        "closer": float(line.rstrip().endswith(tuple(_CLOSING))),
        "word_end": float(line.rstrip()[-1:].isalnum()),
        "quotes": float(line.count('"') % 2 + line.count("'") % 2),
        "words": float(len(words)),
        "new_words": float(sum(word not in nearby for word in words)),
    }


def _of_line(text: str, around: Surroundings, ends_by_first: dict[int, Ids]) -> dict[str, float]:
    """Return whether lines that start as this one does end as it would, and whether lines elsewhere do end with all of it."""
    line = [around.corpus.ids.get(token, -1) for token in tokens_of((around.line + text).strip())]
    if not line:
        return {"alike_lines": 0.0, "ending": 0.0, "elsewhere": 0.0}
    if line[0] not in ends_by_first:
        ends_by_first[line[0]] = around.corpus.lines.ends(line[0], around.excluded)
    alike = ends_by_first[line[0]]
    starts, ends = len(alike), int(np.count_nonzero(alike == line[-1]))
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


def _above(previous: str, around: Surroundings) -> dict[str, float]:
    return {
        "above": float(_sign(_depth(around.line) - _depth(previous))),
        "opened_above": float(previous.rstrip().endswith(_OPENERS)),
        "comma_above": float(previous.rstrip().endswith(",")),
        "closed_above": float(previous.rstrip().endswith((";", *_CLOSING))),
        "indented": float(_depth(around.line.replace("\t", "    "))),
        "before": log1p(len(around.context)),
    }


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
