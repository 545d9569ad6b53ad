"""Syntax trees: the parser of each language of `grammars`. Its wheel is loaded by the first call, which takes up to 50 ms.

`symbols` parses whole files with it, in the process of the index; ``features.suggestions`` the text around a cursor, in the server's.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from coterie.index.grammars import GRAMMARS

if TYPE_CHECKING:
    from tree_sitter import Language, Parser


@cache
def grammar_of(language: str) -> Language:
    """Return the grammar of a language."""
    from tree_sitter import Language  # noqa: PLC0415 - only where something is parsed

    grammar = GRAMMARS[language]
    return Language(getattr(import_module(grammar.module), grammar.function)())  # type: ignore[deprecated]  # what the wheels give


def parser_of(language: str) -> Parser:
    """Return a new parser. One thread at a time may use it."""
    from tree_sitter import Parser  # noqa: PLC0415 - only where something is parsed

    return Parser(grammar_of(language))
