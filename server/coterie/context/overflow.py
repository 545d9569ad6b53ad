"""Says what fills a conversation that a model does not take, and what a person can do about it. Pure.

``agents.compacting`` words the end of a run by it, where nothing more could be left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from coterie.context.pieces import PINNED, Part
from coterie.domain.window import Piece

_Kind: TypeAlias = Literal["agent", "rules", "pinned", "attached", "request", "project", "said"]

MOST_NAMED = 4
WORTH_NAMING = 0.1
"""The part of a conversation that something has to fill to be worth doing something about, where anything fills so much."""
_HISTORY = "post `/compact`, or `/clear` to begin anew"
_WAYS: Mapping[_Kind, str] = {
    "pinned": "pin less",
    "attached": "attach less",
    "request": "say it in smaller parts",
    "said": _HISTORY,
}
_OF_TASK: Mapping[str, _Kind] = {"attachment": "attached", "selection": "attached", "request": "request"}
_NAMES: Mapping[_Kind, str] = {
    "agent": "the agent's prompt and tools",
    "rules": "rules",
    "pinned": "what you pinned",
    "attached": "the selection",
    "request": "your message",
    "project": "the project from above and the code that was found",
    "said": "what was said before",
}


class _Filler(NamedTuple):
    kind: _Kind
    name: str


def fills_it(parts: Sequence[Part], *, history: str | None = None) -> str:
    """Say of what a conversation's tokens are most, and what makes it smaller; ``history`` says it of what was said, else `_HISTORY`."""
    sizes: Counter[_Filler] = Counter()
    for part in parts:
        sizes[_filler(part)] += part.piece.tokens
    total = sizes.total()
    most = sizes.most_common(MOST_NAMED)
    large = [(filler, tokens) for filler, tokens in most if tokens >= WORTH_NAMING * total] or most
    named = ", ".join(f"{filler.name} {tokens:,}" for filler, tokens in large)
    return f"Of its about {total:,} tokens {named} are most. {_ways([filler for filler, _ in large], history)}"


def _ways(large: Sequence[_Filler], history: str | None) -> str:
    texts = ", ".join(filler.name for filler in large if filler.kind == "rules")
    ways = [f"shorten {texts}"] if texts else []
    ways += dict.fromkeys(_WAYS[filler.kind] for filler in large if filler.kind in _WAYS and not (filler.kind == "said" and history))
    ways.append("leave pieces of it out")
    said = f" {history}" if history and any(filler.kind == "said" for filler in large) else ""
    return f"Choose a model with a larger window, {', '.join(ways[:-1])}{', or ' if len(ways) > 1 else 'or '}{ways[-1]}.{said}"


def _filler(part: Part) -> _Filler:
    word, _, path = part.piece.source.partition(":")
    kind = _kind(part.piece, word)
    is_file = word in {"rules", "memory", "attachment", "selection"} and kind != "pinned"
    return _Filler(kind, path if is_file and path else _NAMES[kind])


def _kind(piece: Piece, word: str) -> _Kind:
    if piece.reason == PINNED:
        return "pinned"
    if word in {"rules", "memory"}:
        return "rules"
    if piece.segment == "system":
        return "agent"
    if piece.segment == "history":
        return "said"
    return _OF_TASK.get(word, "project")
