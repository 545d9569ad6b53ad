"""Which language a document is in by its name, in the words of editors: for those that open one and do not say. Pure.

`documents` asks. What an editor does say counts, whatever the name is: a person may have chosen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

_ENDINGS: Final = {
    "c": "c h",
    "clojure": "clj cljs cljc",
    "cpp": "cc cpp cxx hh hpp hxx inl ipp",
    "csharp": "cs",
    "css": "css",
    "dart": "dart",
    "dockerfile": "dockerfile",
    "elixir": "ex exs",
    "erlang": "erl hrl",
    "fsharp": "fs fsi fsx",
    "go": "go",
    "groovy": "gradle groovy",
    "haskell": "hs",
    "html": "htm html",
    "ini": "cfg ini",
    "java": "java",
    "javascript": "cjs js mjs",
    "javascriptreact": "jsx",
    "json": "json",
    "jsonc": "jsonc",
    "julia": "jl",
    "kotlin": "kt kts",
    "latex": "tex",
    "less": "less",
    "lua": "lua",
    "makefile": "mk",
    "markdown": "markdown md",
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
    "scala": "sbt scala",
    "scss": "scss",
    "shellscript": "bash sh zsh",
    "sql": "sql",
    "svelte": "svelte",
    "swift": "swift",
    "terraform": "tf tfvars",
    "toml": "toml",
    "typescript": "cts mts ts",
    "typescriptreact": "tsx",
    "vue": "vue",
    "xml": "svg xml xsd",
    "yaml": "yaml yml",
    "zig": "zig",
}
_BY_ENDING: Final[Mapping[str, str]] = MappingProxyType({ending: name for name, endings in _ENDINGS.items() for ending in endings.split()})
_BY_NAME: Final[Mapping[str, str]] = MappingProxyType({"dockerfile": "dockerfile", "gnumakefile": "makefile", "makefile": "makefile"})


def language_by_name(uri: str) -> str:
    """Return the language of a document, empty where its name says none."""
    name = unquote(uri.rpartition("/")[2]).lower()
    _, dot, ending = name.rpartition(".")
    return _BY_NAME.get(name) or (_BY_ENDING.get(ending, "") if dot else "")
