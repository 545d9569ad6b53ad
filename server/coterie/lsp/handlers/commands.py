"""``workspace/executeCommand``: the way in for editors that know nothing of ``agent/*``.

Each command takes one object, whose shape is in ``commands.COMMANDS``, and answers at once; what takes longer is told as every run is.
Without a run it means the latest one of the workspace that it can be done to.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping
from pathlib import PurePath
from typing import Any, Final

from lsprotocol import types

from coterie.base.errors import InvalidParamsError, RequestError
from coterie.domain.edits import UndoResult
from coterie.domain.events import RunState
from coterie.domain.runs import RunRequest, RunStarted, RunStateView, RunSummary
from coterie.domain.secrets import provider_of, secret_name
from coterie.domain.status import ProviderCheck
from coterie.domain.suggestions import SuggestionFeedback, SuggestionSnooze
from coterie.domain.wire import Json, to_wire
from coterie.lsp import commands
from coterie.lsp.command_names import CommandName
from coterie.lsp.commands import (
    AcceptedArguments,
    ApproveArguments,
    AskArguments,
    CheckClaudeCodeArguments,
    ConfigureKeyArguments,
    KeyAdvice,
    RunArguments,
    SnoozeArguments,
    UndoArguments,
    UndoGoesOn,
    WhichRunArguments,
)
from coterie.lsp.convert import file_path
from coterie.lsp.handlers import chats, commits, reviews, runs, undoing
from coterie.lsp.params import read
from coterie.lsp.payloads.team import ApprovalAnswerResult
from coterie.lsp.session import Handlers, Session

PAGE = 50
ACTIVE: Final[frozenset[RunState]] = frozenset({"queued", "running", "waiting"})
NO_CLAUDE_CODE: Final = ProviderCheck(
    provider="claude",
    state="down",
    text='Claude Code is no provider here: add a table [providers.claude] with type = "claude_code" to config.toml.',
)
RESUMABLE: Final[frozenset[RunState]] = frozenset({"interrupted", "failed"})


async def execute(session: Session, params: types.ExecuteCommandParams) -> Json:
    """Run one of our commands."""
    if (command := commands.COMMANDS.get(params.command)) is None:
        raise InvalidParamsError(f"There is no command {params.command}.")
    arguments = params.arguments or [None]
    if len(arguments) > 1:
        raise InvalidParamsError("arguments: a command takes one object.")
    argument: Any = read(command.argument, arguments[0])
    return to_wire(await RUNNERS[params.command](session, argument))


async def run(session: Session, argument: RunArguments) -> RunStarted:
    """``coterie.run``."""
    request = RunRequest(
        prompt=argument.prompt,
        agent=argument.agent,
        workflow=argument.workflow,
        channel_id=argument.channel_id,
        selection=argument.selection,
    )
    return await runs.start(session, request)


async def ask(session: Session, argument: AskArguments) -> RunStarted:
    """``coterie.ask``; a plain client is shown the channel, where the answer appears."""
    request = RunRequest(prompt=argument.prompt, channel_id=argument.channel_id, selection=argument.selection)
    started = await runs.start(session, request)
    if session.bare is not None and session.client.shows_documents:
        session.tasks.spawn(chats.show_channel(session, started.channel_id), name=f"show {started.channel_id}")
    return started


async def undo(session: Session, argument: UndoArguments) -> UndoResult | UndoGoesOn:
    """``coterie.undo``."""
    return await undoing.undo(session, argument.run_id or await latest_run_with_changes(session), argument)


async def cancel(session: Session, argument: WhichRunArguments) -> RunStateView:
    """``coterie.cancel``."""
    return await session.application.runs.cancel(argument.run_id or await latest_run(session, ACTIVE, "No run is going on"))


async def resume(session: Session, argument: WhichRunArguments) -> RunStateView:
    """``coterie.resume``."""
    run_id = argument.run_id or await latest_run(session, RESUMABLE, "No run was interrupted or has failed")
    return await session.application.runs.resume(run_id)


async def approve(session: Session, argument: ApproveArguments) -> ApprovalAnswerResult:
    """``coterie.approve``: answers the workspace's one open question with yes for this once, or a named one with a named option."""
    pending = await session.application.approvals.list()
    ours = [each.approval_id for each in pending if session.application.concerns(each.folder)]
    if argument.approval_id is None and len(ours) > 1:
        raise InvalidParamsError(f"approvalId: {len(ours)} questions are open; name one of {', '.join(ours)}.")
    wanted = argument.approval_id or next(iter(ours), None)
    if wanted is None:
        raise RequestError("No question is open.", code="unknown_approval")
    options = next((each.options for each in pending if each.approval_id == wanted), ())
    yes = next((option.option_id for option in options if option.kind in {"allow_once", "approve"}), "")
    option_id, plan = argument.option_id or yes, argument.plan
    if plan is None and any(option.option_id == option_id and option.kind == "edit" for option in options):
        plan = await session.application.plans.read(wanted)
    decision = await session.application.approvals.answer(wanted, option_id, scope=argument.scope, plan=plan)
    return ApprovalAnswerResult(decision=decision)


async def suggestion_accepted(session: Session, argument: AcceptedArguments) -> SuggestionFeedback:
    """``coterie.suggestion.accepted``."""
    return session.application.suggestions.accepted(argument.suggestion_id)


async def snooze(session: Session, argument: SnoozeArguments) -> SuggestionSnooze:
    """``coterie.suggestion.snooze``."""
    return session.application.suggestions.snooze(argument.minutes)


async def check_claude_code(session: Session, argument: CheckClaudeCodeArguments) -> ProviderCheck:
    """``coterie.checkClaudeCode``; a plain client is shown the answer."""
    catalogue = session.application.catalogue
    there = (each.id for each in await catalogue.providers() if each.type == "claude_code")
    provider = argument.provider or next(there, None)
    check = NO_CLAUDE_CODE if provider is None else await catalogue.check(provider)
    if session.bare is not None:
        session.window.show("info", check.text, again=True)
    return check


async def configure_key(session: Session, argument: ConfigureKeyArguments) -> KeyAdvice:
    """``coterie.configureProviderKey``; a plain client is shown what to do, and no key is asked for: its prompts are in logs."""
    lacking = (each.id for each in await session.application.catalogue.providers() if each.state == "auth_required")
    provider = provider_of(secret_name(argument.provider or next(lacking, "anthropic")))
    command = f"coterie keys set {shlex.quote(provider)}"
    text = f"Run `{command}` in a terminal: it asks for the key without showing it, and keeps it in the vault, where `{provider}` finds it."
    if session.bare is not None:
        session.window.show("info", text, again=True)
    return KeyAdvice(provider=provider, command=command, text=text)


async def latest_run_with_changes(session: Session) -> str:
    """Return the latest run that changed something in this workspace and was not undone."""

    async def fits(summary: RunSummary) -> bool:
        changes = (await session.application.runs.get(summary.run_id)).changes
        return any(change.state == "applied" and is_ours(session, change.uri) for change in changes)

    return await newest(session, fits, "No run has changed anything in this workspace")


async def latest_run(session: Session, states: frozenset[RunState], otherwise: str) -> str:
    """Return the workspace's latest run in one of these states."""

    async def fits(summary: RunSummary) -> bool:
        return summary.state in states and session.application.concerns(summary.folder)

    return await newest(session, fits, otherwise)


async def newest(session: Session, fits: Callable[[RunSummary], Awaitable[bool]], otherwise: str) -> str:
    """Return the latest run that fits. Raises `RequestError` ``unknown_run``."""
    before: str | None = None
    more = True
    while more:
        page = await session.application.runs.list(limit=PAGE, before=before)
        for summary in page.runs:
            if await fits(summary):
                return summary.run_id
        more = page.more and bool(page.runs)
        before = page.runs[-1].run_id if page.runs else None
    raise RequestError(f"{otherwise}.", code="unknown_run")


def is_ours(session: Session, uri: str) -> bool:
    """Say whether a file is in one of the workspace's folders."""
    path = file_path(uri)
    return path is not None and any(PurePath(path).is_relative_to(folder.absolute) for folder in session.folders.values())


async def cancel_progress(session: Session, params: types.WorkDoneProgressCancelParams) -> None:
    """``window/workDoneProgress/cancel``: the person stops a run or a request at its progress."""
    if (stop := session.stops.get(params.token)) is not None:
        stop()
        return
    run_id = None if session.bare is None else session.bare.bars.run_of(params.token)
    if run_id is not None:
        await session.application.runs.cancel(run_id)


RUNNERS: Final[Mapping[str, Callable[[Session, Any], Awaitable[object]]]] = {
    CommandName.RUN: run,
    CommandName.ASK: ask,
    CommandName.UNDO: undo,
    CommandName.CANCEL: cancel,
    CommandName.RESUME: resume,
    CommandName.APPROVE: approve,
    CommandName.OPEN_CHANNEL: chats.open_channel,
    CommandName.CHANNELS: chats.list_channels,
    CommandName.INSPECT_CONTEXT: chats.inspect_context,
    CommandName.SEND: chats.send,
    CommandName.ACCEPT: reviews.accept,
    CommandName.REJECT: undoing.reject,
    CommandName.FIX: reviews.fix,
    CommandName.DISMISS: reviews.dismiss,
    CommandName.CHECK_CLAUDE_CODE: check_claude_code,
    CommandName.CONFIGURE_KEY: configure_key,
    CommandName.COMMIT_MESSAGE: commits.show_message,
    CommandName.SUGGESTION_ACCEPTED: suggestion_accepted,
    CommandName.SUGGESTION_SNOOZE: snooze,
}

HANDLERS: Handlers = {
    types.WORKSPACE_EXECUTE_COMMAND: execute,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: cancel_progress,
}
