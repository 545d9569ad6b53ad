"""Claude Code as an agent of its own: what it is asked, asks, and says; played by the real program, and by a scripted one."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aimock_server import StartAimock
from claude_cli import REAL, message, result, scripted, with_real, words
from coterie.base.errors import BudgetExhaustedError, ProviderError, SettingsError
from coterie.domain.messages import AssistantMessage, TextDelta, UserMessage
from coterie.domain.usage import Usage
from coterie.domain.workers import Job, MessageEnded, SessionBegan, ToolReturned, TurnEnded, WorkEvent
from coterie.providers.claude_code.worker import ClaudeWorker
from coterie.providers.config import ApiKey, ProviderConfig
from coterie.providers.keys import Keys

INIT = ("tell", {"type": "system", "subtype": "init", "session_id": "s-1"})


def worker_of(command: str, home: Path, **settings: Any) -> ClaudeWorker:
    """Return the worker of an entry with this program."""
    config = ProviderConfig(id="claude", type="claude_code", command=command, **settings)
    return ClaudeWorker(config, "sonnet", keys=Keys(), environ={"PATH": os.environ["PATH"], "HOME": str(home)})


async def allowing(_call_id: str, _tool: str, _arguments: Mapping[str, Any]) -> str | None:
    """Allow everything."""
    return None


def saying(*turns: Sequence[str]) -> Callable[[], Any]:
    """Return what is heard at the end of each turn, and then nothing."""
    left = iter(turns)

    async def heard() -> Sequence[str]:
        return next(left, ())

    return heard


async def worked(worker: ClaudeWorker, job: Job, heard: Callable[[], Any] | None = None) -> list[WorkEvent]:
    """Do a job to its end."""
    async with aclosing(worker.work(job, allowing, heard or saying())) as events:
        return [event async for event in events]


async def test_it_says_what_it_does_and_hears_what_is_said_meanwhile(tmp_path: Path) -> None:
    usage = Usage(input=5, cache_read=0, cache_write=0, output=7, usd=Decimal("0.75"))
    steps = [INIT, *message(words("One")), result(), ("hear", None), *message(words("Two")), result(total_cost_usd=1.0)]
    cli = scripted(tmp_path, *steps)
    job = Job(prompt="Work!", folder=str(tmp_path), instructions="Be careful.", prior=(UserMessage(text="Hi"), AssistantMessage(text="Ho")))
    events = await worked(worker_of(cli.command, tmp_path), job, saying(["Hurry", "Now"]))
    assert events == [
        *(SessionBegan("s-1"), TextDelta("One"), MessageEnded(), TurnEnded(usage)),
        *(TextDelta("Two"), MessageEnded(), TurnEnded(Usage(input=5, cache_read=0, cache_write=0, output=7, usd=Decimal("0.25")))),
    ]
    requests = [said["request"] for said in cli.heard if said.get("type") == "control_request"]
    assert requests[0]["appendSystemPrompt"] == "Be careful."
    first, second = [said["message"]["content"] for said in cli.heard if said.get("type") == "user"]
    assert "<user>\nHi\n</user>" in first
    assert first.endswith("Work!")
    assert second == "Hurry\n\nNow"


async def test_its_options_are_those_of_the_job(tmp_path: Path) -> None:
    cli = scripted(tmp_path, *message(words("One")), result())
    job = Job(prompt="Go on", folder=str(tmp_path), session="s-1", max_usd=Decimal("0.5"), flags=("--effort", "low"))
    await worked(worker_of(cli.command, tmp_path), job)
    argv = cli.heard[0]["argv"]
    assert {"--resume=s-1", "--setting-sources=", "--strict-mcp-config"} <= set(argv)
    assert argv[argv.index("--max-budget-usd") + 1] == "0.5"
    assert argv[-2:] == ["--effort", "low"]
    assert argv[argv.index("--permission-prompt-tool") + 1] == "stdio"


@pytest.mark.parametrize("flag", ["--dangerously-skip-permissions", "--permission-mode=bypassPermissions", "--tools=default"])
async def test_no_option_takes_the_questions_away(flag: str, tmp_path: Path) -> None:
    cli = scripted(tmp_path, result())
    with pytest.raises(SettingsError, match="--"):
        await worked(worker_of(cli.command, tmp_path), Job(prompt="x", folder=str(tmp_path), flags=(flag,)))
    assert cli.heard == []


async def test_what_it_asks_is_answered_by_the_judge_and_by_nobody_else(tmp_path: Path) -> None:
    hook = {"type": "control_request", "request_id": "1", "request": {"subtype": "hook_callback", "callback_id": "every_call"}}
    asked = {"subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": "rm x"}, "tool_use_id": "toolu_1"}
    denied = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "No!", "is_error": True}
    returned = {"type": "user", "message": {"content": [denied]}}
    steps = [("tell", hook), ("tell", {"type": "control_request", "request_id": "2", "request": asked}), ("hear", None), ("hear", None)]
    cli = scripted(tmp_path, *steps, ("tell", returned), result())
    judged: list[tuple[str, str, Any]] = []

    async def judge(call_id: str, tool: str, arguments: Mapping[str, Any]) -> str | None:
        judged.append((call_id, tool, arguments))
        return "No!"

    async with aclosing(worker_of(cli.command, tmp_path).work(Job(prompt="x", folder=str(tmp_path)), judge, saying())) as events:
        told = [event async for event in events]
    assert judged == [("toolu_1", "Bash", {"command": "rm x"})]
    assert ToolReturned("toolu_1", "No!", failed=True) in told
    first, second = [said["response"]["response"] for said in cli.heard if said.get("type") == "control_response"]
    assert first["hookSpecificOutput"]["permissionDecision"] == "ask"
    assert second == {"behavior": "deny", "message": "No!"}


@pytest.mark.parametrize(
    ("steps", "raised"),
    [
        ([result(subtype="error_max_budget_usd", is_error=True)], BudgetExhaustedError),
        ([result(is_error=True, api_error_status=529, result="Overloaded")], ProviderError),
        ([("stderr", "boom"), ("exit", 1)], ProviderError),
    ],
)
async def test_what_ends_its_work_is_classified(steps: list[Any], raised: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(raised):
        await worked(worker_of(scripted(tmp_path, *steps).command, tmp_path), Job(prompt="x", folder=str(tmp_path)))


@with_real
async def test_its_commands_do_not_get_its_key(tmp_path: Path, start_aimock: StartAimock) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    use = {"id": "toolu_1", "name": "Bash", "arguments": {"command": 'env > seen; echo "it\'s done"', "description": "look"}}
    script = [{"match": {"turnIndex": 0}, "response": {"toolCalls": [use]}}, {"match": {"turnIndex": 1}, "response": {"content": "Done"}}]
    async with start_aimock(script) as server:
        key = ApiKey("canary-key", "nowhere")
        events = await worked(worker_of(str(REAL), home, base_url=server.url, api_key=key), Job(prompt="Look", folder=str(folder)))
    assert ToolReturned("toolu_1", "it's done", failed=False) in events
    seen = (folder / "seen").read_text()
    assert "PATH=" in seen
    assert "canary-key" not in seen
