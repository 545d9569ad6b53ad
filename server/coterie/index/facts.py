"""What the index keeps of one file: its terms by where they stand, its definitions, references and imports.

`read` does all the work that depends on a file alone, so that `build` can have it done in several processes; the result is plain data.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from coterie.index.grammars import language_of
from coterie.index.symbols import Outline, Symbol, outline
from coterie.index.terms import identifiers, split, terms

MAX_BYTES = 1_000_000
"""Larger files are data, or made by programs: only their names are indexed."""
_LONGEST_LINE = 5_000
"""Minified code has lines like this; its names mean nothing."""
MOST_BODY, MOST_DEFINED, MOST_PATH = 0xFFFF, 0xFF, 0xF
DEFINED_SHIFT, PATH_SHIFT, REFERENCE_SHIFT = 16, 24, 28
NAMED = MOST_DEFINED << DEFINED_SHIFT | MOST_PATH << PATH_SHIFT
"""The bits of a term that stands in a defined name or in the path, as few do."""
STEM_OF_PATH, FOLDER_OF_PATH = 2, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One file. ``terms`` maps each term to how it stands there, in 32 bits; ``length`` counts the terms of the text."""

    digest: bytes
    length: int
    terms: dict[str, int]
    symbols: tuple[Symbol, ...]
    imports: tuple[str, ...]


def read(folder: str, path: str) -> FileFacts | None:
    """Read a file of a folder; None when it has gone, or cannot be read."""
    try:
        place = Path(folder, path)
        content = b"" if place.stat().st_size > MAX_BYTES else place.read_bytes()
    except OSError:
        return None
    return facts(path, content)


def facts(path: str, content: bytes) -> FileFacts:
    """Work out what is kept of a text."""
    text = decoded(content)
    is_written = len(content) < _LONGEST_LINE or max(map(len, text.splitlines()), default=0) < _LONGEST_LINE
    body = terms(identifiers(text).items()) if is_written else Counter[str]()
    language = language_of(path, content)
    found = outline(text.encode(), language) if language is not None and is_written else Outline()
    return FileFacts(
        digest=digest(content),
        length=body.total(),
        terms=_occurrences(path, body, found),
        symbols=found.symbols,
        imports=found.imports,
    )


def decoded(content: bytes) -> str:
    """Read a text: as UTF-8, or as Latin-1, which older sources are in, where none of its letters beyond ASCII would be any."""
    text = content.decode("utf-8-sig", errors="replace")
    return content.decode("latin-1") if "\ufffd" in text and (text.replace("\ufffd", "")).isascii() else text


def digest(content: bytes) -> bytes:
    """Name a content."""
    return hashlib.blake2b(content, digest_size=16).digest()


def path_terms(path: str) -> dict[str, int]:
    """Return the terms of a path and where in it they stand."""
    folder, _, name = path.rpartition("/")
    found = dict.fromkeys(terms(identifiers(folder.replace("-", " ")).items()), FOLDER_OF_PATH)
    for word in identifiers(name.replace("-", " ")):
        found.update(dict.fromkeys(split(word), STEM_OF_PATH))
    return found


def _occurrences(path: str, body: Counter[str], found: Outline) -> dict[str, int]:
    """Say how each term stands: times in the text, times in defined names, where in the path, in a used name. Nearly all are text alone."""
    packed = dict(body if max(body.values(), default=0) <= MOST_BODY else {term: min(times, MOST_BODY) for term, times in body.items()})
    for term, times in terms((symbol.name, 1) for symbol in found.symbols).items():
        packed[term] = packed.get(term, 0) | min(times, MOST_DEFINED) << DEFINED_SHIFT
    for term, place in path_terms(path).items():
        packed[term] = packed.get(term, 0) | place << PATH_SHIFT
    for term in {whole[-1] for name in found.references if (whole := split(name))}:
        if term in packed:
            packed[term] |= 1 << REFERENCE_SHIFT
    return packed
