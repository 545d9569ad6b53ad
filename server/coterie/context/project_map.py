"""A map of a project for a model that begins to work in it: its folders, and the files on which much rests with what they define. Pure.

``collect`` asks the index for the landmarks and ``task`` puts the map into the first message of a conversation. The same project gives the
same bytes; what the budget has no room for is left out from the least central on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from coterie.domain.overview import Landmark

BYTES_PER_TOKEN = 4
FOLDERS_SHARE = 3
"""Folders get a third of the room at most."""
MOST_LANDMARKS = 80


def project_map(paths: Sequence[str], landmarks: Sequence[Landmark], tokens: int) -> str:
    """Draw the map of the files at ``paths`` in at most ``tokens``; empty when there is nothing to tell that a list would not."""
    present = set(paths)
    counts = _counts(paths)
    room = tokens * BYTES_PER_TOKEN
    folders: dict[str, None] = {}
    spent = 0
    for folder in sorted(counts, key=lambda each: (each.count("/"), -counts[each], each)):
        spent += _size(_folder_line(folder, counts[folder]))
        if spent > room // FOLDERS_SHARE:
            break
        folders[folder] = None
    spent = sum(_size(_folder_line(folder, counts[folder])) for folder in folders)
    shown: defaultdict[str, list[Landmark]] = defaultdict(list)
    for landmark in landmarks:
        if landmark.path not in present or not landmark.names:
            continue
        folder = _folder_of(landmark.path)
        needed = _size(_file_line(landmark)) + (0 if folder in folders or not folder else _size(_folder_line(folder, counts[folder])))
        if spent + needed > room:
            break
        spent += needed
        shown[folder].append(landmark)
        if folder:
            folders[folder] = None
    if not shown:
        return ""
    return "\n".join(_lines(folders, shown, counts))


def _lines(folders: Iterable[str], shown: dict[str, list[Landmark]], counts: Counter[str]) -> Iterable[str]:
    for folder in sorted({"", *folders}):
        if folder:
            yield _folder_line(folder, counts[folder])
        yield from (_file_line(landmark) for landmark in sorted(shown.get(folder, ()), key=lambda each: each.path))


def _counts(paths: Iterable[str]) -> Counter[str]:
    """Count the files below each folder."""
    counts: Counter[str] = Counter()
    for folder, files in Counter(map(_folder_of, paths)).items():
        below = folder
        while below:
            counts[below] += files
            below = _folder_of(below)
    return counts


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def _folder_line(folder: str, count: int) -> str:
    return f"{folder}/ ({count})"


def _file_line(landmark: Landmark) -> str:
    return f"  {landmark.path.rpartition('/')[2]}: {', '.join(landmark.names)}"


def _size(line: str) -> int:
    return len(line.encode()) + 1
