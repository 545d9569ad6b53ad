"""Violent ends of servers, for tests: a client that outlives one, and what there still is of its processes."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

from lsp_client import BOUND_S, LspClient


async def killed(client: LspClient) -> None:
    """Wait for the violent end of the server; what it has not answered is no longer expected."""
    await client.end()
    assert await client.exit_code() == -signal.SIGKILL
    for msg_id, answer in list(client._waiting.items()):
        if not answer.done():
            del client._waiting[msg_id]


def processes_of(folder: Path) -> list[psutil.Process]:
    """Return the processes that have to do with a folder: they are named after it, or work in it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and (str(folder) in " ".join(process.cmdline()) or process.cwd().startswith(str(folder))):
                found.append(process)
        except psutil.Error:
            continue
    return found


async def check_nothing_runs(folder: Path) -> None:
    """Check that every process that has to do with a folder ends by itself; the kernel may take a moment to end the last."""
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes_of(folder), BOUND_S)
    assert alive == []


_KEPT = frozenset({"coterie.index", "coterie.features.prediction_process"})
"""What a server keeps for itself, whatever its runs do."""


def left_of_runs(server: int) -> list[psutil.Process]:
    """Return the processes below a server that are there because of its runs."""
    found: list[psutil.Process] = []
    own = psutil.Process(server).cmdline()
    for child in psutil.Process(server).children():
        with suppress(psutil.NoSuchProcess):
            line = child.cmdline()
            # One that is being started has the server's own words for a moment.
            if line != own and not _KEPT & set(line):
                found += [child, *child.children(recursive=True)]
    return found
