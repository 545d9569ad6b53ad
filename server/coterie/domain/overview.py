"""What stands out in a project. The `Index` port tells it, and ``context.project_map`` draws a map of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """A file on which much of a project rests; ``names`` are the main ones of what it defines, in the order of the file."""

    path: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The landmarks of a project, the most central first. ``complete`` is False while the index still catches up with the folder."""

    landmarks: tuple[Landmark, ...] = ()
    complete: bool = True
