"""The Claude Code command line as a host of models: its own tools are off, ours are offered, and our loop carries them out.

The registry makes one for each entry of the type ``claude_code``. Each conversation of ours keeps a CLI while it goes on (see
`conversation`); one that is not gone on with for a while is let go, and told to a new one when it is.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, ModelRequest, StreamEvent
from coterie.domain.status import ModelView, ProviderCheck, ProviderState
from coterie.providers.claude_code import binary, endings
from coterie.providers.claude_code.cli import Cli
from coterie.providers.claude_code.conversation import Conversation, mcp_config
from coterie.providers.claude_code.decoding import SERVER
from coterie.providers.claude_code.listing import listed_models
from coterie.providers.claude_code.login import look
from coterie.providers.config import ProviderConfig
from coterie.providers.contract import BaseProvider
from coterie.providers.failures import Host
from coterie.providers.keys import Keys

LOGIN = "coterie.checkClaudeCode"
"""The command that says again how the login stands."""

_KEPT = 8
"""Conversations that wait to be gone on with, at most: each is a process."""
_KEPT_S = 600.0

OFFLINE = {
    # A conversation is told by us alone: nothing of the folder, of the person's own memory, or of a file that a text mentions.
    "CLAUDE_CODE_DISABLE_CLAUDE_MDS": "1",
    "CLAUDE_CODE_DISABLE_ATTACHMENTS": "1",
    "CLAUDE_CODE_DISABLE_FILE_MENTIONS": "1",
    "DISABLE_COMPACT": "1",
    "ENABLE_TOOL_SEARCH": "false",
    "MAX_MCP_OUTPUT_TOKENS": "1000000",
    "MCP_TOOL_TIMEOUT": "100000000",  # as long as a person may think
}
"""What the CLI may not do on its own where it is a host of models."""

_STREAMED = ("-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose")
_OWN = ("--setting-sources=", "--strict-mcp-config", "--disable-slash-commands", "--no-session-persistence", "--tools", "")


class ClaudeCode(BaseProvider):
    """Implements `coterie.domain.model_ports.Provider`."""

    version = "stream-json"

    def __init__(self, config: ProviderConfig, *, keys: Keys | None = None, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(config)
        self._keys = keys or Keys()
        self._environ = environ or {}
        self._kept: dict[Conversation, asyncio.TimerHandle] = {}
        self._working: set[Conversation] = set()
        self._windows: dict[str, int] = {}
        self._folder: str | None = None

    @override
    async def stream(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        """Make one attempt of one call; see `coterie.domain.model_ports.Provider.stream`."""
        conversation = self._taken(request) or await self._begun(request)
        self._working.add(conversation)
        try:
            async with aclosing(conversation.answer(request)) as events:
                async for event in events:
                    if isinstance(event, Finished) and request.tools:  # what has no tools is asked once: titles, ghost text
                        self._keep(request.model, conversation)
                    yield event
        finally:
            if conversation in self._working:
                self._working.discard(conversation)
                await conversation.cli.aclose()

    @override
    async def installed_models(self) -> tuple[ModelView, ...]:
        """Return the models that the entry names, or else those that the CLI offers to whoever is logged in."""
        if self._config.models:
            return tuple(self._view(model, self._windows.get(model)) for model in self._config.models)
        cli = await self._start("", [*_STREAMED, *_OWN])
        try:
            models = await listed_models(cli, self._host(""))
        finally:
            await cli.aclose()
        return tuple(self._view(model, self._windows.get(model)) for model in models)

    @override
    async def connect(self) -> None:
        """See whether the CLI is there and somebody is logged in. Asks no model. Raises `ProviderError`."""
        await self._look()
        self._is_connected = True

    @override
    async def check(self) -> ProviderCheck:
        """Say whether the CLI is there, which one it is, and who is logged in."""
        try:
            text = await self._look()
        except ProviderError as failure:
            is_login = failure.kind == "auth_required" and failure.code not in {binary.NOT_INSTALLED, binary.TOO_OLD}
            state: ProviderState = "auth_required" if is_login else "down"
            return ProviderCheck(provider=self.name, state=state, text=failure.message, action=failure.action or LOGIN)
        self._is_connected = True
        return ProviderCheck(provider=self.name, state="ready", text=text)

    @override
    async def disconnect(self) -> None:
        """End every CLI."""
        await super().disconnect()
        for conversation in tuple(self._kept):
            self._release(conversation)
            await conversation.cli.aclose()
        if self._folder is not None:
            folder, self._folder = self._folder, None
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _look(self) -> str:
        config = await self._keys.revealed(self._config)
        program = await asyncio.to_thread(binary.find, config, self._environ)
        return await look(program, binary.environment(config, self._environ), self._host(""))

    def _taken(self, request: ModelRequest) -> Conversation | None:
        """Return the conversation that a request goes on with, for this call alone."""
        found = next((kept for kept in self._kept if kept.goes_on_with(request)), None)
        if found is not None:
            self._release(found)
        return found

    async def _begun(self, request: ModelRequest) -> Conversation:
        longest = request.max_output_tokens or self._config.max_tokens
        more = {"CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(longest)} if longest is not None else {}
        tools = ("--mcp-config", mcp_config(), "--allowedTools", f"mcp__{SERVER}")
        argv = [*_STREAMED, "--include-partial-messages", *_OWN, *tools, f"--model={request.model}"]
        cli = await self._start(request.model, argv, more)
        return Conversation(cli, self._host(request.model), request, self._config.timeouts)

    async def _start(self, model: str, argv: list[str], more: Mapping[str, str] | None = None) -> Cli:
        config = await self._keys.revealed(self._config)
        program = await asyncio.to_thread(binary.find, config, self._environ)
        environment = binary.environment(config, self._environ) | OFFLINE | dict(more or {})
        if self._folder is None:
            # Not in a thread: a second call would make another one meanwhile, and one that is given up would leave its own behind.
            self._folder = tempfile.mkdtemp(prefix="coterie-claude-")
        try:
            return await Cli.start([program, *argv], environment=environment, cwd=self._folder)
        except OSError as failure:
            raise endings.cannot_start(self._host(model), failure) from failure

    def _keep(self, model: str, conversation: Conversation) -> None:
        """Let a conversation wait for its next call, for a while; the oldest gives way."""
        self._working.discard(conversation)
        # The CLI knows a model by its full name, also where it was asked for by a short one.
        windows = [window for name, window in conversation.bill.windows.items() if model in name]
        self._windows.update({model: min(windows)} if windows else {})
        for oldest in list(self._kept)[: max(0, len(self._kept) - _KEPT + 1)]:
            self._drop(oldest)
        self._kept[conversation] = asyncio.get_running_loop().call_later(_KEPT_S, self._drop, conversation)

    def _drop(self, conversation: Conversation) -> None:
        self._release(conversation)
        conversation.cli.kill()

    def _release(self, conversation: Conversation) -> None:
        if (timer := self._kept.pop(conversation, None)) is not None:
            timer.cancel()

    def _host(self, model: str) -> Host:
        return Host(provider=self.name, model=model, address=self._config.base_url, api_key=self._config.api_key)

    def _view(self, model: str, window: int | None) -> ModelView:
        return ModelView(
            id=f"{self.name}/{model}",
            provider=self.name,
            context_tokens=window,
            capabilities=self.capabilities,
            price=self._config.prices.get(model),
        )
