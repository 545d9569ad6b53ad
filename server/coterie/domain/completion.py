"""What can be attached to a message, as a chat completes it behind an ``@``."""

from __future__ import annotations

from typing import Literal

from coterie.domain.retrieval import SymbolKind
from coterie.domain.runs import Range
from coterie.domain.wire import wire


@wire
class AttachmentItem:
    """Something to attach. ``label`` is what is inserted, ``detail`` where it is.

    A ``file`` is attached by its ``uri``; of a ``symbol`` the lines of ``range`` are, as text. ``selection`` and ``diagnostics`` have no
    ``uri``: the client knows what is selected, and what is wrong where.
    """

    kind: Literal["file", "symbol", "selection", "diagnostics"]
    label: str
    detail: str
    uri: str | None = None
    range: Range | None = None
    symbol_kind: SymbolKind | None = None


@wire
class AttachmentItems:
    """The answer of ``agent/attachment/complete``, the best first. ``complete`` is False while the index does not know everything yet."""

    items: tuple[AttachmentItem, ...]
    complete: bool
