"""The file of a recorded session: what each agent's model answered, call by call, and when.

`recorder` writes it, `replay` plays it. Calls are found by agent and number, never by what was asked, so that a recording still plays
when a prompt is worded anew. It holds answers only: no prompt, no key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from coterie.domain.messages import FinishReason
from coterie.domain.usage import Usage
from coterie.domain.wire import Json


class _Piece(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    after_ms: int = Field(default=0, ge=0)
    """Milliseconds since the piece before."""


class TextPiece(_Piece):
    """More text."""

    text: str


class ThoughtPiece(_Piece):
    """More thinking, with the host's proof where it gave one."""

    thought: str
    signature: str | None = None


class ToolPiece(_Piece):
    """A whole tool call. ``arguments`` is text where the model sent no JSON object."""

    tool: str
    arguments: dict[str, Json] | str
    call_id: str | None = None


class UsagePiece(_Piece):
    """What the call has used."""

    usage: Usage


class FinishPiece(_Piece):
    """The end of the answer."""

    finish: FinishReason


Piece = TextPiece | ThoughtPiece | ToolPiece | UsagePiece | FinishPiece


class RecordedCall(BaseModel):
    """One call: the ``call``-th (from 0) of ``agent`` in its run."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    agent: str
    call: int = Field(ge=0)
    events: tuple[Piece, ...]


class Cassette(BaseModel):
    """The whole file. ``models`` names, for each agent, the model that was recorded."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    version: Literal[1] = 1
    note: str = ""
    models: dict[str, str] = Field(default_factory=dict)
    calls: tuple[RecordedCall, ...] = ()


def read_cassette(path: Path) -> Cassette:
    """Read a file. Raises `OSError`, and `ValueError` (which pydantic's own is) when it is no cassette."""
    return Cassette.model_validate_json(path.read_bytes())


def write_cassette(path: Path, cassette: Cassette) -> None:
    """Write a file, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(cassette.model_dump_json(indent=1, exclude_none=True, by_alias=True) + "\n", encoding="utf-8")
    fresh.replace(path)
