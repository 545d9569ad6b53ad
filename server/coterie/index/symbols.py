"""What a source file defines, uses and imports, by its syntax tree. Pure; `facts` calls it in the process that reads files.

A broken file has a tree, too, with its broken places marked, so half-written code is no special case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, get_args

from coterie.domain.retrieval import SymbolKind
from coterie.index.grammars import GRAMMARS
from coterie.index.trees import grammar_of, parser_of

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Query

_KINDS: tuple[SymbolKind, ...] = get_args(SymbolKind)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition. Lines count from one; ``end_line`` is the last one of the body."""

    name: str
    kind: SymbolKind
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What one file says of itself. ``references`` are names, each once; ``imports`` texts that name other files."""

    symbols: tuple[Symbol, ...] = ()
    references: frozenset[str] = frozenset()
    imports: tuple[str, ...] = ()


def outline(source: bytes, language: str) -> Outline:
    """Parse a file of one of the languages of `grammars`."""
    from tree_sitter import QueryCursor  # noqa: PLC0415 - only where files are read

    parser, query = _tools(language)
    captures = QueryCursor(query).captures(parser.parse(source).root_node)
    symbols = sorted(
        (found for kind in _KINDS for node in captures.get(kind, ()) if (found := _symbol(node, kind)) is not None),
        key=lambda symbol: (symbol.line, symbol.name),
    )
    return Outline(
        symbols=tuple(symbols),
        references=frozenset(_text(node) for node in captures.get("reference", ())),
        imports=tuple(sorted({name for node in captures.get("import", ()) for name in _imported(node)})),
    )


@cache
def _tools(language: str) -> tuple[Parser, Query]:
    from tree_sitter import Query  # noqa: PLC0415 - only where files are read

    return parser_of(language), Query(grammar_of(language), GRAMMARS[language].query)


def _symbol(node: Node, kind: SymbolKind) -> Symbol | None:
    name = _text(node)
    if node.type == "qualified_identifier":
        name = name.rpartition("::")[2].strip()
        if not name.isidentifier():  # what destroys, compares or converts has no name to look for
            return None
    elif node.type == "template_type":
        name = name.partition("<")[0].strip()
    body = node.parent or node
    while body.type.endswith(("declarator", "qualified_identifier")) and body.parent is not None:
        body = body.parent  # C wraps a name in what it declares
    return Symbol(name, kind, node.start_point[0] + 1, body.end_point[0] + 1)


def _imported(node: Node) -> Iterator[str]:
    """Python's ``from a import b`` names a and perhaps a.b; what others import is one text."""
    if node.type != "import_from_statement":
        yield _text(node).strip("\"'<>")
        return
    module = node.child_by_field_name("module_name")
    base = "" if module is None else _text(module)
    yield base
    for name in node.children_by_field_name("name"):
        yield f"{base.rstrip('.')}.{_text(name).partition(' ')[0]}" if base.strip(".") else base + _text(name).partition(" ")[0]


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", errors="replace")
