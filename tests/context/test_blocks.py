"""A line or a block: the end of a line in code of each language, with `¦` where the cursor is."""

from __future__ import annotations

import pytest

from coterie.context.blocks import GRAMMAR_OF, extent_by_tree
from coterie.context.fill import Extent, extent_of, gap_at
from coterie.index.grammars import GRAMMARS
from coterie.index.trees import parser_of


def check_extent(language: str, marked: str, expected: Extent | None) -> None:
    before, bar, after = marked.partition("¦")
    assert bar
    grammar = GRAMMAR_OF[language]
    assert extent_by_tree(parser_of(grammar), gap_at(before + after, len(before)), grammar) == expected


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("python", "def f(a):¦\n\nx = 1"),
        ("python", "def f(a):\n    ¦"),
        ("python", 'class A:\n    def f(self):\n        """Do it."""\n        ¦\n\n    def g(self):\n        pass'),
        ("python", "total = compute(\n    ¦\n)"),
        ("javascript", "function f(a) {\n  ¦\n}"),
        ("javascript", "const f = (a) => {¦\n};"),
        ("typescript", "class A {\n  f(a: number): string {\n    ¦\n  }\n}"),
        ("typescript", "interface A {\n  ¦\n}"),
        ("rust", "fn f(a: u8) -> u8 {\n    ¦\n}"),
        ("rust", "struct A {\n    ¦\n}"),
        ("rust", "fn f() {\n    match x {\n        ¦\n    }\n}"),
        ("go", "func f(a int) int {\n\t¦\n}"),
        ("go", "type A struct {\n\t¦\n}"),
        ("java", "class A {\n    int f(int a) {\n        ¦\n    }\n}"),
        ("java", "class A {\n    ¦\n}"),
        ("c", "int f(int a)\n{\n    ¦\n}"),
        ("c", "struct a {\n    ¦\n};"),
        ("cpp", "void A::f() {\n  for (auto& x : xs) {\n    ¦\n  }\n}"),
        ("cpp", "class A {\n    ¦\n};"),
        ("python", "def f(:\n    if x ==:\n        ¦"),
    ],
)
def test_a_block_that_has_nothing_in_it_yet(language: str, marked: str) -> None:
    check_extent(language, marked, "block")


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("python", "# For example:¦\nx = 1"),
        ("python", 'x = {\n    "a":¦\n}'),
        ("python", 'def f():\n    """Do it.\n\n    Args:¦\n    """\n    return 1'),
        ("python", "def f(a):\n    x = 1\n    ¦\n    return x"),
        ("python", "def f(a):\n    ¦\n    x = 1\n    return x"),
        ("python", "total = compute(\n    a,\n    ¦\n)"),
        ("javascript", "function f(a) {\n  const x = 1;\n  ¦\n}"),
        ("javascript", "// options: {¦\nf();"),
        ("typescript", "namespace a {\nconst x = 1;\n¦\n}"),
        ("rust", "impl A {\n    fn f() {}\n    ¦\n}"),
        ("go", "func f(a int) int {\n\tx := 1\n\t¦\n\treturn x\n}"),
        ("java", "class A {\n    int a;\n    ¦\n}"),
        ("c", "int f(int a)\n{\n    int x = 1;\n    ¦\n    return x;\n}"),
        ("cpp", "namespace a {\n\nint f();\n¦\n}"),
    ],
)
def test_a_line_where_there_is_something_already_or_no_block_at_all(language: str, marked: str) -> None:
    check_extent(language, marked, "line")


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("javascript", "function f(a) {\n  ¦\n\nnext();"),
    ],
)
def test_a_broken_tree_does_not_tell(language: str, marked: str) -> None:
    check_extent(language, marked, None)


def test_where_the_tree_says_nothing_the_indentation_does() -> None:
    marked = "function f(a) {\n  "
    assert extent_of(gap_at(marked + "\n\nnext();\n", len(marked)), manual=False) == "block"


def test_every_grammar_is_asked() -> None:
    assert set(GRAMMAR_OF.values()) == set(GRAMMARS)
