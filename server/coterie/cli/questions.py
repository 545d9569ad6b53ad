"""Puts a run's question to the person at the terminal and brings back their answer. ``runs`` calls it; the wording is in ``wording``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TextIO, TypeAlias

from coterie.domain.permissions import ApprovalOption, OptionKind

ReadLine: TypeAlias = Callable[[], Awaitable[str | None]]
"""Returns a typed line without its end, None when the person closed the input."""

_LETTERS: Mapping[OptionKind, str] = {
    "allow_once": "y",
    "allow_run": "r",
    "allow_session": "s",
    "allow_always": "a",
    "reject_once": "n",
    "reject_always": "x",
    "approve": "y",
    "reject": "n",
}


def keys_of(options: Sequence[ApprovalOption]) -> dict[str, ApprovalOption]:
    """Return what to type for each option: a letter where its kind has one to itself, else its number.

    Approving an edited plan is left out: it needs an editor.
    """
    offered = [option for option in options if option.kind in _LETTERS]
    kinds = [option.kind for option in offered]
    return {
        _LETTERS[option.kind] if kinds.count(option.kind) == 1 else str(number): option for number, option in enumerate(offered, start=1)
    }


async def choose(options: Sequence[ApprovalOption], say: Callable[[str], None], read_line: ReadLine) -> str | None:
    """Ask until one of the options is chosen and return its id.

    Closing the input means "not now": the call is rejected this once; None for a gate, which has no such option.
    """
    keys = keys_of(options)
    while True:
        for key, option in keys.items():
            say(f"  [{key}] {option.label}")
            if option.admits is not None:
                say(f"      {option.admits}")
        typed = await read_line()
        if typed is None:
            return next((option.option_id for option in options if option.kind == "reject_once"), None)
        if (chosen := keys.get(typed.strip().lower())) is not None:
            return chosen.option_id


def line_reader(stream: TextIO) -> ReadLine:
    """Return what reads lines of a terminal without a thread, so that a question that is withdrawn leaves nothing behind."""
    descriptor = stream.fileno()

    async def read_line() -> str | None:
        loop = asyncio.get_running_loop()
        typed: asyncio.Future[bytes] = loop.create_future()

        def readable() -> None:
            if not typed.done():
                # A terminal gives one line at a time.
                typed.set_result(os.read(descriptor, 4096))

        loop.add_reader(descriptor, readable)
        try:
            line = await typed
        finally:
            loop.remove_reader(descriptor)
        return line.decode("utf-8", "replace").rstrip("\r\n") if line else None

    return read_line
