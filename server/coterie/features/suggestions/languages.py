"""What the filters have to know of languages: how a comment begins, and where the text at the cursor may be words. Pure.

Languages are named as editors name them in ``didOpen``; of one that is not named here nothing is assumed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from coterie.context.fill import Gap
from coterie.features.suggestions.brackets import scan


def named(names: str) -> frozenset[str]:
    """Return a set of languages that are written with blanks between them."""
    return frozenset(names.split())


_SLASHES: Final = named(
    "c cpp csharp cuda-cpp dart fsharp go groovy java javascript javascriptreact jsonc jsx kotlin less objective-c objective-cpp php "
    "protobuf rust scala scss solidity swift tsx typescript typescriptreact verilog zig"
)
_HASHES: Final = named(
    "bash cmake coffeescript crystal dockerfile elixir fish gdscript julia make makefile nix perl php powershell properties python r ruby "
    "sh shellscript starlark terraform toml yaml zsh"
)
_DASHES: Final = named("ada elm haskell lua sql vhdl")

WORDS: Final = named(
    "asciidoc cucumber gherkin git-commit gitcommit latex markdown mdx norg org plaintext quarto restructuredtext rmd rst tex text txt "
    "typst"
)
"""Languages in which every line may be a sentence."""
MARKUP: Final = named(
    "astro blade django-html eex erb handlebars heex html jinja jinja-html javascriptreact jsx php svelte svg tsx twig typescriptreact vue "
    "xml xsl"
)
"""Languages with tags, in which a line may be a sentence for readers of a page."""
DATA: Final = named("csv diff dockerfile dotenv ini json json5 jsonc jsonl patch properties terraform toml yaml")
"""Languages of which values may be sentences."""
SHELLS: Final = named("bash fish sh shellscript zsh")

_BLOCK_COMMENTS: Final = (("/*", "*/"), ("<!--", "-->"), ("{-", "-}"), ("--[[", "]]"))


def line_comments(language: str) -> tuple[str, ...]:
    """Return what begins a comment that lasts to the end of the line."""
    marks = (("//", _SLASHES), ("#", _HASHES), ("--", _DASHES))
    return tuple(mark for mark, languages in marks if language in languages)


def is_code(language: str) -> bool:
    """Say whether no statement of the language is a sentence."""
    return bool(line_comments(language)) and language not in WORDS | MARKUP | DATA


def comment_at(line: str, language: str) -> int | None:
    """Return where a comment begins in a line that begins outside of strings."""
    for mark in line_comments(language):
        # A `#` within a word is none in shells, nor are the `//` of an address.
        for found in re.finditer(rf"(?<![\w:$&\"'({{]){re.escape(mark)}", line):
            if not _in_string(line[: found.start()]):
                return found.start()
    return None


def in_words(prefix: str, language: str) -> bool:
    """Say whether what follows ``prefix`` may be words: in a language of words, a comment or a string."""
    if language in WORDS:
        return True
    line = prefix.rpartition("\n")[2]
    if comment_at(line, language) is not None or _in_string(line):
        return True
    if any(prefix.rfind(begin) > prefix.rfind(end) for begin, end in _BLOCK_COMMENTS):
        return True
    return any(prefix.count(mark) % 2 for mark in ('"""', "'''"))


@lru_cache(maxsize=8)
def speaks(gap: Gap, language: str) -> bool:
    """Say whether the text at the cursor may be words."""
    return in_words(gap.prefix, language)


def _in_string(line: str) -> bool:
    return any(mark[0] in "\"'`" for mark in scan(line).opened)
