"""A relay is light: it loads a part of the standard library and nothing else."""

import asyncio
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from coterie.relay.places import rendezvous
from daemon_stage import ATTACH, stage
from lsp_client import BOUND_S

PROBE = """
import sys
before = set(sys.modules)
import coterie.__main__, coterie.relay.attach
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""
HEAVY = {"argparse", "asyncio", "dataclasses", "inspect", "logging", "pydantic", "pygls", "ssl", "subprocess", "typing_extensions"}


def test_a_relay_loads_the_standard_library_only(tmp_path: Path) -> None:
    loaded = subprocess.run([sys.executable, "-c", PROBE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr
    names = set(loaded.stdout.split())
    assert names - {"coterie"} <= set(sys.stdlib_module_names)
    assert names & HEAVY == set()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
async def test_a_closed_standard_stream_is_an_empty_one(tmp_path: Path, closed: str) -> None:
    """Descriptors are given out from the lowest: the relay's own connections would take the place of the editor's."""
    async with stage(tmp_path) as here:
        process = await asyncio.create_subprocess_shell(
            f"exec {shlex.join(ATTACH)} {closed}", env=here.environ, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(process.communicate(), BOUND_S)
        assert (process.returncode, said) == (1, b"")
        assert here.status()["editors"] == 0


def test_a_relative_runtime_folder_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    assert rendezvous({"XDG_RUNTIME_DIR": "here"}).socket == rendezvous({}).socket


def test_the_daemons_environment_holds_what_it_needs_and_no_key() -> None:
    from coterie.relay.attach import daemon_environment  # noqa: PLC0415 - beside what it is about

    kept = {"HOME": "/h", "PATH": os.defpath, "LC_ALL": "C", "HTTPS_PROXY": "http://proxy", "PYTHONPATH": "p", "COTERIE_HOME": "/c"}
    assert daemon_environment({**kept, "WORK_KEY": "k", "ANTHROPIC_API_KEY": "k", "VIRTUAL_ENV": "/v", "PWD": "/w"}) == kept
