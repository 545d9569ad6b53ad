"""What stands in the way of something that an undo gives back, and goes itself, is no conflict: of a run, a step, its hunks, or rejected.

Real commands on a stage: chosen ones, and random sequences. That nothing is lost by an undo is in `test_undo_keeps.py`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

from agent_stage import Stage
from coterie.domain.edits import UndoConflict
from hunk_stage import Reviewer
from shell_stage import contents_of, played

Scope = Literal["run", "step", "hunk", "reject"]
FILES = {"b": "beta\n", "d/a": "delta\n", "d/b": "1\n2\n3\n", "e/x/y": "why\n"}
PLACES = ("a.txt", "b", "d", "d/a", "d/b", "e", "e/x", "e/x/y", "a.txt/in", "b/in")
LINES = {
    "a folder with a file where a text was": ["rm a.txt; mkdir a.txt; echo x > a.txt/in"],
    "an empty folder where a text was": ["rm a.txt; mkdir -p a.txt/b/c"],
    "a text where a folder was": ["rm -r e; echo x > e"],
    "a text in a folder that became one itself": ["mkdir c; echo x > c/in", "rm c/in; mkdir c/in; echo y > c/in/in"],
    "a folder moved into itself": ["mv d c; mkdir d; mv c d/c; echo more >> d/c/a"],
}


async def taken_back(stage: Stage, run_id: str, scope: Scope) -> Sequence[UndoConflict]:
    """Take all of a run back, at once or in parts that are all of it; returns the conflicts."""
    match scope:
        case "run":
            return (await stage.runs.undo(run_id)).conflicts
        case "step":
            steps = [step.step_id for step in (await stage.runs.get(run_id)).steps]
            return (await stage.runs.undo(run_id, scope="step", ids=steps)).conflicts
        case "hunk":
            hunks = [hunk.hunk_id for hunk in await Reviewer(stage).all()]
            return (await stage.runs.undo(run_id, scope="hunk", ids=hunks)).conflicts if hunks else ()
        case "reject":
            return (await Reviewer(stage).decide("rejected")).conflicts


@pytest.mark.parametrize("scope", ["run", "step", "hunk", "reject"])
@pytest.mark.parametrize("lines", LINES.values(), ids=list(LINES))
async def test_what_stands_in_the_way_and_goes_itself_is_no_conflict(tmp_path: Path, lines: Sequence[str], scope: Scope) -> None:
    before = dict[str, bytes]()
    async with played(tmp_path, *lines, files=FILES, ready=lambda root: before.update(contents_of(root))) as (stage, run_id):
        assert contents_of(stage.project) != before
        assert await taken_back(stage, run_id, scope) == ()
        assert contents_of(stage.project) == before


async def test_a_link_in_the_way_of_a_step_goes_whichever_command_made_it(tmp_path: Path) -> None:
    before = dict[str, bytes]()
    lines = ["ln -sfn ../a.txt d/a", "rm -r d; echo x > d"]
    async with played(tmp_path, *lines, files=FILES, ready=lambda root: before.update(contents_of(root))) as (stage, run_id):
        assert await taken_back(stage, run_id, "step") == ()
        assert contents_of(stage.project) == before


async def test_a_folder_in_the_way_that_holds_a_file_stays_and_what_came_before_it_waits(tmp_path: Path) -> None:
    async with played(tmp_path, "echo x > c", "rm c; mkdir c", files=FILES) as (stage, run_id):
        (stage.project / "c" / "mine").write_text("mine\n", encoding="utf-8")
        left = contents_of(stage.project)
        for scope in ("step", "hunk"):
            assert [conflict.path for conflict in await taken_back(stage, run_id, scope)] == ["c"]
            assert contents_of(stage.project) == left
        (stage.project / "c" / "mine").unlink()
        assert await taken_back(stage, run_id, "hunk") == ()
        assert not (stage.project / "c").exists(), "what was made and taken away by the run is there no more"


def command(chance: random.Random) -> str:
    """Return a command that may fail, as those of agents do."""
    here, there, number = chance.choice(PLACES), chance.choice(PLACES), chance.randrange(1000)
    return chance.choice(
        (
            f"mkdir -p $(dirname {here}); echo {number} > {here}",
            f"echo {number} >> {here}",
            f"sed -i -e s/2/two{number}/ -e s/8/eight{number}/ {here}",
            f"rm -r {here}",
            f"mv {here} {there}",
            f"mkdir -p {here}",
            f"rm -r {here}; mkdir -p {here}; echo {number} > {here}/in",
        )
    )


@pytest.mark.parametrize("scope", ["run", "step", "hunk", "reject"])
@pytest.mark.parametrize("seed", range(8))
async def test_whatever_commands_did_to_texts_all_of_it_goes(tmp_path: Path, seed: int, scope: Scope) -> None:
    chance, before = random.Random(seed), dict[str, bytes]()  # noqa: S311 - a sequence to repeat, not a secret
    lines = ["; ".join(command(chance) for _ in range(4)) for _ in range(3)]
    async with played(tmp_path, *lines, files=FILES, ready=lambda root: before.update(contents_of(root))) as (stage, run_id):
        assert contents_of(stage.project) != before
        assert await taken_back(stage, run_id, scope) == ()
        assert contents_of(stage.project) == before
