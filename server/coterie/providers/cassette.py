"""The file of a recorded session: what each agent's model answered, run by run and call by call, and when.

`recorder` writes it, `replay` plays it. Calls are found by agent and number, so that a recording still plays when a prompt is worded anew;
what was asked only helps to tell several runs apart (`Playback`). It holds answers and digests: no prompt, no key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from coterie.domain.messages import FinishReason, ModelRequest, UserMessage
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
    """One call: the ``call``-th (from 0) of ``agent`` in its run, the ``run``-th of the session. ``asked`` is `digest_of` its request."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    run: int = Field(default=0, ge=0)
    agent: str
    call: int = Field(ge=0)
    asked: str = ""
    events: tuple[Piece, ...]


class Cassette(BaseModel):
    """The whole file. ``models`` names, for each agent, the model that was recorded."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    version: Literal[1] = 1
    note: str = ""
    models: dict[str, str] = Field(default_factory=dict)
    calls: tuple[RecordedCall, ...] = ()


def digest_of(request: ModelRequest) -> str:
    """Return a digest of what people said in a conversation: it tells two runs of a recording apart, and nobody what was said."""
    said = "\0".join(message.text for message in request.messages if isinstance(message, UserMessage))
    return hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()[:16]


class Playback:
    """Finds the recorded call for each call of now.

    A run of now plays one recorded run, which its first call decides: of those that have such a call, one that was asked the same, else
    the first one that no other run plays. What belongs to no run is a run of its own.
    """

    def __init__(self, cassette: Cassette) -> None:
        self._recorded: dict[int, dict[tuple[str, int], RecordedCall]] = {}
        for call in cassette.calls:
            self._recorded.setdefault(call.run, {}).setdefault((call.agent, call.call), call)
        self._plays: dict[str, Mapping[tuple[str, int], RecordedCall]] = {}
        self._taken: set[int] = set()

    def find(self, request: ModelRequest) -> RecordedCall | None:
        """Return the call to play, None when there is none."""
        wanted = (request.agent, request.call)
        if request.run in self._plays:
            return self._plays[request.run].get(wanted)
        having = [number for number, calls in self._recorded.items() if wanted in calls]
        if not having:
            return None
        asked = digest_of(request)
        chosen = min(having, key=lambda number: (self._recorded[number][wanted].asked != asked, number in self._taken, number))
        self._taken.add(chosen)
        if request.run:
            self._plays[request.run] = self._recorded[chosen]
        return self._recorded[chosen][wanted]


def read_cassette(path: Path) -> Cassette:
    """Read a file. Raises `OSError`, and `ValueError` (which pydantic's own is) when it is no cassette."""
    return Cassette.model_validate_json(path.read_bytes())


def write_cassette(path: Path, cassette: Cassette) -> None:
    """Write a file, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(cassette.model_dump_json(indent=1, exclude_none=True, by_alias=True) + "\n", encoding="utf-8")
    fresh.replace(path)
