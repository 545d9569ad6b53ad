"""Commands without confinement, the output that is kept, and how a machine without bubblewrap says so."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from coterie.base.errors import ModelMistakeError
from coterie.domain.workspace_ports import Command
from coterie.sandbox.output import Capture, shortened
from coterie.sandbox.probe import ProbedSandbox


def command(line: str, folder: Path, **more: object) -> Command:
    values = {"unsaved": {}, "timeout_s": 60.0} | more
    return Command(argv=("/bin/sh", "-c", line), cwd=str(folder), writable=(str(folder),), **values)  # type: ignore[arg-type]


@pytest.fixture
def plain() -> ProbedSandbox:
    return ProbedSandbox("none", {**os.environ, "OPENAI_API_KEY": "canary-77"})


async def test_the_environment_is_clean_without_a_sandbox_too(plain: ProbedSandbox, tmp_path: Path) -> None:
    result = await plain.run(command("env; cat", tmp_path))
    assert "PATH=" in result.output
    assert "canary" not in result.output
    assert result.exit_code == 0, "a command that reads its input must find the end of it"


async def test_a_timeout_kills_the_whole_group(plain: ProbedSandbox, tmp_path: Path) -> None:
    # The child in the background holds the output open: without it being killed this would not come back.
    result = await plain.run(command("sleep 86399 & echo before; sleep 86399", tmp_path, timeout_s=1.0))
    assert result.timed_out


GOES_ON = "goes on after it"


async def test_what_leaves_the_group_and_goes_on_is_told(plain: ProbedSandbox, tmp_path: Path) -> None:
    line = "setsid -f sh -c 'echo $$ > pid; exec sleep 600' > /dev/null 2>&1; while ! [ -s pid ]; do :; done"
    result = await plain.run(command(line, tmp_path))
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert GOES_ON in result.output


@pytest.mark.parametrize("line", ["true", "sleep 600 & true", "nohup sleep 600 > /dev/null 2>&1 &"])
async def test_what_ends_with_the_command_is_not(plain: ProbedSandbox, tmp_path: Path, line: str) -> None:
    assert GOES_ON not in (await plain.run(command(line, tmp_path))).output


async def test_unsaved_texts_are_named_where_they_cannot_be_shown(plain: ProbedSandbox, tmp_path: Path) -> None:
    result = await plain.run(command("true", tmp_path, unsaved={str(tmp_path / "a.py"): "typed"}))
    assert "a.py" in result.output
    assert "save" in result.output


async def test_a_machine_without_bubblewrap_says_so(tmp_path: Path) -> None:
    sandbox = ProbedSandbox("auto", {"PATH": str(tmp_path)})
    view = await sandbox.status()
    assert view.level == "none"
    assert "not installed" in (view.reason or "")


async def test_the_level_may_change_also_while_it_is_found_out_what_works(tmp_path: Path) -> None:
    slow, probing = tmp_path / "bwrap", tmp_path / "probing"
    os.mkfifo(probing)
    slow.write_text(f"#!/bin/sh\nread go < {probing}; echo no; exit 1\n")
    slow.chmod(0o755)
    sandbox = ProbedSandbox("auto", {"PATH": f"{tmp_path}:{os.defpath}"})
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(sandbox.status())
        go = group.create_task(asyncio.to_thread(probing.open, "w"))  # opens once the probe reads
        with await go as told:
            sandbox.set_level("none")
            told.write("go\n")
    assert asked.result().reason == "The setting sandbox.level is none."
    sandbox.set_level("bubblewrap")
    assert sandbox.seen().level == "unknown"


async def test_a_bubblewrap_that_does_not_work_gives_its_reason(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho no permissions to create a new namespace >&2; exit 1\n")
    broken.chmod(0o755)
    sandbox = ProbedSandbox("bubblewrap", {"PATH": str(tmp_path)})
    assert "no permissions to create a new namespace" in ((await sandbox.status()).reason or "")
    with pytest.raises(ModelMistakeError, match="only run in bubblewrap"):
        await sandbox.run(command("true", tmp_path))


async def test_what_is_no_utf8_is_replaced_and_streams_are_interleaved(plain: ProbedSandbox, tmp_path: Path) -> None:
    result = await plain.run(command(r"printf 'a\377'; echo b >&2; echo c", tmp_path))
    assert result.output == "a\ufffdb\nc\n"


def test_the_middle_of_long_output_is_cut() -> None:
    capture = Capture(3_000)
    for number in range(10_000):
        capture.add(f"{number}\n".encode())
    text = capture.text()
    assert text.startswith("0\n1\n")
    assert text.endswith("9998\n9999\n")
    assert "bytes cut" in text
    assert len(text) < 3_200
    assert shortened("x" * 100 + "y" * 50, 30).endswith("y" * 20)
