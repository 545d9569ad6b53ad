"""What is known to be written while a command runs, and by whom: what a person types and saves, the edits of other agents, other commands.

``overlays`` owns the one `Writes` of a process and notes what its editors save and what ``editing`` puts onto the disk; ``looks`` watches
while a command runs, so that nobody else's writing is taken for the command's. Used from one event loop only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True, eq=False)
class Watch:
    """What was written in some folders while they were watched: the texts by place, in their order (None: the file was deleted).

    ``told`` are the texts that editors told of a file that they have open, by their hashes; ``notebooks`` those that were saved, of which
    nobody tells the text. ``beside`` says that another command ran there in that time, of which nobody knows what it wrote before it ends.
    """

    roots: tuple[str, ...]
    texts: dict[str, list[str | None]] = field(default_factory=dict)
    told: dict[str, set[int]] = field(default_factory=dict)
    notebooks: set[str] = field(default_factory=set)
    beside: bool = False


class Writes:
    """Everybody who watches, and hears of each write."""

    def __init__(self) -> None:
        self._watches: list[Watch] = []

    def note(self, absolute: str, text: str | None) -> None:
        """Tell whoever watches that this was written."""
        for watch in self._watches:
            watch.texts.setdefault(absolute, []).append(text)

    def note_told(self, absolute: str, text: str) -> None:
        """Tell whoever watches that a buffer holds this now."""
        for watch in self._watches:
            watch.told.setdefault(absolute, set()).add(hash(text))

    def note_notebook(self, absolute: str) -> None:
        """Tell whoever watches that a notebook was saved."""
        for watch in self._watches:
            watch.notebooks.add(absolute)

    def watch(self, roots: Iterable[str]) -> Watch:
        """Watch from now on, because a command is about to run that may write in these folders; until `end`."""
        watch = Watch(tuple(roots))
        for other in self._watches:
            if _meet(watch.roots, other.roots):
                watch.beside = other.beside = True
        self._watches.append(watch)
        return watch

    def end(self, watch: Watch) -> None:
        """Watch no longer."""
        if watch in self._watches:
            self._watches.remove(watch)


def _meet(some: Iterable[str], others: tuple[str, ...]) -> bool:
    """Say whether one of some folders is one of the others, or lies in or around one."""
    return any(Path(one).is_relative_to(other) or Path(other).is_relative_to(one) for one in some for other in others)
