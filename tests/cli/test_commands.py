"""What a shell sees of each command: its exit status, what goes to which stream, and what the core was asked for."""

import io
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coterie import __version__
from coterie.cli import exits
from coterie.cli.arguments import parse
from coterie.cli.main import main
from coterie.cli.runs import conduct
from coterie.cli.terminal import Streams, TextOutput
from coterie.cli.wiring import Surroundings
from coterie.cli.wording import Line
from coterie.domain.edits import FileChange, Hunk, UndoConflict, UndoResult
from coterie.domain.events import AgentEvent, ApprovalEvent, ChangeEvent, Event, MessageDelta, MessageEvent, RunEvent, WarningEvent
from coterie.domain.permissions import ApprovalOption, Effect
from coterie.domain.status import DatabaseView, SandboxView
from wiring_fake import RUN, ScriptedWiring

ANSWERED: tuple[Event, ...] = (
    RunEvent(state="running"),
    WarningEvent(code="price_unknown", text="The price is unknown."),
    MessageDelta(message_id="m1", offset=0, text="For"),
    MessageDelta(message_id="m1", offset=3, text="ty-two."),
    MessageEvent(message_id="m1", role="assistant", text="Forty-two."),
    RunEvent(state="succeeded"),
)
QUESTION = ApprovalEvent(
    approval_id="a1",
    title="execute_command make",
    effects=(Effect(kind="exec", target="make", argv=("make",), rule="exec(make)"),),
    options=(
        ApprovalOption(option_id="once", label="Allow once", kind="allow_once"),
        ApprovalOption(option_id="no", label="Reject", kind="reject_once"),
    ),
    state="pending",
)


def test_an_answer_goes_to_standard_output_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    wiring = ScriptedWiring(ANSWERED)
    assert main(["ask", "what is it?"], wiring) == exits.OK
    out, err = capsys.readouterr()
    assert out == "Forty-two.\n"
    assert err.splitlines() == [f"run {RUN}", "! The price is unknown.", "0 tokens in, 0 out, $0.0000"]
    assert wiring.closed


def test_json_is_one_value_a_line_as_on_the_wire(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--json", "what is it?"], ScriptedWiring(ANSWERED)) == exits.OK
    out, err = capsys.readouterr()
    values = [json.loads(line) for line in out.splitlines()]
    assert [value["event"]["kind"] for value in values[:-1]] == ["run", "warning", "message_delta", "message_delta", "message", "run"]
    assert values[2]["event"] == {"kind": "message_delta", "messageId": "m1", "offset": 0, "text": "For"}
    assert values[-1]["run"]["runId"] == RUN
    assert err == ""


@pytest.mark.parametrize(
    ("end", "status", "words"),
    [
        (RunEvent(state="succeeded"), 0, "0 tokens in"),
        (RunEvent(state="failed", reason="no_progress", text="It went in circles."), 1, "It went in circles."),
        (RunEvent(state="interrupted", reason="server_stopped"), 1, f"coterie run --resume {RUN}"),
        (RunEvent(state="interrupted", reason="approval_required"), 3, f"coterie run --resume {RUN} --yes-to RULE"),
        (RunEvent(state="cancelled"), 130, "cancelled"),
    ],
    ids=lambda value: value.state if isinstance(value, RunEvent) else "",
)
def test_the_exit_status_says_how_a_run_ended(end: RunEvent, status: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "do it"], ScriptedWiring([end])) == status
    assert words in capsys.readouterr().err


def test_run_options_reach_the_core(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    wiring = ScriptedWiring(ANSWERED)
    options = ["--workflow", "team", "--model", "work/m2", "--yes-to", "gate(plan)", "--yes-to", "exec(make *)"]
    assert main(["run", "do it", "-C", str(tmp_path), "--attach", str(tmp_path / "notes.txt"), *options], wiring) == 0
    (_, request), invocation = wiring.asked[0], wiring.invocation
    assert (request.prompt, request.workflow, request.attachments[0].uri) == ("do it", "team", (tmp_path / "notes.txt").as_uri())
    assert invocation is not None
    assert invocation.folder == tmp_path
    assert invocation.settings == {"model": "work/m2", "permissions": {"allow": ["gate(plan)", "exec(make *)"]}}
    assert not invocation.audience.can_answer


def test_a_run_is_resumed_with_what_is_allowed_now() -> None:
    wiring = ScriptedWiring(ANSWERED)
    assert main(["run", "--resume", "run_9", "--yes-to", "gate(plan)"], wiring) == 0
    assert wiring.asked == [("resume", "run_9")]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["run", "x", "--workflow", "nonesuch"], "There is no workflow 'nonesuch'"),
        (["run"], "give a prompt"),
        (["ask", "  "], "give a prompt"),
        (["ask", "x", "--attach", "no/such/file"], "there is no file"),
        (["ask", "x", "-C", "no/such/folder"], "coterie: There is no folder no/such/folder."),
        (["doctor", "-C", __file__], f"coterie: There is no folder {__file__}."),
        (["index", "rank", "no/such/folder"], "coterie: There is no folder no/such/folder."),
        (["predict", "no/such/folder"], "coterie: There is no folder no/such/folder."),
    ],
)
def test_what_does_not_exist_is_wrong_usage(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    wiring = ScriptedWiring(ANSWERED)
    assert main(argv, wiring) == exits.USAGE
    assert words in capsys.readouterr().err
    assert wiring.closed or wiring.invocation is None


@pytest.mark.parametrize("argv", [[], ["nonesuch"], ["run", "x", "--workflow", "team", "--agent", "coder"], ["undo"], ["serve", "--tcp"]])
def test_wrong_grammar_is_wrong_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(argv, ScriptedWiring())
    assert leaving.value.code == exits.USAGE
    assert "usage: coterie" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "named"), [(["index", "rank", ""], "REPO_DIR"), (["predict", ""], "REPO_DIR"), (["doctor", "-C", ""], "-C")]
)
def test_a_folder_without_a_name_is_not_the_current_one(argv: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(argv, ScriptedWiring())
    assert leaving.value.code == exits.USAGE
    said = capsys.readouterr().err
    assert f"argument {named}" in said
    assert "name is empty" in said


def test_prompt_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe\n"))
    wiring = ScriptedWiring(ANSWERED)
    assert main(["ask", "-"], wiring) == 0
    assert wiring.asked[0][1].prompt == "from a pipe\n"


def test_serve_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    wiring = ScriptedWiring()
    assert (main(["serve", "--stdio"], wiring), main(["serve"], wiring)) == (0, 0)
    assert main(["version"], wiring) == 0
    assert capsys.readouterr().out == f"coterie {__version__}\n"
    assert main(["version", "--json"], wiring) == 0
    assert json.loads(capsys.readouterr().out) == {"version": __version__}


def test_undo_tells_what_was_restored_and_what_was_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    conflict = UndoConflict(path="b.py", uri="file:///project/b.py", reason="you changed the same lines")
    wiring = ScriptedWiring(undone=UndoResult(restored=("a.py",), conflicts=(conflict,)))
    assert main(["undo", "run_7"], wiring) == exits.FAILED
    assert capsys.readouterr().out == "restored a.py\nleft alone: b.py: you changed the same lines\n"
    assert wiring.asked == [("undo", "run_7")]
    wiring.undone = UndoResult(restored=("a.py",), conflicts=())
    assert main(["undo", "run_7", "--json"], wiring) == exits.OK
    assert json.loads(capsys.readouterr().out) == {"restored": ["a.py"], "conflicts": []}


def test_what_was_never_kept_is_told_by_an_undo_that_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    left = UndoConflict(path="b.png", uri="file:///project/b.png", reason="nothing is kept of it")
    wiring = ScriptedWiring(
        undone=UndoResult(restored=("a.py",), conflicts=(), not_undoable=(left,), kept_in="/data/undone/run_7", let_go=1)
    )
    assert main(["undo", "run_7"], wiring) == exits.OK
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == ["restored a.py", "not undoable: b.png: nothing is kept of it"]
    assert told[2].endswith(" in /data/undone/run_7")
    assert told[3] == "To make room, what was kept of 1 earlier run was deleted (undo.keep_mb)."
    assert main(["undo", "run_7", "--json"], wiring) == exits.OK
    assert json.loads(capsys.readouterr().out)["notUndoable"] == [{"path": "b.png", "reason": left.reason, "uri": left.uri}]


@pytest.mark.parametrize(("model", "status"), [("work/m1", exits.OK), (None, exits.FAILED)])
def test_doctor_says_what_is_wrong_and_what_to_do(
    tmp_path: Path, model: str | None, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Cargo.toml").touch()
    problem = "config.toml:3: `modle` is unknown; did you mean `model`?"
    around = Surroundings(places={"config": Path("home/config")}, problems=(problem,), model=model)
    wiring = ScriptedWiring(around=around, sandbox=SandboxView(level="none", reason="bwrap is not installed"))
    assert main(["doctor", "-C", str(tmp_path)], wiring) == status
    out = capsys.readouterr().out
    for words in (__version__, "home/config", problem, "bwrap is not installed", "cargo test (found in this folder)"):
        assert words in out
    assert ("ANTHROPIC_API_KEY" in out) == (model is None)


@pytest.mark.parametrize(
    ("found", "state", "words"),
    [
        ({}, "fact", "none yet"),
        ({"schema_version": 2, "size": 1_250_000, "servers": (7, 8), "writer": 8}, "good", "1.2 MB at"),
        ({"schema_version": 2, "servers": (7, 8), "writer": 8}, "good", "belong to processes 7, 8; process 8 is writing"),
        ({"problem": "It is damaged."}, "bad", "It is damaged."),
    ],
)
def test_doctor_looks_at_the_database(
    tmp_path: Path, found: dict[str, Any], state: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    around = Surroundings(places={"data": tmp_path}, problems=(), model="work/m1")
    wiring = ScriptedWiring(around=around, found=DatabaseView(path=tmp_path / "coterie.db", **found))
    assert main(["doctor", "-C", str(tmp_path), "--json"], wiring) == (exits.FAILED if state == "bad" else exits.OK)
    [check] = [check for check in json.loads(capsys.readouterr().out)["checks"] if check["subject"] == "database"]
    assert (check["state"], words in check["text"]) == (state, True)
    assert ("database", tmp_path) in wiring.asked


class Person:
    """A terminal with a person: what they type waits in a pseudo-terminal."""

    def __init__(self, typed: bytes) -> None:
        self._far, near = os.openpty()
        os.write(self._far, typed)
        self._stdin = os.fdopen(near, encoding="utf-8")
        self.said = io.StringIO()
        self.lines: list[str] = []
        self.output = TextOutput(self.said, self._line, self._line, streaming=True)
        self.streams = Streams(stdin=self._stdin, stdout=self.said, stderr=self._stdin, environ={})

    def _line(self, line: Line) -> None:
        self.lines.append(line.text)

    def close(self) -> None:
        self._stdin.close()
        os.close(self._far)


@pytest.mark.parametrize(
    ("typed", "asked", "status"),
    [
        (b"y\n", ("answer", ("a1", "once", None)), exits.OK),
        (b"perhaps\nN\n", ("answer", ("a1", "no", None)), exits.OK),
        (b"\x04", ("answer", ("a1", "no", None)), exits.OK),
    ],
    ids=["yes", "asked again", "closed"],
)
async def test_a_question_is_put_to_the_person(typed: bytes, asked: tuple[str, object], status: int) -> None:
    person = Person(typed)
    wiring = ScriptedWiring([QUESTION, RunEvent(state="succeeded")])
    try:
        assert await conduct(parse(["run", "do it"]), wiring, person.output, person.streams) == status
    finally:
        person.close()
    assert wiring.asked[-1] == asked
    assert "? execute_command make" in person.lines
    shown = [line for line in person.lines if line.startswith("  [")]
    assert shown[:2] == ["  [y] Allow once", "  [n] Reject"]


HUNK = Hunk(hunk_id="h", old_start=2, old_lines=1, new_start=2, new_lines=1, old_text="a\n", new_text="b\u202e\n", state="proposed")
CHANGE = FileChange(change_id="c1", path="a.txt", uri="file:///a.txt", state="proposed", hunks=(HUNK, replace(HUNK, review="rejected")))
SHOWN = ["  ± a.txt proposed (+1 -1)", "    @@ -2,1 +2,1 @@", "    -a", "    +b\\u202e"]


@pytest.mark.parametrize("told", [True, False], ids=["told before", "of a run that is resumed"])
async def test_the_difference_stands_above_what_can_be_answered(told: bool) -> None:  # noqa: FBT001 - a case
    person = Person(b"y\n")
    event = ChangeEvent(change_id="c1", path="a.txt", uri="file:///a.txt", state="proposed", hunks=(HUNK,))
    question = replace(QUESTION, change_ids=("c1",))
    wiring = ScriptedWiring([*([event] if told else []), question, RunEvent(state="succeeded")])
    wiring.changes = (CHANGE,)
    try:
        assert await conduct(parse(["run", "do it"]), wiring, person.output, person.streams) == exits.OK
    finally:
        person.close()
    at = person.lines.index(SHOWN[0])
    assert person.lines[at : at + 4] == SHOWN
    assert at < person.lines.index("  [y] Allow once")
    assert person.lines.count(SHOWN[0]) == 1


async def test_what_an_answer_for_always_lets_through_is_read_before_it_is_given() -> None:
    person = Person(b"a\n")
    rule = "exec(make)"
    always = ApprovalOption(option_id="always", label=f"Allow always: {rule}", kind="allow_always", rule=rule, admits="Holds everywhere.")
    never = ApprovalOption(option_id="never", label=f"Reject always: {rule}", kind="reject_always", rule=rule, admits="Holds everywhere.")
    wiring = ScriptedWiring([replace(QUESTION, options=(*QUESTION.options, always, never)), RunEvent(state="succeeded")])
    try:
        assert await conduct(parse(["run", "do it"]), wiring, person.output, person.streams) == exits.OK
    finally:
        person.close()
    assert wiring.asked[-1] == ("answer", ("a1", "always", None))
    at = person.lines.index("  [a] Allow always: exec(make)")
    assert person.lines[at : at + 3] == ["  [a] Allow always: exec(make)", "      Holds everywhere.", "  [x] Reject always: exec(make)"]


async def test_closing_the_input_at_a_gate_interrupts_the_run() -> None:
    person = Person(b"\x04")
    options = (
        ApprovalOption(option_id="yes", label="Approve", kind="approve"),
        ApprovalOption(option_id="no", label="Reject", kind="reject"),
    )
    gate = ApprovalEvent(
        approval_id="a1",
        title="Approve?",
        effects=(Effect(kind="gate", target="plan", rule="gate(plan)"),),
        options=options,
        state="pending",
    )
    wiring = ScriptedWiring([gate, RunEvent(state="succeeded")])
    try:
        assert await conduct(parse(["run", "do it"]), wiring, person.output, person.streams) == exits.FAILED
    finally:
        person.close()
    assert wiring.asked[-1] == ("interrupt", RUN)


async def test_streamed_text_ends_before_the_next_line() -> None:
    person = Person(b"")
    script = [*ANSWERED[2:4], WarningEvent(code="x", text="Careful."), RunEvent(state="succeeded")]
    try:
        await conduct(parse(["ask", "x"]), ScriptedWiring(script), person.output, person.streams)
    finally:
        person.close()
    assert person.said.getvalue() == "Forty-two.\n"


class InterruptingOutput(TextOutput):
    """Presses Ctrl-C when the first event is shown, as a person would in the middle of a run."""

    def event(self, told: AgentEvent) -> None:
        if told.seq == 1:
            signal.raise_signal(signal.SIGINT)
        super().event(told)


async def test_the_first_interrupt_cancels_the_run_cleanly() -> None:
    wiring = ScriptedWiring([RunEvent(state="running")])
    lines: list[Line] = []
    output = InterruptingOutput(io.StringIO(), lines.append, lines.append, streaming=False)
    streams = Streams(stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), environ={})
    before = signal.getsignal(signal.SIGINT)
    try:
        assert await conduct(parse(["run", "do it"]), wiring, output, streams) == exits.CANCELLED
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL, "a second one ends the process at once"
    finally:
        signal.signal(signal.SIGINT, before)
    assert ("cancel", RUN) in wiring.asked
    assert Line("cancelling… (Ctrl-C again ends at once)", "warn") in lines
    assert wiring.closed


def test_changed_files_are_named_with_the_way_back(capsys: pytest.CaptureFixture[str]) -> None:
    changes = tuple(
        FileChange(change_id=path, path=path, uri=f"file:///p/{path}", state=state, hunks=())
        for path, state in (("b.py", "applied"), ("a.py", "applied"), ("c.py", "rejected"))
    )
    main(["run", "do it"], ScriptedWiring([RunEvent(state="succeeded")], changes=changes))
    assert f"changed: a.py, b.py (take it back: coterie undo {RUN})" in capsys.readouterr().err
