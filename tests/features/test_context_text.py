"""A model's window as Markdown: everything that is told of it stands there, and nothing in it is rendered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coterie.domain.inspection import CompactionView, ContextView, LeftOutView, PieceView, SegmentView
from coterie.features.context_text import BEGINNING, as_markdown, code, table

PIECE = PieceView(
    piece_id="run_1:3:0",
    segment="history",
    source="tool:read_file",
    reason="called before",
    tokens=1234,
    pinned=True,
    path="Größe.py",
    preview="![](http://elsewhere/?a)\n| `a | b`" + "x" * 6,
)
VIEW = ContextView(
    channel_id="channel_1",
    run_id=None,
    model="work/m1",
    limit=100_000,
    used=1276,
    segments=(SegmentView(segment="system", limit=5_000, tokens=42), SegmentView(segment="history", limit=None, tokens=1234)),
    pieces=(PieceView(piece_id="system:tools", segment="system", source="tools", reason="always sent", tokens=42, pinned=False), PIECE),
    left_out=(LeftOutView(piece_id="run_1:2:0", segment="history", source="person", tokens=5, reason="a summary stands in its place"),),
    compactions=(CompactionView(compaction_id="compaction_1", messages=4, outputs=2),),
    pinned_files=("file:///w/a.py",),
)
DOCUMENT = """\
# What the model reads in `channel_1`

`work/m1`, 1,276 of 100,000 tokens by estimate. What is reserved is lent to others while it is not used.

## Segments

| segment | used | reserved |
| --- | --- | --- |
| system | 42 | 5,000 |
| history | 1,234 |  |

## Pieces

| segment | tokens | source | reason | pinned | begins | piece |
| --- | --- | --- | --- | --- | --- | --- |
| system | 42 | `tools` | always sent |  |  | `system:tools` |
| history | 1,234 | `tool:read_file Größe.py` | called before | yes | ``![](http://elsewhere/?a) \\| `a \\| b`xxxxxx`` | `run_1:3:0` |

## Left out

| segment | tokens | source | why | piece |
| --- | --- | --- | --- | --- |
| history | 5 | `person` | a summary stands in its place | `run_1:2:0` |

## Compactions

- `compaction_1`: a summary for 4 messages, 2 outputs of tools left out

## Files that come with the next turn

- `file:///w/a.py`
"""


def test_a_window_is_a_document_of_tables() -> None:
    assert as_markdown(VIEW) == DOCUMENT


def test_of_a_piece_only_its_beginning_is_shown() -> None:
    text = as_markdown(replace(VIEW, pieces=(replace(PIECE, preview="x" * 200),)))
    assert f"`{'x' * BEGINNING}`" in text


def test_what_there_is_nothing_of_is_not_told() -> None:
    text = as_markdown(replace(VIEW, model=None, limit=None, left_out=(), compactions=(), pinned_files=()))
    assert "\nno model, 1,276 tokens by estimate." in text
    assert text.endswith("\n## Left out\n\nNothing.\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", "`a`"),
        ("a\n\tb ", "`a b`"),
        ("`a`", "`` `a` ``"),
        ("a ``` b", "````a ``` b````"),
        (" \n", ""),
        ("<b>", "`<b>`"),
    ],
)
def test_what_others_wrote_is_code(text: str, shown: str) -> None:
    assert code(text) == shown


def test_a_cell_ends_where_it_is_to_end() -> None:
    assert table(("a", "b"), [("x|y", "z")]) == "| a | b |\n| --- | --- |\n| x\\|y | z |"
