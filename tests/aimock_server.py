"""Start the real aimock: model APIs on a loopback port that answer from fixtures and keep a journal.

Tests of providers, agents and whole runs use it as `async with aimock(fixtures) as server:` or through the fixture
`start_aimock` in `tests/conftest.py`. Point a provider at `server.url` (OpenAI-compatible: `{url}/v1`; Anthropic:
`{url}`, which serves `/v1/messages`). For bytes no honest server would send, see `raw_http_server`.

The fixture format, as tried with aimock 1.43 on both wires:

- A fixture is `{"match": {...}, "response": {...}}`. Fixtures are tried in order, the first match wins, every field of
  `match` must hold, `{}` matches everything. A request that matches none is answered 503 (`no_fixture_match`).
- `match`: `model` (exact, or followed by `-<digit>`), `userMessage` (part of the last user text), `systemMessage` (one
  part or a list, of all system texts), `toolName` (a tool that was offered), `toolCallId` and `toolResultContains`
  (only when the last message is a tool result), `hasToolResult` (a tool result after the last user message),
  `turnIndex` (number of assistant messages so far), `sequenceIndex` (how often this fixture has answered, from 0).
- `response`: `content`, and/or `toolCalls: [{"id", "name", "arguments"}]` (arguments an object or JSON text), or ordered
  `blocks: [{"type": "text", "text"}, {"type": "toolCall", "id", "name", "arguments"}]`; `usage: {"prompt_tokens",
  "completion_tokens"}` on either wire; or `{"error": {"message", "type"}, "status": 429, "retryAfter": 1}`.
- Beside `match` and `response`: `truncateAfterChunks` or `disconnectAfterMs` (cut the stream), `chunkSize` (characters a
  chunk), `latency` (milliseconds between chunks).

Traps: plain aimock treats `turnIndex` as a hint, so it is started with the variable that makes it a condition. The
journal keeps the Anthropic wire normalised to the chat-completions shape and hides `authorization`; assert on either
with `raw_http_server`.
"""

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

NODE_MODULES = Path(__file__).parent / "node" / "node_modules"
READY = "listening on "


@dataclass(frozen=True)
class JournalEntry:
    """One request as aimock received it, and how it was answered."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    status: int

    @property
    def model(self) -> str:
        """The model the request named."""
        return str(self.body["model"])

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """The conversation in chat-completions shape, on either wire."""
        messages: Sequence[Mapping[str, Any]] = self.body["messages"]
        return messages

    @property
    def tools(self) -> tuple[str, ...]:
        """The names of the tools that were offered, in order."""
        return tuple(tool["function"]["name"] for tool in self.body.get("tools", ()))


class AimockServer:
    """The control side of one running aimock."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url
        self._client = client

    async def journal(self) -> list[JournalEntry]:
        """Return every model request so far, in order of arrival."""
        answer = await self._client.get("/__aimock/journal")
        return [
            JournalEntry(
                method=entry["method"],
                path=entry["path"],
                headers=entry["headers"],
                body=entry["body"] or {},
                status=entry["response"]["status"],
            )
            for entry in answer.raise_for_status().json()
        ]

    async def answer_with(self, fixtures: Sequence[Mapping[str, Any]]) -> None:
        """Answer from other fixtures from now on, and begin the journal anew."""
        (await self._client.post("/__aimock/reset")).raise_for_status()
        (await self._client.post("/__aimock/fixtures", json={"fixtures": list(fixtures)})).raise_for_status()

    async def set_chaos(self, **rates: float) -> None:
        """Make later requests fail: `dropRate`, `malformedRate`, `disconnectRate`, `rateLimitRate` (0 to 1)."""
        (await self._client.post("/__aimock/chaos", json=rates)).raise_for_status()

    async def clear_chaos(self) -> None:
        """Answer honestly again."""
        (await self._client.delete("/__aimock/chaos")).raise_for_status()


class StartAimock(Protocol):
    """The type of `aimock`, for tests that get it as a fixture."""

    def __call__(
        self, fixtures: Sequence[Mapping[str, Any]], *, chunk_size: int = 20
    ) -> contextlib.AbstractAsyncContextManager[AimockServer]:
        """Run aimock until the block ends."""


@contextlib.asynccontextmanager
async def aimock(fixtures: Sequence[Mapping[str, Any]], *, chunk_size: int = 20) -> AsyncIterator[AimockServer]:
    """Run aimock with these fixtures on a free loopback port until the block ends.

    Args:
        fixtures: What to answer, in the format described above.
        chunk_size: Characters in one streamed chunk; small values split tool calls across chunks.
    """
    node, program = NODE_MODULES / ".bin" / "node", NODE_MODULES / "@copilotkit" / "aimock" / "dist" / "cli.js"
    if not node.exists() or not program.exists():
        raise FileNotFoundError(f"{program} is missing: `make test` installs it (scripts/test_requirements.py)")
    with tempfile.TemporaryDirectory(prefix="coterie-aimock-") as folder:
        file = Path(folder) / "fixtures.json"
        file.write_text(json.dumps({"fixtures": list(fixtures)}), encoding="utf-8")
        arguments = ["--port", "0", "--fixtures", str(file), "--strict", "--chunk-size", str(chunk_size)]
        process = await asyncio.create_subprocess_exec(
            node,
            program,
            *arguments,
            cwd=folder,
            env=os.environ | {"AIMOCK_STRICT_TURN_INDEX": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # The log is read by nobody after start; a large limit keeps the pipe from filling up and stopping aimock.
            limit=1 << 24,
        )
        try:
            url = await _wait_until_listening(process)
            # trust_env off: a proxy in the environment must not see loopback traffic.
            async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
                yield AimockServer(url, client)
        finally:
            if process.returncode is None:
                # aimock finishes open streams on SIGTERM, and a stalled one would keep it for ever.
                process.kill()
            await process.wait()


async def _wait_until_listening(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    log = []
    async for line in process.stdout:
        log.append(line.decode(errors="replace"))
        if READY in log[-1]:
            return log[-1].split(READY, 1)[1].strip()
    raise RuntimeError("aimock did not start:\n" + "".join(log))
