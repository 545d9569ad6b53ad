"""Takes a message of ``task`` apart again: the elements that it begins with, and the words behind them. Pure.

``pieces``, ``marking`` and ``admitting`` do so for every message of the person's, so that its parts can be kept or left out one by one. A
message that was never put together of elements is one part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal, TypeAlias

from coterie.domain.messages import UserMessage
from coterie.domain.window import Segment

Kind: TypeAlias = Literal["rules", "folder", "map", "code", "attachment", "selection", "artifact", "words"]

JSON_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
"""Nothing else stands behind an attribute; ``path="C:\\Users"`` is what a person writes, and no element."""
_ELEMENT = re.compile(
    rf"<(?P<kind>rules|folder|map|code|attachment|selection|artifact)(?P<attributes>(?: [a-z]+={JSON_STRING})*)>\n"
    r"(?P<text>.*?)\n</(?P=kind)>(?:\n\n|\Z)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rf"([a-z]+)=({JSON_STRING})")
SEGMENT: Mapping[Kind, Segment] = {
    "rules": "project",
    "folder": "project",
    "map": "project",
    "code": "task",
    "attachment": "task",
    "selection": "task",
    "artifact": "task",
    "words": "task",
}
REASON: Mapping[Kind, str] = {
    "rules": "what the person and the project want agents to know",
    "folder": "the folder of the task",
    "map": "the project from above",
    "code": "found for the request",
    "attachment": "attached by the person",
    "selection": "selected by the person",
    "artifact": "handed on by an earlier step",
    "words": "what is to be done",
}


@dataclass(frozen=True, slots=True)
class Element:
    """A part of a message: ``text`` is all of it, to the beginning of the next one; ``shown`` what stands inside."""

    kind: Kind
    text: str
    shown: str
    attributes: Mapping[str, str]


def emptied(element: Element, words: str) -> Element:
    """Return an element with ``words`` in the place of what it shows, so that the others of its message keep their numbers."""
    if element.kind == "words":
        return replace(element, text=words, shown=words)
    opening, closing = element.text.partition("\n")[0], element.text[element.text.rindex(f"\n</{element.kind}>") :]
    return replace(element, text=f"{opening}\n{words}{closing}", shown=words)


def reworded(message: UserMessage, elements: Sequence[Element], left: Sequence[Element | None]) -> UserMessage:
    """Return a message of ``elements`` with those in their place that are ``left``; its preface is what is left of it."""
    ends = accumulate(len(element.text) for element in elements)
    kept = [(end <= message.preface, element.text) for element, end in zip(left, ends, strict=True) if element is not None]
    return UserMessage(text="".join(text for _, text in kept), preface=sum(len(text) for is_before, text in kept if is_before))


def elements_of(text: str) -> tuple[Element, ...]:
    """Return the parts of a message's text, which joined are the text again; the last one are the words, unless there are none."""
    made: list[Element] = []
    at = 0
    while (found := _ELEMENT.match(text, at)) is not None:
        attributes = {name: json.loads(value) for name, value in _ATTRIBUTE.findall(found["attributes"])}
        kind: Kind = found["kind"]  # type: ignore[assignment]  # the expression names nothing else
        made.append(Element(kind, found[0], found["text"], attributes))
        at = found.end()
    if at < len(text) or not made:
        made.append(Element("words", text[at:], text[at:], {}))
    return tuple(made)
