"""A shared daemon of a test's own: relays that attach to it, what it says of itself, and the certainty that it is gone at the end.

Each test has a runtime folder with a short name, because a socket's path may have no more than a hundred bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from cassettes import TEAM, playing, record
from coterie.relay.greeting import greet, receive
from coterie.relay.places import Rendezvous
from lsp_client import BOUND_S, LspClient
from served import Served, served

CHAT = ([("execute_command", {"command": "touch made"})], ["It is made."])
ATTACH = (sys.executable, "-m", "coterie", "attach", "--stdio")


@dataclass
class Stage:
    """Where the editors of one test meet: ``runtime`` holds the socket, ``home`` Coterie's files."""

    runtime: Path
    home: Path
    more: Mapping[str, str]

    @property
    def environ(self) -> dict[str, str]:
        """The environment of this stage's processes."""
        return {**os.environ, "XDG_RUNTIME_DIR": str(self.runtime), "COTERIE_HOME": str(self.home), **self.more}

    def editor(
        self, folder: Path, options: Mapping[str, Any], *, env: Mapping[str, str] | None = None, **introduction: Any
    ) -> AbstractAsyncContextManager[Served]:
        """Attach an editor that has the project below ``folder`` open."""
        folder.mkdir(exist_ok=True)
        own = {"XDG_RUNTIME_DIR": str(self.runtime), "COTERIE_HOME": str(self.home), **self.more, **(env or {})}
        return served(folder, options, argv=ATTACH, env=own, **introduction)

    @property
    def sockets(self) -> list[Rendezvous]:
        """The places where daemons listen, or did."""
        folder = self.runtime / "coterie"
        return [Rendezvous(folder, file.stem) for file in sorted(folder.glob("*.sock"))]

    def status(self) -> dict[str, Any]:
        """Ask the one daemon how it is."""
        (where,) = self.sockets
        with where.dial() as connection:
            connection.settimeout(BOUND_S)
            greet(connection, "status")
            return receive(connection)

    def daemon(self) -> psutil.Process:
        """Return the one daemon's process."""
        return psutil.Process(self.status()["pid"])

    def log(self) -> str:
        """Return what daemons logged."""
        return "".join(file.read_text(encoding="utf-8") for file in (self.runtime / "coterie").glob("*.log"))

    async def stop(self) -> None:
        """Have every daemon that listens here stop, and wait until it is gone: quicker than by a command of its own."""
        for where in self.sockets:
            await asyncio.to_thread(_stop, where)

    async def coterie(self, *argv: str) -> tuple[int | None, str]:
        """Run a command; return its exit status and output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "coterie",
            *argv,
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), BOUND_S)
        return process.returncode, output.decode()


@asynccontextmanager
async def stage(tmp_path: Path, **more: str) -> AsyncIterator[Stage]:
    """Make a meeting place; at the end every daemon that listens there is told to stop, and is gone."""
    runtime = Path(tempfile.mkdtemp(prefix="cot-"))
    made = Stage(runtime, tmp_path / "home", more)
    try:
        yield made
    finally:
        await made.stop()
        shutil.rmtree(runtime)


def _stop(where: Rendezvous) -> None:
    try:
        with where.dial() as connection:
            connection.settimeout(BOUND_S)
            greet(connection, "stop")
            with contextlib.suppress(psutil.NoSuchProcess):
                gone(psutil.Process(receive(connection)["stopping"]))
    except TimeoutError:
        raise
    except OSError:
        return  # there is none, or it ends by itself at this moment


def gone(process: psutil.Process) -> None:
    """Wait for the end of a process. Its parent may be a relay, which does not ask how it ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        until = psutil.wait_procs([process], timeout=0)[1]
        if until and process.status() != psutil.STATUS_ZOMBIE:
            process.wait(BOUND_S)


def playing_chat(tmp_path: Path) -> dict[str, Any]:
    """Return an editor's settings: the team as recorded, and a chat agent that asks before it makes a file."""
    cassette = record(tmp_path / "cassette.json", {**TEAM, "chat": CHAT})
    return playing(cassette, permissions={"allow": ["exec(python3 -m unittest *)"]})


async def left_alone(client: LspClient) -> int:
    """Wait for the end of a relay whose daemon is gone, and return its exit status; what was not answered is no longer expected."""
    await client.end()
    code = await client.exit_code()
    for msg_id, answer in list(client._waiting.items()):
        if not answer.done():
            del client._waiting[msg_id]
    return code


async def all_of(editors: Sequence[AbstractAsyncContextManager[Served]], stack: contextlib.AsyncExitStack) -> list[Served]:
    """Attach several editors at once."""
    return list(await asyncio.gather(*(stack.enter_async_context(editor) for editor in editors)))
