"""Asks a person by ``window/showMessageRequest``, for clients that know nothing of ``agent/*``.

``bare`` has one prompt shown for each open question and withdraws it when it was answered elsewhere; what its prompt says after that is
ignored. Closing a prompt means "not now", never yes. A client that cannot show prompts at all says so with its first answer: then nobody is
there to ask, and the policy for that case decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from pygls.exceptions import JsonRpcException

from coterie.base.errors import RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.permissions import ApprovalOption
from coterie.features.application import Approvals
from coterie.lsp.convert import dig
from coterie.lsp.failures import METHOD_NOT_FOUND
from coterie.lsp.outbound import MESSAGE_TYPES, Wire

NEEDS_MORE: Final = frozenset({"edit"})
"""Kinds of options that a choice alone does not answer: they cannot be offered in a prompt."""


class Questions:
    """The prompts of one client. ``approvals`` gives the core's, which is built later than this."""

    def __init__(self, wire: Wire, tasks: TaskSupervisor, approvals: Callable[[], Approvals]) -> None:
        self.possible = True
        self._wire = wire
        self._tasks = tasks
        self._approvals = approvals
        self._prompts: dict[str, asyncio.Task[None]] = {}

    def ask(self, approval_id: str, title: str, options: tuple[ApprovalOption, ...]) -> None:
        """Show a question, unless it is shown already. Never blocks."""
        if self.possible and not self._tasks.closed and approval_id not in self._prompts:
            self._prompts[approval_id] = self._tasks.spawn(self._prompt(approval_id, title, options), name=f"prompt {approval_id}")

    def withdraw(self, approval_id: str) -> None:
        """Expect no answer any more. The protocol has no word for closing a prompt, so it may stay on the screen."""
        if (prompt := self._prompts.pop(approval_id, None)) is not None:
            prompt.cancel()

    async def _prompt(self, approval_id: str, title: str, options: tuple[ApprovalOption, ...]) -> None:
        offered = {option.label: option.option_id for option in options if option.kind not in NEEDS_MORE}
        params = {"type": MESSAGE_TYPES["info"], "message": title, "actions": [{"title": label} for label in offered]}
        try:
            chosen = dig(await self._wire.ask("window/showMessageRequest", params, within_s=None), "title")
        except JsonRpcException as failure:
            if failure.code == METHOD_NOT_FOUND:
                self.possible = False
                self._approvals().attendance_changed()
                return
            chosen = None
        await self._answer(approval_id, offered.get(chosen))

    async def _answer(self, approval_id: str, option_id: str | None) -> None:
        try:
            if option_id is None:
                await self._approvals().dismiss(approval_id)
            else:
                await self._approvals().answer(approval_id, option_id)
        except RequestError:
            pass  # somebody else was quicker, or the run has ended
