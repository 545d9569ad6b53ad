"""Places in real files where the rest of the line is hidden, for `prediction` to ask about and for `prediction_gate` to learn from.

Places are drawn by a seed, so two runs ask the same. Every kind is drawn equally often. Not everybody who asks knows the whole file: `cut`
leaves as much of it as an `Extent` says.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, assert_never, get_args

from coterie.base.errors import ModelMistakeError
from coterie.features.prediction import LARGEST_FILE
from coterie.workspace.files import decoded, read_bytes
from coterie.workspace.walk import list_files

Kind = Literal["inside", "new line", "opening", "dot", "equals", "finished"]
Extent = Literal["whole", "nothing below", "a line below", "a little"]
"""How much of a file is known around the cursor."""
LANGUAGES = {
    ".py": "Python",
    ".js": "JavaScript",
    ".jsx": "JavaScript",
    ".mjs": "JavaScript",
    ".cjs": "JavaScript",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
    ".rs": "Rust",
    ".go": "Go",
    ".java": "Java",
    ".c": "C",
    ".h": "C",
    ".cc": "C++",
    ".cpp": "C++",
    ".hpp": "C++",
}
_LONGEST = 200
"""A longer line is data."""
_TRIES = 40
_LITTLE_ABOVE = 1_000
_LITTLE_BELOW = 200
"""Characters: whoever cuts so does not mind where lines end."""


@dataclass(frozen=True)
class Place:
    """A cursor in a file: ``hidden`` is the rest of its line."""

    path: str
    language: str
    kind: Kind
    prefix: str
    hidden: str
    suffix: str


def texts_of(repository: Path) -> dict[str, str]:
    """Return the code of a repository, by path."""
    found: dict[str, str] = {}
    for path in sorted(list_files(str(repository))):
        if Path(path).suffix not in LANGUAGES:
            continue
        try:
            content = read_bytes(str(repository.resolve() / path), limit=LARGEST_FILE)
            text = "" if content is None else decoded(content, path)
        except ModelMistakeError:
            continue
        if text.strip():
            found[path] = text
    return found


def places_of(texts: dict[str, str], count: int, *, seed: int) -> Iterator[Place]:
    """Draw places: a file, a kind and a line of the file where there is such a place."""
    chance = random.Random(seed)  # noqa: S311 - a draw that can be repeated
    paths = list(texts)
    for _ in range(count):
        path = chance.choice(paths)
        place = _place(path, texts[path], chance.choice(get_args(Kind)), chance)
        if place is not None:
            yield place


def cut(place: Place, extent: Extent) -> Place:
    """Return a place as somebody asks who knows so much of the file."""
    match extent:
        case "whole":
            return place
        case "nothing below":
            return replace(place, suffix="")
        case "a line below":
            return replace(place, suffix="".join(place.suffix.splitlines(keepends=True)[:2]))
        case "a little":
            return replace(place, prefix=place.prefix[-_LITTLE_ABOVE:], suffix=place.suffix[:_LITTLE_BELOW])
        case _:
            assert_never(extent)


def _place(path: str, text: str, kind: Kind, chance: random.Random) -> Place | None:
    starts = [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]
    for _ in range(_TRIES):
        start = chance.choice(starts)
        line = text[start : text.find("\n", start) if "\n" in text[start:] else len(text)]
        if not line.strip() or len(line) > _LONGEST:
            continue
        cursors = _cursors(line, kind)
        if cursors:
            at = start + chance.choice(cursors)
            end = start + len(line.rstrip())
            return Place(path, LANGUAGES[Path(path).suffix], kind, text[:at], text[at:end], text[end:])
    return None


def _cursors(line: str, kind: Kind) -> list[int]:
    first, end = len(line) - len(line.lstrip()), len(line.rstrip())
    match kind:
        case "new line":
            return [first]
        case "finished":
            return [end]
        case "inside":
            return list(range(first + 1, end))
        case "opening":
            return [at + 1 for at in range(first, end - 1) if line[at] in "([{"]
        case "dot":
            return [at + 1 for at in range(first, end - 1) if line[at] == "."]
        case "equals":
            return [at + 3 for at in range(first, end - 3) if line[at : at + 3] == " = "]
