"""What an agent hears of a verdict: in its next tool result or with the person's next words, once in each conversation, and not again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent_scripts import APPROVE, PATCH, PLAN, TESTED
from agent_stage import Turn, answering, calls, says, staged
from coterie.context.verdicts import MOST_HUNKS, MOST_LINES, with_verdicts, worded
from coterie.domain.edits import Hunk
from coterie.domain.messages import ToolMessage, ToolResult, UserMessage
from coterie.domain.reviews import DecidedHunk
from hunk_stage import AFTER, EDITS, LISTED, ONLY_SECOND, TWO_PLACES, Reviewer, is_change, project, words

REJECTED = "Rejected, and not in a.txt any more, line 2. Do not make this change again unless they ask for it:\n-line 2\n+second"


def times(texts: Sequence[str]) -> int:
    """Return how often the rejection of the first hunk is told."""
    return sum(text.count(REJECTED) for text in texts)


async def test_a_running_agent_hears_of_a_rejection_in_its_next_tool_result_and_once(tmp_path: Path) -> None:
    goes_on = asyncio.Event()
    script = {"chat": (EDITS[0], (goes_on, *LISTED), LISTED, says("Done."))}
    async with staged(tmp_path / "home", project(tmp_path / "project"), script) as stage:
        person = Reviewer(stage)
        await stage.begin("Change it")
        await stage.listener.until(is_change)
        await person.decide("rejected", 0)
        assert stage.text("a.txt") == ONLY_SECOND, "taken back while the run goes on"
        goes_on.set()
        assert (await stage.ended()).state == "succeeded"
        assert [times(words(request)) for request in stage.model.requests] == [0, 0, 1, 1]
        told = stage.model.requests[2].messages[-1]
        assert isinstance(told, ToolMessage), "no message of its own"
        assert "and more" not in told.results[-1].output.partition("[The person")[2], "nothing of what stays"


async def test_what_came_too_late_is_told_with_the_persons_next_words(tmp_path: Path) -> None:
    script = {"chat": EDITS}
    async with staged(tmp_path / "home", project(tmp_path / "project"), script) as stage:
        person = Reviewer(stage)
        await stage.play("Change it")
        await person.decide("rejected", 0)
        row = (await stage.store.runs.rows())[0]
        for prompt in ("What now?", "And now?"):
            stage.listener.events.clear()
            await stage.play(prompt, channel_id=row.channel_id)
        asked = stage.model.requests[2:]
        assert [times(words(request)) for request in asked] == [1, 1, 1, 1], "each run plays both turns"
        first = asked[0].messages[-1]
        assert isinstance(first, UserMessage)
        assert REJECTED in first.text
        assert REJECTED not in first.request, "it is not the person's own word"
        assert "What now?" in first.request


async def test_a_steer_brings_it_along(tmp_path: Path) -> None:
    ends = asyncio.Event()
    script = {"chat": (EDITS[0], (ends, *says("Done.")), says("I see."))}
    async with staged(tmp_path / "home", project(tmp_path / "project"), script) as stage:
        person = Reviewer(stage)
        run_id = await stage.begin("Change it")
        await stage.listener.until(is_change)
        await person.decide("rejected", 0)
        await stage.runs.steer(run_id, "Look again")
        ends.set()
        assert (await stage.ended()).state == "succeeded"
        assert [times(words(request)) for request in stage.model.requests] == [0, 0, 1]


async def test_each_agent_of_a_team_is_told_that_did_not_see_it_yet(tmp_path: Path) -> None:
    reviewing = asyncio.Event()
    script: dict[str, Sequence[Turn]] = {
        "planner": (calls(("submit", PLAN)),),
        "coder": (calls(*(("edit_file", {"path": "a.txt", "edits": [edit]}) for edit in TWO_PLACES["edits"])), (reviewing, *LISTED), PATCH),
        "reviewer": (APPROVE,),
        "tester": TESTED,
        "documenter": (calls(("submit", {"summary": "Nothing."})),),
    }
    settings = {"permissions": {"allow": ["gate(plan)", "exec(*)"]}, "tests": {"command": "true"}}
    async with staged(tmp_path / "home", project(tmp_path / "project"), script, settings=settings) as stage:
        answering(stage, "allow_once", "approve")
        person = Reviewer(stage)
        await stage.begin("Change it", workflow="team")
        await stage.listener.until(lambda event: is_change(event) and event.hunks[0].old_start == 8)
        await person.decide("rejected", 0)
        reviewing.set()
        end = await stage.ended()
        assert end.state == "succeeded", end
        for agent, heard in (("planner", 0), ("coder", 1), ("reviewer", 1), ("tester", 1), ("documenter", 1)):
            assert times(words(stage.model.heard(agent)[-1])) == heard, agent
        [patch] = [artifact for artifact in (await stage.coordinator.history(await person.run_id())).artifacts if artifact.type == "patch"]
        assert [hunk["new_text"] for hunk in patch.value["hunks"]] == ["eighth\nand more\n"], "the patch is what is left"


async def test_who_interrupts_rejects_and_resumes_is_heard(tmp_path: Path) -> None:
    never = asyncio.Event()
    folder = project(tmp_path / "project")
    async with staged(tmp_path / "home", folder, {"chat": (EDITS[0], (never,))}) as stage:
        person = Reviewer(stage)
        run_id = await stage.begin("Change it")
        await stage.listener.until(is_change)
        await stage.runs.interrupt(run_id)
        await person.decide("rejected", 0)
    async with staged(tmp_path / "home", folder, {"chat": (EDITS[0], LISTED, says("Done."))}) as stage:
        await stage.runs.resume(run_id)
        assert (await stage.ended()).state == "succeeded"
        assert times(words(stage.model.requests[-1])) == 1
        assert stage.text("a.txt") == ONLY_SECOND


async def test_accepting_is_nothing_that_a_model_needs_to_hear(tmp_path: Path) -> None:
    goes_on = asyncio.Event()
    script = {"chat": (EDITS[0], (goes_on, *LISTED), says("Done."))}
    async with staged(tmp_path / "home", project(tmp_path / "project"), script) as stage:
        await stage.begin("Change it")
        await stage.listener.until(is_change)
        await Reviewer(stage).decide("accepted")
        goes_on.set()
        await stage.ended()
        assert "reviewed" not in "".join(words(stage.model.requests[-1]))
        assert stage.text("a.txt") == AFTER


def hunk(number: int, *, lines: int = 1) -> DecidedHunk:
    """Return a rejected hunk."""
    text = "".join(f"new {number} {line}\n" for line in range(lines))
    made = Hunk(hunk_id=str(number), old_start=number, old_lines=0, new_start=1, new_lines=lines, old_text="", new_text=text)
    return DecidedHunk(f"{number}.py", made)


@pytest.mark.parametrize("lines", [1, MOST_LINES, MOST_LINES + 5])
def test_what_is_told_is_bounded(lines: int) -> None:
    text = worded([hunk(number, lines=lines) for number in range(MOST_HUNKS + 2)])
    assert text.count("\n+new ") == MOST_HUNKS * min(lines, MOST_LINES)
    assert ("5 lines more" in text) == (lines > MOST_LINES)
    assert "2 more in 20.py, 21.py" in text


def test_nothing_to_tell_leaves_a_message_as_it_is() -> None:
    message = ToolMessage(results=(ToolResult(call_id="c", tool="t", output="o"),))
    assert with_verdicts(message, ()) is message
