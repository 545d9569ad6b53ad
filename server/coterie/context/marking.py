"""Carries out what a person has decided about a conversation: what is dropped is not sent any more, what is pinned is never left out. Pure.

Messages keep their places and their roles, and calls their results, because hosts insist on both: of what is dropped a few words stay, of
what was called the names.
Nothing here changes the journal, so a decision that is taken back brings the text back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TypeVar

from coterie.context.cutting import has_changed
from coterie.context.elements import Element, elements_of, emptied, reworded
from coterie.context.task import PART
from coterie.context.thread import FILE_LEFT_OUT, Before, Placed, as_sent, standing
from coterie.domain.inspection import Marks
from coterie.domain.messages import AssistantMessage, Message, ToolMessage, UserMessage

_T = TypeVar("_T")
GONE = "[left out by the person]"


def piece_id(placed: Placed, place: int | None = None) -> str:
    """Return the id of a message, or of its ``place``-th part: an element, or a tool's output."""
    return f"{placed.run_id}:{placed.seq}" if place is None else f"{placed.run_id}:{placed.seq}:{place}"


def without_dropped(thread: Sequence[Placed], marks: Marks) -> tuple[Placed, ...]:
    """Return a conversation without what is dropped."""
    return tuple(_without(placed, marks.dropped) for placed in thread) if marks.dropped else tuple(thread)


def heard_of(before: Before, marks: Marks) -> tuple[Message, ...]:
    """Return what somebody is sent of a conversation who goes on with it."""
    return as_sent(without_dropped(standing(before.said, before.compactions), marks))


def attached_before(messages: Iterable[Message]) -> Mapping[str, str]:
    """Return the paths of files that are attached to messages of a conversation, with what is shown of each, where it stands last.

    A part of a file says nothing of what the rest of it was, nor a relative path anything behind a move to another folder.
    """
    held: dict[str, str] = {}
    for each in (each for message in messages if isinstance(message, UserMessage) for each in elements_of(message.text)):
        if moves_on(each):
            held = seen_elsewhere(held)
        elif (path := whole_file(each)) is not None and not is_left_out(each):
            held[path] = each.shown
    return held


def moves_on(element: Element) -> bool:
    """Say whether a conversation goes on in another folder from this element on."""
    return element.kind == "folder" and "reason" in element.attributes


def seen_elsewhere(held: Mapping[str, _T]) -> dict[str, _T]:
    """Return what is known by paths that mean the same in every folder."""
    return {path: each for path, each in held.items() if PurePath(path).is_absolute()}


def is_left_out(element: Element) -> bool:
    """Say whether an element's text has been left out, by the person or to make room."""
    return element.shown in {GONE, FILE_LEFT_OUT}


def whole_file(element: Element) -> str | None:
    """Return the path of the file of which an element shows all that is sent of it; None for everything else."""
    is_whole = element.kind == "attachment" and element.attributes.get("reason") != PART
    return element.attributes.get("path") if is_whole else None


def shows_folder(messages: Iterable[Message]) -> bool:
    """Say whether a conversation shows its folder from above, or did until the person left that out."""
    said = (message.text for message in messages if isinstance(message, UserMessage))
    return any(each.kind == "folder" for text in said for each in elements_of(text))


def is_held(held: Mapping[str, str], path: str | None, text: str) -> bool:
    """Say whether a file is among those of `attached_before` as it is now."""
    shown = held.get(path or "")
    return shown is not None and not has_changed(shown, text)


def pinned_words(said: Iterable[Placed], marks: Marks) -> tuple[str, ...]:
    """Return what is pinned of messages that are not sent any more, word for word."""
    kept: list[str] = []
    for placed in said:
        match placed.message:
            case UserMessage() as message:
                kept += [
                    each.text.strip() for place, each in enumerate(elements_of(message.text)) if piece_id(placed, place) in marks.pinned
                ]
            case AssistantMessage() as message if piece_id(placed) in marks.pinned:
                kept.append(message.text)
            case ToolMessage() as message:
                kept += [
                    f"Result of {result.tool}:\n{result.output}"
                    for place, result in enumerate(message.results)
                    if piece_id(placed, place) in marks.pinned
                ]
            case _:
                pass
    return tuple(kept)


def _without(placed: Placed, dropped: frozenset[str]) -> Placed:
    message = placed.message
    match message:
        case UserMessage():
            parts = elements_of(message.text)
            left = [emptied(part, GONE) if piece_id(placed, place) in dropped else part for place, part in enumerate(parts)]
            if list(parts) == left:
                return placed
            return replace(placed, message=reworded(message, parts, left))
        case AssistantMessage():
            if piece_id(placed) not in dropped:
                return placed
            calls = tuple(replace(call, arguments=dict.fromkeys(call.arguments or (), GONE), raw="") for call in message.tool_calls)
            return replace(placed, message=replace(message, text=GONE, thought="", signature=None, tool_calls=calls))
        case ToolMessage():
            results = tuple(
                replace(result, output=GONE) if piece_id(placed, place) in dropped else result
                for place, result in enumerate(message.results)
            )
            return placed if results == message.results else replace(placed, message=ToolMessage(results=results))
