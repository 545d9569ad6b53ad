"""Whether a suggestion breaks the code that it goes into, by the syntax tree of the text around the cursor. Pure.

Code that is being written is broken as a rule, and the text that is looked at is cut out of its file. So nothing is asked but whether there
are more broken places with a suggestion than without it. ``service`` puts candidates that break something behind the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coterie.context.fill import Gap
from coterie.features.suggestions.brackets import fit

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


def breaks(parser: Parser, gap: Gap, text: str) -> bool:
    """Say whether ``text`` in the gap makes a place that is broken in more than the gap as it is, and more than without its line."""
    fitted = fit(text, gap.line_before, gap.line_after)
    before, after = gap.prefix.removesuffix(gap.line_before), gap.suffix.removeprefix(gap.line_after)
    with_it = _broken(parser, gap.prefix + fitted.text + gap.suffix[fitted.covered :])
    return bool(with_it) and with_it > min(_broken(parser, gap.prefix + gap.suffix), _broken(parser, before + after))


def _broken(parser: Parser, text: str) -> int:
    """Count the places that the grammar cannot make sense of."""
    waiting: list[Node] = [parser.parse(text.encode(errors="replace")).root_node]
    count = 0
    while waiting:
        node = waiting.pop()
        count += node.is_error or node.is_missing
        if node.has_error:
            waiting += node.children
    return count
