"""The server as a process: descriptors, exit codes, and every way to end."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import coterie
import lsp_fake_core
from lsp_client import BOUND_S, RICH, LspClient, ResponseError, lsp_client
from lsp_fake_core import CANARY
from served import OWN
from served import SERVE as SERVED

SERVE = (sys.executable, lsp_fake_core.__file__)


async def test_nothing_but_messages_is_written_and_children_get_no_input() -> None:
    async with lsp_client(SERVE) as client:
        await client.initialize()
        await client.request("agent/run/start", {"prompt": "print"})  # also waits for a child that reads its input to the end
        assert CANARY not in "".join(line for line in client.log if line.startswith("<-"))
        await client.leave()
        assert await client.exit_code() == 0


async def finish(client: LspClient, how: str) -> None:
    match how:
        case "exit without shutdown":
            await client.notify("exit")
        case "end of the pipe":
            client.writer.close()
        case "a signal":
            assert client.process is not None
            client.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("how", ["exit without shutdown", "end of the pipe", "a signal"])
async def test_every_way_to_end_is_orderly_and_answers_what_is_open(how: str, capfd: pytest.CaptureFixture[str]) -> None:
    async with lsp_client(SERVE) as client:
        await client.initialize()
        hanging = await client.ask("agent/run/start", {"prompt": "hang"})
        await client.expect_event("run")
        await finish(client, how)
        assert await client.exit_code() == 1
        with pytest.raises(ResponseError) as cancelled:
            await client.result(hanging)
        assert cancelled.value.code == -32800
    assert capfd.readouterr().err.count("closed in order") == 1


async def test_the_server_ends_with_its_editor_though_the_pipe_stays_open() -> None:
    editor = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with lsp_client(SERVE) as client:
            await client.initialize(processId=editor.pid)
            editor.kill()
            assert await client.exit_code() == 1
    finally:
        await editor.wait()


def test_no_input_at_all_is_an_orderly_end() -> None:
    ended = subprocess.run(SERVE, stdin=subprocess.DEVNULL, capture_output=True, timeout=BOUND_S, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_without_standard_input_or_output_it_says_so(closed: str) -> None:
    ended = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *SERVE], capture_output=True, timeout=BOUND_S, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr.startswith(b"coterie: the standard input or output is closed (")
    assert ended.stderr.count(b"\n") == 1


async def test_a_client_that_goes_away_is_noticed_by_writing() -> None:
    """Its other pipe stays open: only writing can tell."""
    read, write = os.pipe()
    process = await asyncio.create_subprocess_exec(*SERVE, stdin=asyncio.subprocess.PIPE, stdout=write)
    os.close(write)
    assert process.stdin is not None
    client = LspClient(asyncio.StreamReader(), process.stdin, process)
    os.close(read)
    await client.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": RICH}})
    assert await client.exit_code() == 1
    process.stdin.close()


@pytest.mark.parametrize("part", ["lsp/handlers/team.py", "app/core.py"])
async def test_a_part_that_cannot_be_loaded_is_told_to_the_person(tmp_path: Path, part: str) -> None:
    installed = shutil.copytree(Path(coterie.__path__[0]), tmp_path / "lib" / "coterie", ignore=shutil.ignore_patterns("__pycache__"))
    (installed / part).unlink()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "lib"), "COTERIE_HOME": str(tmp_path / "home"), **OWN}
    async with lsp_client(SERVED, env=environment, cwd=tmp_path) as client:
        await client.initialize()
        shown = await client.expect("window/showMessage")
        assert shown["type"] == 1
        assert "could not be loaded" in shown["message"]
        assert "Restart the server" in shown["message"]
        with pytest.raises(ResponseError, match="could not be loaded"):
            await client.request("agent/status")
        await client.leave()
        assert await client.exit_code() == 0
