"""Workflows as data."""

from __future__ import annotations

import pytest

from coterie.agents.templates import TEMPLATES
from coterie.agents.workflow import find
from coterie.base.errors import RequestError


def test_the_team_works_in_stages() -> None:
    stages = [tuple(step.step_id for step in stage) for stage in find("team", None).stages()]
    assert stages == [("plan",), ("code",), ("review", "test"), ("docs",)]


def test_going_back_to_the_coder_does_all_that_follows_anew() -> None:
    assert find("team", None).after("code") == {"code", "review", "test", "docs"}


def test_neither_workflow_nor_agent_is_the_chat_agent() -> None:
    assert [step.agent for step in find(None, None).steps] == ["chat"]


@pytest.mark.parametrize(("workflow", "agent", "code"), [("crowd", None, "unknown_workflow"), (None, "wizard", "unknown_agent")])
def test_an_unknown_name_is_an_error_with_a_code(workflow: str | None, agent: str | None, code: str) -> None:
    with pytest.raises(RequestError) as error:
        find(workflow, agent)
    assert error.value.code == code


@pytest.mark.parametrize("agent", sorted(TEMPLATES))
def test_every_agent_has_a_prompt(agent: str) -> None:
    assert len(TEMPLATES[agent].prompt) > 200


@pytest.mark.parametrize("agent", ["planner", "reviewer"])
def test_who_judges_cannot_write(agent: str) -> None:
    assert not {"edit_file", "write_file", "execute_command"} & set(TEMPLATES[agent].tools)
