"""``coterie chat`` with the real core: through a pipe, and on a terminal with a person at it."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from cassettes import record
from coterie.cli.terminal import TextOutput
from coterie.domain.events import AgentEvent, WarningEvent
from coterie.domain.inspection import ContextView
from coterie.domain.wire import from_wire
from coterie.features.context_text import as_markdown

BOUND_S = 60
MAKING = [
    [("edit_file", {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]})],
    [("execute_command", {"command": "touch made"})],
    ["Mended and made."],
]
BROKEN = "def add(a, b):\n    return a - b\n"


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """Return the environment of a home whose model is a recording, and make the project that it talks about."""
    record(tmp_path / "cassette.json", {"chat": [["It subtracts."]]})
    config = f'model = "work/recorded"\n[providers.work]\ntype = "replay"\ncassette = "{tmp_path}/cassette.json"\nextra = {{ speed = 0 }}\n'
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text(config, encoding="utf-8")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "calc.py").write_text(BROKEN, encoding="utf-8")
    return {**os.environ, "COTERIE_HOME": str(tmp_path / "home"), "TERM": "dumb", "NO_COLOR": "1", "INPUTRC": os.devnull}


def coterie(environ: Mapping[str, str], folder: Path, *argv: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command with its input from a pipe."""
    command = [sys.executable, "-m", "coterie", *argv]
    return subprocess.run(
        command, env=environ, cwd=folder / "project", input=typed, capture_output=True, text=True, timeout=BOUND_S, check=False
    )


def test_a_chat_through_a_pipe_is_listed_and_gone_on_with(environ: Mapping[str, str], tmp_path: Path) -> None:
    first = coterie(environ, tmp_path, "chat", typed="What does it do?\n/title About calc\n/nonesuch\n/history\n/quit\nnever said\n")
    assert (first.returncode, first.stdout) == (0, "It subtracts.\n")
    for words in ("this chat is called About calc", "There is no /nonesuch", "you: What does it do?", "chat: It subtracts."):
        assert words in first.stderr
    [channel] = json.loads(coterie(environ, tmp_path, "channels", "--json").stdout)["channels"]
    assert channel["title"] == "About calc"
    again = coterie(environ, tmp_path, "chat", "--channel", channel["channelId"], "--json", typed="/history\nWhat?\n")
    values = [json.loads(line) for line in again.stdout.splitlines()]
    assert values[-1]["run"]["channelId"] == channel["channelId"]
    runs = coterie(environ, tmp_path, "runs", "--limit", "1")
    assert "succeeded" in runs.stdout
    assert runs.stdout.endswith("… and more: --limit N\n")
    assert len(json.loads(coterie(environ, tmp_path, "runs", "--json").stdout)["runs"]) == 2
    assert "About calc" in coterie(environ, tmp_path, "channels", "--query", "subtracts").stdout
    assert coterie(environ, tmp_path, "channels", "--query", "nonesuch").stdout == "No channels.\n"
    view = json.loads(coterie(environ, tmp_path, "context", channel["channelId"], "--json").stdout)
    assert (view["channelId"], view["used"]) == (channel["channelId"], sum(piece["tokens"] for piece in view["pieces"]))
    assert "What does it do?" in [piece.get("preview") for piece in view["pieces"]]
    assert coterie(environ, tmp_path, "context", channel["channelId"]).stdout == as_markdown(from_wire(ContextView, view))
    assert coterie(environ, tmp_path, "context", "channel_none").returncode == 2
    unknown = coterie(environ, tmp_path, "chat", "--channel", "channel_none", typed="x\n")
    assert (unknown.returncode, "There is no channel" in unknown.stderr) == (2, True)


def test_what_is_meant_for_the_chat_itself_is_posted_where_there_is_one(environ: Mapping[str, str], tmp_path: Path) -> None:
    typed = "/compact\nWhat does it do?\n/clear\n/restore\n/help\n"
    done = coterie(environ, tmp_path, "chat", typed=typed)
    assert "nothing was said yet" in done.stderr
    assert done.stdout.startswith("It subtracts.\nA new beginning.\nWhat was left out is sent again.\n")
    assert "· Nothing of what was said before is sent any more; /restore brings it back." in done.stderr
    for command in ("/model HOST/MODEL", "/compact WORDS", "/quit"):
        assert command in done.stderr


def test_a_model_that_cannot_be_had_is_refused_when_it_is_chosen(environ: Mapping[str, str], tmp_path: Path) -> None:
    chosen = coterie(environ, tmp_path, "chat", typed="/model nope\n/model other/x\nWhat does it do?\n")
    assert (chosen.returncode, chosen.stdout) == (0, "It subtracts.\n")
    assert "`nope` names no model" in chosen.stderr
    assert "There is no provider `other`" in chosen.stderr


@pytest.mark.parametrize(
    ("typed", "status"), [("Make it\n", 3), ("Make it\n/history\n", 0), ("Make it\n/title\n", 2), ("/model nope\nMake it\n", 3)]
)
def test_a_script_is_told_how_the_last_thing_ended(environ: Mapping[str, str], tmp_path: Path, typed: str, status: int) -> None:
    record(tmp_path / "cassette.json", {"chat": MAKING})
    assert coterie(environ, tmp_path, "chat", typed=typed).returncode == status


def test_that_a_price_is_unknown_is_said_once_of_each_model(environ: Mapping[str, str], tmp_path: Path) -> None:
    said = coterie(environ, tmp_path, "chat", typed="One?\nTwo?\n")
    assert (said.returncode, said.stdout) == (0, "It subtracts.\n" * 2)
    assert said.stderr.count("! The price of ") == 1

    lines: list[str] = []
    output = TextOutput(io.StringIO(), lambda _: None, lambda line: lines.append(line.text), streaming=False)
    for code, text in [
        ("price_unknown", "one"),
        ("price_unknown", "other"),
        ("price_unknown", "one"),
        ("transient", "t"),
        ("transient", "t"),
    ]:
        output.event(AgentEvent(seq=1, at="", run_id="r", event=WarningEvent(code=code, text=text)))
    assert lines == ["! one", "! other", "! t", "! t"]


class Terminal:
    """A pseudo-terminal with ``coterie chat`` on it."""

    def __init__(self, far: int) -> None:
        self._far = far
        self.screen = ""

    def type(self, text: str) -> None:
        """Type."""
        os.write(self._far, text.encode())

    def until(self, words: str) -> None:
        """Wait until words have appeared behind those that were waited for before."""
        end = time.monotonic() + BOUND_S
        while words not in self.screen:
            ready, _, _ = select.select([self._far], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{words!r} did not appear in {self.screen!r}"
            self.screen += os.read(self._far, 4096).decode(errors="replace")
        self.screen = self.screen.partition(words)[2]


@contextmanager
def terminal(environ: Mapping[str, str], folder: Path) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """Start a chat on a terminal; at the end it is gone."""
    far, near = pty.openpty()
    chat = subprocess.Popen(
        [sys.executable, "-m", "coterie", "chat"], env=environ, cwd=folder / "project", stdin=near, stdout=near, stderr=near, close_fds=True
    )
    os.close(near)
    try:
        yield Terminal(far), chat
    finally:
        if chat.poll() is None:
            chat.kill()
        chat.wait()
        os.close(far)


def test_a_person_talks_allows_undoes_and_finds_their_words_again(environ: Mapping[str, str], tmp_path: Path) -> None:
    record(tmp_path / "cassette.json", {"chat": MAKING})
    project = tmp_path / "project"
    with terminal(environ, tmp_path) as (screen, chat):
        screen.until("> ")
        screen.type("Mend it\n")
        screen.until("[y] Allow once")
        screen.until("[n]")
        screen.type("y\n")
        screen.until("Mended and made.")
        screen.until("/undo takes it back")
        screen.until("> ")
        assert (project / "made").exists()
        assert "a + b" in (project / "calc.py").read_text(encoding="utf-8")
        screen.type("/undo\n")
        screen.until("restored calc.py")
        screen.until("> ")
        assert (project / "calc.py").read_text(encoding="utf-8") == BROKEN
        screen.type("\x04")
        assert chat.wait(BOUND_S) == 0
    history = tmp_path / "home" / "state" / "chat_history"
    assert "Mend it" in history.read_text(encoding="utf-8").splitlines()
    assert history.stat().st_mode & 0o077 == 0


def test_ctrl_c_cancels_what_runs_and_then_leaves(environ: Mapping[str, str], tmp_path: Path) -> None:
    record(tmp_path / "cassette.json", {"chat": MAKING})
    with terminal(environ, tmp_path) as (screen, chat):
        screen.until("> ")
        screen.type("Mend it\n")
        screen.until("[y] Allow once")
        screen.until("[n]")
        chat.send_signal(2)
        screen.until("cancelled")
        screen.until("> ")
        assert not (tmp_path / "project" / "made").exists()
        chat.send_signal(2)
        assert chat.wait(BOUND_S) == 130


def test_the_settings_are_shown_with_their_origin_and_checked(environ: Mapping[str, str], tmp_path: Path) -> None:
    shown = coterie({**environ, "COTERIE_SUGGESTIONS__ENABLED": "false"}, tmp_path, "config", "show", "--origin")
    assert shown.returncode == 0
    assert 'model = "work/recorded"  # user' in shown.stdout.splitlines()
    assert 'permissions.policy_when_unattended = "deny"  # default' in shown.stdout.splitlines()
    assert coterie(environ, tmp_path, "config", "check").returncode == 0
    later = {**environ, "COTERIE_PROVIDERS__ZED__TYPE": "acp"}
    noted = coterie(later, tmp_path, "config", "check", "--json")
    assert (noted.returncode, json.loads(noted.stdout)["problems"]) == (0, []), "what comes later is not wrong"
    assert "`acp`" in json.loads(noted.stdout)["notes"][0]
    assert "`acp`" in coterie(later, tmp_path, "config", "check").stdout
    (tmp_path / "project" / ".coterie").mkdir()
    (tmp_path / "project" / ".coterie" / "config.toml").write_text('[permissions]\ndeny = ["exec(rm *)"]\n', encoding="utf-8")
    added = coterie({**environ, "COTERIE_PERMISSIONS__DENY": '["net(*)"]'}, tmp_path, "config", "show", "--origin").stdout
    assert 'permissions.deny = ["exec(rm *)", "net(*)"]  # project, environment' in added.splitlines(), "lists of rules add up"
    with (tmp_path / "home" / "config.toml").open("a", encoding="utf-8") as file:
        file.write('[providers.other]\nbase_url = "http://127.0.0.1:1/v1"\napi_key = "canary-4711"\nmodle = "x"\n')
    checked = coterie(environ, tmp_path, "config", "check", "--json")
    assert checked.returncode == 1
    assert any("modle" in problem and "config.toml:" in problem for problem in json.loads(checked.stdout)["problems"])
    whole = coterie(environ, tmp_path, "config", "show", "--json")
    assert json.loads(whole.stdout)["settings"]["providers.other.api_key"] == {"value": "**********", "origin": "user"}
    assert "canary" not in whole.stdout + whole.stderr + checked.stdout + checked.stderr
