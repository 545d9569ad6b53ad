"""Which suggestions break the code that they go into."""

from __future__ import annotations

import pytest

from coterie.context.fill import gap_at
from coterie.features.suggestions.syntax import breaks
from coterie.index.trees import parser_of


@pytest.mark.parametrize(
    ("language", "marked", "text", "broken"),
    [
        ("python", "x = |\ny = 2\n", "compute(1)", False),
        ("python", "x = |\ny = 2\n", "compute(1", True),
        ("python", "x = |\ny = 2\n", "1)", True),
        ("python", "f(|)\n", "a, b)", False),
        ("python", "f(|)\n", "a, b", False),
        ("python", "f(|)\n", "a b", True),
        ("python", "def f():|\n\n\nclass A:\n    x = 1\n", "\n    return 1", False),
        ("python", "def f():|\n\n\nclass A:\n    x = 1\n", "\n    return (1", True),
        ("python", "oops = = (\n\n\ndef f():\n    x = |\n", "1", False),
        ("python", "oops = = 3\n\n\ndef f():\n    x = |\n", "return", True),
        ("python", "x = 1\n|\n", "y = 2", False),
        ("javascript", "const x = |;\n", "f(1)", False),
        ("javascript", "const x = |;\n", "f(1;", True),
        ("rust", "fn f() -> i32 {\n    |\n}\n", "g(1) + 2", False),
        ("rust", "fn f() -> i32 {\n    |\n}\n", "g(1 + ]", True),
        ("go", "package a\n\nfunc f() int {\n\treturn |\n}\n", "g(1)", False),
        ("go", "package a\n\nfunc f() int {\n\treturn |\n}\n", "g(1 }", True),
    ],
)
def test_what_breaks_the_code(language: str, marked: str, text: str, *, broken: bool) -> None:
    before, _, after = marked.partition("|")
    assert breaks(parser_of(language), gap_at(before + after, len(before)), text) is broken
