"""What agents noted in earlier conversations, in layers like the rules: a person's notes, those about a project, the project's own.

``agents`` reads them once when a conversation begins and ``assemble.system_text`` words them, so a note that is made meanwhile counts
from the next conversation on: prompt caches hold. The tool ``remember`` writes such files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from coterie.context.rules import found_texts
from coterie.domain.workspace_ports import Workspace

MAX_FILE_CHARACTERS = 8_000
MAX_CHARACTERS = 16_000
"""Notes are sent with every call. The newest stand last in their file, so the first ones are left out."""


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """The notes of one file. Those ``of`` the project may be anybody's who has written to it."""

    name: str
    text: str
    of: Literal["person", "project"]


@dataclass(frozen=True, slots=True)
class Memory:
    """The notes of a conversation. ``warnings`` are sentences for the person about what is left out or cannot be read."""

    files: tuple[MemoryFile, ...] = ()
    warnings: tuple[str, ...] = ()


async def read_memory(workspace: Workspace, project_file: str, *, folder: str | None = None, own: Sequence[Path] = ()) -> Memory:
    """Read the person's ``own`` files, then ``project_file`` in ``folder`` (default: the first)."""
    files: list[MemoryFile] = []
    warnings: list[str] = []
    left = MAX_CHARACTERS
    async for name, text in found_texts(workspace, folder, own, (project_file,), use="memory", warnings=warnings):
        kept = newest(text, min(left, MAX_FILE_CHARACTERS))
        if kept != text:
            warnings.append(f"{name} is longer than what agents are sent: only its last {len(kept)} of {len(text)} characters count.")
        if kept.strip():
            files.append(MemoryFile(name, kept, "project" if name == project_file else "person"))
            left -= len(kept)
    return Memory(tuple(files), tuple(warnings))


def newest(text: str, limit: int) -> str:
    """Return the last whole lines of ``text`` that fit into ``limit`` characters."""
    if len(text) <= limit:
        return text
    cut = text.find("\n", len(text) - limit - 1)
    return "" if cut < 0 else text[cut + 1 :]
