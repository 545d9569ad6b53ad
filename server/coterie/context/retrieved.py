"""Which of the files that the index finds go with a request, and what is shown of each. Pure.

The index always finds something. What it found is shown where the question itself bears it out: it spells the path, names what is defined
there, or most of its words stand in the file. A question that fits nothing goes alone. ``collect`` reads the files, ``task`` words them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import PurePath

from coterie.base.text import lines_of
from coterie.context.elements import JSON_STRING
from coterie.context.task import Excerpt
from coterie.domain.messages import AssistantMessage, Message, UserMessage
from coterie.domain.retrieval import Found
from coterie.index.query import Query, parse
from coterie.index.terms import identifiers, split, terms

BYTES_PER_TOKEN = 4
MOST_FILES = 5
MOST_LINES = 60
"""Of one file."""
WINDOW = 16
"""Lines around what fits best, in a file in which no definition does."""
_TELLING = 0.3
"""The weight of a word in a question from which it says something."""
_MOST_WORDS = 12
_FEWEST_WORDS = 3
_COVERED = 0.6
_CODE = re.compile(r"`([^\W\d][\w.]*)`|\b([^\W\d]\w*)\(|\b([^\W\d]*_\w+|\w*[a-z][A-Z]\w*)\b")
_SHOWN = re.compile(rf"^<code path=({JSON_STRING})", re.MULTILINE)
_MOVED = re.compile(rf"^<folder name={JSON_STRING} reason=", re.MULTILINE)
_ABOUT_AN_ELEMENT = 24
"""Tokens that path, lines and reason take."""


def fitting(question: str, found: Found, text: str) -> Excerpt | None:
    """Return what to show of a file with ``text`` that was found for a question; None when the question does not bear it out."""
    query, lines = parse(question), lines_of(text)
    defined = _defined(found, lines)
    if any(f"/{found.path.lower()}".endswith(f"/{path}") for path in query.paths):
        return _excerpt(found, lines, defined or _densest(query, lines), "its path is in the question")
    if defined is not None and (name := _named(question, query, lines[defined[0] - 1])) is not None:
        return _excerpt(found, lines, defined, f"it defines {name}")
    words, there = _words(question, query), terms(identifiers(text).items())
    held = sum(all(term in there for term in word) for word in words)
    if len(words) >= _FEWEST_WORDS and held >= max(_FEWEST_WORDS, _COVERED * len(words)):
        return _excerpt(found, lines, _densest(query, lines), next(iter(found.reasons), "its text matches"))
    return None


def within(excerpts: Sequence[Excerpt], tokens: int) -> tuple[Excerpt, ...]:
    """Return as many excerpts, the first ones, as ``tokens`` hold; the last of them may be cut."""
    kept: list[Excerpt] = []
    room = tokens * BYTES_PER_TOKEN
    for excerpt in excerpts[:MOST_FILES]:
        room -= _ABOUT_AN_ELEMENT * BYTES_PER_TOKEN
        text = _cut(excerpt.text, room)
        if not text or excerpt.lines is None:
            break
        first = excerpt.lines[0]
        kept.append(Excerpt(text, excerpt.path, (first, first + len(lines_of(text)) - 1), excerpt.reason))
        room -= len(text.encode())
    return tuple(kept)


def shown_before(messages: Iterable[Message]) -> frozenset[str]:
    """Return the paths of files that a conversation has shown of already, by itself or because the model asked."""
    shown: set[str] = set()
    for message in messages:
        if isinstance(message, UserMessage):
            if _MOVED.search(message.text, 0, message.preface):  # to another folder, where a relative path is another file's
                shown = {path for path in shown if PurePath(path).is_absolute()}
            shown.update(json.loads(path) for path in _SHOWN.findall(message.text[: message.preface]))
        elif isinstance(message, AssistantMessage):
            shown.update(path for call in message.tool_calls if isinstance(path := (call.arguments or {}).get("path"), str))
    return frozenset(shown)


def _defined(found: Found, lines: Sequence[str]) -> tuple[int, int] | None:
    if found.lines is None or found.lines[0] > len(lines):
        return None
    return found.lines[0], min(found.lines[1], len(lines))


def _named(question: str, query: Query, line: str) -> str | None:
    """Return the name in the line that defines it which the question means: spelled as in code, or by two words that say something."""
    names = list(identifiers(line))
    spelled = {part for match in _CODE.finditer(question) for each in match.groups() if each for part in each.split(".")}
    if (name := next((name for name in names if name in spelled), None)) is not None:
        return name
    telling = {term for term, weight in query.terms if weight >= _TELLING}
    return next((name for name in names if len(telling & set(split(name))) > 1), None)


def _words(question: str, query: Query) -> Sequence[tuple[str, ...]]:
    """Return the words of a question that say most, each by its terms: an identifier of many parts is one word."""
    asked = dict(query.terms)
    weights = {word: max(asked.get(term, 0.0) for term in word) for word in map(split, identifiers(question)) if word}
    telling = [word for word, weight in weights.items() if weight >= _TELLING]
    return sorted(telling, key=weights.__getitem__, reverse=True)[:_MOST_WORDS]


def _densest(query: Query, lines: Sequence[str]) -> tuple[int, int]:
    """Return the lines that hold most of what is asked for."""
    asked = dict(query.terms)
    worth = [sum(asked.get(term, 0.0) for term in terms(identifiers(line).items())) for line in lines]
    sums = [0.0, *accumulate(worth)]
    starts = range(max(1, len(lines) - WINDOW + 1))
    start = max(starts, key=lambda at: (sums[min(at + WINDOW, len(lines))] - sums[at], -at))
    return start + 1, min(start + WINDOW, len(lines))


def _excerpt(found: Found, lines: Sequence[str], shown: tuple[int, int], reason: str) -> Excerpt:
    first, last = shown[0], min(shown[1], shown[0] + MOST_LINES - 1)
    return Excerpt("".join(lines[first - 1 : last]), found.path, (first, last), reason)


def _cut(text: str, size: int) -> str:
    """Return the first whole lines that ``size`` bytes hold."""
    return "".join(_while_room(lines_of(text), size))


def _while_room(lines: Sequence[str], room: int) -> Iterator[str]:
    for line in lines:
        room -= len(line.encode("utf-8", "surrogatepass"))
        if room < 0:
            return
        yield line
