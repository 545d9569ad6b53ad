"""The layered rules files that a person and a project keep for agents.

``agents`` reads them when a run begins. ``assemble.system_text`` words those that a conversation starts with; what changes in them while it
goes on is told by ``amending``. Order is from general to particular; a later file wins.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath

from coterie.base.errors import ModelMistakeError
from coterie.base.legible import in_one_line, visible
from coterie.context.cutting import cut_at_line
from coterie.domain.edits import FileRef
from coterie.domain.workspace_ports import Workspace
from coterie.workspace.files import decoded, read_bytes
from coterie.workspace.ignore import is_secret
from coterie.workspace.line_ends import shown

PROJECT_FILES = ("AGENTS.md", "CLAUDE.md")
RULES_FOLDER = ".coterie/rules"
_ENDING = ".md"
MAX_FILES = 500
"""Files in the rules folder that are read at most, by their names."""
MAX_LOOKED_AT = 20_000
"""Files in it that are looked at: a folder of anything may be put there, and the project may have done it."""
MAX_FILE_CHARACTERS = 16_000
MAX_CHARACTERS = 32_000
"""Rules are sent with every call: what is longer than this is documentation, which agents can read when they need it."""


@dataclass(frozen=True, slots=True)
class RulesFile:
    """One rules file: ``name`` as the model and the person see it, ``text`` cut to what is sent."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a conversation. ``warnings`` are sentences for the person about what was cut or cannot be read."""

    files: tuple[RulesFile, ...] = ()
    warnings: tuple[str, ...] = ()


async def read_rules(workspace: Workspace, *, folder: str | None = None, user_file: Path | None = None) -> Rules:
    """Read the user's ``rules.md``, then ``AGENTS.md``, ``CLAUDE.md`` and ``.coterie/rules/*.md`` of ``folder`` (default: the first)."""
    files: list[RulesFile] = []
    warnings: list[str] = []
    left = MAX_CHARACTERS
    own, inside = [user_file] if user_file is not None else [], await _rules_files(workspace, folder, warnings)
    async for name, text in found_texts(workspace, folder, own, inside, use="rules", warnings=warnings):
        # Many projects keep one text under several names.
        if not text.strip() or any(text == file.text for file in files):
            continue
        kept = cut_at_line(text, min(left, MAX_FILE_CHARACTERS))
        if kept != text:
            warnings.append(f"{name} is longer than what agents are sent: only its first {len(kept)} of {len(text)} characters count.")
        if kept:
            files.append(RulesFile(name, kept))
            left -= len(kept)
    return Rules(tuple(files), tuple(warnings))


async def found_texts(
    workspace: Workspace, folder: str | None, outside: Sequence[Path], inside: Sequence[str], *, use: str, warnings: list[str]
) -> AsyncIterator[tuple[str, str]]:
    """Yield names and texts of those files that are there: the person's own, then those of a project folder, by path relative to it.

    A file that cannot be read makes a sentence in ``warnings``: that it is not used as ``use``.
    """
    for path in outside:
        if (text := await asyncio.to_thread(_read_outside, path, use, warnings)) is not None:
            yield path.name, text
    for name in inside if workspace.folders else ():
        try:
            text = await workspace.read(_locate(workspace, name, folder))
        except ModelMistakeError as refusal:
            warnings.append(f"{in_one_line(visible(name))} is not used as {use}: {refusal.message}")
            continue
        if text is not None:
            yield name, text


def _locate(workspace: Workspace, name: str, folder: str | None) -> FileRef:
    """Find a file by its name, which stands beside its text. Raises `ModelMistakeError`."""
    if in_one_line(visible(name)) != name:
        raise ModelMistakeError("Its name has characters in it that cannot be seen.")
    file = workspace.locate(name, folder)
    parts = PurePath(file.path).parts
    if ".git" in parts or any(map(is_secret, parts)):  # whoever made the project may have made the link, and what is read is sent
        raise ModelMistakeError(f"It leads to {file.path}, which may hold a secret.")
    return file


async def _rules_files(workspace: Workspace, folder: str | None, warnings: list[str]) -> tuple[str, ...]:
    if (chosen := workspace.folder(folder or "") or next(iter(workspace.folders), None)) is None:
        return PROJECT_FILES
    try:
        open_too = [file.path for file in await workspace.files(folder, RULES_FOLDER)]
    except ModelMistakeError as refusal:  # it, or what it lies in, is a link to elsewhere
        warnings.append(f"{RULES_FOLDER} is not used as rules: {refusal.message}")
        return PROJECT_FILES
    listed = {*open_too, *await asyncio.to_thread(_rules_on_disk, Path(chosen.absolute))}
    rules = sorted(path for path in listed if path.endswith(_ENDING))
    if len(rules) > MAX_FILES:
        warnings.append(f"{RULES_FOLDER} holds {len(rules):,} rules: only the first {MAX_FILES} by their names are read.")
    return (*PROJECT_FILES, *rules[:MAX_FILES])


def _rules_on_disk(root: Path) -> Sequence[str]:
    """List the rules folder as it is: of what git ignores, is a link or no text, somebody has said all the same that it is a rule."""
    found = (Path(place, name) for place, _, names in os.walk(root / RULES_FOLDER) for name in names)
    return [path.relative_to(root).as_posix() for path in islice(found, MAX_LOOKED_AT) if path.name.endswith(_ENDING)]


def _read_outside(path: Path, use: str, warnings: list[str]) -> str | None:
    try:
        content = read_bytes(os.path.realpath(path))  # who keeps settings elsewhere links to them
        return None if content is None else shown(decoded(content, path.name))
    except ModelMistakeError as refusal:
        warnings.append(f"{path} is not used as {use}: {refusal.message}")
        return None
