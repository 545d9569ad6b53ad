"""Keys that stand in a settings file themselves, and how to put a reference in their place.

``app`` moves such keys into the vault. Only the one string is exchanged: comments, order and layout are the person's.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coterie.config.toml_text import parsed

# A string on one line, basic or literal, as TOML has them.
_STRING = re.compile(r"""\"(?:[^"\\\n]|\\.)*\"|'[^'\n]*'""")


@dataclass(frozen=True, slots=True)
class LiteralKey:
    """The key of a host, in the open in a file."""

    host: str
    file: Path
    value: str = field(repr=False)


def with_reference(text: str, host: str, value: str, reference: str) -> str | None:
    """Return a settings file's text with ``reference`` in place of the host's key; None where that cannot be done safely."""
    try:
        wanted = parsed(text.replace("\r\n", "\n"))
        table = wanted["providers"][host]
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
    if not isinstance(table, dict) or table.get("api_key") != value:
        return None
    table["api_key"] = reference
    for match in _STRING.finditer(text):
        if _said(match[0]) == value:
            changed = f'{text[: match.start()]}"{reference}"{text[match.end() :]}'
            if _read(changed) == wanted:  # the same string may stand elsewhere, where it means something else
                return changed
    return None


def _said(string: str) -> str | None:
    said = _read(f"it = {string}")
    return None if said is None else str(said["it"])


def _read(text: str) -> dict[str, Any] | None:
    try:
        return parsed(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError:
        return None
