"""The five-agent team, from the plan to the report, with its gates, loops, limits and refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent_scripts import APPROVE, BROKEN, FIXED, PATCH, PLAN, TEAM, TESTED, VETO, project, suite
from agent_stage import Fails, Stage, Turn, answering, calls, says, staged
from coterie.base.errors import InvalidParamsError, ProviderError, RequestError
from coterie.domain.events import (
    ArtifactEvent,
    ChangeEvent,
    MessageDiscarded,
    MessageEvent,
    PlanEvent,
    StepEvent,
    ToolCallEvent,
    WarningEvent,
)
from coterie.domain.messages import TextDelta
from coterie.domain.runs import Budget

ALLOW: Mapping[str, Any] = {"permissions": {"allow": ["exec(pytest *)", "exec(python *)", "exec(python3 *)", "gate(plan)"]}}
DOCSTRING = {"path": "calc.py", "edits": [{"old": "def add(a, b):\n", "new": 'def add(a, b):\n    """Add."""\n'}]}


def opened(tmp_path: Path, script: Mapping[str, Sequence[Turn]] = TEAM, **options: Any) -> Any:
    folder = tmp_path / "project"
    if not folder.exists():
        project(folder)
    options.setdefault("settings", ALLOW)
    return staged(tmp_path / "home", folder, script, sandbox=options.pop("sandbox", None) or suite(folder), **options)


def steps(stage: Stage) -> list[tuple[str, int, str]]:
    return [(step.step_id, step.attempt, step.state) for step in stage.listener.of(StepEvent)]


async def test_the_team_plans_codes_reviews_tests_and_documents(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        end = await stage.play(workflow="team")

        assert end.state == "succeeded", end
        assert stage.text("calc.py") == FIXED
        assert stage.text("README.md") is not None
        ended = [step for step in steps(stage) if step[2] == "succeeded"]
        assert ended[:2] == [("plan", 1, "succeeded"), ("code", 1, "succeeded")]
        assert sorted(ended[2:4]) == [("review", 1, "succeeded"), ("test", 1, "succeeded")]
        assert ended[4:] == [("docs", 1, "succeeded")]
        artifacts = {artifact.type: artifact.value for artifact in stage.listener.of(ArtifactEvent)}
        assert "+    return a + b" in artifacts["patch"]["files"][0]["diff"]
        assert artifacts["testrun"]["exit_code"] == 0
        assert artifacts["docs"]["files"][0]["path"] == "README.md"
        assert stage.listener.of(MessageEvent)[-1].agent == "team"


async def test_steps_side_by_side_add_to_one_sum(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        run_id = await stage.begin(workflow="team")
        await stage.ended()
        used = (await stage.runs.get(run_id)).usage
        assert (used.input, used.output) == (100 * len(stage.model.requests), 10 * len(stage.model.requests))


async def test_the_tests_run_once_before_the_first_change(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        await stage.play(workflow="team")
        calls_of_tests = [call for call in stage.listener.of(ToolCallEvent) if call.tool == "run_tests" and call.output]
        baseline, after = calls_of_tests
        assert baseline.step_id is None
        assert "1 failed" in baseline.output
        assert "1 passed" in after.output
        order = [type(event.event).__name__ for event in stage.listener.events]
        assert stage.listener.events.index(next(e for e in stage.listener.events if e.event == baseline)) < order.index("ChangeEvent")


async def test_each_agent_gets_artifacts_and_never_the_chat_of_another(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        await stage.play(workflow="team")
        review = stage.model.heard("reviewer")[0]
        assert len(review.messages) == 1
        assert "+    return a + b" in review.messages[0].text
        assert PLAN["goal"] in review.messages[0].text
        assert {tool.name for tool in review.tools} == {"read_file", "list_files", "search", "submit"}


async def test_reviewers_hear_where_lies_what_was_changed_in_another_folder(tmp_path: Path) -> None:
    other = tmp_path / "other" / "calc.py"
    other.parent.mkdir()
    other.write_text("def add(a, b):\n    return 0\n", encoding="utf-8")
    edit = {"path": str(other), "edits": [{"old": "return 0", "new": "return b + a"}]}
    script = {**TEAM, "coder": (calls(("edit_file", edit)), *TEAM["coder"])}
    async with opened(tmp_path, script, beside=[other.parent]) as stage:
        await stage.play(workflow="team")
        [heard, *_] = stage.model.heard("reviewer")
        [patch] = [artifact.value for artifact in stage.listener.of(ArtifactEvent) if artifact.type == "patch"]
        assert {file["path"] for file in patch["files"]} == {"calc.py", str(other)} == {hunk["path"] for hunk in patch["hunks"]}
        assert str(other) in heard.messages[0].text
        assert {change.path for change in stage.listener.of(ChangeEvent)} == {"calc.py", "README.md"}


async def test_blocking_findings_go_back_to_the_coder_until_they_are_mended(tmp_path: Path) -> None:
    script = {**TEAM, "coder": (*TEAM["coder"], calls(("edit_file", DOCSTRING)), PATCH), "reviewer": (VETO, APPROVE), "tester": TESTED * 2}
    async with opened(tmp_path, script) as stage:
        end = await stage.play(workflow="team")

        assert end.state == "succeeded", end
        assert steps(stage).count(("code", 2, "running")) == 1
        assert ("code", 2, "succeeded") in steps(stage)
        assert ("docs", 1, "succeeded") in steps(stage)
        assert '"""Add."""' in (stage.text("calc.py") or "")
        again = stage.model.heard("coder")[2]
        assert "No docstring" in again.messages[0].text
        assert again.call == 2


async def test_failing_tests_go_back_to_the_coder(tmp_path: Path) -> None:
    wrong = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a * b"}]}
    right = {"path": "calc.py", "edits": [{"old": "a * b", "new": "a + b"}]}
    script = {
        **TEAM,
        "coder": (calls(("edit_file", wrong)), PATCH, calls(("edit_file", right)), PATCH),
        "reviewer": (APPROVE, APPROVE),
        "tester": TESTED * 2,
    }
    async with opened(tmp_path, script) as stage:
        end = await stage.play(workflow="team")
        assert end.state == "succeeded", end
        assert "tests/test_calc.py::test_add" in stage.model.heard("coder")[2].messages[0].text


async def test_a_round_that_changes_nothing_ends_the_run(tmp_path: Path) -> None:
    script = {**TEAM, "coder": (*TEAM["coder"], PATCH), "reviewer": (VETO, VETO), "tester": TESTED * 2}
    async with opened(tmp_path, script) as stage:
        end = await stage.play(workflow="team")
        assert (end.state, end.reason) == ("failed", "no_progress")
        assert "1 blocking" in (end.text or "")


async def test_the_way_back_is_taken_three_times_at_most(tmp_path: Path) -> None:
    edits = [calls(("write_file", {"path": "calc.py", "content": f"{FIXED}# {number}\n"})) for number in range(4)]
    script = {**TEAM, "coder": [turn for edit in edits for turn in (edit, PATCH)], "reviewer": [VETO] * 4, "tester": TESTED * 4}
    async with opened(tmp_path, script) as stage:
        end = await stage.play(workflow="team")
        assert (end.state, end.reason) == ("failed", "no_progress")
        assert max(attempt for _, attempt, _ in steps(stage)) == 4


async def test_a_rejected_plan_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, settings={}) as stage:
        answering(stage, "reject")
        end = await stage.play(workflow="team")
        assert (end.state, end.reason) == ("cancelled", "plan_rejected")
        assert stage.text("calc.py") == BROKEN
        assert stage.model.heard("coder") == []


async def test_an_edited_plan_is_what_the_coder_gets(tmp_path: Path) -> None:
    async with opened(tmp_path, settings={"permissions": {"allow": ALLOW["permissions"]["allow"][:-1]}}) as stage:
        await stage.begin(workflow="team")
        question = await stage.asked()
        assert [effect.rule for effect in question.effects] == ["gate(plan)"]
        stage.approvals.answer(question.approval_id, "edit", plan={**PLAN, "goal": "something better"})
        await stage.ended()
        assert "something better" in stage.model.heard("coder")[0].messages[0].text
        assert stage.listener.of(PlanEvent)[-1].plan["goal"] == "something better"


async def test_an_edited_plan_that_is_none_leaves_the_question_open(tmp_path: Path) -> None:
    async with opened(tmp_path, settings={}) as stage:
        await stage.begin(workflow="team")
        question = await stage.asked()
        with pytest.raises(InvalidParamsError, match="steps"):
            stage.approvals.answer(question.approval_id, "edit", plan={**PLAN, "steps": []})
        assert [pending.approval_id for pending in stage.approvals.list()] == [question.approval_id]


async def test_unattended_the_gate_interrupts_and_resume_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path, settings={}, can_answer=False) as stage:
        run_id = await stage.begin(workflow="team")
        end = await stage.ended()
        assert (end.state, end.reason) == ("interrupted", "approval_required")
        assert "gate(plan)" in (end.text or "")
    async with opened(tmp_path) as stage:
        await stage.runs.resume(run_id)
        assert (await stage.ended()).state == "succeeded"
        assert stage.model.heard("planner") == []
        assert stage.text("calc.py") == FIXED


async def test_the_documenter_writes_documentation_only(tmp_path: Path) -> None:
    forbidden = calls(("write_file", {"path": "calc.py", "content": "no"}))
    script = {**TEAM, "documenter": (forbidden, *TEAM["documenter"])}
    async with opened(tmp_path, script) as stage:
        end = await stage.play(workflow="team")
        assert end.state == "succeeded", end
        assert stage.text("calc.py") == FIXED
        denied = [call for call in stage.listener.of(ToolCallEvent) if call.state == "denied"]
        assert "docs/**" in denied[0].output


async def test_a_tester_who_ran_nothing_is_sent_back_to_run_the_tests(tmp_path: Path) -> None:
    script = {**TEAM, "tester": (calls(("submit", {"summary": "Looks fine."})), *TESTED)}
    async with opened(tmp_path, script) as stage:
        end = await stage.play(workflow="team")
        assert end.state == "succeeded", end
        refused = [call for call in stage.listener.of(ToolCallEvent) if call.tool == "submit" and call.state == "failed"]
        assert "run_tests" in refused[0].output


async def test_a_planner_that_only_talks_fails_its_step(tmp_path: Path) -> None:
    async with opened(tmp_path, {**TEAM, "planner": (says("I would change the sign."),)}) as stage:
        end = await stage.play(workflow="team")
        assert (end.state, end.reason) == ("failed", "no_artifact")
        assert ("plan", 1, "failed") in steps(stage)


async def test_a_budget_of_tokens_ends_the_run_and_keeps_the_work(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        end = await stage.play(workflow="team", budget=Budget(tokens=1_250))
        assert (end.state, end.reason) == ("failed", "budget_exhausted")


async def test_a_failed_call_is_voided_and_made_again(tmp_path: Path) -> None:
    first, *rest = TEAM["planner"]
    broken = Fails(ProviderError("The connection broke.", kind="transient"), times=2)
    script = {**TEAM, "planner": ((TextDelta("I will"), broken, *first), *rest)}
    async with opened(tmp_path, script) as stage:
        end = await stage.play(workflow="team")
        assert end.state == "succeeded", end
        assert len(stage.listener.of(MessageDiscarded)) == 2
        assert [warning.code for warning in stage.listener.of(WarningEvent)].count("transient") == 2


async def test_four_failures_in_a_row_end_the_run_with_the_hosts_words(tmp_path: Path) -> None:
    failing = (Fails(ProviderError("The host is down.", kind="transient"), times=9),)
    async with opened(tmp_path, {**TEAM, "planner": (failing,)}) as stage:
        end = await stage.play(workflow="team")
        assert (end.state, end.reason, end.text) == ("failed", "provider_failed", "The host is down.")
        assert len(stage.model.requests) == 4


async def test_a_run_undone_leaves_the_files_as_they_were(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        run_id = await stage.begin(workflow="team")
        await stage.ended()
        result = await stage.runs.undo(run_id)
        assert sorted(result.restored) == ["README.md", "calc.py"]
        assert result.conflicts == ()
        assert stage.text("calc.py") == BROKEN
        assert stage.text("README.md") is None
        assert {change.state for change in (await stage.runs.get(run_id)).changes} == {"undone"}
        assert (await stage.runs.undo(run_id)).restored == ()
        assert [event.state for event in stage.listener.of(ChangeEvent)].count("undone") == 2


async def test_what_the_person_wrote_since_survives_the_undo(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        run_id = await stage.begin(workflow="team")
        await stage.ended()
        (stage.project / "calc.py").write_text(f"# mine\n\n{FIXED}", encoding="utf-8")
        (stage.project / "README.md").write_text("# all mine now\n", encoding="utf-8")
        result = await stage.runs.undo(run_id)
        assert result.restored == ("calc.py",)
        assert [(conflict.path, conflict.uri) for conflict in result.conflicts] == [("README.md", (stage.project / "README.md").as_uri())]
        assert stage.text("calc.py") == f"# mine\n\n{BROKEN}"
        assert stage.text("README.md") == "# all mine now\n"


async def test_one_file_can_be_undone_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        run_id = await stage.begin(workflow="team")
        await stage.ended()
        assert (await stage.runs.undo(run_id, scope="file", ids=["calc.py"])).restored == ("calc.py",)
        assert stage.text("README.md") is not None
        assert [diff.path for diff in await stage.runs.diff(run_id)] == ["README.md"]


async def test_a_run_that_goes_on_is_not_undone(tmp_path: Path) -> None:
    async with opened(tmp_path, settings={}) as stage:
        run_id = await stage.begin(workflow="team")
        await stage.asked()
        with pytest.raises(RequestError) as error:
            await stage.runs.undo(run_id)
        assert error.value.code == "run_active"


async def test_what_a_client_missed_is_what_it_would_have_seen(tmp_path: Path) -> None:
    async with opened(tmp_path) as stage:
        run_id = await stage.begin(workflow="team")
        await stage.ended()
        live = [event for event in stage.listener.events if event.event.kind not in {"message_delta", "thought_delta"}]
        for after in (0, live[3].seq, live[-1].seq):
            caught_up = await stage.runs.events(run_id, after)
            assert list(caught_up.events) == [event for event in live if event.seq > after]
            assert caught_up.last == live[-1].seq
        numbers = [event.seq for event in stage.listener.events]
        assert numbers == sorted(set(numbers))


async def test_a_finding_that_is_no_veto_is_reported_as_open(tmp_path: Path) -> None:
    minor = {"severity": "minor", "confidence": 0.5, "file": "calc.py", "title": "Name is short", "evidence": "a"}
    script = {**TEAM, "reviewer": (calls(("submit", {"verdict": "approve", "findings": [minor]})),)}
    async with opened(tmp_path, script) as stage:
        await stage.play(workflow="team")
        assert "Name is short" in stage.listener.of(MessageEvent)[-1].text
