"""The Claude Code command line as a whole agent: its own loop and its own tools, in a folder of its own.

Every call of its tools is asked about, also those that it would allow by itself: a hook of ours answers each with "ask", and the question
that follows is answered by our `Judge`. ``agents.external`` hires it, shows what it does, and takes over what it has changed.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from coterie.base.errors import BudgetExhaustedError, SettingsError
from coterie.domain.messages import TextDelta, ThoughtDelta, ToolCallArguments, ToolCallEnded, ToolCallStarted, UserMessage
from coterie.domain.usage import Usage
from coterie.domain.wire import Json
from coterie.domain.workers import Heard, Job, Judge, MessageEnded, SessionBegan, ToolReturned, TurnEnded, WorkEvent
from coterie.providers import failures
from coterie.providers.anthropic import MessageDecoder
from coterie.providers.claude_code import binary, endings
from coterie.providers.claude_code.cli import Cli, Message, UnreadableLineError
from coterie.providers.claude_code.decoding import dollars
from coterie.providers.claude_code.endings import Limit
from coterie.providers.claude_code.transcript import retold, spoken
from coterie.providers.config import ProviderConfig
from coterie.providers.failures import Host
from coterie.providers.fields import count, record, records, text
from coterie.providers.keys import Keys

TOOLS = ("Bash", "Edit", "Glob", "Grep", "NotebookEdit", "Read", "Task", "WebFetch", "WebSearch", "Write")
"""Its tools whose effects we know; it is offered no others."""

_STREAMED = ("-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose", "--include-partial-messages")
_OURS = ("--input-format", "--output-format", "--permission", "--dangerously", "--allow-dangerously", "--tools", "--bg", "--background")
"""Flags (or beginnings of some) that are not the person's to set: they would take the questions away from us."""
_HOOKS = {"PreToolUse": [{"matcher": None, "hookCallbackIds": ["every_call"]}]}
_ASK = {"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "ask", "permissionDecisionReason": "Coterie decides"}}
_ALONE = {"CLAUDE_CODE_DISABLE_CLAUDE_MDS": "1"}
"""The project's rules are in the instructions already."""
_FAREWELL_S = 5.0
_SHELL = f"""#!/bin/sh
unset {" ".join(binary.SECRETS)}
case "$SHELL" in */zsh) exec "$SHELL" -c "$@" ;; *) exec bash -c "$@" ;; esac
"""
"""What each of its commands runs through: none of them gets its login."""


def refused_flag(flags: Sequence[str]) -> str | None:
    """Return a flag that is not the person's to set."""
    return next((flag for flag in flags if flag.startswith(_OURS)), None)


class ClaudeWorker:
    """Implements `coterie.domain.workers.Worker`."""

    def __init__(self, config: ProviderConfig, model: str, *, keys: Keys, environ: Mapping[str, str]) -> None:
        self._config = config
        self._model = model
        self._keys = keys
        self._environ = environ
        self._host = Host(provider=config.id, model=model, address=config.base_url, api_key=config.api_key)

    async def work(self, job: Job, judge: Judge, heard: Heard) -> AsyncGenerator[WorkEvent, None]:
        """Do a job; see `coterie.domain.workers.Worker.work`."""
        if (flag := refused_flag(job.flags)) is not None:
            raise SettingsError(f"`flags` cannot hold {flag}: Coterie answers the questions of `{self._config.id}`.")
        tools = await asyncio.to_thread(_shell_folder)
        try:
            async with aclosing(self._working(job, judge, heard, prefix=f"{tools}/shell")) as events:
                async for event in events:
                    yield event
        finally:
            await asyncio.to_thread(shutil.rmtree, tools, ignore_errors=True)

    async def _working(self, job: Job, judge: Judge, heard: Heard, *, prefix: str) -> AsyncGenerator[WorkEvent, None]:
        cli = await self._start(job, prefix)
        shift = _Shift(cli, self._host, self._config.timeouts.idle_s, judge)
        try:
            cli.ask({"subtype": "initialize", "hooks": _HOOKS, "appendSystemPrompt": job.instructions})
            said: Sequence[str] = (retold((*job.prior, UserMessage(text=job.prompt))),)
            while said:
                shift.say(spoken("\n\n".join(said)))
                async with aclosing(shift.turn()) as events:
                    async for event in events:
                        yield event
                said = await heard()
        finally:
            await _let_go(cli)

    async def _start(self, job: Job, prefix: str) -> Cli:
        config = await self._keys.revealed(self._config)
        program = await asyncio.to_thread(binary.find, config, self._environ)
        argv = [program, *_STREAMED, "--permission-prompt-tool", "stdio", "--permission-mode", "default", "--tools", ",".join(TOOLS)]
        if not any(flag.startswith("--setting-sources") for flag in job.flags):
            argv.append("--setting-sources=")  # the person's own settings and hooks stay out unless they ask for them
        if not any(flag.startswith("--mcp-config") for flag in job.flags):
            argv.append("--strict-mcp-config")
        if job.max_usd is not None:
            argv += ("--max-budget-usd", str(job.max_usd))
        if job.session is not None:
            argv.append(f"--resume={job.session}")
        argv += (f"--model={self._model}", *job.flags)
        try:
            environment = binary.environment(config, self._environ) | _ALONE | {"CLAUDE_CODE_SHELL_PREFIX": prefix}
            return await Cli.start(argv, environment=environment, cwd=job.folder)
        except OSError as failure:
            raise endings.cannot_start(self._host, failure) from failure


class _Shift:
    """The turns of one job."""

    def __init__(self, cli: Cli, host: Host, patience_s: float, judge: Judge) -> None:
        self._cli = cli
        self._host = host
        self._patience_s = patience_s
        self._judge = judge
        self._limit = Limit()
        self._message: MessageDecoder | None = None
        self._streamed: set[str] = set()
        self._error = ""
        self._told_usd = dollars(0)
        self._at_work: set[str] = set()  # calls that were allowed and have not returned: they may take as long as they like

    def say(self, words: str) -> None:
        """Tell the worker what to do."""
        self._cli.send({"type": "user", "message": {"role": "user", "content": words}, "parent_tool_use_id": None, "session_id": ""})

    async def turn(self) -> AsyncGenerator[WorkEvent, None]:
        """Yield what happens until the worker has done what it was told. Raises `ProviderError`, `BudgetExhaustedError`."""
        while True:
            message = await self._receive()
            match text(message, "type"):
                case "control_request":
                    await self._answer(text(message, "request_id"), record(message, "request"))
                case "result":
                    yield TurnEnded(self._used(message))
                    self._check(message)
                    return
                case _:
                    for event in self._shown(message):
                        yield event

    def _shown(self, message: Message) -> Iterator[WorkEvent]:
        """Return what is to be seen of a message. What the worker's own helpers say is theirs; what their calls return is shown."""
        is_helpers = message.get("parent_tool_use_id") is not None
        match text(message, "type"):
            case "system" if text(message, "subtype") == "init":
                yield SessionBegan(text(message, "session_id"))
            case "rate_limit_event":
                self._limit = Limit.of(record(message, "rate_limit_info"))
            case "stream_event" if not is_helpers:
                yield from self._stream(record(message, "event"))
            case "assistant" if not is_helpers:
                yield from self._whole(message)
            case "user":
                for block in records(record(message, "message"), "content"):
                    if text(block, "type") == "tool_result":
                        self._at_work.discard(text(block, "tool_use_id"))
                        yield ToolReturned(text(block, "tool_use_id"), _output(block), block.get("is_error") is True)

    async def _receive(self) -> Message:
        try:
            async with asyncio.timeout(None if self._at_work else self._patience_s):
                message = await self._cli.receive()
                if message is None:
                    raise endings.crashed(self._host, await self._cli.ended())
        except TimeoutError:
            raise failures.stalled_for(self._host, self._patience_s) from None
        except UnreadableLineError as line:
            raise failures.malformed(self._host, str(line)) from line
        return message

    async def _answer(self, request_id: str, request: Mapping[str, Json]) -> None:
        match text(request, "subtype"):
            case "hook_callback":
                self._cli.reply(request_id, _ASK)
            case "can_use_tool":
                call_id, given = text(request, "tool_use_id"), record(request, "input")
                why_not = await self._judge(call_id, text(request, "tool_name"), given)
                if why_not is None:
                    self._at_work.add(call_id)
                    self._cli.reply(request_id, {"behavior": "allow", "updatedInput": given})
                else:
                    self._cli.reply(request_id, {"behavior": "deny", "message": why_not})
            case _:
                self._cli.reply(request_id, {})

    def _stream(self, event: Mapping[str, Json]) -> Iterator[WorkEvent]:
        if text(event, "type") == "message_start":
            self._message = MessageDecoder(self._host)
            self._streamed.add(text(record(event, "message"), "id"))
        if self._message is None:
            return
        for each in self._message.take(event):
            if isinstance(each, TextDelta | ThoughtDelta | ToolCallStarted | ToolCallArguments | ToolCallEnded):
                yield each
        if self._message.ended:
            self._message = None
            yield MessageEnded()

    def _whole(self, said: Message) -> Iterator[WorkEvent]:
        """Note the error that a message of the CLI's own tells; other messages have streamed."""
        message = record(said, "message")
        if text(said, "error") or text(message, "model") == "<synthetic>":
            self._error = text(said, "error") or "unknown"
        elif text(message, "id") not in self._streamed:
            yield from (TextDelta(text(block, "text")) for block in records(message, "content") if text(block, "text"))
            yield MessageEnded()

    def _used(self, result: Message) -> Usage:
        usage, total, told = record(result, "usage"), dollars(result.get("total_cost_usd")), self._told_usd
        self._told_usd = total
        return Usage(
            input=count(usage, "input_tokens"),
            cache_read=count(usage, "cache_read_input_tokens"),
            cache_write=count(usage, "cache_creation_input_tokens"),
            output=count(usage, "output_tokens"),
            usd=None if total is None or told is None else total - told,
        )

    def _check(self, result: Message) -> None:
        if text(result, "subtype") == "error_max_budget_usd":
            raise BudgetExhaustedError(f"{self._host.name} has used what the budget had left for it.")
        if result.get("is_error") or self._error or text(result, "subtype") != "success":
            raise endings.refused(self._host, result, words=self._error, limit=self._limit)


async def _let_go(cli: Cli) -> None:
    """End a CLI: one that works is told to stop, so that its session is whole when it is resumed, and then it is killed."""
    try:
        if cli.is_running:
            cli.ask({"subtype": "interrupt"})
            cli.close_input()
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await cli.ended()
    finally:
        await cli.aclose()


def _shell_folder() -> str:
    """Make a folder with the program through which commands run, and return it."""
    folder = Path(tempfile.mkdtemp(prefix="coterie-claude-"))
    shell = folder / "shell"
    shell.write_text(_SHELL, encoding="utf-8")
    shell.chmod(0o700)
    return str(folder)


def _output(block: Mapping[str, Json]) -> str:
    content = block.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(text(part, "text") for part in records(block, "content"))
