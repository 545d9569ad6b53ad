"""``textDocument/codeAction`` and ``codeAction/resolve``: what Coterie can do about a piece of code.

A list is made without any look at the code. What a chosen action runs is worded when the editor resolves it, or at once for an editor that
resolves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lsprotocol import types

from coterie.domain.actions import is_kind
from coterie.domain.runs import Position, Range
from coterie.domain.wire import Json, to_wire, wire
from coterie.lsp.command_names import CommandName
from coterie.lsp.convert import dig
from coterie.lsp.handlers.reviews import plan_answers
from coterie.lsp.params import read
from coterie.lsp.session import Handlers, Session
from coterie.lsp.views import SOURCE

SEND_KIND: Final = "coterie.send"


@wire
class ActionData:
    """What an action carries from the list to its choice: an editor gives it back as it got it, or so it should."""

    action: str
    uri: str
    range: Range
    problems: tuple[str, ...] = ()


async def code_action(session: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """List what can be done in a range."""
    only = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]
    if session.application.chats.is_chat(params.text_document.uri):
        return await chat_actions(session, params.text_document.uri, only)
    if (approval_id := session.application.plans.question_of(params.text_document.uri)) is not None:
        answers = (await plan_answers(session, approval_id)).items()
        chosen = [types.Command(label, CommandName.APPROVE, arguments=[argument]) for label, argument in answers]
        return [types.CodeAction(command.title, kind="coterie.approve", command=command) for command in chosen]
    problems = [each for each in params.context.diagnostics if each.source != SOURCE]
    if any(each.severity is types.DiagnosticSeverity.Error for each in problems):
        session.application.attention.diagnosed(params.text_document.uri)
    listed = finding_actions(session, params, only)
    for action in session.application.actions.offered(only, problems=bool(problems)):
        about = problems if action.for_problems else []
        data = ActionData(
            action=action.action_id,
            uri=params.text_document.uri,
            range=plain_range(params.range),
            problems=tuple(f"line {each.range.start.line + 1}: {each.message}" for each in about),
        )
        found = types.CodeAction(action.title, kind=action.kind, data=to_wire(data), diagnostics=about or None)
        listed.append(found if session.client.resolves_actions else await resolve(session, found))
    return listed


async def chat_actions(session: Session, uri: str, only: Sequence[str]) -> list[types.CodeAction]:
    """Return what can be done in a chat."""
    place = await session.application.chats.place(uri)
    if place is None or not (not only or any(is_kind(SEND_KIND, wanted) for wanted in only)):
        return []
    send = types.Command("Send to Coterie", CommandName.SEND, arguments=[{"uri": uri}])
    stop = types.Command("Stop Coterie", CommandName.CANCEL, arguments=[{"runId": place.run_id}])
    chosen = ([send] if place.can_send else []) + ([stop] if place.run_id is not None else [])
    return [types.CodeAction(command.title, kind=SEND_KIND, command=command) for command in chosen]


def finding_actions(session: Session, params: types.CodeActionParams, only: Sequence[str]) -> list[types.CodeAction]:
    """Return what can be done about the findings in a range."""
    if only and not any(is_kind("quickfix", wanted) for wanted in only):
        return []
    listed = []
    for finding in session.application.findings.open(params.text_document.uri):
        if finding.first > params.range.end.line or finding.last < params.range.start.line:
            continue
        shown = [each for each in params.context.diagnostics if dig(each.data, "findingId") == finding.finding_id]
        for title, command in (("Fix", CommandName.FIX), ("Dismiss", CommandName.DISMISS)):
            run = types.Command(f"{title}: {finding.title}", command, arguments=[{"findingId": finding.finding_id}])
            listed.append(types.CodeAction(run.title, kind=types.CodeActionKind.QuickFix, diagnostics=shown or None, command=run))
    return listed


async def resolve(session: Session, params: types.CodeAction) -> types.CodeAction:
    """Word an action that was chosen."""
    if dig(params.data, "action") is None:
        return params
    data = read(ActionData, params.data)
    action = session.application.actions.worded(data.action, data.problems)
    selection: dict[str, Json] = {"uri": data.uri}
    prompt = action.prompt
    if data.range.start != data.range.end:
        selection["range"] = to_wire(data.range)
    elif not action.for_problems:
        prompt += f" The cursor is on line {data.range.start.line + 1}."
    # Titles are for people, and an editor may give nothing but the command to whoever looks for an action.
    argument: dict[str, Json] = {"action": action.action_id, "selection": selection}
    match action.way:
        case "run":
            command, argument["prompt"] = CommandName.RUN, prompt
            if action.agent is not None:
                argument["agent"] = action.agent
        case "ask":
            command, argument["prompt"] = CommandName.ASK, prompt
        case "chat":
            command = CommandName.OPEN_CHANNEL
    return _with_command(params, types.Command(action.title, command, arguments=[argument]))


def _with_command(action: types.CodeAction, command: types.Command) -> types.CodeAction:
    return types.CodeAction(action.title, kind=action.kind, diagnostics=action.diagnostics, data=action.data, command=command)


def plain_range(of: types.Range) -> Range:
    """Return LSP's range as ours."""
    return Range(
        start=Position(line=of.start.line, character=of.start.character), end=Position(line=of.end.line, character=of.end.character)
    )


HANDLERS: Handlers = {types.TEXT_DOCUMENT_CODE_ACTION: code_action, types.CODE_ACTION_RESOLVE: resolve}
