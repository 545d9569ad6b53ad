"""Pieces of other files in front of a gap, as comments: for models and hosts that have no better way to be shown them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from coterie.domain.suggestions import FillRequest, Snippet

_MARKS: Final = {
    "#": "py pyi ipynb rb sh bash zsh fish yaml yml toml r jl pl ex exs nim mk cmake tf dockerfile makefile",
    "--": "sql lua hs elm adb ads vhd",
    ";": "clj cljs el lisp scm asm",
    "%": "tex erl m",
}
_MARK_OF: Final[Mapping[str, str]] = MappingProxyType({ending: mark for mark, endings in _MARKS.items() for ending in endings.split()})
_USUAL: Final = "//"


def commented(request: FillRequest) -> str:
    """Return the text before the gap, below its snippets; without snippets it is just that text."""
    if not request.snippets:
        return request.prefix
    mark = _MARK_OF.get(request.path.rpartition("/")[2].rpartition(".")[2].casefold(), _USUAL)
    shown = "\n".join(_lines(snippet, mark) for snippet in request.snippets)
    return f"{shown}\n{mark} {request.path}\n{request.prefix}"


def _lines(snippet: Snippet, mark: str) -> str:
    return "\n".join(f"{mark} {line}".rstrip() for line in (snippet.path, *snippet.text.rstrip().split("\n")))
