"""How a shared daemon begins, is refused, and ends: real relays, a real daemon, on a socket of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from coterie.app.daemon import Daemon
from coterie.relay import places
from coterie.relay.places import Rendezvous, rendezvous
from daemon_stage import all_of, gone, left_alone, playing_chat, stage
from killing import killed
from lsp_client import BOUND_S
from served import served


async def test_editors_that_come_at_once_start_one_daemon(tmp_path: Path) -> None:
    async with stage(tmp_path) as here, contextlib.AsyncExitStack() as stack:
        await all_of([here.editor(tmp_path / name, playing_chat(tmp_path)) for name in ("a", "b", "c")], stack)
        assert here.status()["editors"] == 3


async def test_a_killed_daemon_is_replaced_and_its_run_can_go_on(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        async with here.editor(tmp_path, playing_chat(tmp_path)) as before:
            run_id = await before.start(workflow="team")
            await before.asked()
            first = here.daemon()
            first.kill()
            assert await left_alone(before.client) == 1
        assert here.sockets, "a daemon that was killed leaves its socket"
        last = max(each["seq"] for each in before.of(run_id))
        async with here.editor(tmp_path, playing_chat(tmp_path)) as after:
            assert here.status()["pid"] != first.pid
            run = await after.client.request("agent/run/get", {"runId": run_id})
            assert (run["state"], run["reason"]) == ("interrupted", "server_stopped")
            missed = (await after.client.request("agent/run/events", {"runId": run_id, "after": last}))["events"]
            assert [each["seq"] > last for each in missed] == [True] * len(missed)
            await after.client.request("agent/run/resume", {"runId": run_id})
            await after.answer(await after.asked(), "approve")
            assert (await after.ended(run_id))["state"] == "succeeded"
            assert min(each["seq"] for each in after.of(run_id)) > last


async def test_an_idle_daemon_ends_after_its_last_editor(tmp_path: Path) -> None:
    async with stage(tmp_path, COTERIE_DAEMON_IDLE_S="0") as here:
        async with here.editor(tmp_path, playing_chat(tmp_path)):
            daemon = here.daemon()
        await asyncio.to_thread(gone, daemon)
        assert here.sockets == []
        async with here.editor(tmp_path, playing_chat(tmp_path)):
            assert here.status()["pid"] != daemon.pid


async def test_stop_interrupts_runs_ends_relays_and_waits(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        async with here.editor(tmp_path, playing_chat(tmp_path)) as editor:
            run_id = await editor.start("Make it")
            await editor.asked()
            daemon = here.daemon()
            code, said = await here.coterie("daemon", "status", "--json")
            assert (code, f'"pid": {daemon.pid}' in said or f'"pid":{daemon.pid}' in said) == (0, True)
            assert (await here.coterie("daemon", "stop"))[0] == 0
            assert here.sockets == []
            assert (await editor.ended(run_id))["reason"] == "server_stopped", "the editor was told"
            assert await left_alone(editor.client) == 1
        await asyncio.to_thread(gone, daemon)
        assert await here.coterie("daemon", "status") == (0, "No shared server is running.\n")
        assert "Traceback" not in here.log()


async def test_doctor_explains_the_editors_side(tmp_path: Path) -> None:
    capabilities = {"workspace": {"applyEdit": True}, "window": {"workDoneProgress": True}, "experimental": {"coterie": 7}}
    async with stage(tmp_path) as here:
        plain = here.editor(tmp_path, playing_chat(tmp_path), capabilities=capabilities, clientInfo={"name": "Plain", "version": "7.1"})
        async with plain as editor:
            await editor.client.request("agent/status", {})
            _, said = await here.coterie("doctor", "--json")
            told = [check for check in json.loads(said)["checks"] if check["subject"] in {"editor", "daemon"}]
            assert f"process {here.daemon().pid}, editors: 1" in told[0]["text"]
        mode, lacking = told[1:]
        assert mode["text"].startswith("Plain 7.1 (")
        assert "the shared server): zero-plugin mode" in mode["text"]
        assert (lacking["state"], "ghost text" in lacking["text"], "progress" in lacking["text"]) == ("worse", True, False)


@pytest.mark.parametrize("own_server", [False, True])
async def test_doctor_names_the_last_reason_for_no_suggestion_while_the_server_runs(tmp_path: Path, *, own_server: bool) -> None:
    name = {"clientInfo": {"name": "Plain", "version": "7.1"}}
    async with stage(tmp_path) as here:
        own = served(tmp_path, playing_chat(tmp_path), env=here.environ, **name)
        async with own if own_server else here.editor(tmp_path, playing_chat(tmp_path), **name) as editor:
            uri = (tmp_path / "project" / "my notes.py").as_uri()
            await editor.client.open(uri, "return")
            at = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 3}, "context": {"triggerKind": 2}}
            assert (await editor.client.request("textDocument/inlineCompletion", at))["items"] == []
            told: list[str] = []
            async with asyncio.timeout(BOUND_S):
                while not told:
                    _, said = await here.coterie("doctor", "--json")
                    told = [check["text"] for check in json.loads(said)["checks"] if "(gate: mid_word)" in check["text"]]
            assert told[0].startswith("Plain 7.1, asked at ")
            assert " in my notes.py: The cursor is inside a word." in told[0]


async def test_connections_that_come_and_go_leave_nothing_open(tmp_path: Path) -> None:
    async with stage(tmp_path) as here, here.editor(tmp_path, playing_chat(tmp_path)) as watcher:
        daemon = here.daemon()

        async def settled() -> tuple[int, int]:
            while here.status()["editors"] > 1:  # noqa: ASYNC110 - nobody tells that an editor left
                await asyncio.sleep(0.01)
            threads = {thread.id for thread in daemon.threads()}
            return daemon.num_fds(), len(threads)

        while (await watcher.client.request("agent/status", {}))["index"] != {"files": 2, "done": 2, "complete": True}:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)  # its process begins by itself, a second after the start
        async with here.editor(tmp_path, playing_chat(tmp_path)):
            pass
        files, threads = await settled()
        for _ in range(3):
            async with here.editor(tmp_path, playing_chat(tmp_path)) as guest:
                assert guest.client.process is not None
                guest.client.process.send_signal(signal.SIGKILL)
                await killed(guest.client)
        await watcher.client.request("agent/status", {})
        for _ in range(6000):
            files_now, threads_now = await settled()
            if files_now <= files and threads_now <= threads + 4:  # a few threads of the pool may be new
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail(f"{files} files and {threads} threads became {files_now} and {threads_now}")


async def test_without_a_private_folder_the_editor_gets_its_own_server_and_is_told(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        (here.runtime / "coterie").mkdir(mode=0o755)
        (here.runtime / "coterie").chmod(0o755)
        async with here.editor(tmp_path, playing_chat(tmp_path)) as alone:
            status = await alone.client.request("agent/status", {})
            (trouble,) = (each["text"] for each in status["degraded"] if each["code"] == "no_daemon")
            assert "is not a folder of this user alone" in trouble
        assert here.sockets == []
        code, said = await here.coterie("daemon", "status")
        assert (code, "cannot be asked" in said) == (1, True)


async def test_a_relay_ends_with_1_when_its_editor_leaves_without_a_word(tmp_path: Path) -> None:
    async with stage(tmp_path) as here, here.editor(tmp_path, playing_chat(tmp_path)) as editor:
        editor.client.writer.close()
        assert await left_alone(editor.client) == 1


@pytest.mark.parametrize("idle", ["soon", "nan"])
async def test_a_daemon_does_not_fail_for_want_of_an_idle_time(tmp_path: Path, idle: str) -> None:
    async with stage(tmp_path, COTERIE_DAEMON_IDLE_S=idle) as here, here.editor(tmp_path, playing_chat(tmp_path)):
        assert here.status()["editors"] == 1
        assert "no number of seconds" in here.log()


async def test_a_socket_for_standard_input_is_no_place_to_listen(tmp_path: Path) -> None:
    """Some programs give their children a pair of sockets where others give pipes."""
    async with stage(tmp_path) as here:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            command = (sys.executable, "-m", "coterie", "daemon", "run")
            daemon = await asyncio.create_subprocess_exec(*command, env=here.environ, stdin=theirs, stderr=asyncio.subprocess.DEVNULL)
            for _ in range(6000):
                if here.sockets or daemon.returncode is not None:
                    break
                await asyncio.sleep(0.01)
            code, said = await here.coterie("daemon", "stop")
            assert (code, f"process {daemon.pid}" in said) == (0, True)
            assert await asyncio.wait_for(daemon.wait(), BOUND_S) == 0


async def test_who_connects_and_says_nothing_holds_nobody_up(tmp_path: Path) -> None:
    async with stage(tmp_path) as here, contextlib.AsyncExitStack() as silent:
        async with here.editor(tmp_path, playing_chat(tmp_path)):
            (where,) = here.sockets
            for _ in range(64):  # more than there are threads for blocking work, twice
                silent.enter_context(where.dial())
            assert here.status()["editors"] == 1
        assert (await here.coterie("daemon", "stop"))[0] == 0


@pytest.mark.parametrize("turns", range(8))
async def test_who_connects_while_a_daemon_ends_is_let_go(tmp_path: Path, turns: int) -> None:
    with tempfile.TemporaryDirectory() as runtime, contextlib.ExitStack() as stack:
        where = Rendezvous(Path(runtime), "x")
        listening = stack.enter_context(where.listen())
        listening.settimeout(0)
        daemon = Daemon({"COTERIE_HOME": str(tmp_path)})
        late = None
        async with asyncio.TaskGroup() as serving:
            serving.create_task(daemon.serve(listening, where))
            await asyncio.to_thread(where.dial().close)
            daemon.end()
            for _ in range(turns):
                await asyncio.sleep(0)
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                late = stack.enter_context(where.dial())
        if late is not None:
            late.settimeout(BOUND_S)
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.to_thread(late.recv, 1) == b""


async def test_a_stranger_at_the_socket_is_sent_away(tmp_path: Path) -> None:
    async with stage(tmp_path) as here, here.editor(tmp_path, playing_chat(tmp_path)):
        (where,) = here.sockets
        assert stat.S_IMODE(where.socket.stat().st_mode) == 0o600
        for nonsense in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x02{]", b"\x00\x00\x00\x02[]", b'\x00\x00\x00\x10{"kind": "other"'):
            with where.dial() as stranger:
                stranger.settimeout(60)
                stranger.sendall(nonsense)
                stranger.shutdown(socket.SHUT_WR)
                assert stranger.recv(1) == b""
        assert here.status()["editors"] == 1


@pytest.mark.parametrize("name", ["COTERIE_HOME", "HOME", "XDG_DATA_HOME", "HTTPS_PROXY"])
def test_what_a_process_has_only_once_parts_daemons(tmp_path: Path, name: str) -> None:
    base = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": "/home/me", "WORK_KEY": "one"}
    assert rendezvous(base).socket == rendezvous({**base, "WORK_KEY": "two", "PWD": "/elsewhere"}).socket
    assert rendezvous(base).socket != rendezvous({**base, name: "/other"}).socket


def test_another_version_has_another_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rendezvous({"XDG_RUNTIME_DIR": str(tmp_path)}).socket
    monkeypatch.setattr(places, "__version__", "99.0")
    assert rendezvous({"XDG_RUNTIME_DIR": str(tmp_path)}).socket != before


def test_a_folder_behind_a_link_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "coterie").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="not a folder of this user alone"):
        rendezvous({"XDG_RUNTIME_DIR": str(tmp_path)})
