"""What is wrong in a layer of settings, for the person to read; everything else in the layer works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ignored = Literal["untrusted", "machine_scope", "vouching", "held"]
"""Why something that is right is not taken from where it stands; see ``restrictions``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    ``file`` is a path, or the name of a layer that has no file; ``line`` counts from 1; ``key`` is dotted, empty when it is the whole
    file. A ``note`` is about something that is right and has no effect in this version; ``ignored`` names why it is none of that layer's.
    """

    file: str
    line: int | None = None
    key: str = ""
    message: str
    suggestion: str | None = None
    level: Literal["warning", "note"] = "warning"
    ignored: Ignored | None = None

    @property
    def text(self) -> str:
        """The whole in one line: ``config.toml:3: modle: There is no such key. Did you mean `model`?``."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        what = f"{self.key}: {self.message}" if self.key else self.message
        return f"{where}: {what}" + (f" {self.suggestion}" if self.suggestion else "")
