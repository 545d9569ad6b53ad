"""The page about the settings is made from them, and what it shows works."""

import re
import subprocess
import sys
from pathlib import Path

from coterie.config.load import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "configuration.md"


def test_the_example_is_right_in_every_key(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    (tmp_path / "config.toml").write_text(example[1], encoding="utf-8")
    loaded = load({"COTERIE_HOME": str(tmp_path)})
    assert loaded.problems == ()
    assert set(loaded.settings.providers) == {"anthropic", "box"}


def test_a_stale_page_fails_the_check(tmp_path: Path) -> None:
    program = "import pathlib, sys, freshness; freshness.ROOT = pathlib.Path(sys.argv[1])\n"
    program += "sys.exit(freshness.write_or_check({freshness.ROOT / 'docs' / 'page.md': sys.argv[2]}, sys.argv[3:]))"

    def run(text: str, *arguments: str) -> int:
        command = [sys.executable, "-c", program, str(tmp_path), text, *arguments]
        return subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, check=False).returncode

    assert run("first", "--check") == 1, "not there yet"
    assert run("first") == 0
    assert run("first", "--check") == 0
    assert run("second", "--check") == 1
    assert (tmp_path / "docs" / "page.md").read_text() == "first", "a check writes nothing"
