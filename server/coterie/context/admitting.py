"""What of a person's message goes into a window, planned together with all that is there already. Pure.

``agents.compacting`` has every message of a person's admitted before it is journalled: from then on it is sent as it is. The words and what
earlier steps handed on stay; what is attached or selected is cut where there is no room for all of it; the map and the code that were found
go in whole or not at all. ``agents.inspection`` shows by the same plan what would be sent next.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil
from typing import TypeAlias

from coterie.base.errors import RunError
from coterie.context.compaction import THRESHOLD, UNKNOWN_WINDOW
from coterie.context.cutting import ABOUT_A_CUT, bounded, cut_of
from coterie.context.elements import REASON, SEGMENT, Element, Kind, elements_of, emptied, reworded
from coterie.context.marking import moves_on
from coterie.context.pieces import Part
from coterie.context.tokens import Calibration
from coterie.context.window import input_limit, plan, share
from coterie.domain.messages import UserMessage
from coterie.domain.window import Piece, Segment, Window

Tokens: TypeAlias = Callable[[int], int]
"""What so many bytes cost."""
_CUT: frozenset[Kind] = frozenset({"attachment", "selection"})
_OPTIONAL: frozenset[Kind] = frozenset({"folder", "map", "code"})
_ABOUT_A_MESSAGE = 32
"""Bytes that a message takes around its text."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An element of a message, with the pieces that it is planned as: of what may be cut the frame stays, and its text is divisible."""

    message: int
    element: Element
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A text that is sent in part: what it is, and how many of its characters are."""

    name: str
    shown: int
    of: int


def wishes_of(messages: Sequence[UserMessage], tokens: Tokens) -> tuple[Wish, ...]:
    """Return what messages wish to bring into a window."""
    wishes: list[Wish] = []
    for number, message in enumerate(messages):
        for place, element in enumerate(elements_of(message.text)):
            name, kind = f"{number}:{place}", element.kind
            whole = Piece(
                piece_id=name,
                segment=SEGMENT[kind],
                source=kind,
                reason=REASON[kind],
                tokens=tokens(_size(element.text) + (_ABOUT_A_MESSAGE if kind == "words" else 0)),
                pinned=kind not in _OPTIONAL or moves_on(element),
            )
            frame = tokens(_size(emptied(element, "").text) + ABOUT_A_CUT) if _is_cut(element) else whole.tokens
            pieces: tuple[Piece, ...] = (whole,)
            if frame < whole.tokens:
                text = replace(whole, piece_id=f"{name}:text", tokens=whole.tokens - frame, pinned=False, divisible=True)
                pieces = (replace(whole, tokens=frame), text)
            wishes.append(Wish(number, element, pieces))
    return tuple(wishes)


def history_room(parts: Sequence[Part], wishes: Sequence[Wish], limit: int, *, reserve: int) -> int:
    """Return how much history has beside what is wished for: all that it needs, with ``reserve``, or its share and what is left."""
    others = [part.piece for part in parts if part.piece.segment != "history"]
    history = _piece("history", max(share("history", limit), _said(parts) + reserve), divisible=True)
    try:
        return plan([*(replace(piece, pinned=True) for piece in others), history, *_pieces(wishes)], limit).used["history"]
    except RunError:
        return 0


def reserve_of(parts: Sequence[Part], limit: int, *, is_task: bool) -> int:
    """Return how much has to stay free behind a new message, so that history is not over its threshold with it.

    ``is_task``: the message begins a task; else it is history itself as soon as it is said.
    """
    history = _said(parts)
    others = sum(part.piece.tokens for part in parts) - history
    return ceil(history / THRESHOLD) - history if is_task else ceil((1 - THRESHOLD) * max(0, limit - others))


def planned(parts: Sequence[Part], wishes: Sequence[Wish], limit: int | None, *, reserve: int = 0) -> Window:
    """Plan what is wished for beside all that is there, which stays, and beside history's share: what is said from now on needs that.

    Where nobody knows a limit, it is planned as for an empty window of `UNKNOWN_WINDOW`; where not even its words fit, they go alone.
    """
    new, there = _pieces(wishes), [replace(part.piece, pinned=True) for part in parts]
    staying = sum(piece.tokens for piece in new if piece.stays)
    if limit is None:
        there, limit = [], staying + input_limit(UNKNOWN_WINDOW, None)
    said = sum(piece.tokens for piece in there if piece.segment == "history")
    coming = _piece("history", max(0, share("history", limit) - said), divisible=True)
    for kept_free in (reserve, 0):
        with suppress(RunError):
            return plan([*there, _piece("history", kept_free, pinned=True), coming, *new], limit)
    return plan(new, staying)


def admitted(messages: Sequence[UserMessage], wishes: Sequence[Wish], window: Window, tokens: Tokens) -> tuple[UserMessage, ...]:
    """Return messages with what a plan has room for."""
    room = {piece.piece_id: piece.tokens for piece in window.pieces}
    made: list[UserMessage] = []
    for number, message in enumerate(messages):
        mine = [wish for wish in wishes if wish.message == number]
        left = [_fitted(wish, sum(room.get(piece.piece_id, 0) for piece in wish.pieces), tokens) for wish in mine]
        made.append(reworded(message, [wish.element for wish in mine], left))
    return tuple(made)


def alone(message: UserMessage, limit: int | None) -> UserMessage:
    """Return a message to somebody whose window nobody else fills."""
    tokens = Calibration().tokens
    wishes = wishes_of([message], tokens)
    return admitted([message], wishes, planned((), wishes, limit), tokens)[0]


def cuts_in(messages: Sequence[UserMessage]) -> tuple[Cut, ...]:
    """Return what is sent in part of the texts that messages point at."""
    elements = [element for message in messages for element in elements_of(message.text) if element.kind in _CUT]
    found = [(element, cut_of(element.shown)) for element in elements]
    return tuple(Cut(element.attributes.get("path") or f"the {element.kind}", *cut) for element, cut in found if cut is not None)


def _fitted(wish: Wish, room: int, tokens: Tokens) -> Element | None:
    """Return an element as ``room`` tokens hold it."""
    element, wanted = wish.element, sum(piece.tokens for piece in wish.pieces)
    if room >= wanted:
        return element
    if not _is_cut(element):
        return None

    def cut(characters: int) -> Element:
        return emptied(element, bounded(element.shown, characters))

    def needs(characters: int) -> int:
        return tokens(_size(cut(characters).text))

    return cut(max(0, bisect_right(range(len(element.shown)), room, key=needs) - 1))


def _is_cut(element: Element) -> bool:
    """Say whether a part of an element may be sent: of what says that paths mean other files from here on its frame is never left out."""
    return element.kind in _CUT or moves_on(element)


def _said(parts: Sequence[Part]) -> int:
    """Return how many tokens history has."""
    return sum(part.piece.tokens for part in parts if part.piece.segment == "history")


def _pieces(wishes: Sequence[Wish]) -> list[Piece]:
    return [piece for wish in wishes for piece in wish.pieces]


def _piece(segment: Segment, tokens: int, *, pinned: bool = False, divisible: bool = False) -> Piece:
    return Piece(piece_id=segment, segment=segment, source="", reason="", tokens=tokens, pinned=pinned, divisible=divisible)


def _size(text: str) -> int:
    """Return the bytes that a text takes in a request."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")) - 2
