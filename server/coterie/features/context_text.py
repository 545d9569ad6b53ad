"""A model's window as Markdown: what `agent/context/inspect` answers, for people whose editor has no view of it. Pure.

``context_documents`` shows it in editors, ``cli.lists`` in a terminal. What comes from a conversation stands there as code, so that
nothing in it is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from coterie.domain.inspection import ContextView, LeftOutView, PieceView

BEGINNING: Final = 60
"""Characters of a piece's preview."""


def as_markdown(view: ContextView) -> str:
    """Return the window as a document."""
    of = "" if view.limit is None else f" of {view.limit:,}"
    model = "no model" if view.model is None else code(view.model)
    return (
        "\n\n".join(
            [
                f"# What the model reads in {code(view.channel_id)}",
                f"{model}, {view.used:,}{of} tokens by estimate. What is reserved is lent to others while it is not used.",
                "## Segments",
                table(
                    ("segment", "used", "reserved"),
                    ((each.segment, f"{each.tokens:,}", "" if each.limit is None else f"{each.limit:,}") for each in view.segments),
                ),
                "## Pieces",
                table(("segment", "tokens", "source", "reason", "pinned", "begins", "piece"), map(_piece, view.pieces)),
                "## Left out",
                table(("segment", "tokens", "source", "why", "piece"), map(_left_out, view.left_out)) if view.left_out else "Nothing.",
                *_rest("Compactions", [_compaction(each.compaction_id, each.messages, each.outputs) for each in view.compactions]),
                *_rest("Files that come with the next turn", [f"- {code(uri)}" for uri in view.pinned_files]),
            ]
        )
        + "\n"
    )


def _rest(title: str, items: Sequence[str]) -> Iterable[str]:
    return (f"## {title}", "\n".join(items)) if items else ()


def _piece(piece: PieceView) -> tuple[str, ...]:
    source = code(piece.source if piece.path is None else f"{piece.source} {piece.path}")
    begins = "" if piece.preview is None else code(piece.preview[:BEGINNING])
    return piece.segment, f"{piece.tokens:,}", source, piece.reason, "yes" if piece.pinned else "", begins, code(piece.piece_id)


def _left_out(piece: LeftOutView) -> tuple[str, ...]:
    return piece.segment, f"{piece.tokens:,}", code(piece.source), piece.reason, code(piece.piece_id)


def _compaction(compaction_id: str, messages: int, outputs: int) -> str:
    return f"- {code(compaction_id)}: a summary for {messages} messages, {outputs} outputs of tools left out"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; what stands in it is Markdown."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(text: str) -> str:
    """Return a text as code in one line, whatever stands in it."""
    flat = " ".join(text.split())
    if not flat:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", flat)), default=0))
    gap = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{gap}{flat}{gap}{fence}"
