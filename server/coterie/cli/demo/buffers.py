"""The open documents of the demo's editor: edits by the server land here first, as in any editor, and are saved at once.

`client.Client` asks it for what LSP wants said. Positions are counted in code points (the client offers ``utf-32`` only).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Buffer:
    """One open document."""

    path: Path
    text: str
    version: int = 1


class Buffers:
    """The open documents by URI."""

    def __init__(self) -> None:
        self.open: dict[str, Buffer] = {}

    def open_file(self, path: Path, language: str) -> Mapping[str, Any]:
        """Open a file and return the params of ``textDocument/didOpen``."""
        buffer = Buffer(path, _read(path))
        self.open[path.as_uri()] = buffer
        return {"textDocument": {"uri": path.as_uri(), "languageId": language, "version": buffer.version, "text": buffer.text}}

    def apply(self, edit: Mapping[str, Any]) -> tuple[str | None, list[Mapping[str, Any]]]:
        """Apply a ``WorkspaceEdit`` as a whole or not at all.

        Returns why not (None: it was applied) and the params of ``textDocument/didChange`` for each changed document.
        """
        changes = edit.get("documentChanges", ())
        for change in changes:
            document = change.get("textDocument", {})
            buffer = self.open.get(document.get("uri", ""))
            if buffer is None:
                return f"{document.get('uri')} is not open here", []
            if document.get("version") not in {None, buffer.version}:
                return f"{buffer.path.name} is at version {buffer.version}, not {document['version']}", []
        return None, [self._change(change["textDocument"]["uri"], change["edits"]) for change in changes]

    def _change(self, uri: str, edits: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
        buffer = self.open[uri]
        # From the last to the first, so that no edit moves the place of another.
        for edit in sorted(edits, key=lambda each: _key(each["range"]["start"]), reverse=True):
            start, end = (_offset(buffer.text, edit["range"][side]) for side in ("start", "end"))
            buffer.text = buffer.text[:start] + edit["newText"] + buffer.text[end:]
        buffer.version += 1
        buffer.path.write_bytes(buffer.text.encode())
        return {"textDocument": {"uri": uri, "version": buffer.version}, "contentChanges": [{"text": buffer.text}]}


def _read(path: Path) -> str:
    # Not `read_text`, which would turn CRLF into LF.
    return path.read_bytes().decode()


def _key(position: Mapping[str, int]) -> tuple[int, int]:
    return position["line"], position["character"]


def _offset(text: str, position: Mapping[str, int]) -> int:
    lines = text.split("\n")
    line, character = _key(position)
    if line >= len(lines):
        return len(text)
    return sum(len(each) + 1 for each in lines[:line]) + min(character, len(lines[line]))
