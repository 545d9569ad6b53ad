"""Reads what a person types, line by line: on a terminal with editing and a history that lasts, from a pipe as it comes.

``chat`` calls it between runs; while a run goes on, its questions are read by ``questions``.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from coterie.cli.questions import ReadLine

REMEMBERED = 1_000
PROMPT = "> "


@contextmanager
def prompted(history: Path) -> Iterator[ReadLine]:
    """Read lines of this process's terminal, with a history in a file that only its owner can read.

    The line is read in a thread, because the line editor cannot be waited for otherwise. It may outlive the chat: whatever it did to the
    terminal is taken back then.
    """
    try:
        import readline  # noqa: PLC0415 - only here
        import termios  # noqa: PLC0415
    except ImportError:  # not every Python has them; lines can be typed all the same
        yield _typed
        return
    before = termios.tcgetattr(sys.stdin.fileno())
    with suppress(OSError):
        history.parent.mkdir(parents=True, exist_ok=True)
        history.touch(mode=0o600)
        readline.read_history_file(history)
    readline.set_history_length(REMEMBERED)
    try:
        yield _typed
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)
        with suppress(OSError):
            readline.write_history_file(history)


async def _typed() -> str | None:
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str | None] = loop.create_future()

    def settle(text: str | None) -> None:
        if not line.done():
            line.set_result(text)

    def read() -> None:
        try:
            text: str | None = input(PROMPT)
        except EOFError:
            text = None
        with suppress(RuntimeError):  # the chat is over
            loop.call_soon_threadsafe(settle, text)

    threading.Thread(target=read, name="prompt", daemon=True).start()
    return await line


def piped(stream: TextIO) -> ReadLine:
    """Return what reads lines of a pipe or a file."""

    async def read_line() -> str | None:
        line = await asyncio.to_thread(stream.readline)
        return line.rstrip("\r\n") if line else None

    return read_line
