"""Asks a person by ``window/showMessageRequest``, for clients that know nothing of ``agent/*``.

``bare`` has one prompt shown for each open question and withdraws it when it was answered elsewhere; what its prompt says after that is
ignored. Closing a prompt means "not now", never yes; where a stray Enter gives the first answer, that is what the first one means.
Who wants to change a plan gets it as a document, in which lenses and code actions answer the question. A client that cannot show prompts at
all says so with its first answer: then nobody is there to ask, and the policy for that case decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from pygls.exceptions import JsonRpcException

from coterie.base.errors import CoterieError, RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.permissions import ApprovalOption
from coterie.domain.wire import Json
from coterie.features.application import Application
from coterie.lsp.convert import Client, dig
from coterie.lsp.failures import METHOD_NOT_FOUND
from coterie.lsp.outbound import MESSAGE_TYPES, Wire
from coterie.lsp.views import Views


class Questions:
    """The prompts of one client. ``views`` shows documents, ``core`` gives the core, which is built later than this."""

    def __init__(self, wire: Wire, client: Client, tasks: TaskSupervisor, views: Views, core: Callable[[], Application]) -> None:
        self.possible = True
        self._wire = wire
        self._client = client
        self._tasks = tasks
        self._views = views
        self._core = core
        self._prompts: dict[str, asyncio.Task[None]] = {}

    def ask(self, approval_id: str, title: str, options: tuple[ApprovalOption, ...], plan_of: str | None = None) -> None:
        """Show a question, unless it is shown already; with the plan of the run ``plan_of``, which it is about. Never blocks."""
        if self.possible and not self._tasks.closed and approval_id not in self._prompts:
            prompt = self._prompt(approval_id, title, options, plan_of)
            self._prompts[approval_id] = self._tasks.spawn(prompt, name=f"prompt {approval_id}")

    def withdraw(self, approval_id: str) -> None:
        """Expect no answer any more. The protocol has no word for closing a prompt, so it may stay on the screen."""
        if (prompt := self._prompts.pop(approval_id, None)) is not None:
            prompt.cancel()

    async def _prompt(self, approval_id: str, title: str, options: tuple[ApprovalOption, ...], plan_of: str | None) -> None:
        plan = None if plan_of is None else await self._plan(plan_of)
        can_edit = plan is not None and self._views.shows_documents
        offered = {option.label: option for option in options if can_edit or option.kind != "edit"}
        message = f"Coterie: {title}"
        if plan is not None:
            message = f"{message}\n\n{plan_in_words(plan)}"
        answers = list(offered)
        if self._client.not_now == "":
            message = f"{message}\n\n{'; '.join(answers)}; nothing: not now"
        if self._client.not_now is not None:
            answers.insert(0, self._client.not_now)
        params = {"type": MESSAGE_TYPES["info"], "message": message, "actions": [{"title": answer} for answer in answers]}
        try:
            chosen = dig(await self._wire.ask("window/showMessageRequest", params, within_s=None), "title")
        except JsonRpcException as failure:
            if failure.code == METHOD_NOT_FOUND:
                self.possible = False
                self._core().approvals.attendance_changed()
                return
            chosen = None
        option = offered.get(chosen) if isinstance(chosen, str) else None
        if option is not None and option.kind == "edit":
            await self._views.show_document(await self._core().plans.offer(approval_id, plan or {}), focus=True)
        else:
            await self._answer(approval_id, option)

    async def _plan(self, run_id: str) -> Mapping[str, Json] | None:
        try:
            return (await self._core().runs.get(run_id)).plan
        except CoterieError:
            return None  # the question stands without it

    async def _answer(self, approval_id: str, option: ApprovalOption | None) -> None:
        try:
            if option is None:
                await self._core().approvals.dismiss(approval_id)
            else:
                await self._core().approvals.answer(approval_id, option.option_id)
        except RequestError:
            pass  # somebody else was quicker, or the run has ended


def plan_in_words(plan: Mapping[str, Json]) -> str:
    """Return a plan as a person reads it in a prompt: what is to be reached, and the steps to it."""
    steps = [f"{number}. {step['title']}" for number, step in enumerate(plan.get("steps", ()), start=1)]
    return "\n".join([str(plan.get("goal", "")), *steps])
