"""File URIs and paths on disk. Editors spell one file's URI in several ways; its path is what the workspace compares."""

from __future__ import annotations

import os
from urllib.parse import quote, unquote, urlsplit


def path_of(uri: str) -> str | None:
    """Return the absolute path that a ``file:`` URI names; None where there is none.

    Other schemes (``untitled:``, ``git:``), other hosts, and parts of a file (a notebook's cell has a fragment) are no files.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not path.startswith("/") or parts.fragment or "\0" in path:
        return None
    return os.path.normpath(path[1:] if os.name == "nt" else path)


def path_in(uri: str) -> str:
    """Return the path in a URI of any scheme, such as an untitled document's or a cell's; all of what is no URI."""
    try:
        return unquote(urlsplit(uri).path)
    except ValueError:
        return unquote(uri)


def uri_below(folder: str, path: str) -> str:
    """Return the URI of a POSIX path relative to a folder, in the spelling of the folder's URI."""
    return f"{folder.rstrip('/')}/{quote(path)}"


def place_below(folder: str, path: str) -> str:
    """Return where a POSIX path relative to a folder's URI lies: the same place however the URI is spelled, and from folders around it."""
    return os.path.normpath(f"{path_of(folder) or folder}/{path}")


def same_file(one: str, other: str) -> bool:
    """Say whether two URIs name one file."""
    return one == other or (path_of(one) is not None and path_of(one) == path_of(other))


def same_folder(one: str, other: str) -> bool:
    """Say whether two URIs lead to one folder, by whatever links."""
    places = path_of(one), path_of(other)
    return one == other or (None not in places and len({os.path.realpath(place) for place in places if place is not None}) == 1)


def place_of(uri: str) -> str:
    """Return what the spellings of a URI have in common: the path of a file; of what is none the URI stands for itself."""
    return path_of(uri) or uri
