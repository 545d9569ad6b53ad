"""What a client offers in its pickers: agents with the models that would answer now, workflows, tools, commands of a chat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cassettes import playing, record
from coterie.agents.templates import TEMPLATES
from served import Served, served


async def listed(editor: Served, what: str) -> dict[str, Any]:
    """Return what is available, by its id or name."""
    answer = await editor.client.request(f"agent/{what}/list")
    return {each.get("id") or each["name"]: each for each in answer[f"{what}s"]}


async def test_agents_are_listed_with_the_models_that_a_run_would_ask(tmp_path: Path) -> None:
    options = playing(
        record(tmp_path / "cassette.json", {"chat": [["It adds."]]}),
        agents={"coder": {"model": "work/strong", "fallbacks": ["gone/m", "work/weak"]}, "tester": {"model": "gone/m"}},
    )
    async with served(tmp_path, options) as editor:
        agents = await listed(editor, "agent")
        assert tuple(agents) == tuple(TEMPLATES)
        chat, coder, tester = agents["chat"], agents["coder"], agents["tester"]
        assert (chat["model"], chat["fallbacks"], chat["chosenBy"], chat["error"]) == ("work/recorded", [], "default", None)
        assert (coder["model"], coder["fallbacks"], coder["chosenBy"]) == ("work/strong", ["work/weak"], "agent")
        assert "gone" in coder["error"]
        assert (tester["model"], "gone" in tester["error"]) == (None, True)
        run_id, _ = await editor.play("What does add do?")
        assert editor.events(run_id, "message")[-1]["agent"] == chat["id"]

        await editor.client.request("agent/settings/set", {"key": "agents.reviewer.model", "value": "work/other"})
        assert (await listed(editor, "agent"))["reviewer"]["model"] == "work/other"


async def test_without_a_host_each_agent_says_what_to_do(tmp_path: Path) -> None:
    async with served(tmp_path, {}) as editor:
        agents = await listed(editor, "agent")
        assert {(each["model"], each["chosenBy"]) for each in agents.values()} == {(None, "host")}
        assert all(each["error"] for each in agents.values())


async def test_templates_workflows_tools_and_commands_say_what_they_are_for(tmp_path: Path) -> None:
    async with served(tmp_path, {"permissions": {"deny": ["exec(*)"]}}) as editor:
        templates, tools = await listed(editor, "template"), await listed(editor, "tool")
        assert templates.keys() == TEMPLATES.keys()
        assert {tool for each in templates.values() for tool in each["tools"]} == set(tools)
        for name, tool in tools.items():
            assert tool["agents"] == [agent for agent, each in templates.items() if name in each["tools"]]
        assert [name for name, tool in tools.items() if tool["denied"]] == ["execute_command", "run_tests", "git_operation"]
        assert "user" in tools["execute_command"]["denied"] or "editor" in tools["execute_command"]["denied"]
        team = (await listed(editor, "workflow"))["team"]
        assert next((step["stepId"], step["agent"], step["gate"]) for step in team["steps"]) == ("plan", "planner", True)
        assert {step["agent"] for step in team["steps"]} < templates.keys()
        assert [loop["to"] for loop in team["loops"]] == ["code"]
        commands = await listed(editor, "command")
        assert {name: each["arguments"] for name, each in commands.items()} == {
            "/help": "",
            "/compact": "WORDS",
            "/clear": "",
            "/restore": "",
        }
        every = [*templates.values(), *tools.values(), team, *commands.values()]
        assert all(each["doc"] and each["origin"] == "built_in" for each in every)
