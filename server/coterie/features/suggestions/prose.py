"""Sentences that a model says to the person instead of writing text, and comments that stand for text which it did not write. Pure."""

from __future__ import annotations

import re
from typing import Final

_OPENING: Final = re.compile(
    r"""(?:sure|certainly|of\ course|absolutely|great\ question)[,!.:\ ]
    | okay,\ (?:here|so|the)
    | here(?:['\u2019]s|\ is|\ are|\ it\ is|\ you\ go)\b
    | below\ (?:is|are)\ the\b
    | (?:claro|certo|bien\ s\u00fbr|nat\u00fcrlich|gerne|\u043a\u043e\u043d\u0435\u0447\u043d\u043e)[,!.:\ ]
    | (?:aqu[i\u00ed]\ (?:tienes|est[a\u00e1])|voici|ecco|hier\ (?:ist|sind|kommt)|\u0432\u043e\u0442)\b
    | (?:(?:the\ )?completion|completed\ code|answer|output|code|solution|result)\s*(?:is\s*)?:$""",
    re.IGNORECASE | re.VERBOSE,
)
"""How a line begins that only says that something comes."""
_REFUSAL: Final = re.compile(
    r"""i(?:['\u2019]m|\ am)\ (?:sorry|unable) | (?:sorry|apologies),\  | as\ an\ ai\b
    | i\ (?:cannot|can['\u2019]t|don['\u2019]t\ have)\b
    | [(\[<]?(?:no|nothing)\ (?:completion|code|text|change|to\ (?:add|complete|insert))
    | it\ (?:looks|seems|appears)\b.*\b(?:you|the|like)\b
    | (?:write|answer\ with)\ (?:exactly\ )?the\ (?:rest|text)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_NOTHING: Final = re.compile(r"[(\[<](?:empty(?: string)?|blank|none|nothing|no[ _]?(?:output|op|completion))[)\]>]", re.IGNORECASE)
_VALUES: Final = ("(None)", "[None]")
"""Which some languages have."""
_SENTENCE: Final = re.compile(r"[A-Z][a-z'\u2019]*(?:[ ,;]+[\w'\u2019`\"().\-/*]+){2,}[.:!?]?")
_COMMON: Final = frozenset(
    (
        "the",
        "an",
        "are",
        "this",
        "that",
        "of",
        "you",
        "your",
        "we",
        "i",
        "i'm",
        "i'll",
        "it's",
        "will",
        "can",
        "be",
        "should",
        "code",
        "here",
    )
)
_DRESS: Final = " \t*_#>"
_LEAST_WORDS, _LONG, _MANY_COMMON = 4, 7, 2
"""A sentence that has come to its end, and one that may have been cut."""
LONGEST: Final = 1_000
"""Characters of a line in which a sentence is looked for."""
_IDEOGRAPHS: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af].*[\uff1a\u3002\uff01:!.]")
_STANDS_FOR: Final = re.compile(
    r"""(?: \.{3} | \u2026
    | (?:add\ |insert\ |put\ |write\ )?your\ (?:own\ )?(?:code|logic|implementation)\b.*
    | (?:\.{3}|\u2026)\ ?.*(?:existing|rest|remaining|unchanged|other|same|previous).*
    | (?:the\ )?(?:rest|remainder)\ of\ (?:the\ |your\ )?(?:code|function|file|method|class|implementation)\b.*
    | existing\ code\b.*
    | (?:code|logic|implementation)\ (?:goes\ |comes\ )?here\b.*
    | (?:todo:?\ ?)?(?:implement|add|complete|fill\ in)\ (?:(?:the|this|your|me|it|more)\b\ ?)*
      (?:code|logic|function|method|implementation|body|here|later|details)?\b\ ?(?:here|later)?
    | todo | fixme | same\ as\ (?:before|above) | \(?unchanged\)?
    )[.!)\u2026\ ]*""",
    re.IGNORECASE | re.VERBOSE,
)
_COMMENT: Final = re.compile(r"(?://+|\#+|--|/\*+|<!--|%+|;+|\{/\*|\*)\s*(.*?)\s*(?:\*/\}?|-->)?")


def announces(line: str) -> bool:
    """Say whether a line only says that something comes; in whatever language."""
    return _OPENING.match(line.strip(_DRESS)) is not None


def is_said(line: str) -> bool:
    """Say whether a line, in a place for code, is said to the person."""
    line = line.strip(_DRESS)
    if _REFUSAL.match(line) is not None or _IDEOGRAPHS.fullmatch(line) is not None or (announces(line) and line.endswith((":", "!", "."))):
        return True
    if len(line) > LONGEST or _SENTENCE.fullmatch(line) is None:
        return False
    words = line.replace(",", " ").split()
    common = sum(word.strip("*_`\"'.:!?()").casefold().replace("\u2019", "'") in _COMMON for word in words)
    ends = line.rstrip("*_`")[-1:] in (".", ":", "!", "?")
    return common >= 1 and len(words) >= _LEAST_WORDS if ends else common >= _MANY_COMMON and len(words) >= _LONG


def says_nothing(line: str) -> bool:
    """Say whether a line that stands alone says that there is nothing to write."""
    found = _NOTHING.fullmatch(line.strip(_DRESS))
    return found is not None and found.group() not in _VALUES


def stands_for_code(line: str) -> bool:
    """Say whether a line is a comment in place of what the model left out."""
    comment = _COMMENT.fullmatch(line.strip())
    return comment is not None and _STANDS_FOR.fullmatch(comment[1]) is not None
