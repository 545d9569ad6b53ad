"""What a Claude Code command line may do instead of answering: played by a scripted one."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from claude_cli import Scripted, event, message, result, scripted, words
from coterie.base.errors import FailureKind, ProviderError
from coterie.domain.messages import AssistantMessage, Finished, TextDelta, ThoughtDelta, ToolCall, ToolResult, UsageReported
from coterie.domain.messages import ToolMessage as Results
from coterie.domain.model_ports import Provider
from coterie.domain.usage import Usage
from coterie.providers.claude_code import tether
from coterie.providers.config import ApiKey, ProviderConfig, Timeouts
from coterie.providers.registry import ProviderRegistry
from provider_calls import REQUEST, gather
from provider_calls import words as text_of

ASKED = replace(REQUEST, model="sonnet")
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "AWS_SECRET_ACCESS_KEY": "canary", "ANTHROPIC_API_KEY": "canary"}
LIMIT_REACHED = {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 1893456000}}
RETRY = {"type": "system", "subtype": "api_retry", "attempt": 1, "retry_delay_ms": 9000, "error_status": 429, "error": "rate_limit"}
USE = {"type": "tool_use", "id": "toolu_1", "name": "mcp__coterie__edit_file", "input": {}}


@asynccontextmanager
async def speaking(cli: Scripted | str, **settings: Any) -> AsyncIterator[Provider]:
    """Give the provider of an entry whose CLI is this one."""
    command = cli if isinstance(cli, str) else cli.command
    registry = ProviderRegistry([ProviderConfig(id="claude", type="claude_code", command=command, **settings)], environ=ENVIRON)
    try:
        yield registry.get("claude")
    finally:
        await registry.aclose()


async def failing(cli: Scripted | str, **settings: Any) -> ProviderError:
    """Return how a call fails."""
    async with speaking(cli, **settings) as provider:
        with pytest.raises(ProviderError) as failed:
            await gather(provider, ASKED)
    return failed.value


async def test_thoughts_words_and_other_output_are_told_apart(tmp_path: Path) -> None:
    thought = ({"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "Hm. "})
    steps = [("tell", "Warning: something\n\n"), ("tell", {"type": "from_the_future"}), *message(thought, words("Hello")), result()]
    async with speaking(scripted(tmp_path, *steps)) as provider:
        events = await gather(provider, ASKED)
    assert events == [
        ThoughtDelta("Hm. "),
        TextDelta("Hello"),
        UsageReported(Usage(input=5, cache_read=0, cache_write=0, output=7, usd=Decimal("0.75"))),
        Finished("stop"),
    ]


async def test_calls_side_by_side_leave_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = tmp_path / "temporary"
    places.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(places))
    async with speaking(scripted(tmp_path, *message(words("Hello")), result())) as provider:
        await asyncio.gather(*(gather(provider, replace(ASKED, agent=agent)) for agent in ("chat", "coder", "tester")))
        assert len(list(places.iterdir())) == 1
    assert list(places.iterdir()) == []


@pytest.mark.proves("claude_code", "prompt_cache")
async def test_the_counts_of_the_result_are_final(tmp_path: Path) -> None:
    whole = {"type": "assistant", "message": {"id": "msg_9", "content": [{"type": "text", "text": "Hi"}], "usage": {"output_tokens": 1}}}
    usage = {"input_tokens": 11, "cache_read_input_tokens": 22, "cache_creation_input_tokens": 33, "output_tokens": 44}
    async with speaking(scripted(tmp_path, ("tell", whole), result(usage=usage))) as provider:
        events = await gather(provider, ASKED)
    assert text_of(events) == "Hi"
    assert events[-2] == UsageReported(Usage(input=11, cache_read=22, cache_write=33, output=44, usd=Decimal("0.75")))


async def test_half_a_character_and_a_line_in_pieces_are_put_together(tmp_path: Path) -> None:
    [(_, start), (_, begin), (_, delta), *rest] = message(words("Grüße"))
    raw = (json.dumps(delta, ensure_ascii=False) + "\n").encode()
    cut = raw.index("ü".encode()) + 1
    steps = [("tell", start), ("tell", begin), ("bytes", raw[:cut].hex()), ("bytes", raw[cut:].hex()), *rest, result()]
    async with speaking(scripted(tmp_path, *steps)) as provider:
        assert text_of(await gather(provider, ASKED)) == "Grüße"


@pytest.mark.parametrize(
    ("steps", "kind", "words_of_it"),
    [
        ([("stderr", "panic: out of cheese"), ("exit", 3)], "transient", "ended with code 3 .* out of cheese"),
        ([("die", signal.SIGSEGV)], "transient", "SIGSEGV"),
        ([*message(words("Half an an"))[:3], ("exit", 0)], "transient", "ended with code 0"),
        ([("tell", '{"type": "stream_ev\n')], "transient", "cannot be read"),
        ([("stderr", "error: unknown option '--tools'"), ("exit", 1)], "auth_required", "too old"),
        ([("tell", RETRY)], "rate_limited", "fewer requests"),
        ([("tell", LIMIT_REACHED), ("tell", RETRY)], "quota_exhausted", "until 2030-01-01"),
        ([result(is_error=True, result="Not logged in · Please run /login")], "auth_required", "not logged in"),
        ([result(is_error=True, subtype="error_during_execution", errors=["boom"])], "transient", "boom"),
        ([result(is_error=True, result="Credit balance is too low")], "quota_exhausted", "used up"),
    ],
)
async def test_what_is_no_answer_is_classified(steps: list[Any], kind: FailureKind, words_of_it: str, tmp_path: Path) -> None:
    if "Not logged in" in str(steps):
        steps = [
            ("tell", {"type": "assistant", "error": "authentication_failed", "message": {"model": "<synthetic>", "content": []}}),
            *steps,
        ]
    failure = await failing(scripted(tmp_path, *steps))
    assert failure.kind == kind
    assert re.search(words_of_it, failure.message)


@pytest.mark.parametrize("begun", [False, True])
async def test_a_stall_ends_the_call(begun: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    timeouts = Timeouts(first_token_s=60.0 if begun else 0.2, idle_s=0.2 if begun else 60.0)
    failure = await failing(scripted(tmp_path, *(message(words("He"))[:3] if begun else [])), timeouts=timeouts)
    assert failure.kind == "transient"
    assert ("in the middle" if begun else "sent nothing") in failure.message


async def test_a_missing_program_is_said_to_be_missing(tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere" / "claude")
    failure = await failing(missing)
    assert (failure.kind, failure.code) == ("auth_required", "not_installed")
    async with speaking(missing) as provider:
        check = await provider.check()
    assert (check.state, check.action) == ("down", "coterie.checkClaudeCode")
    assert "not installed" in check.text


@pytest.mark.parametrize(
    ("version", "auth", "state", "said"),
    [
        ("2.1.330 (Claude Code)", {"loggedIn": True, "authMethod": "claude.ai", "email": "a@b.c"}, "ready", "a@b.c"),
        ("2.1.330 (Claude Code)", {"loggedIn": False, "authMethod": "none"}, "auth_required", "log in"),
        ("1.0.3 (Claude Code)", {"loggedIn": True}, "down", "claude update"),
        ("no version", {"loggedIn": True}, "down", "no version"),
    ],
)
async def test_the_check_says_how_it_stands(version: str, auth: dict[str, Any], state: str, said: str, tmp_path: Path) -> None:
    async with speaking(scripted(tmp_path, version=version, auth=auth)) as provider:
        check = await provider.check()
    assert check.state == state
    assert said in check.text


async def test_the_program_gets_its_own_key_and_no_other(tmp_path: Path) -> None:
    cli = scripted(tmp_path, *message(words("Hi")), result())
    key = ApiKey("its-own", "environment variable WORK_KEY")
    async with speaking(cli, api_key=key, base_url="http://127.0.0.1:9") as provider:
        await gather(provider, ASKED)
    environment = cli.heard[0]["env"]
    assert "canary" not in str(environment)
    assert environment["ANTHROPIC_API_KEY"] == "its-own"
    assert environment["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:9"
    assert "127.0.0.1" in environment["NO_PROXY"]
    assert environment["HOME"] == "/nowhere"
    assert "its-own" not in str(cli.heard[0]["argv"])


async def test_results_wait_for_the_cli_to_ask_and_the_cli_for_them(tmp_path: Path) -> None:
    asked = {
        "type": "control_request",
        "request_id": "theirs",
        "request": {
            "subtype": "mcp_message",
            "message": {"id": 4, "method": "tools/call", "params": {"name": "edit_file", "_meta": {"claudecode/toolUseId": "toolu_1"}}},
        },
    }
    call = (USE, {"type": "input_json_delta", "partial_json": '{"path": "a"}'})
    steps = [*message(call, reason="tool_use"), ("tell", asked), ("hear", None), *message(words("Done")), result()]
    cli = scripted(tmp_path, *steps)
    made = AssistantMessage(text="", tool_calls=(ToolCall(call_id="renamed", tool="edit_file", arguments={"path": "a"}),))
    results = Results(results=(ToolResult(call_id="renamed", tool="edit_file", output="Changed a."),))
    async with speaking(cli) as provider:
        first = await gather(provider, ASKED)
        second = await gather(provider, replace(ASKED, messages=(*ASKED.messages, made, results)))
    assert first[-2:] == [
        UsageReported(Usage(input=5, cache_read=0, cache_write=0, output=7, usd=Decimal("0.5"))),
        Finished("tool_calls"),
    ]
    assert text_of(second) == "Done"
    replies = [said["response"] for said in cli.heard if said.get("type") == "control_response"]
    assert [(reply["request_id"], reply["response"]["mcp_response"]["result"]) for reply in replies] == [
        ("theirs", {"content": [{"type": "text", "text": "Changed a."}]})
    ]
    assert sum("argv" in said for said in cli.heard) == 1


async def test_a_cancelled_call_leaves_no_process(tmp_path: Path) -> None:
    cli = scripted(tmp_path, ("tell", event(type="message_start", message={"id": "m"})), *message(words("He"))[1:3])
    async with speaking(cli) as provider:
        async with aclosing(provider.stream(ASKED)) as stream:  # type: ignore[type-var]
            async for each in stream:
                if isinstance(each, TextDelta):
                    break
        assert not alive(cli.heard[0]["pid"])


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word for it is Linux's own")
async def test_the_program_dies_with_whoever_wanted_it() -> None:
    sleeping = (
        "import subprocess, sys; subprocess.Popen([sys.executable, sys.argv[1], str(__import__('os').getpid()), sys.executable, '-c', "
    )
    sleeping += "\"print(__import__('os').getpid(), flush=True); __import__('time').sleep(600)\"]).wait()"
    parent = subprocess.Popen([sys.executable, "-c", sleeping, tether.__file__], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    assert parent.stdout is not None
    child = int(await asyncio.to_thread(parent.stdout.readline))
    assert alive(child)
    parent.kill()
    await asyncio.to_thread(parent.wait)
    parent.stdout.close()
    async with asyncio.timeout(60):
        while alive(child):  # noqa: ASYNC110 - nothing tells of another's child
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Say whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
