"""The real server as a process, with a run and its command in full swing: every way to end, and what is left of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import printing_server
from cassettes import playing, record
from killing import check_nothing_runs, processes_of
from lsp_client import BOUND_S
from served import Served, make_project, served

CHAT = ([("execute_command", {"command": "python3 forever.py"})], ["It has ended."])
FOREVER = """\
import os, signal, sys
assert sys.stdin.read() == "", "a command finds no input"
became, unseen = os.pipe()  # closed by exec: its end says that the daemon has its own name
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", [os.getcwd() + "/daemon", "86399"])
    os._exit(0)
os.close(unseen)
os.read(became, 1)
os.wait()
with open("started", "w") as started:
    started.write("x")
signal.pause()
"""
ALLOWED = {"permissions": {"allow": ["exec(python3 forever.py)"]}}


@asynccontextmanager
async def another_process() -> AsyncIterator[Process]:
    """Start a process that waits for the end of its input, to pass for the editor's."""
    process = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def written(fifo: Path) -> None:
    """Wait until something is written into a named pipe."""
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    loop.add_reader(descriptor, there.set)
    try:
        await asyncio.wait_for(there.wait(), BOUND_S)
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def end(editor: Served, how: str, parent: Process) -> None:
    """End the server."""
    client = editor.client
    assert client.process is not None
    match how:
        case "shutdown and exit":
            await client.request("shutdown")
            await client.notify("exit")
        case "exit alone":
            await client.notify("exit")
        case "end of the input":
            client.writer.close()
        case "SIGTERM" | "SIGKILL":
            client.process.send_signal(signal.Signals[how])
        case "end of the editor's process":
            parent.kill()
    await client.end()


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("shutdown and exit", 0),
        ("exit alone", 1),
        ("end of the input", 1),
        ("end of the editor's process", 1),
        ("SIGTERM", 1),
        ("SIGKILL", -signal.SIGKILL),
    ],
)
async def test_a_server_takes_everything_along_and_leaves_a_run_to_resume(tmp_path: Path, how: str, code: int) -> None:
    project = make_project(tmp_path / "project")
    (project / "forever.py").write_text(FOREVER, encoding="utf-8")
    os.mkfifo(project / "started")
    options = playing(record(tmp_path / "cassette.json", {"chat": CHAT}), **ALLOWED)
    async with another_process() as parent, served(tmp_path, options, processId=parent.pid) as editor:
        run_id = await editor.start("Run it")
        await written(project / "started")
        assert any(f"{project}/daemon" in process.cmdline() for process in processes_of(project)), "there is something to take along"
        await end(editor, how, parent)
        assert await editor.client.exit_code() == code
        await check_nothing_runs(tmp_path)
    async with served(tmp_path, options) as later:
        run = await later.client.request("agent/run/get", {"runId": run_id})
        assert (run["state"], run["error"]["code"]) == ("interrupted", "server_stopped")


async def test_nothing_but_messages_is_written_whatever_prints(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = playing(record(tmp_path / "cassette.json", {"chat": (["It subtracts."],)}))
    async with served(tmp_path, options, argv=(sys.executable, printing_server.__file__)) as editor:
        _, ended = await editor.play("What does add do?")
        assert ended["state"] == "succeeded", ended
        assert not any(printing_server.NOISE in line for line in editor.client.log)
    assert capfd.readouterr().err.count(printing_server.NOISE) >= 3
