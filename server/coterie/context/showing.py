"""Shows a conversation as a model reads it: every piece that is sent, and every one that is not, with the reason. Pure.

``agents.inspection`` gathers what it takes; clients get it as `coterie.domain.inspection.ContextView`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from coterie.context.admitting import planned, reserve_of, wishes_of
from coterie.context.compaction import pinned_element
from coterie.context.elements import elements_of
from coterie.context.marking import attached_before, is_held, piece_id, pinned_words, without_dropped
from coterie.context.pieces import Counting, Part, parts_of
from coterie.context.task import Excerpt, Task, first_message
from coterie.context.thread import Placed, as_sent, holds, since_cleared, standing
from coterie.context.window import share
from coterie.domain.inspection import CompactionView, LeftOutView, Marks, PieceView, SegmentView
from coterie.domain.messages import AssistantMessage, Message, ModelRequest, ToolMessage, UserMessage
from coterie.domain.records import CompactionRecord
from coterie.domain.window import SEGMENTS

PREVIEW = 200
"""Characters of a piece that are shown."""
SUMMED_UP, _PRUNED, _DROPPED = "a summary stands in its place", "left out to make room", "left out by the person"
_CLEARED = "the person began anew behind it"
STANDING_IN = "left out"
"""The source of a piece that nobody can decide about."""
KEPT = "pinned by the person: kept word for word behind the summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedFile:
    """A file that is to stay: how the model is told of it, and its text as it would be attached."""

    uri: str
    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation with all that is decided about it.

    ``build`` makes the request of messages, ``task`` began the current task, ``files`` are those that are pinned.
    """

    said: tuple[Placed, ...]
    compactions: tuple[CompactionRecord, ...]
    marks: Marks
    task: tuple[str, int] | None
    files: tuple[PinnedFile, ...] = ()
    build: Callable[[tuple[Message, ...]], ModelRequest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is sent and what is not."""

    used: int
    segments: tuple[SegmentView, ...]
    pieces: tuple[PieceView, ...]
    left_out: tuple[LeftOutView, ...]
    compactions: tuple[CompactionView, ...]


@dataclass(frozen=True, slots=True)
class _Glimpse:
    """What a piece is about."""

    preview: str
    path: str | None = None
    is_attached: bool = False


def shown(talk: Talk, counting: Counting, limit: int | None) -> Shown:
    """Show a conversation to a model that takes ``limit`` tokens; None where nobody knows."""
    marks = talk.marks
    thread = without_dropped(standing(talk.said, talk.compactions), marks)
    request = talk.build(as_sent(thread))
    sent = parts_of(request, thread, talk.task, counting, marks)
    whole = parts_of(talk.build(tuple(placed.message for placed in talk.said)), talk.said, talk.task, counting, marks)
    pruned = {f"{each.run_id}:{each.seq}:{each.place}" for compaction in talk.compactions for each in compaction.pruned}
    kept: list[Part] = []
    left_out: list[LeftOutView] = []
    for part in whole:
        if (reason := _why_not(part, talk, pruned)) == KEPT:
            kept.append(replace(part, piece=replace(part.piece, reason=reason)))
        elif reason is not None:
            piece = part.piece
            left_out.append(
                LeftOutView(piece_id=piece.piece_id, segment=piece.segment, source=piece.source, tokens=piece.tokens, reason=reason)
            )
    absent = {each.piece_id for each in left_out}
    glimpses = {**_glimpses(talk.said), **_glimpses(thread)}
    held = attached_before(placed.message for placed in thread)
    wanted = [each for each in talk.files if not is_held(held, each.path, each.text)]
    upcoming = _upcoming(wanted, held, sent, counting, limit)
    listed = [part for part in _with_kept(sent, kept) if part.piece.piece_id not in absent]
    standing_in = [part for part in sent if part.piece.piece_id in absent]
    tokens = {segment: sum(part.piece.tokens for part in sent if part.piece.segment == segment) for segment in SEGMENTS}
    tokens["task"] += sum(each.tokens for each in upcoming)
    stay = {
        *marks.pinned,
        *(name for name, each in glimpses.items() if each.path in {file.path for file in talk.files} and each.is_attached),
    }
    return Shown(
        used=sum(tokens.values()),
        segments=tuple(
            SegmentView(segment=segment, limit=None if limit is None else share(segment, limit), tokens=tokens[segment])
            for segment in SEGMENTS
        ),
        pieces=(*(_view(part, glimpses, stay, request.system) for part in listed), *_sentences(standing_in), *upcoming),
        left_out=tuple(left_out),
        compactions=tuple(
            CompactionView(
                compaction_id=each.compaction_id,
                messages=sum(_is_replaced(placed, [each]) for placed in talk.said),
                outputs=len(each.pruned),
            )
            for each in talk.compactions
            if each.replaced or each.pruned
        ),
    )


def _why_not(part: Part, talk: Talk, pruned: set[str]) -> str | None:
    """Say why a part of what was said is not sent as it was said; None where it is."""
    if part.place is None:
        return None
    name, placed = part.piece.piece_id, talk.said[part.place]
    if name in talk.marks.dropped:
        return _DROPPED
    behind = since_cleared(talk.compactions)
    if _is_replaced(placed, behind):
        return KEPT if name in talk.marks.pinned and _is_carried(placed, name, behind) else SUMMED_UP
    if _is_replaced(placed, talk.compactions):
        return _CLEARED
    return _PRUNED if name in pruned else None


def _is_replaced(placed: Placed, compactions: Iterable[CompactionRecord]) -> bool:
    return any(holds(stretch, placed) for compaction in compactions for stretch in compaction.replaced)


def _is_carried(placed: Placed, name: str, behind: Sequence[CompactionRecord]) -> bool:
    """Say whether the summary has a piece word for word: it does not when the piece was pinned only since."""
    summary = next((each.message.text for each in reversed(behind) if each.message is not None), "")
    return all(pinned_element(words) in summary for words in pinned_words([placed], Marks(pinned=frozenset({name}))))


def _with_kept(sent: Sequence[Part], kept: Sequence[Part]) -> list[Part]:
    """Return what is sent with what is kept behind the summary by itself, taken out of what the summary costs."""
    left = sum(part.piece.tokens for part in sent if part.piece.source == "summary")
    apart: list[Part] = []
    for part in kept:
        tokens = min(left, part.piece.tokens)
        left -= tokens
        apart.append(replace(part, piece=replace(part.piece, tokens=tokens)))
    return [*(replace(part, piece=replace(part.piece, tokens=left)) if part.piece.source == "summary" else part for part in sent), *apart]


def _sentences(standing_in: Sequence[Part]) -> Iterator[PieceView]:
    """Show by segment what the sentences cost that stand in the place of what is left out."""
    for segment in SEGMENTS:
        if tokens := sum(part.piece.tokens for part in standing_in if part.piece.segment == segment):
            yield PieceView(
                piece_id=f"{STANDING_IN}:{segment}",
                segment=segment,
                source=STANDING_IN,
                reason="what stands in the place of what is left out",
                tokens=tokens,
                pinned=False,
            )


def _upcoming(
    files: Sequence[PinnedFile], held: Collection[str], sent: Sequence[Part], counting: Counting, limit: int | None
) -> tuple[PieceView, ...]:
    """Show what the next turn brings, as much of each as it has room for now. Of those ``held`` the conversation has another text."""
    messages = [first_message(Task(prompt="", attachments=(Excerpt(file.text, file.path),))) for file in files]
    wishes = wishes_of(messages, counting.tokens)
    reserve = 0 if limit is None else reserve_of(sent, limit, is_task=True)
    room = {piece.piece_id: piece.tokens for piece in planned(sent, wishes, limit, reserve=reserve).pieces}
    return tuple(
        PieceView(
            piece_id=file.uri,
            segment="task",
            source="file",
            reason=f"pinned by the person: it {'has changed, and ' if file.path in held else ''}comes with the next turn",
            tokens=sum(room.get(piece.piece_id, 0) for wish in wishes if wish.message == number for piece in wish.pieces),
            pinned=True,
            path=file.path,
            preview=file.text[:PREVIEW] or None,
        )
        for number, file in enumerate(files)
    )


def _glimpses(said: Sequence[Placed]) -> dict[str, _Glimpse]:
    found: dict[str, _Glimpse] = {}
    paths: dict[str, str] = {}
    for placed in said:
        match placed.message:
            case UserMessage() as message:
                for place, each in enumerate(elements_of(message.text)):
                    found[piece_id(placed, place)] = _Glimpse(each.shown, each.attributes.get("path"), each.kind == "attachment")
            case AssistantMessage() as message:
                called = ", ".join(call.tool for call in message.tool_calls)
                found[piece_id(placed)] = _Glimpse(message.text or (f"calls {called}" if called else ""))
                paths |= {call.call_id: path for call in message.tool_calls if isinstance(path := (call.arguments or {}).get("path"), str)}
            case ToolMessage() as message:
                for place, result in enumerate(message.results):
                    found[piece_id(placed, place)] = _Glimpse(result.output, paths.get(result.call_id))
    return found


def _view(part: Part, glimpses: Mapping[str, _Glimpse], stay: Collection[str], system: str) -> PieceView:
    piece = part.piece
    glimpse = glimpses.get(piece.piece_id) or _Glimpse(system if piece.source == "prompt" else "", piece.source.partition(":")[2] or None)
    return PieceView(
        piece_id=piece.piece_id,
        segment=piece.segment,
        source=piece.source,
        reason=piece.reason,
        tokens=piece.tokens,
        pinned=piece.piece_id in stay,
        path=glimpse.path,
        preview=glimpse.preview[:PREVIEW] or None,
    )
