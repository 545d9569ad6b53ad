"""Cuts a conversation into the pieces that the window is planned with and that the inspector shows. Pure.

The agent's prompt with its rules, notes and tools are the system; what surrounds the current task is the project, the rest of its first
message the task; everything else that was said is history. Messages of the person's are cut into their `elements`. Outputs of tools that a
model has seen are the pieces of history that can be left out one by one; all other messages stay until a compaction replaces them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from coterie.context.assemble import head_bytes, output_bytes
from coterie.context.cutting import cut_of
from coterie.context.elements import REASON, SEGMENT, Element, elements_of
from coterie.context.marking import is_left_out
from coterie.context.superseded import superseded
from coterie.context.thread import Placed
from coterie.domain.inspection import NO_MARKS, Marks
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolMessage, UserMessage
from coterie.domain.records import OutputPlace
from coterie.domain.window import Piece

_FILE = re.compile(r'<(rules|memory)(?: of="[a-z]+")? file="([^\n]*)">\n.*?\n</\1>', re.DOTALL)
_WORDS = "prompt"
_OF_FILES = "what the person and the project want agents to know"
_HEAD: Mapping[str, str] = {_WORDS: "what the agent is", "tools": "what the agent can do"}
_FILE_ATTACHED = "attachment:"
PINNED = "pinned by the person"
WORTH_LEAVING_OUT = 100
"""Tokens from which it frees enough to leave out a file that was attached."""
BIG_OUTPUT = 1_000
"""Characters from which leaving out a tool's output frees more than the sentence in its place costs."""


@dataclass(frozen=True, slots=True)
class Counting:
    """How sizes become tokens: ``size`` gives the bytes of a message, ``tokens`` what so many bytes cost."""

    size: Callable[[Message], int]
    tokens: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece with what it stands for: the ``place``-th message of the thread (None: the system), the output of it that can be left out.

    What is ``superseded`` is left out first. Pinned are the latest outputs, which a model may not have seen yet, and files that a person
    attached before: they are left out last, where nothing else would do.
    """

    piece: Piece
    place: int | None = None
    output: OutputPlace | None = None
    superseded: bool = False

    @property
    def is_file(self) -> bool:
        """Whether it is a file that a person attached."""
        return self.piece.source.startswith(_FILE_ATTACHED)


def parts_of(
    request: ModelRequest,
    thread: Sequence[Placed],
    task: tuple[str, int] | None,
    counting: Counting,
    marks: Marks = NO_MARKS,
    *,
    coming: Sequence[Element] = (),
) -> tuple[Part, ...]:
    """Return the parts of a request.

    ``thread`` are its messages, ``task`` run and number of the one that began the current task, ``coming`` what is about to be said, taken
    apart.
    """
    made = _of_head(request, counting)
    latest = max((place for place, placed in enumerate(thread) if isinstance(placed.message, ToolMessage)), default=-1)
    elements = [elements_of(placed.message.text) if isinstance(placed.message, UserMessage) else () for placed in thread]
    replaced = superseded([*elements, coming])
    is_seen = any(isinstance(placed.message, AssistantMessage) for placed in thread[latest + 1 :])
    for place, placed in enumerate(thread):
        name = f"{placed.run_id}:{placed.seq}"
        tokens = counting.tokens(counting.size(placed.message))
        said = Piece(piece_id=name, segment="history", source="", reason="", tokens=tokens, pinned=True)
        match placed.message:
            case UserMessage():
                source, reason = ("summary", "in the place of what was said before") if placed.is_summary else ("person", "said before")
                is_task = (placed.run_id, placed.seq) == task
                pieces = _of_person(replace(said, source=source, reason=reason), elements[place], is_task=is_task)
                parts = [Part(piece, place) for piece in pieces]
                made += [_of_element(placed, at, part, elements[place][at], replaced) for at, part in enumerate(parts)]
            case AssistantMessage() as message:
                made.append(Part(replace(said, source=message.made_by or "model", reason="answered before"), place))
            case ToolMessage():
                is_latest = place == latest
                reason = "the model has not seen it yet" if is_latest and not is_seen else "called before"
                made += _of_tools(replace(said, reason=reason, pinned=is_latest), placed, place, counting)
    return tuple(_staying(part) if part.piece.piece_id in marks.pinned else part for part in made)


def _of_element(placed: Placed, number: int, part: Part, element: Element, replaced: Collection[tuple[int | None, int]]) -> Part:
    """Return the part of an element of a message; a file that was attached to an earlier one can be left out, because it can be read."""
    is_old_file = part.piece.segment == "history" and part.is_file
    if not is_old_file or is_left_out(element) or part.piece.tokens < WORTH_LEAVING_OUT:  # a long path alone may be worth more
        return part
    is_superseded = (part.place, number) in replaced
    output = OutputPlace(run_id=placed.run_id, seq=placed.seq, place=number)
    return replace(part, piece=replace(part.piece, pinned=not is_superseded), output=output, superseded=is_superseded)


def _staying(part: Part) -> Part:
    """Return a part that is never left out, because a person wants it to stay."""
    return replace(part, piece=replace(part.piece, reason=PINNED, pinned=True), output=None, superseded=False)


def _of_head(request: ModelRequest, counting: Counting) -> list[Part]:
    """Return a part for the agent's prompt, each file that is in the system text, and the tools, which bear what stands around them."""
    left = counting.tokens(len(head_bytes(request)))
    sizes = {_WORDS: _bytes(_FILE.sub("", request.system))}
    for found in _FILE.finditer(request.system):
        name = f"{found[1]}:{found[2]}"
        sizes[name] = sizes.get(name, 0) + _bytes(found[0])
    made: list[Part] = []
    for name, size in sizes.items():
        tokens = min(left, counting.tokens(size))
        left -= tokens
        made.append(Part(Piece(piece_id=f"system:{name}", segment="system", source=name, reason=_HEAD.get(name, _OF_FILES), tokens=tokens)))
    return [*made, Part(Piece(piece_id="system:tools", segment="system", source="tools", reason=_HEAD["tools"], tokens=left))]


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _of_person(said: Piece, elements: Sequence[Element], *, is_task: bool) -> list[Piece]:
    """Return a piece for each element of a message, in proportion to its characters."""
    made: list[Piece] = []
    at = counted = 0
    length = sum(len(element.text) for element in elements)
    for place, element in enumerate(elements):
        at += len(element.text)
        tokens = said.tokens * at // max(1, length) - counted
        counted += tokens
        source = element.kind if element.kind != "words" else "request" if is_task else said.source
        if (path := element.attributes.get("path")) is not None:
            source = f"{source}:{path}"
        reason = element.attributes.get("reason") or (REASON[element.kind] if is_task else said.reason)
        if element.kind != "words" and (cut := cut_of(element.shown)) is not None:
            reason = f"{reason}; how it begins, {cut[0]:,} of {cut[1]:,} characters"
        segment = SEGMENT[element.kind] if is_task else "history"
        made.append(replace(said, piece_id=f"{said.piece_id}:{place}", segment=segment, source=source, reason=reason, tokens=tokens))
    return made


def _of_tools(said: Piece, placed: Placed, at: int, counting: Counting) -> list[Part]:
    """Return a part for each output; the first one bears what stands around them."""
    parts: list[Part] = []
    left = said.tokens
    results = placed.message.results if isinstance(placed.message, ToolMessage) else ()
    for place, result in reversed(list(enumerate(results))):
        tokens = min(left, counting.tokens(len(output_bytes(result)))) if place else left
        left -= tokens
        is_big = len(result.output) >= BIG_OUTPUT
        piece = replace(
            said,
            piece_id=f"{said.piece_id}:{place}",
            source=f"tool:{result.tool}",
            tokens=tokens,
            pinned=said.pinned or not is_big,
        )
        parts.append(Part(piece, at, OutputPlace(run_id=placed.run_id, seq=placed.seq, place=place) if is_big else None))
    return parts[::-1]
