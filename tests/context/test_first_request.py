"""What a conversation costs before anybody has said much: prompts, tools and surroundings stay small."""

from pathlib import Path

import pytest

from coterie.agents.artifacts import schema_of
from coterie.agents.templates import TEMPLATES, AgentTemplate
from coterie.context.assemble import assemble, request_bytes, system_text
from coterie.context.collect import folder_facts, listing_of
from coterie.context.task import Task, first_message
from coterie.domain.model_ports import ModelChoice
from coterie.index.client import IndexProcess
from coterie.tools.registry import toolbox
from coterie.tools.rules import Policy
from coterie.tools.tool import Place
from workspace_fake import FakeWorkspace

LIMIT = 4_096


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.agent_id)
async def test_the_first_request_of_each_agent_is_small(template: AgentTemplate, tmp_path: Path) -> None:
    workspace = FakeWorkspace(tmp_path, {f"src/module{number}.py": "" for number in range(30)} | {"README.md": ""})
    tools = toolbox(
        Place(workspace=workspace, index=IndexProcess(tmp_path)),
        Policy(),
        names=template.tools,
        artifact=schema_of(template.artifact) if template.artifact else None,
    )
    listing = await listing_of(workspace)
    assert listing is not None
    request = assemble(
        system=system_text(template.prompt),
        tools=tools.specs,
        messages=[first_message(Task(prompt="why does this fail?", folder=folder_facts(listing)))],
        choice=ModelChoice("work/m1", "m1", "m1", provider=None),  # type: ignore[arg-type]
        agent=template.agent_id,
        call=0,
    )
    assert len(request.tools) == len(template.tools) + (template.artifact is not None)
    assert len(request_bytes(request)) < LIMIT
