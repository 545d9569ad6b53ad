"""``coterie keys``, as a shell sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from served import NO_KEYRING

CANARY = "sk-canary-of-the-command-3e"


def coterie(home: Path, *argv: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command with words on its standard input."""
    environment = {**os.environ, "COTERIE_HOME": str(home), "PYTHON_KEYRING_BACKEND": NO_KEYRING}
    return subprocess.run(
        [sys.executable, "-m", "coterie", *argv], env=environment, input=typed, capture_output=True, text=True, check=False
    )


def test_keys_are_kept_listed_sealed_anew_and_forgotten(tmp_path: Path) -> None:
    kept = coterie(tmp_path, "keys", "set", "team", typed=f"{CANARY}\n")
    assert (kept.returncode, kept.stdout) == (0, "kept as vault://team/api_key\n")
    assert coterie(tmp_path, "keys", "set", "vault://box/token", "--json", typed=CANARY).stdout == '{"reference": "vault://box/token"}\n'
    listed = coterie(tmp_path, "keys", "list", "--json")
    assert [key["name"] for key in json.loads(listed.stdout)["keys"]] == ["box/token", "team/api_key"]
    assert coterie(tmp_path, "keys", "rotate").stdout == "sealed 2 keys under a new data key\n"
    assert coterie(tmp_path, "keys", "delete", "box/token").returncode == 0
    assert coterie(tmp_path, "keys", "list").stdout.startswith("team/api_key  ")
    for said in (kept, listed):
        assert CANARY not in said.stdout + said.stderr


@pytest.mark.parametrize(
    ("argv", "typed", "status", "words"),
    [
        (("delete", "nobody"), "", 2, "holds no key `nobody/api_key`"),
        (("set", "work"), "", 2, "no key on standard input"),
        (("set", "a/b/c"), CANARY, 2, "`provider/key`"),
        (("set", "work"), f"{CANARY}\nand another line", 2, "one line"),
        (("set",), CANARY, 2, "required"),
        (("set", "work", CANARY), "", 2, "unrecognized"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, argv: tuple[str, ...], typed: str, status: int, words: str) -> None:
    said = coterie(tmp_path, "keys", *argv, typed=typed)
    assert said.returncode == status
    assert words in said.stderr
    assert coterie(tmp_path, "keys", "list", "--json").stdout == '{"keys": []}\n'


@pytest.mark.parametrize("argv", [("keys", "list"), ("models",), ("runs",), ("doctor",)])
def test_a_key_in_the_open_is_moved_by_any_command_and_that_is_said(tmp_path: Path, argv: tuple[str, ...]) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[providers.box]\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["m"]\napi_key = "{CANARY}"\n', encoding="utf-8")
    said = coterie(tmp_path, *argv)
    assert "It is in the vault now" in said.stdout + said.stderr
    assert CANARY not in said.stdout + said.stderr + file.read_text(encoding="utf-8")
    assert "It is in the vault now" not in (again := coterie(tmp_path, *argv)).stdout + again.stderr
