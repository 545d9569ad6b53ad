"""How much belongs into a gap, by the syntax tree of the text around it: a line, or a block that has nothing in it yet. Pure.

The tree is asked with a name in the place of the cursor, since a block without anything in it is an error in some languages. Where the tree
is broken around the cursor it says nothing, and `fill.extent_of` looks at the indentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from coterie.context.fill import Extent, Gap

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

GRAMMAR_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "python": "python",
        "javascript": "javascript",
        "javascriptreact": "javascript",
        "typescript": "typescript",
        "typescriptreact": "tsx",
        "rust": "rust",
        "go": "go",
        "java": "java",
        "c": "c",
        "cpp": "cpp",
    }
)
"""The grammars of `coterie.index.grammars` by what editors call a document's language."""

_NAME = "gap__"
_HOLDERS = frozenset(
    """block statement_list statement_block compound_statement class_body interface_body enum_body constructor_body switch_body
    switch_block object_type declaration_list field_declaration_list enum_variant_list enumerator_list match_block literal_value
    initializer_list argument_list arguments parameters formal_parameters parameter_list list dictionary set tuple array object
    array_expression""".split()  # noqa: SIM905 - a literal would have thirty lines
)
"""Types of nodes that hold what stands between an opening and its end."""
_ERROR = "ERROR"


def extent_by_tree(parser: Parser, gap: Gap, language: str) -> Extent | None:
    """Return how much may be suggested at the end of a line; None where the tree does not tell. ``language`` is the grammar's name."""
    statement = _NAME if language == "python" else f"{_NAME};"
    placeholders = dict.fromkeys((_NAME, statement) if gap.line_before.rstrip().endswith(("(", "[")) else (statement, _NAME))
    return next((extent for each in placeholders if (extent := _told(parser, gap, each)) is not None), None)


def _told(parser: Parser, gap: Gap, placeholder: str) -> Extent | None:
    before = gap.prefix.encode(errors="replace")
    root = parser.parse(before + placeholder.encode() + gap.suffix.encode(errors="replace")).root_node
    node = root.named_descendant_for_byte_range(len(before), len(before) + len(_NAME))
    if node is None or _is_text(node):
        return None if node is None else "line"
    inner = _in_its_holder(node, placeholder)
    if inner is None or (inner.parent is None and root.has_error):
        return None
    if inner.parent is None or inner.start_byte < len(before):
        return "line"  # outside of every block, or in the middle of a statement
    siblings = [child for child in inner.parent.children if child.id != inner.id]
    if any(child.is_missing or child.type == _ERROR for child in siblings):
        return None
    return "line" if any(child.is_named and "comment" not in child.type and not _is_docstring(child) for child in siblings) else "block"


def _in_its_holder(node: Node, placeholder: str) -> Node | None:
    """Return what of the nodes around the placeholder stands in a holder itself, the root where none does; None in a broken place."""
    while node.parent is not None and node.parent.type not in _HOLDERS:
        node = node.parent
        if node.type == _ERROR and not _is_only(node, placeholder):
            return None
    return node


def _is_text(node: Node) -> bool:
    return any(word in node.type for word in ("comment", "string", "char", "text"))


def _is_only(error: Node, placeholder: str) -> bool:
    """Say whether an error is the placeholder alone: it may be none of what a class or a list of fields can hold."""
    return (error.text or b"").strip(b"; \n") == placeholder.strip(";").encode()


def _is_docstring(child: Node) -> bool:
    first = child.named_children[0] if child.type == "expression_statement" and child.named_children else None
    return first is not None and first.type == "string" and len(child.named_children) == 1
