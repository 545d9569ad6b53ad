"""Asks a person by ``window/showMessageRequest``, for clients that know nothing of ``agent/*``.

``bare`` has one prompt shown for each open question and withdraws it when it was answered elsewhere; what its prompt says after that is
ignored. Closing a prompt means "not now", never yes; where a stray Enter gives the first answer, that is what the first one means.
Who wants to change a plan gets it as a document, in which lenses and code actions answer the question. A client that cannot show prompts at
all says so with its first answer: then nobody is there to ask, and the policy for that case decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pygls.exceptions import JsonRpcException

from coterie.base.errors import CoterieError, RequestError
from coterie.base.legible import in_one_line, visible
from coterie.base.tasks import TaskSupervisor
from coterie.domain.edits import FileChange
from coterie.domain.permissions import ApprovalOption
from coterie.domain.wire import Json
from coterie.features.application import Application
from coterie.features.attachment import Severity
from coterie.lsp.convert import Client, dig, file_path
from coterie.lsp.failures import METHOD_NOT_FOUND
from coterie.lsp.views import Views
from coterie.lsp.wire import MESSAGE_TYPES, Wire


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, by which run, and of which folder; it is about the run's plan, or about ``change_ids``, or about neither."""

    approval_id: str
    run_id: str
    title: str
    options: tuple[ApprovalOption, ...]
    folder: str | None
    about_plan: bool = False
    change_ids: tuple[str, ...] = ()


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

    def ask(self, question: Question) -> None:
        """Show a question, unless it is shown already. Never blocks."""
        if self.possible and not self._tasks.closed and question.approval_id not in self._prompts:
            prompt = self._tasks.spawn(self._prompt(question), name=f"prompt {question.approval_id}")
            self._prompts[question.approval_id] = prompt

    def withdraw(self, approval_id: str) -> None:
        """Expect no answer any more. The protocol has no word for closing a prompt, so it may stay on the screen."""
        if (prompt := self._prompts.pop(approval_id, None)) is not None:
            prompt.cancel()

    async def _prompt(self, question: Question) -> None:
        plan = await self._plan(question.run_id) if question.about_plan else None
        can_edit = plan is not None and self._views.shows_documents
        offered = {option.label: option for option in question.options if can_edit or option.kind != "edit"}
        project = "" if self._core().concerns(question.folder) else f"In {file_path(question.folder) or question.folder}: "
        message = f"Coterie: {project}{question.title}"
        if plan is not None:
            message = f"{message}\n\n{plan_in_words(plan)}"
        if question.change_ids:
            message = "\n".join([message, *await self._changes(question)])
        admitting = (f"{option.label}. {option.admits}" for option in offered.values() if option.kind == "allow_always")
        message = "\n\n".join([message, *admitting])
        chosen = await self.choose(message, list(offered))
        if not self.possible:
            return
        option = None if chosen is None else offered[chosen]
        if option is not None and option.kind == "edit":
            await self._views.show_document(await self._core().plans.offer(question.approval_id, plan or {}), focus=True)
        else:
            await self._answer(question.approval_id, option)

    async def choose(self, message: str, answers: Sequence[str], severity: Severity = "info") -> str | None:
        """Have the person choose an answer; None when they would not, or when the client cannot ask, which makes questions im`possible`."""
        offered = list(answers)
        if self._client.not_now == "":
            message = f"{message}\n\n{'; '.join(answers)}; nothing: not now"
        if self._client.not_now is not None:
            offered.insert(0, self._client.not_now)
        params = {"type": MESSAGE_TYPES[severity], "message": message, "actions": [{"title": answer} for answer in offered]}
        try:
            chosen = dig(await self._wire.ask("window/showMessageRequest", params, within_s=None), "title")
        except JsonRpcException as failure:
            if failure.code == METHOD_NOT_FOUND:
                self.possible = False
                self._core().approvals.attendance_changed()
            return None
        return chosen if chosen in answers else None

    async def _plan(self, run_id: str) -> Mapping[str, Json] | None:
        try:
            return (await self._core().runs.get(run_id)).plan
        except CoterieError:
            return None  # the question stands without it

    async def _changes(self, question: Question) -> list[str]:
        """Return which files would change, and by how much; the hunks themselves are shown where their lines are."""
        try:
            changes = (await self._core().runs.get(question.run_id)).changes
        except CoterieError:
            return []  # the question stands without it
        return [change_in_words(change) for change in changes if change.change_id in question.change_ids]

    async def _answer(self, approval_id: str, option: ApprovalOption | None) -> None:
        try:
            if option is None:
                await self._core().approvals.dismiss(approval_id)
            else:
                await self._core().approvals.answer(approval_id, option.option_id)
        except RequestError:
            pass  # somebody else was quicker, or the run has ended


def change_in_words(change: FileChange) -> str:
    """Return a proposed change as a person reads it in a prompt: the file, and how many lines come and go."""
    added, gone = sum(hunk.new_lines for hunk in change.hunks), sum(hunk.old_lines for hunk in change.hunks)
    return f"{in_one_line(visible(change.path))}: +{added} -{gone} line{'' if added + gone == 1 else 's'}"


def plan_in_words(plan: Mapping[str, Json]) -> str:
    """Return a plan as a person reads it in a prompt: what is to be reached, and the steps to it."""
    steps = [f"{number}. {step['title']}" for number, step in enumerate(plan.get("steps", ()), start=1)]
    return "\n".join([str(plan.get("goal", "")), *steps])
