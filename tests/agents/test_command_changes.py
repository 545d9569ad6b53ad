"""What commands do to files is seen and taken back like any edit: real commands, journal and workspace; a scripted model calls the shell.

Who is told of it over the wire is in `tests/main_job/test_commands.py`, a server that dies meanwhile in `test_command_crash.py`, what of
the changes is somebody else's in `tests/workspace/test_looks.py`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent_stage import FakeSandbox, answering, calls, staged
from coterie.agents import edit_records
from coterie.domain.edits import HunkVerdict
from coterie.domain.events import ChangeEvent
from coterie.domain.records import CommandIntent
from coterie.domain.workspace_ports import Command, CommandResult
from coterie.workspace import looks
from hunk_stage import AFTER, BEFORE, ONLY_FIRST, ONLY_SECOND, Reviewer, project
from shell_stage import SETTINGS, files_of, output, played, really, running

TWO = r"sed -i -e 's/line 2/second/' -e 's/line 8/eighth\nand more/' a.txt"


async def test_what_a_command_changed_is_told_shown_and_undone(tmp_path: Path) -> None:
    async with played(tmp_path, TWO) as (stage, run_id):
        assert stage.text("a.txt") == AFTER
        [change] = stage.listener.of(ChangeEvent)
        assert (change.path, change.state, change.unsure) == ("a.txt", "applied", None)
        assert [(hunk.old_text, hunk.new_text) for hunk in change.hunks] == [("line 2\n", "second\n"), ("line 8\n", "eighth\nand more\n")]
        assert {hunk.step_id for hunk in change.hunks} == {step.step_id for step in (await stage.runs.get(run_id)).steps}
        assert output(stage).endswith("[exit code 0]\n[Files: changed a.txt.]")
        [shown] = await stage.runs.diff(run_id, texts=True)
        assert (shown.path, shown.status, shown.before, shown.after) == ("a.txt", "modified", BEFORE, AFTER)
        undone = await stage.runs.undo(run_id)
        assert (undone.restored, undone.conflicts) == (("a.txt",), ())
        assert stage.text("a.txt") == BEFORE
        assert await stage.runs.diff(run_id) == ()


@pytest.mark.parametrize(("verdict", "place", "left"), [("rejected", 0, ONLY_SECOND), ("undone", 1, ONLY_FIRST)])
async def test_single_hunks_are_rejected_and_undone(tmp_path: Path, verdict: HunkVerdict, place: int, left: str) -> None:
    async with played(tmp_path, TWO) as (stage, run_id):
        person = Reviewer(stage)
        if verdict == "rejected":
            await person.decide(verdict, place)
        else:
            await stage.runs.undo(run_id, scope="hunk", ids=[(await person.all())[place].hunk_id])
        assert stage.text("a.txt") == left


@pytest.mark.parametrize(("scope", "ids"), [("run", []), ("file", ["a.txt"]), ("step", None)])
async def test_what_the_person_wrote_since_stays(tmp_path: Path, scope: Any, ids: Sequence[str] | None) -> None:
    async with played(tmp_path, TWO) as (stage, run_id):
        (stage.project / "a.txt").write_text(AFTER.replace("line 5", "mine"), encoding="utf-8")
        steps = [step.step_id for step in (await stage.runs.get(run_id)).steps]
        undone = await stage.runs.undo(run_id, scope=scope, ids=steps if ids is None else ids)
        assert undone.conflicts == ()
        assert stage.text("a.txt") == BEFORE.replace("line 5", "mine")


ALIKE = "the same text\n"
COMMANDS = {
    "makes": "mkdir -p new/deep && echo x > new/deep/b.txt",
    "deletes": "rm a.txt",
    "renames": "mv a.txt c.txt",
    "renames by case": "mv a.txt A.txt",
    "empties": ": > a.txt",
    "fails": "echo y >> a.txt; exit 3",
    "deletes everything": 'rm -rf -- "$PWD"',
    "changes and changes back": "cp a.txt /tmp/$$; echo > a.txt; cp /tmp/$$ a.txt; rm /tmp/$$",
    "writes other line ends": r"printf 'one\r\ntwo\r\n' > a.txt",
    "replaces by a folder": "rm a.txt && mkdir a.txt && echo x > a.txt/in",
    "swaps": "mv a.txt t && mv run.sh a.txt && mv t run.sh",
}


@pytest.mark.parametrize("line", COMMANDS.values(), ids=list(COMMANDS))
async def test_whatever_a_command_does_to_texts_can_be_given_back(tmp_path: Path, line: str) -> None:
    more = {"sub/one.txt": ALIKE, "sub/two.txt": ALIKE, "run.sh": "#!/bin/sh\n"}

    def answer(command: Command) -> CommandResult:
        before.update(files_of(tmp_path / "project"))
        return really(command)

    before = dict[str, bytes]()
    async with played(tmp_path, line, answer=answer, files=more) as (stage, run_id):
        undone = await stage.runs.undo(run_id)
        assert undone.conflicts == ()
        assert files_of(stage.project) == before


@pytest.mark.parametrize("path", ["build/out.txt", "node_modules/a/index.js", ".git/config", "__pycache__/a.txt"])
async def test_what_is_ignored_is_nobodys_change(tmp_path: Path, path: str) -> None:
    line = f"mkdir -p $(dirname {path}) && echo x > {path}"
    async with played(tmp_path, line, files={".gitignore": "build/\n"}) as (stage, run_id):
        assert (stage.project / path).exists()
        assert stage.listener.of(ChangeEvent) == []
        assert await stage.runs.diff(run_id) == ()
        assert output(stage).endswith("[exit code 0]")


async def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "theirs.txt").write_text("theirs\n", encoding="utf-8")
    async with played(tmp_path, "ln -s ../outside out && echo more >> out/theirs.txt") as (stage, run_id):
        assert await stage.runs.undo(run_id) is not None
        assert (outside / "theirs.txt").read_text(encoding="utf-8") == "theirs\nmore\n"
        assert stage.listener.of(ChangeEvent) == []


@pytest.mark.parametrize("line", ["ls -la", "cat a.txt | grep line", "git status", "wc -l < a.txt"])
async def test_a_command_that_only_reads_is_not_looked_at(tmp_path: Path, line: str) -> None:
    async with played(tmp_path, line) as (stage, run_id):
        intents = [entry.record for entry in await stage.store.runs.read(run_id) if isinstance(entry.record, CommandIntent)]
        assert [intent.snapshot for intent in intents] == [None]
        assert not (tmp_path / "home" / "snapshots").exists()


async def test_edits_and_commands_of_one_run_are_taken_back_together(tmp_path: Path) -> None:
    edit = {"path": "a.txt", "edits": [{"old": "line 5", "new": "fifth"}]}
    script = {"chat": (calls(("execute_command", {"command": TWO})), calls(("edit_file", edit)), *running("sed -i s/line/row/ a.txt"))}
    sandbox = FakeSandbox(answer=really)
    async with staged(tmp_path / "home", project(tmp_path / "project"), script, sandbox=sandbox, settings=SETTINGS) as stage:
        run_id = await stage.begin()
        await stage.ended()
        assert stage.text("a.txt") == AFTER.replace("line 5", "fifth").replace("line", "row")
        assert (await stage.runs.undo(run_id)).conflicts == ()
        assert stage.text("a.txt") == BEFORE


async def test_a_command_that_is_cancelled_leaves_its_changes_to_be_undone(tmp_path: Path) -> None:
    class Halfway(FakeSandbox):
        async def run(self, command: Command) -> CommandResult:
            really(command)
            begun.set()
            return await super().run(command)

    begun = asyncio.Event()
    sandbox = Halfway(hold=asyncio.Event())
    script = {"chat": running(TWO)}
    async with staged(tmp_path / "home", project(tmp_path / "project"), script, sandbox=sandbox, settings=SETTINGS) as stage:
        run_id = await stage.begin()
        await begun.wait()
        await stage.runs.cancel(run_id)
        assert sandbox.killed == 1
        assert [shown.path for shown in await stage.runs.diff(run_id)] == ["a.txt"]
        assert (await stage.runs.undo(run_id)).restored == ("a.txt",)
        assert stage.text("a.txt") == BEFORE


async def test_a_command_that_takes_too_long_leaves_its_changes_to_be_undone(tmp_path: Path) -> None:
    def answer(command: Command) -> CommandResult:
        really(command)
        return CommandResult(exit_code=None, output="", full_output="", timed_out=True)

    async with played(tmp_path, TWO, answer=answer) as (stage, run_id):
        assert output(stage).endswith("[timed out]\n[Files: changed a.txt.]")
        assert (await stage.runs.undo(run_id)).restored == ("a.txt",)


async def test_many_files_are_listed_short_and_all_undone(tmp_path: Path) -> None:
    async with played(tmp_path, 'for n in $(seq 120); do echo "$n" > "f$n"; done') as (stage, run_id):
        assert "[Files: made f1, f10, f100" in output(stage)
        assert output(stage).endswith(" and 100 more.]")
        assert len((await stage.runs.undo(run_id)).restored) == 120
        assert files_of(stage.project) == {"a.txt": BEFORE.encode()}


async def test_what_a_command_changed_is_compared_and_hashed_beside_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = dict[str, set[int]]()

    def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            threads.setdefault(name, set()).add(threading.get_ident())
            return function(*arguments, **more)

        return call

    for module, name in ((edit_records, "digest_of"), (edit_records, "hunks_between"), (looks, "pairs"), (looks, "with_moves")):
        monkeypatch.setattr(module, name, noted(name, getattr(module, name)))
    async with played(tmp_path, TWO):
        assert threads.keys() == {"digest_of", "hunks_between", "pairs", "with_moves"}
        assert not any(threading.get_ident() in seen for seen in threads.values())


async def test_nothing_stays_of_what_was_kept_for_a_command(tmp_path: Path) -> None:
    async with played(tmp_path, TWO):
        assert (tmp_path / "home" / "snapshots").stat().st_mode & 0o777 == 0o700
        [folder] = (tmp_path / "home" / "snapshots").iterdir()
        assert list(folder.glob("*.json")) == []
        assert {file.stat().st_mode & 0o077 for file in folder.iterdir() if file.name == "texts"} == {0}
    assert list((tmp_path / "home" / "snapshots").iterdir()) == []


async def test_the_agent_hears_where_lies_what_changed_in_another_folder(tmp_path: Path) -> None:
    roots = [project(tmp_path / "client"), project(tmp_path / "server")]
    line = f"echo more >> a.txt; echo more >> {roots[1]}/a.txt; rm {roots[1]}/b.txt; echo new > {roots[1]}/c.txt"
    (roots[1] / "b.txt").write_text("b\n", encoding="utf-8")
    sandbox, script = FakeSandbox(answer=really), {"chat": running(line)}
    async with staged(tmp_path / "home", roots[0], script, sandbox=sandbox, settings=SETTINGS, beside=roots[1:]) as stage:
        answering(stage, "allow_once")
        await stage.begin()
        assert (await stage.ended()).state == "succeeded"
        there = roots[1]
        assert output(stage).endswith(f"[Files: changed a.txt, {there}/a.txt; made {there}/c.txt; deleted {there}/b.txt.]")
        assert {change.path for change in stage.listener.of(ChangeEvent)} == {"a.txt", "b.txt", "c.txt"}
