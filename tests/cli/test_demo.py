"""The demo holds what it says, says when it does not, and its client survives a server that misbehaves."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from coterie.cli import exits
from coterie.cli.arguments import parse
from coterie.cli.demo import sample_project
from coterie.cli.demo.buffers import Buffers
from coterie.cli.demo.client import Client, ServerFailedError
from coterie.cli.demo.model import DemoModel, choose_model
from coterie.cli.demo.screen import Screen
from coterie.cli.demo.story import Story
from coterie.cli.main import main
from coterie.cli.terminal import Streams
from coterie.domain.events import AgentEvent, ApprovalEvent, Event, MessageDelta, StepEvent, UsageEvent
from coterie.domain.permissions import ApprovalOption, Effect, EffectKind
from wiring_fake import ScriptedWiring

ODD_SERVER = r"""
import json, sys
def read():
    length = 0
    while (line := sys.stdin.buffer.readline().strip()):
        if line.lower().startswith(b"content-length"):
            length = int(line.partition(b":")[2])
    return json.loads(sys.stdin.buffer.read(length)) if length else None
def write(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"content-length: %d\r\nContent-Type: x\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()
while (message := read()) is not None:
    method = message["method"]
    if method == "die" or method == "exit":
        sys.exit(3)
    elif method == "refuse":
        write(id=message["id"], error={"code": -32803, "message": "Not now.", "data": {"code": "run_active"}})
    elif method == "ask back":
        write(id=1, method="workspace/applyEdit", params={"edit": {"documentChanges": [{"textDocument": {"uri": "file:///x"}}]}})
        write(method="noted", params={"answer": read()["result"]})
        write(id=message["id"], result=None)
    elif "id" in message:
        write(id=message["id"], result=message.get("params"))
"""


def test_the_demo_proves_its_claims_in_a_pipe() -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COTERIE_")}
    demo = subprocess.run(
        [sys.executable, "-m", "coterie", "demo", "--fast"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environ | {"NO_COLOR": "1", "COLUMNS": "60"},
        timeout=100,
        check=False,
    )
    told = demo.stdout
    assert demo.returncode == exits.OK, told + demo.stderr
    assert "✗" not in told.partition("What was proven")[2]
    assert "\x1b" not in told
    # The real output of the project's tests, before and after.
    assert told.index("1 failed, 8 passed") < told.index("11 passed")
    for words in (
        "replay",
        "review: changes requested",
        "review: approved",
        "baseline, before any change",
        "the demo approves the plan",
        "+- Fixed: the shares",
    ):
        assert words in told
    assert re.findall(r"restored (\S+)", told) == ["tally/bill.py", "tests/test_bill.py", "README.md", "CHANGELOG.md"]


def test_the_demo_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sample_project, "find_spec", lambda _: None)
    assert main(["demo"], ScriptedWiring()) == exits.FAILED
    assert "has no pytest" in capsys.readouterr().out


def test_the_sample_project_has_the_bug_and_nothing_else(tmp_path: Path) -> None:
    root = sample_project.copy_to(tmp_path)
    before = sample_project.fingerprints(root)
    tests = subprocess.run(sample_project.pytest_command(), cwd=root, capture_output=True, text=True, check=False)
    assert "1 failed, 8 passed" in tests.stdout
    assert sample_project.fingerprints(root) == before, "a run of the tests leaves nothing behind"
    assert sample_project.BUGGY_FILE in before


@pytest.mark.parametrize(
    ("argv", "configured", "typed", "model"),
    [
        (["demo"], None, "", "replay/recorded"),
        (["demo"], "work/m1", "y", "work/m1"),
        (["demo"], "work/m1", "", "replay/recorded"),
        (["demo", "--replay"], "work/m1", "y", "replay/recorded"),
        (["demo", "--model", "work/m2"], None, "", "work/m2"),
    ],
)
async def test_a_configured_model_is_offered_and_a_recording_is_named(
    tmp_path: Path, argv: list[str], configured: str | None, typed: str, model: str
) -> None:
    async def read_line() -> str:
        return typed

    chosen = await choose_model(parse(argv), configured, tmp_path, Console(file=io.StringIO()), read_line)
    assert chosen.settings["model"] == model
    assert chosen.recorded == ("replay" in chosen.words) == (model == "replay/recorded")
    # A recording must not leave traces in the person's own history; what costs money belongs there.
    assert ("COTERIE_HOME" in chosen.environ) == chosen.recorded


@pytest.fixture
async def client(tmp_path: Path) -> Any:
    heard: list[tuple[str, Mapping[str, Any]]] = []
    client = Client(Buffers(), lambda method, params: heard.append((method, params)))
    await client.start([sys.executable, "-c", ODD_SERVER], environ=dict(os.environ), cwd=tmp_path, log=tmp_path / "log")
    try:
        yield client, heard
    finally:
        await client.aclose()


async def test_the_client_speaks_with_any_framing(client: Any) -> None:
    connection, heard = client
    assert await connection.request("echo", {"text": "é🙂"}) == {"text": "é🙂"}
    with pytest.raises(ServerFailedError, match="Not now") as refused:
        await connection.request("refuse")
    assert refused.value.code == "run_active"
    await connection.request("ask back")
    assert heard == [("noted", {"answer": {"applied": False, "failureReason": "file:///x is not open here"}})]
    assert await connection.leave() == 3


async def test_a_server_that_dies_fails_what_waits_for_it(client: Any) -> None:
    connection, heard = client
    with pytest.raises(ServerFailedError, match="went away"):
        await connection.request("die")
    assert heard == [(Client.GONE, {})]


def test_what_differs_stands_out_in_the_table() -> None:
    console = Console(file=io.StringIO(), width=100, record=True, force_terminal=True)
    Screen(console).hashes([("before", {"a": "1" * 64}), ("after", {"a": "2" * 64, "b": "3" * 64})])
    lines = console.export_text(clear=False).splitlines()
    assert [line.split() for line in lines[-2:]] == [["a", "1" * 16, "2" * 16], ["b", "(no", "file)", "3" * 16]]
    assert "\x1b[33m" + "2" * 16 in console.export_text(styles=True)


def question(kind: EffectKind, *argv: str) -> ApprovalEvent:
    options = [ApprovalOption(option_id=each, label=each, kind=each) for each in ("approve", "allow_once", "allow_run", "reject_once")]
    effect = Effect(kind=kind, target="x", argv=argv or None, rule="x")
    return ApprovalEvent(approval_id="a1", title="May I?", effects=(effect,), options=tuple(options), state="pending")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (question("gate"), "approve"),
        (question("exec", "py", "-m", "pytest", "tests"), "allow_run"),
        (question("exec", "py", "-c", "evil"), "reject_once"),
        (question("exec"), "reject_once"),
        (question("write"), "reject_once"),
    ],
    ids=["the plan", "its own tests", "another command", "an unclear command", "a write outside"],
)
async def test_the_demo_allows_in_a_persons_place_only_what_it_came_for(tmp_path: Path, asked: ApprovalEvent, answer: str) -> None:
    streams = Streams(stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), environ={})
    model = DemoModel("", recorded=True, settings={})
    story = Story(tmp_path, Screen(Console(file=io.StringIO())), model, streams, None)
    assert await story.decide(asked, ("py", "-m", "pytest")) == answer


def test_the_live_line_shows_what_is_under_way() -> None:
    console = Console(file=io.StringIO(), width=100, record=True)
    screen = Screen(console)
    events: tuple[Event, ...] = (
        StepEvent(step_id="plan", agent="planner", state="succeeded", attempt=1),
        StepEvent(step_id="code", agent="coder", state="running", attempt=2),
        MessageDelta(message_id="m1", offset=0, text="I divide "),
        MessageDelta(message_id="m1", offset=9, text="whole cents"),
        UsageEvent(input=1_200, cache_read=0, cache_write=0, output=30, usd=Decimal("0.5")),
    )
    for seq, event in enumerate(events):
        screen.event(AgentEvent(seq=seq, at="", event=event))
    console.export_text()
    console.print(screen.live_part())
    shown = console.export_text()
    assert "I divide whole cents" in shown
    assert "✓ plan  ▸ code 2  1,200 tokens in, 30 out, $0.5000" in shown
