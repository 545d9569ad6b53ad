"""Which language a document is in by its name, and which name a language gives it, in the words of editors. Pure.

`documents` asks the one for editors that open something and do not say. What an editor does say counts, whatever the name is: a person may
have chosen it. ``features.prediction`` asks the other for documents that are no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

_ENDINGS: Final = {
    "c": "c h",
    "clojure": "clj cljs cljc",
    "cpp": "cpp cc cxx hh hpp hxx inl ipp",
    "csharp": "cs",
    "css": "css",
    "dart": "dart",
    "dockerfile": "dockerfile",
    "elixir": "ex exs",
    "erlang": "erl hrl",
    "fsharp": "fs fsi fsx",
    "go": "go",
    "groovy": "groovy gradle",
    "haskell": "hs",
    "html": "html htm",
    "ini": "ini cfg",
    "java": "java",
    "javascript": "js cjs mjs",
    "javascriptreact": "jsx",
    "json": "json",
    "jsonc": "jsonc",
    "julia": "jl",
    "kotlin": "kt kts",
    "latex": "tex",
    "less": "less",
    "lua": "lua",
    "makefile": "mk",
    "markdown": "md markdown",
    "nix": "nix",
    "objective-c": "m",
    "objective-cpp": "mm",
    "perl": "pl pm",
    "php": "php",
    "plaintext": "txt",
    "powershell": "ps1 psm1",
    "properties": "properties",
    "python": "py pyi pyw",
    "r": "r",
    "restructuredtext": "rst",
    "ruby": "rb",
    "rust": "rs",
    "scala": "scala sbt",
    "scss": "scss",
    "shellscript": "sh bash zsh",
    "sql": "sql",
    "svelte": "svelte",
    "swift": "swift",
    "terraform": "tf tfvars",
    "toml": "toml",
    "typescript": "ts cts mts",
    "typescriptreact": "tsx",
    "vue": "vue",
    "xml": "xml svg xsd",
    "yaml": "yaml yml",
    "zig": "zig",
}
"""By language, the endings of its files; the usual one first."""
_BY_ENDING: Final[Mapping[str, str]] = MappingProxyType({ending: name for name, endings in _ENDINGS.items() for ending in endings.split()})
_BY_NAME: Final[Mapping[str, str]] = MappingProxyType({"dockerfile": "dockerfile", "gnumakefile": "makefile", "makefile": "makefile"})


def language_by_name(uri: str) -> str:
    """Return the language of a document, empty where its name says none."""
    name = unquote(uri.rpartition("/")[2]).lower()
    _, dot, ending = name.rpartition(".")
    return _BY_NAME.get(name) or (_BY_ENDING.get(ending, "") if dot else "")


def usual_ending(language: str) -> str | None:
    """Return how the names of files in a language end, with the dot; None where no ending tells it.

    That is so of languages that are not known here, of those whose files have one name, and of what editors call what they do not know.
    """
    if language in _BY_NAME.values() or language == "plaintext":
        return None
    endings = _ENDINGS.get(language, "").split()
    return f".{endings[0]}" if endings else None
