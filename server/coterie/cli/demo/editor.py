"""The demo's editor: what any LSP client with the ``agent/*`` methods does, in the order in which it does it.

``story`` tells it what to do and gets the events back as domain values; ``client`` carries the messages.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from coterie.cli.demo.buffers import Buffers
from coterie.cli.demo.client import Client, ServerFailedError
from coterie.domain.events import ENDED, AgentEvent, ApprovalEvent, RunEvent
from coterie.domain.wire import Json, from_wire

RUN_WITHIN_S = 300.0
"""A run of a slow model that exceeds this is not worth watching any longer."""

Decide: TypeAlias = Callable[[ApprovalEvent], Awaitable[str]]
"""Chooses the id of an option."""


class Editor:
    """One editor window with its server. ``show`` is called with each event, ``decide`` answers questions."""

    def __init__(self, root: Path, show: Callable[[AgentEvent], None], decide: Decide) -> None:
        self._root = root
        self._show = show
        self._decide = decide
        self._buffers = Buffers()
        self._events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self._client = Client(self._buffers, self._notified)

    async def start(self, argv: Sequence[str], environ: Mapping[str, str], settings: Mapping[str, Json], log: Path) -> Mapping[str, Any]:
        """Start the server and introduce this editor; returns what ``initialize`` answered."""
        await self._client.start(argv, environ=environ, cwd=self._root, log=log)
        answer: Mapping[str, Any] = await self._client.request(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "coterie demo"},
                "rootUri": self._root.as_uri(),
                "workspaceFolders": [{"uri": self._root.as_uri(), "name": self._root.name}],
                "capabilities": {
                    "general": {"positionEncodings": ["utf-32"]},
                    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}, "workspaceFolders": True},
                    "experimental": {"coterie": True},
                },
                "initializationOptions": settings,
            },
        )
        await self._client.notify("initialized", {})
        return answer

    async def open(self, path: str, language: str) -> None:
        """Open a file of the project in a buffer."""
        await self._client.notify("textDocument/didOpen", self._buffers.open_file(self._root / path, language))

    async def ask(self, prompt: str) -> tuple[str, list[AgentEvent]]:
        """Post a prompt to a fresh channel; returns the run's id and all that happened."""
        channel = await self.request("agent/channel/open", {"title": "Demo"})
        posted = await self.request("agent/channel/post", {"channelId": channel["channelId"], "text": prompt})
        return posted["runId"], await self._follow(posted["runId"])

    async def run(self, prompt: str, workflow: str) -> tuple[str, list[AgentEvent]]:
        """Start a run; returns its id and all that happened."""
        started = await self.request("agent/run/start", {"prompt": prompt, "workflow": workflow})
        return started["runId"], await self._follow(started["runId"])

    async def request(self, method: str, params: Mapping[str, Any]) -> Any:
        """Ask the server. Raises `ServerFailedError`."""
        return await self._client.request(method, params)

    async def leave(self) -> int:
        """Shut the server down and return its exit status."""
        return await self._client.leave()

    async def aclose(self) -> None:
        """End what is still there."""
        await self._client.aclose()

    def _notified(self, method: str, params: Mapping[str, Any]) -> None:
        if method == "agent/event":
            self._events.put_nowait(from_wire(AgentEvent, params))
        elif method == Client.GONE:
            self._events.put_nowait(None)

    async def _follow(self, run_id: str) -> list[AgentEvent]:
        events: list[AgentEvent] = []
        try:
            async with asyncio.timeout(RUN_WITHIN_S):
                while True:
                    told = await self._events.get()
                    if told is None:
                        raise ServerFailedError("The server went away in the middle of a run.")
                    if told.run_id != run_id:
                        continue
                    events.append(told)
                    self._show(told)
                    if isinstance(told.event, ApprovalEvent) and told.event.state == "pending":
                        await self._answer(told.event)
                    if isinstance(told.event, RunEvent) and told.event.state in ENDED:
                        return events
        except TimeoutError:
            raise ServerFailedError(f"The run did not end within {RUN_WITHIN_S:.0f} s.") from None

    async def _answer(self, question: ApprovalEvent) -> None:
        chosen = await self._decide(question)
        await self.request("agent/approval/answer", {"approvalId": question.approval_id, "optionId": chosen})
