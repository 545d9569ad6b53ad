"""Answers questions that come as JSON, one object a line, with one line each: how ``coterie index rank`` and ``coterie predict`` are asked.

What cannot be answered gets an ``error`` in its line's place, so that whoever asks never loses count. Blocks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from coterie.base.errors import CoterieError, InvalidParamsError
from coterie.base.text import scalars
from coterie.cli.terminal import Streams
from coterie.domain.wire import Json


def answer_lines(streams: Streams, answer: Callable[[dict[str, Any]], Json]) -> None:
    """Answer each line of standard input, whatever stands in it. ``answer`` raises `CoterieError` for what is no question."""
    for line in streams.stdin:
        try:
            said = answer(_object(line))
        except CoterieError as error:
            said = {"error": {"code": error.code, "message": error.message}}
        streams.stdout.write(json.dumps(said) + "\n")
        streams.stdout.flush()


def _object(line: str) -> dict[str, Any]:
    try:
        asked = json.loads(line.strip())
    except (ValueError, RecursionError) as wrong:
        raise InvalidParamsError(f"This line is not JSON: {wrong}.") from wrong
    if not isinstance(asked, dict):
        raise InvalidParamsError("A line is a JSON object.")
    # Who cuts a text by UTF-16 units may cut a character in two.
    return {key: scalars(value) if isinstance(value, str) else value for key, value in asked.items()}
