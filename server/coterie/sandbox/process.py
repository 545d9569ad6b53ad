"""Run one child to its end, a timeout or a cancellation; each time with all of its children gone before this returns.

Used by ``bubblewrap`` and ``plain``, which differ in how everything below a child is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from typing_extensions import override

from coterie.base.errors import ModelMistakeError
from coterie.domain.workspace_ports import CommandResult
from coterie.sandbox.output import Capture, shortened

_KEPT_BYTES = 5_000_000
_SHOWN_CHARACTERS = 30_000
_LAST_OUTPUT_S = 1.0
_LAST_BREATH_S = 5.0


class Tree(Protocol):
    """A child with everything below it."""

    def kill(self, process: Process) -> None:
        """Kill what is left of it, also when the child itself has ended."""
        ...

    async def gone(self) -> None:
        """Wait until nothing of it is left; the child itself has ended before."""
        ...


class Group:
    """The process group that a child leads: what leaves it is out of reach."""

    def kill(self, process: Process) -> None:
        """Kill the group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)

    async def gone(self) -> None:
        """Wait for nothing: a signal that kills cannot be waited for in other people's children."""


class Lifeline:
    """A pipe whose writing end a child hands on to all of its children: while one of them lives that did not close it, it does not end."""

    def __init__(self) -> None:
        self._read_end, self.write_end = os.pipe()

    async def is_held(self) -> bool:
        """Say whether any of them goes on, once the child itself has ended; those that are being killed are waited for, for a moment."""
        os.close(self.write_end)
        self.write_end = -1
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._read_end, ended.set)
        try:
            await asyncio.wait_for(ended.wait(), _LAST_BREATH_S)
        except TimeoutError:
            return True
        finally:
            loop.remove_reader(self._read_end)
        return False

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in (self._read_end, self.write_end):
            if descriptor >= 0:
                os.close(descriptor)


async def run_process(
    argv: Sequence[str],
    *,
    cwd: str,
    environment: Mapping[str, str],
    timeout_s: float,
    tree: Tree | None = None,
    pass_fds: Sequence[int] = (),
) -> CommandResult:
    """Run ``argv`` without input, both streams into one. Raises `ModelMistakeError` when it cannot start."""
    capture = Capture(_KEPT_BYTES)
    timed_out = False
    async with _reading(capture) as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=dict(environment),
                stdin=DEVNULL,
                stdout=output.write_end,
                stderr=output.write_end,
                start_new_session=True,
                pass_fds=tuple(pass_fds),
            )
        except OSError as failed:
            raise ModelMistakeError(f"The command cannot be started: {failed.strerror or failed}.") from failed
        try:
            output.written()
            async with asyncio.timeout(timeout_s):
                await process.wait()
        except TimeoutError:
            timed_out = True
        finally:
            await _end(process, tree or Group())
        with contextlib.suppress(TimeoutError):  # a child that left the group may hold the pipe open for ever
            await asyncio.wait_for(output.ended.wait(), _LAST_OUTPUT_S)
    full = capture.text()
    return CommandResult(
        exit_code=None if timed_out else process.returncode,
        output=shortened(full, _SHOWN_CHARACTERS),
        full_output=full,
        timed_out=timed_out,
    )


async def _end(process: Process, tree: Tree) -> None:
    """Kill what is left and wait for it, through any number of cancellations."""
    tree.kill(process)
    cancelled: asyncio.CancelledError | None = None
    ended = False
    while not ended:
        try:
            await process.wait()
            await tree.gone()
            ended = True
        except asyncio.CancelledError as again:
            cancelled = again
    if cancelled is not None:
        raise cancelled


class _Output(asyncio.Protocol):
    """The reading end of a child's output. ``write_end`` goes to the child and is closed here by `written`."""

    def __init__(self, capture: Capture, write_end: int) -> None:
        self.write_end = write_end
        self.ended = asyncio.Event()
        self._capture = capture

    def written(self) -> None:
        """Close this process's copy of the writing end: the output ends when the children's copies are closed."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    @override
    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self._capture.add(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        self.ended.set()


@contextlib.asynccontextmanager
async def _reading(capture: Capture) -> AsyncIterator[_Output]:
    """Feed ``capture`` from a new pipe while the block runs, without a task of its own."""
    read_end, write_end = os.pipe()
    output = _Output(capture, write_end)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: output, os.fdopen(read_end, "rb", buffering=0))
    try:
        yield output
    finally:
        output.written()
        transport.close()
