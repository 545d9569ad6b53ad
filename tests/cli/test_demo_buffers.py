"""The demo's editor applies what a server may send, and refuses what is not meant for the text that it has."""

from pathlib import Path
from typing import Any

import pytest

from coterie.cli.demo.buffers import Buffers

TEXT = "one\ntwo 🙂 x\nthree\n"


def edit(uri: str, version: int | None, *edits: tuple[tuple[int, int], tuple[int, int], str]) -> dict[str, Any]:
    as_lsp = [
        {"range": {"start": {"line": start[0], "character": start[1]}, "end": {"line": end[0], "character": end[1]}}, "newText": text}
        for start, end, text in edits
    ]
    return {"documentChanges": [{"textDocument": {"uri": uri, "version": version}, "edits": as_lsp}]}


@pytest.mark.parametrize(
    ("edits", "after"),
    [
        ([((1, 4), (1, 5), ":)")], "one\ntwo :) x\nthree\n"),
        ([((0, 0), (0, 3), "1"), ((2, 0), (2, 5), "3")], "1\ntwo 🙂 x\n3\n"),
        ([((3, 0), (3, 0), "four\n")], TEXT + "four\n"),
        ([((0, 3), (2, 0), " ")], "one three\n"),
        ([((1, 99), (9, 9), "")], "one\ntwo 🙂 x"),
    ],
    ids=["beyond the basic plane", "two at once", "at the end", "across lines", "beyond the text"],
)
def test_edits_land_in_the_buffer_and_are_saved(tmp_path: Path, edits: list[Any], after: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode())
    buffers = Buffers()
    uri = buffers.open_file(path, "text")["textDocument"]["uri"]
    refusal, (change,) = buffers.apply(edit(uri, 1, *edits))
    assert refusal is None
    assert change == {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": after}]}
    assert path.read_bytes() == after.encode()


def test_an_edit_for_another_version_or_document_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\n")
    buffers = Buffers()
    uri = buffers.open_file(path, "text")["textDocument"]["uri"]
    assert buffers.apply(edit(uri, 7, ((0, 0), (0, 3), "x"))) == ("a.txt is at version 1, not 7", [])
    both = edit(uri, 1, ((0, 0), (0, 3), "x"))["documentChanges"] + edit("file:///b.txt", 1)["documentChanges"]
    assert buffers.apply({"documentChanges": both}) == ("file:///b.txt is not open here", [])
    assert path.read_bytes() == b"one\r\n"
