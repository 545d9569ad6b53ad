"""A relay is light: it loads a part of the standard library and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

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


def test_the_daemons_environment_holds_what_it_needs_and_no_key() -> None:
    from coterie.relay.attach import daemon_environment  # noqa: PLC0415 - beside what it is about

    kept = {"HOME": "/h", "PATH": os.defpath, "LC_ALL": "C", "HTTPS_PROXY": "http://proxy", "PYTHONPATH": "p", "COTERIE_HOME": "/c"}
    assert daemon_environment({**kept, "WORK_KEY": "k", "ANTHROPIC_API_KEY": "k", "VIRTUAL_ENV": "/v", "PWD": "/w"}) == kept
