"""Words that are no text: bytes of another encoding on the command line and in a pipe, and a locale that knows no UTF-8."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coterie.cli.arguments import parse
from coterie.cli.main import main
from coterie.domain.events import RunEvent
from wiring_fake import ScriptedWiring

ODD = os.fsdecode(b"h\xe9lf\xff")
"""As Python gives the words of a command line."""


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (["ask", ODD], "prompt"),
        (["run", ODD, "--agent", "coder"], "prompt"),
        (["run", "--resume", ODD], "resume"),
        (["chat", "--channel", ODD], "channel"),
        (["undo", ODD], "run_id"),
        (["context", ODD], "channel"),
        (["channels", "--query", ODD], "query"),
        (["models", "search", ODD], "query"),
        (["record", "made.json", "ask", ODD], "prompt"),
    ],
)
def test_a_word_is_text_that_can_be_kept(line: list[str], field: str) -> None:
    assert getattr(parse(line), field) == "h\ufffdlf\ufffd"


def test_the_name_of_a_file_is_kept_byte_for_byte() -> None:
    read = parse(["record", "made.json", "ask", "what?", "-C", ODD, "--attach", ODD])
    assert (os.fsencode(read.folder), os.fsencode(read.attach[0])) == (b"h\xe9lf\xff", b"h\xe9lf\xff")


@pytest.mark.parametrize(
    ("piped", "prompt"), [(b"h\xe9lf\xff", "h\ufffdlf\ufffd"), ("hélf".encode(), "hélf"), ("\ufeffhélf".encode(), "hélf")]
)
def test_what_is_piped_in_is_text_of_one_encoding_whatever_the_locale(monkeypatch: pytest.MonkeyPatch, piped: bytes, prompt: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(piped), encoding="ascii"))
    wiring = ScriptedWiring((RunEvent(state="succeeded"),))
    main(["run", "-"], wiring)
    assert wiring.asked[0][1].prompt == prompt


def test_what_is_no_text_is_asked_and_kept(tmp_path: Path) -> None:
    settings = 'model = "box/one"\n[providers.box]\nbase_url = "http://127.0.0.1:1/v1"\n[retry]\nattempts = 1\n'
    (tmp_path / "config.toml").write_text(settings, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "COTERIE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    line = [sys.executable, "-m", "coterie", "ask", b"h\xe9lf"]
    asked = subprocess.run(line, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (asked.returncode, b"Traceback" in asked.stderr, b"go on with: coterie run --resume" in asked.stderr) == (1, False, True)


@pytest.mark.parametrize("command", ["index", "grants", "models"])
def test_what_may_be_left_out_is_not_shown_as_needed(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse([command, "--help"])
    assert f"usage: coterie {command} [-h] [-C DIR] [--json] [ACTION …]\n" in capsys.readouterr().out
    assert parse([command]).action is not None
