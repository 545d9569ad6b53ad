"""The order of cells in the notebooks that the editor has open; each cell is a document like any other (`documents`).

``lsp`` passes the editor's notifications on; ghost text asks what stands above and below a cell. Used from one event loop only.
"""

from __future__ import annotations

from collections.abc import Sequence


class Notebooks:
    """The cells of each notebook by URI, in their order."""

    def __init__(self) -> None:
        self._cells: dict[str, list[str]] = {}
        self._notebook_of: dict[str, str] = {}

    def of(self, cell: str) -> str | None:
        """Return the notebook that a cell is in; None for a document that is no cell."""
        return self._notebook_of.get(cell)

    def cells(self, notebook: str) -> tuple[str, ...]:
        """Return the cells of a notebook from the top; none of one that is not open."""
        return tuple(self._cells.get(notebook, ()))

    def did_open(self, notebook: str, cells: Sequence[str]) -> None:
        """Take a notebook over, with its cells."""
        self.did_close(notebook)
        self._cells[notebook] = []
        self.did_move(notebook, 0, 0, cells)

    def did_move(self, notebook: str, start: int, gone: int, come: Sequence[str]) -> None:
        """Put cells in the place of so many others, counted from 0. A notebook that is not open stays so."""
        if (cells := self._cells.get(notebook)) is None:
            return
        for cell in cells[start : start + gone]:
            self._notebook_of.pop(cell, None)
        cells[start : start + gone] = come
        self._notebook_of.update(dict.fromkeys(come, notebook))

    def did_close(self, notebook: str) -> None:
        """Forget a notebook."""
        for cell in self._cells.pop(notebook, ()):
            self._notebook_of.pop(cell, None)
