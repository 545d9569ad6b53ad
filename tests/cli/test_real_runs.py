"""The real core behind the command line: a run that nobody may approve stands still, is resumed, changes files, and is taken back.

The demo's recording plays the models' part; the store, the sandbox, the edits and the tests that run are real, a process for each command.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TypeAlias

import pytest

from cassettes import record
from coterie.cli import exits
from coterie.cli.demo import sample_project

Coterie: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return sample_project.copy_to(tmp_path)


@pytest.fixture
def coterie(tmp_path: Path, project: Path) -> Coterie:
    home = tmp_path / "home"
    home.mkdir()
    cassette = resources.files("coterie.cli.demo").joinpath("cassette.json")
    settings = [
        'model = "replay/recorded"',
        f'providers.replay = {{ type = "replay", cassette = "{cassette}", extra = {{ speed = 0 }} }}',
        f'tests.command = "{" ".join(sample_project.pytest_command())}"',
    ]
    (home / "config.toml").write_text("\n".join(settings), encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COTERIE_")}
    environ |= {"COTERIE_HOME": str(home), "COTERIE_DISCOVERY": "false"}

    def command(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "coterie", *argv],
            cwd=project,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=100,
            check=False,
        )

    return command


def test_a_run_waits_for_approval_is_resumed_and_taken_back(coterie: Coterie, project: Path) -> None:
    before = sample_project.fingerprints(project)

    waiting = coterie("run", sample_project.TEAM_PROMPT, "--workflow", "team")
    assert waiting.returncode == exits.APPROVAL_REQUIRED, waiting.stderr
    assert "--yes-to 'gate(plan)'" in waiting.stderr
    assert sample_project.fingerprints(project) == before
    (run_id,) = (line.removeprefix("run ") for line in waiting.stderr.splitlines() if line.startswith("run run_"))

    python = Path(sys.executable).name
    allowed = ["--yes-to", "gate(plan)", "--yes-to", f"exec({python} -B -m pytest *)"]
    resumed = coterie("run", "--resume", run_id, "--json", *allowed)
    assert resumed.returncode == exits.OK, resumed.stdout + resumed.stderr
    run = json.loads(resumed.stdout.splitlines()[-1])["run"]
    assert (run["runId"], run["state"]) == (run_id, "succeeded")
    assert {change["path"] for change in run["changes"]} == {"tally/bill.py", "tests/test_bill.py", "README.md", "CHANGELOG.md"}
    tests = subprocess.run(sample_project.pytest_command(), cwd=project, capture_output=True, text=True, check=False)
    assert "11 passed" in tests.stdout

    undone = coterie("undo", run_id, "--json")
    assert undone.returncode == exits.OK, undone.stdout + undone.stderr
    assert json.loads(undone.stdout)["conflicts"] == []
    assert sample_project.fingerprints(project) == before


def test_an_edit_that_nobody_can_look_at_waits_for_an_explicit_word(coterie: Coterie, project: Path, tmp_path: Path) -> None:
    (project / "a.txt").write_text("one\n", encoding="utf-8")
    edit = ("edit_file", {"path": "a.txt", "edits": [{"old": "one", "new": "two"}]})
    recording = record(tmp_path / "edit.json", {"chat": ([edit], ["Done."])})
    settings = tmp_path / "home" / "config.toml"
    text = re.sub('cassette = "[^"]*"', f'cassette = "{recording}"', settings.read_text(encoding="utf-8"))
    settings.write_text(f'{text}\nreview.mode = "before"\npermissions.allow = ["write(**)"]\n', encoding="utf-8")

    waiting = coterie("run", "Change it")
    assert waiting.returncode == exits.APPROVAL_REQUIRED, waiting.stderr
    assert "--yes-to 'write(**)'" in waiting.stderr
    assert "    -one\n    +two\n" in waiting.stderr
    assert (project / "a.txt").read_text(encoding="utf-8") == "one\n"
    (run_id,) = (line.removeprefix("run ") for line in waiting.stderr.splitlines() if line.startswith("run run_"))
    resumed = coterie("run", "--resume", run_id, "--yes-to", "write(**)")
    assert resumed.returncode == exits.OK, resumed.stderr
    assert (project / "a.txt").read_text(encoding="utf-8") == "two\n"


def test_a_home_that_cannot_be_written_is_told_once(coterie: Coterie, tmp_path: Path) -> None:
    (tmp_path / "home" / "data").touch()  # a file where the folder of the database belongs
    listed = coterie("channels")
    assert listed.returncode == exits.FAILED
    assert listed.stderr.count("Coterie cannot keep its data in") == 1
    assert listed.stderr.count("\n") == 1
    checks = json.loads(coterie("doctor", "--json").stdout)["checks"]
    [database] = [check for check in checks if check["subject"] == "database"]
    assert database["state"] == "bad"
    assert "Coterie cannot keep its data in" in database["text"]


def test_doctor_knows_this_machine(coterie: Coterie) -> None:
    examined = coterie("doctor", "--json")
    assert examined.returncode == exits.OK, examined.stdout + examined.stderr
    states = {check["subject"]: check["state"] for check in json.loads(examined.stdout)["checks"]}
    assert (states["settings"], states["model"], states["provider"], states["tests"]) == ("good",) * 4


def test_doctor_does_not_praise_a_model_whose_host_is_of_no_use(coterie: Coterie, tmp_path: Path) -> None:
    settings = tmp_path / "home" / "config.toml"
    settings.write_text(re.sub('cassette = "[^"]*"', 'cassette = "gone.json"', settings.read_text(encoding="utf-8")), encoding="utf-8")
    examined = coterie("doctor", "--json")
    assert examined.returncode == exits.FAILED, examined.stdout + examined.stderr
    checks = {check["subject"]: (check["state"], check["text"]) for check in json.loads(examined.stdout)["checks"]}
    assert (checks["provider"][0], checks["model"][0]) == ("worse", "bad")
    assert "gone.json" in checks["provider"][1]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--model", "no-host"), "model: Write the host"),
        (("--yes-to", "pytest"), "permissions.allow: Write a rule"),
        (("--yes-to", ""), "rule"),
    ],
)
def test_an_option_that_means_nothing_is_refused_and_never_dropped(coterie: Coterie, option: tuple[str, str], words: str) -> None:
    refused = coterie("ask", "Which?", *option)
    assert (refused.returncode, refused.stdout) == (exits.USAGE, "")
    assert words in refused.stderr
    assert "run_" not in refused.stderr, "nothing was started"


def test_what_is_wrong_in_the_settings_is_said_and_costs_nothing_else(coterie: Coterie, project: Path) -> None:
    (project / ".coterie").mkdir()
    (project / ".coterie" / "config.toml").write_text("[budgte]\nusd = 1\n", encoding="utf-8")
    answered = coterie("ask", sample_project.CHAT_PROMPT)
    assert answered.returncode == exits.OK
    assert "config.toml:1: budgte: There is no such key. Did you mean `budget`?" in answered.stderr


def test_a_run_that_does_not_exist_is_one_sentence(coterie: Coterie) -> None:
    missing = coterie("undo", "run_nonesuch")
    assert (missing.returncode, missing.stderr) == (exits.USAGE, "coterie: There is no run 'run_nonesuch'.\n")


def test_a_recorded_session_of_any_host_plays_as_it_was(coterie: Coterie, tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    recorded = coterie("record", str(made), "ask", sample_project.CHAT_PROMPT)
    assert recorded.returncode == exits.OK, recorded.stderr
    assert recorded.stderr.splitlines()[-1] == f"recorded in {made}"

    with (tmp_path / "home" / "config.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\nproviders.again = {{ type = "replay", cassette = "{made}", extra = {{ speed = 0 }} }}\n')
    played = coterie("ask", sample_project.CHAT_PROMPT, "--model", "again/any")
    assert (played.returncode, played.stdout) == (exits.OK, recorded.stdout)
    assert sample_project.CHAT_PROMPT not in made.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("made.json",), "required: COMMAND"),
        (("made.json", "--", "undo", "run_1"), "record takes one of"),
        (("made.json", "serve", "--tcp", "0"), "record takes one of"),
        (("nowhere/made.json", "ask", "?"), "there is no folder"),
    ],
)
def test_what_cannot_be_recorded(coterie: Coterie, line: tuple[str, ...], words: str) -> None:
    refused = coterie("record", *line)
    assert (refused.returncode, refused.stdout) == (exits.USAGE, "")
    assert words in refused.stderr
