"""Cuts a conversation into the pieces that the window is planned with and that the inspector shows. Pure.

The agent's prompt with its rules and its tools are the system; what surrounds the current task is the project, the rest of its first
message the task; everything else that was said is history. Outputs of tools that a model has seen are the pieces of history that can be
left out one by one; all other messages stay until a compaction replaces them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from coterie.context.assemble import head_bytes, output_bytes
from coterie.context.thread import Placed
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolMessage, UserMessage
from coterie.domain.records import OutputPlace
from coterie.domain.window import Piece

BIG_OUTPUT = 1_000
"""Characters from which leaving out a tool's output frees more than the sentence in its place costs."""


@dataclass(frozen=True, slots=True)
class Counting:
    """How sizes become tokens: ``size`` gives the bytes of a message, ``tokens`` what so many bytes cost."""

    size: Callable[[Message], int]
    tokens: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece with what it stands for: the ``place``-th message of the thread (None: the system), the output of it that can be left out."""

    piece: Piece
    place: int | None = None
    output: OutputPlace | None = None


def parts_of(request: ModelRequest, thread: Sequence[Placed], task: tuple[str, int] | None, counting: Counting) -> tuple[Part, ...]:
    """Return the parts of a request. ``thread`` are its messages, ``task`` run and number of the one that began the current task."""
    head = Piece(piece_id="system", segment="system", source="prompt", reason="the agent's prompt, its rules and its tools", tokens=0)
    made = [Part(replace(head, tokens=counting.tokens(len(head_bytes(request)))))]
    unseen = max((place for place, placed in enumerate(thread) if isinstance(placed.message, ToolMessage)), default=-1)
    for place, placed in enumerate(thread):
        name = f"{placed.run_id}:{placed.seq}"
        tokens = counting.tokens(counting.size(placed.message))
        said = Piece(piece_id=name, segment="history", source="", reason="", tokens=tokens, pinned=True)
        match placed.message:
            case UserMessage() as message if (placed.run_id, placed.seq) == task:
                made += [Part(piece, place) for piece in _of_task(said, message)]
            case UserMessage():
                source, reason = ("summary", "in the place of what was said before") if placed.is_summary else ("person", "said before")
                made.append(Part(replace(said, source=source, reason=reason), place))
            case AssistantMessage() as message:
                made.append(Part(replace(said, source=message.made_by or "model", reason="answered before"), place))
            case ToolMessage():
                made += _of_tools(said, placed, place, counting, is_unseen=place == unseen)
    return tuple(made)


def _of_task(said: Piece, message: UserMessage) -> list[Piece]:
    """Return the surroundings and the request, in proportion to their characters."""
    around = said.tokens * message.preface // max(1, len(message.text))
    request = replace(said, segment="task", source="request", reason="what is to be done", tokens=said.tokens - around)
    if not message.preface:
        return [request]
    folder = replace(
        said, piece_id=f"{said.piece_id}:around", segment="project", source="workspace", reason="what surrounds the task", tokens=around
    )
    return [folder, request]


def _of_tools(said: Piece, placed: Placed, at: int, counting: Counting, *, is_unseen: bool) -> list[Part]:
    """Return a part for each output; the first one bears what stands around them."""
    parts: list[Part] = []
    left = said.tokens
    results = placed.message.results if isinstance(placed.message, ToolMessage) else ()
    for place, result in reversed(list(enumerate(results))):
        tokens = min(left, counting.tokens(len(output_bytes(result)))) if place else left
        left -= tokens
        can_go = not is_unseen and len(result.output) >= BIG_OUTPUT
        piece = replace(
            said,
            piece_id=f"{said.piece_id}:{place}",
            source=f"tool:{result.tool}",
            reason="the model has not seen it yet" if is_unseen else "called before",
            tokens=tokens,
            pinned=not can_go,
        )
        parts.append(Part(piece, at, OutputPlace(run_id=placed.run_id, seq=placed.seq, place=place) if can_go else None))
    return parts[::-1]
