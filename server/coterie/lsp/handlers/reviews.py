"""What stands beside the text: hovers that tell which run changed a line, lenses to accept or take back, findings to mend or dismiss."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from lsprotocol import types

from coterie.base.text import bare_lines
from coterie.domain.channels import ChatPlace
from coterie.domain.reviews import Reviewable, Story
from coterie.domain.runs import RunStarted
from coterie.features.chat_text import quoted
from coterie.lsp.command_names import CommandName
from coterie.lsp.commands import AcceptArguments, Accepted, FindingArguments
from coterie.lsp.session import Handlers, Session

LONGEST_BEFORE = 20
"""How many lines of what a run replaced a hover shows."""


async def hover(session: Session, params: types.HoverParams) -> types.Hover | None:
    """``textDocument/hover``: the story of a changed line."""
    uri, line = params.text_document.uri, params.position.line
    if (text := session.documents.text(uri)) is None:
        return None
    story = await session.application.changes.story(uri, text, line)
    return None if story is None else types.Hover(types.MarkupContent(types.MarkupKind.Markdown, told(story)))


def told(story: Story) -> str:
    """Return a story in Markdown."""
    who = "Coterie" if story.agent is None else f"Coterie's {story.agent}"
    parts = [f"**{who} changed this** for: {story.prompt}", story.summary, f"`{story.run_id}`, {story.at}"]
    if story.before:
        lines = bare_lines(story.before)
        more = [f"… {len(lines) - LONGEST_BEFORE} lines more"] if len(lines) > LONGEST_BEFORE else []
        parts.append(quoted("\n".join([*lines[:LONGEST_BEFORE], *more]), "It was", ""))
    return "\n\n".join(filter(None, parts))


async def code_lens(session: Session, params: types.CodeLensParams) -> list[types.CodeLens]:
    """``textDocument/codeLens``: send and stop in a chat; approve in a plan; accept, reject and undo where a run changed a file."""
    if session.bare is None:
        return []  # a client with views of its own has buttons of its own
    uri = params.text_document.uri
    if (place := await session.application.chats.place(uri)) is not None:
        return chat_lenses(place, uri)
    if (approval_id := session.application.plans.question_of(uri)) is not None:
        answers = await plan_answers(session, approval_id)
        return [lens(0, label, CommandName.APPROVE, argument) for label, argument in answers.items()]
    text = session.documents.text(uri) or ""
    found = session.application.changes.reviewable(uri, text)
    return [each for _, hunks in groupby(found, key=lambda hunk: hunk.run_id) for each in review_lenses(tuple(hunks))]


def chat_lenses(place: ChatPlace, uri: str) -> list[types.CodeLens]:
    """Return what can be done in a chat; in one whose channel was deleted, only that this is so."""
    if place.channel is None:
        return [lens(place.line, "This chat was deleted. Open a new one", CommandName.OPEN_CHANNEL, {})]
    send = "Send, out of the archive" if place.channel.state == "archived" else "Send"
    lenses = [lens(place.line, send, CommandName.SEND, {"uri": uri})] if place.can_send else []
    stop = [lens(place.line, "Stop", CommandName.CANCEL, {"runId": place.run_id})] if place.run_id is not None else []
    return [*lenses, *stop]


async def plan_answers(session: Session, approval_id: str) -> dict[str, dict[str, Any]]:
    """Return how the question of a plan can be answered, while it is open: the argument of ``coterie.approve`` by its label."""
    pending = await session.application.approvals.list()
    options = next((each.options for each in pending if each.approval_id == approval_id), ())
    wanted = [option for option in options if option.kind in {"edit", "reject"}]
    return {option.label: {"approvalId": approval_id, "optionId": option.option_id} for option in wanted}


def review_lenses(hunks: Sequence[Reviewable]) -> Sequence[types.CodeLens]:
    """Return what can be done about a run's changes of a file: about all of them, at the first, and about each where there are several."""
    line, run_id = hunks[0].line, hunks[0].run_id
    here = {"runId": run_id, "uri": hunks[0].uri}
    lenses = [
        lens(line, "Accept", CommandName.ACCEPT, here),
        lens(line, "Reject in this file", CommandName.REJECT, here),
        lens(line, "Undo the whole run", CommandName.UNDO, {"runId": run_id}),
    ]
    for each in hunks if len(hunks) > 1 else ():
        this = {"runId": run_id, "hunkIds": [each.hunk_id]}
        lenses += [
            lens(each.line, "Accept this change", CommandName.ACCEPT, this),
            lens(each.line, "Reject this change", CommandName.REJECT, this),
        ]
    return lenses


def lens(line: int, title: str, command: str, argument: dict[str, Any]) -> types.CodeLens:
    """Return a lens above a line."""
    place = types.Position(line, 0)
    return types.CodeLens(types.Range(place, place), command=types.Command(f"Coterie: {title}", command, arguments=[argument]))


async def accept(session: Session, argument: AcceptArguments) -> Accepted:
    """``coterie.accept``."""
    changes, results = await session.application.hunks.decide_open(
        "accepted", run_id=argument.run_id, uri=argument.uri, hunk_ids=argument.hunk_ids
    )
    for conflict in (conflict for result in results for conflict in result.conflicts):
        session.window.show("warning", f"{conflict.path} was not changed: {conflict.reason}")
    return Accepted(accepted=len(changes))


async def fix(session: Session, argument: FindingArguments) -> RunStarted:
    """``coterie.fix``."""
    return await session.application.findings.fix(argument.finding_id)


async def dismiss(session: Session, argument: FindingArguments) -> FindingArguments:
    """``coterie.dismiss``."""
    await session.application.findings.dismiss(argument.finding_id)
    return argument


HANDLERS: Handlers = {types.TEXT_DOCUMENT_HOVER: hover, types.TEXT_DOCUMENT_CODE_LENS: code_lens}
