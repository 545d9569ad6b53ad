"""Remembers what each editor announced when it came last, for ``coterie doctor``: it runs when no editor may be there to be asked.

One small file in the state folder, written whole; where it cannot be written, nothing else suffers.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path

from coterie.base.ids import now
from coterie.cli.wiring import SeenEditor
from coterie.features.attachment import Introduction

FILE = "editors.json"
KEPT = 8

log = logging.getLogger(__name__)


def remember(state: Path, introduction: Introduction, *, shared: bool) -> None:
    """Keep an editor's introduction in place of its earlier one. Blocks."""
    seen = SeenEditor(at=now(), shared=shared, introduction=introduction)
    others = [editor for editor in seen_editors(state) if editor.introduction.name != introduction.name]
    file = state / FILE
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        state.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps([asdict(editor) for editor in (seen, *others)][:KEPT]), encoding="utf-8")
        temporary.replace(file)
    except OSError as reason:
        log.info("the editor is not remembered: %s", reason)


def seen_editors(state: Path) -> tuple[SeenEditor, ...]:
    """Return the editors that were here, the latest first; none where the file is missing or not ours. Blocks."""
    try:
        kept = json.loads((state / FILE).read_text(encoding="utf-8"))
        return tuple(SeenEditor(at=each["at"], shared=each["shared"], introduction=Introduction(**each["introduction"])) for each in kept)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
