"""One conversation with a CLI that stays: what our loop asks call by call is one session there, so that its caches hold.

The CLI believes that it runs an agent whose tools are a server's (of type ``sdk``: spoken to on the same pipes). When its model calls
tools, the answer ends here; our loop judges and carries them out, and its next request brings the results for which the CLI waits.
`provider` makes conversations and finds the one that a request continues.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping

from coterie.base.errors import ProviderError
from coterie.domain.messages import AssistantMessage, ModelRequest, StreamEvent, ToolMessage, UserMessage
from coterie.domain.wire import Json
from coterie.providers import failures
from coterie.providers.claude_code import endings
from coterie.providers.claude_code.cli import Cli, Message, UnreadableLineError
from coterie.providers.claude_code.decoding import SERVER, AnswerDecoder, Bill
from coterie.providers.claude_code.endings import Limit
from coterie.providers.claude_code.transcript import answer_mark, heading, marks, retold, spoken
from coterie.providers.config import Timeouts
from coterie.providers.failures import Host
from coterie.providers.fields import record, text

_LONGEST_RESULT = 500_000
"""Characters of a tool's result that the CLI hands on whole; it knows no more."""
_TOTAL_S = 30.0


class Conversation:
    """A session of a CLI, which it owns."""

    def __init__(self, cli: Cli, host: Host, request: ModelRequest, timeouts: Timeouts) -> None:
        self.cli = cli
        self.bill = Bill()
        self._host = host
        self._timeouts = timeouts
        self._heading = heading(request)
        self._tools: list[Json] = [
            {
                "name": tool.name,
                "description": tool.description,
                "inputSchema": tool.schema,
                "_meta": {"anthropic/maxResultSizeChars": _LONGEST_RESULT, "anthropic/alwaysLoad": True},
            }
            for tool in request.tools
        ]
        self._heard: list[str] = []
        self._ahead: deque[Message] = deque()  # came while something else was waited for
        self._limit = Limit()
        self._open: list[str] = []  # the CLI's ids of the calls that it waits for, in the order in which they were made
        self._asked: dict[str, tuple[str, Json]] = {}  # by such an id: the control request to reply to, and its number in MCP
        self._results: dict[str, list[Json]] = {}
        cli.ask({"subtype": "initialize", "sdkMcpServers": [SERVER], "systemPrompt": request.system})

    def goes_on_with(self, request: ModelRequest) -> bool:
        """Say whether a request is the next one of this session."""
        said = marks(request.messages)
        if not self._heard or heading(request) != self._heading or said[: len(self._heard)] != self._heard:
            return False
        more = request.messages[len(self._heard) :]
        rest = more[1:] if self._open else more
        if self._open and not (more and isinstance(more[0], ToolMessage) and len(more[0].results) == len(self._open)):
            return False
        return bool(more) and self.cli.is_running and all(isinstance(message, UserMessage) for message in rest)

    async def answer(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Pass on what is new in a request and stream the answer. Raises `ProviderError`, after which the session is of no use."""
        self._pass_on(request)
        begin_by = asyncio.get_running_loop().time() + self._timeouts.first_token_s
        decoder = AnswerDecoder(self._host, self.bill, self._limit)
        while decoder.result is None and not (decoder.wants_tools and not decoder.is_streaming):
            for event in decoder.take(await self._receive(decoder, begin_by)):
                yield event
            if not decoder.wants_tools and not decoder.is_streaming and set(decoder.calls) & set(self._asked):
                decoder.wants_tools = True  # the calls of a message that came whole
        total = await self._total() if decoder.result is None else None
        self._limit = decoder.limit
        self._open = [] if decoder.result is not None else list(decoder.calls)
        self._heard = [*marks(request.messages), answer_mark(decoder.words, list(decoder.calls.values()))]
        for event in decoder.finish(total):
            yield event

    def _pass_on(self, request: ModelRequest) -> None:
        """Say to the CLI what it has not heard."""
        more = request.messages[len(self._heard) :] if self._heard else ()
        words = [message.text for message in more if isinstance(message, UserMessage)]
        if not self._heard:
            self._say(retold(request.messages))
        elif not self._open:
            self._say(spoken("\n\n".join(words)))
        else:
            self._give_results(request, words)

    def _say(self, words: str) -> None:
        self.cli.send({"type": "user", "message": {"role": "user", "content": words}, "parent_tool_use_id": None, "session_id": ""})

    def _give_results(self, request: ModelRequest, words: list[str]) -> None:
        made, answered = request.messages[len(self._heard) - 1 : len(self._heard) + 1]
        if not (isinstance(made, AssistantMessage) and isinstance(answered, ToolMessage)):
            raise ProviderError(f"{self._host.name} waits for the results of its calls.", kind="bad_request")
        outputs = {result.call_id: result.output for result in answered.results}
        # Our ids may be others than the CLI's, where those repeat; the order is the same.
        for theirs, call in zip(self._open, made.tool_calls, strict=True):
            self._results[theirs] = [_text_block(outputs.get(call.call_id, ""))]
        # Said in the middle of a turn, it reaches the model behind the last result, as it does everywhere else.
        self._results[self._open[-1]] += [_text_block(f"\n\nThe person says meanwhile: {each}") for each in words]
        for call_id in tuple(self._asked):
            self._hand_over(call_id)

    def _hand_over(self, call_id: str) -> None:
        if call_id in self._results:
            request_id, number = self._asked.pop(call_id)
            self._mcp_reply(request_id, number, {"content": self._results.pop(call_id)})

    async def _receive(self, decoder: AnswerDecoder, begin_by: float) -> Message:
        """Return the next message about the answer, which is to begin by then. Raises `ProviderError`."""
        idle_s, first_s = self._timeouts.idle_s, self._timeouts.first_token_s
        try:
            async with asyncio.timeout(idle_s) if decoder.has_begun else asyncio.timeout_at(begin_by):
                return self._ahead.popleft() if self._ahead else await self._read()
        except TimeoutError:
            raise (
                failures.stalled_for(self._host, idle_s) if decoder.has_begun else failures.no_answer_within(self._host, first_s)
            ) from None

    async def _read(self) -> Message:
        """Return the next message after replying to it, where it is a request; calls of tools are told nevertheless."""
        while True:
            try:
                message = await self.cli.receive()
            except UnreadableLineError as line:
                raise failures.malformed(self._host, str(line)) from line
            if message is None:
                raise endings.crashed(self._host, await self.cli.ended())
            if text(message, "type") != "control_request":
                return message
            self._reply(text(message, "request_id"), record(message, "request"))
            if text(record(record(message, "request"), "message"), "method") == "tools/call":
                return message

    def _reply(self, request_id: str, request: Mapping[str, Json]) -> None:
        message = record(request, "message")
        number, params = message.get("id"), record(message, "params")
        match text(request, "subtype"), text(message, "method"):
            case "mcp_message", "initialize":
                server = {"name": SERVER, "version": "1"}
                version = text(params, "protocolVersion")
                self._mcp_reply(request_id, number, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server})
            case "mcp_message", "tools/list":
                self._mcp_reply(request_id, number, {"tools": self._tools})
            case "mcp_message", "tools/call":
                call_id = text(record(params, "_meta"), "claudecode/toolUseId")
                self._asked[call_id] = (request_id, number)
                self._hand_over(call_id)
            case "mcp_message", _:
                self._mcp_reply(request_id, number, {})
            case "can_use_tool", _:
                self.cli.reply(request_id, {"behavior": "deny", "message": "This tool is not offered here."})
            case _:
                self.cli.reply(request_id, {})

    def _mcp_reply(self, request_id: str, number: Json, result: Mapping[str, Json]) -> None:
        self.cli.reply(request_id, {"mcp_response": {"jsonrpc": "2.0", "id": number, "result": result}})

    async def _total(self) -> Json:
        """Ask what the session has cost so far; None when the CLI does not say."""
        asked = self.cli.ask({"subtype": "get_usage", "detached": True, "skip_behaviors": True})
        try:
            async with asyncio.timeout(_TOTAL_S):
                while True:
                    message = await self._read()
                    response = record(message, "response")
                    if text(response, "request_id") == asked:
                        return record(record(response, "response"), "session").get("total_cost_usd")
                    self._ahead.append(message)
        except TimeoutError:
            return None


def _text_block(words: str) -> Json:
    return {"type": "text", "text": words}


def mcp_config() -> str:
    """Return the configuration that names our tools to the CLI."""
    return json.dumps({"mcpServers": {SERVER: {"type": "sdk", "name": SERVER}}})
