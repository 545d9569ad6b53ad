"""The whole text that a document is a part of: for a cell of a notebook, the cells of its language above and below it."""

from __future__ import annotations

from dataclasses import dataclass

from coterie.workspace.documents import Documents

BETWEEN = "\n\n"
"""What stands between two cells."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands above and below a document; empty for most. ``versions`` are the hashes of its cells, by their URIs."""

    above: str
    below: str
    versions: dict[str, int]


def around(documents: Documents, uri: str) -> Around:
    """Return the other cells of a cell's notebook, as one text above it and one below."""
    own, notebook = documents.get(uri), documents.notebooks.of(uri)
    if own is None or notebook is None:
        return Around("", "", {})
    cells = documents.notebooks.cells(notebook)
    place = cells.index(uri)
    texts = {cell: buffer.text for cell in cells if (buffer := documents.get(cell)) is not None and buffer.language == own.language}
    above = "".join(f"{texts[cell].rstrip()}{BETWEEN}" for cell in cells[:place] if texts.get(cell, "").strip())
    below = "".join(f"{BETWEEN}{texts[cell].rstrip()}" for cell in cells[place + 1 :] if texts.get(cell, "").strip())
    return Around(above, f"{below}\n" if below else "", {cell: hash(text) for cell, text in texts.items() if cell != uri})
