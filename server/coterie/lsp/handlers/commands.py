"""``workspace/executeCommand``: the way in for editors that know nothing of ``agent/*``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from coterie.base.errors import InvalidParamsError, RequestError
from coterie.domain.runs import RunRequest
from coterie.domain.wire import Json, from_wire, to_wire
from coterie.lsp import failures, protocol
from coterie.lsp.protocol import AcceptedArguments, AskArguments, RunArguments, SnoozeArguments, UndoArguments
from coterie.lsp.session import Handlers, Session

PAGE = 50


async def execute(session: Session, params: types.ExecuteCommandParams) -> Json:
    """Run one of our commands."""
    if (command := protocol.COMMANDS.get(params.command)) is None:
        raise InvalidParamsError(f"There is no command {params.command}.")
    argument = read_argument(command.argument, params.arguments or ())
    match argument:
        case RunArguments():
            request = RunRequest(prompt=argument.prompt, agent=argument.agent, workflow=argument.workflow)
            return to_wire(await session.application.runs.start(request))
        case AskArguments():
            return to_wire(await session.application.runs.start(RunRequest(prompt=argument.prompt)))
        case UndoArguments():
            run_id = argument.run_id or await latest_run_with_changes(session)
            return to_wire(await session.application.runs.undo(run_id))
        case AcceptedArguments():
            return to_wire(session.application.suggestions.accepted(argument.suggestion_id))
        case SnoozeArguments():
            return to_wire(session.application.suggestions.snooze(argument.minutes))


def read_argument(of: type, arguments: Sequence[Any]) -> Any:
    """Read a command's one argument. Raises `InvalidParamsError`."""
    from pydantic import ValidationError  # noqa: PLC0415 - keeps the start light

    if len(arguments) > 1:
        raise InvalidParamsError("arguments: a command takes one object.")
    try:
        return from_wire(of, arguments[0] if arguments else {})
    except ValidationError as failure:
        raise failures.invalid_params(failure) from failure


async def latest_run_with_changes(session: Session) -> str:
    """Return the latest run that changed something in this workspace and was not undone."""
    before: str | None = None
    more = True
    while more:
        page = await session.application.runs.list(limit=PAGE, before=before)
        for run in page.runs:
            changes = (await session.application.runs.get(run.run_id)).changes
            if any(change.state == "applied" and is_ours(session, change.uri) for change in changes):
                return run.run_id
        more = page.more and bool(page.runs)
        before = page.runs[-1].run_id if page.runs else None
    raise RequestError("No run has changed anything in this workspace.", code="unknown_run")


def is_ours(session: Session, uri: str) -> bool:
    """Say whether a file is in one of the workspace's folders."""
    return any(uri.startswith(folder.rstrip("/") + "/") for folder in session.folders)


HANDLERS: Handlers = {types.WORKSPACE_EXECUTE_COMMAND: execute}
