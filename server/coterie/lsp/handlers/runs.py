"""``agent/run/*``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from coterie.base.text import Encoding, LineIndex, Position
from coterie.domain.edits import UndoResult
from coterie.domain.runs import Attachment, Range, RunEvents, RunPage, RunRequest, RunStarted, RunStateView, RunView, Selection
from coterie.domain.runs import Position as Place
from coterie.lsp import protocol
from coterie.lsp.convert import file_path
from coterie.lsp.payloads.runs import (
    RunDiffParams,
    RunDiffResult,
    RunEventsParams,
    RunListParams,
    RunParams,
    RunSteerParams,
    RunSteerResult,
    RunUndoParams,
)
from coterie.lsp.session import Handlers, Session


async def start(session: Session, params: RunRequest) -> RunStarted:
    """``agent/run/start``."""
    selection = None if params.selection is None else await selected(session, params.selection)
    attachments = with_buffers(session, params.attachments)
    return await session.application.runs.start(replace(params, selection=selection, attachments=attachments))


async def selected(session: Session, selection: Selection) -> Selection:
    """Return a selection with its text, of the open buffer or else of the file, and with its ends in the text and in their order.

    Without a text when there is neither, and for a whole file, which whoever needs its text can read. A whole document that is no file is
    only here. What the client says itself is left as it is.
    """
    text, path, chosen = session.documents.text(selection.uri), file_path(selection.uri), selection.range
    if selection.text is not None:
        return selection
    if chosen is None:
        return selection if path is not None else replace(selection, text=text)
    if text is None and path is not None:
        text = await asyncio.to_thread(read_file, Path(path))
    if text is None:
        return selection
    index, encoding = LineIndex(text), session.client.encoding
    start, end = sorted(index.offset(Position(at.line, at.character), encoding) for at in (chosen.start, chosen.end))
    return replace(selection, text=text[start:end], range=Range(start=_place(index, start, encoding), end=_place(index, end, encoding)))


def _place(index: LineIndex, offset: int, encoding: Encoding) -> Place:
    found = index.position(offset, encoding)
    return Place(line=found.line, character=found.character)


def with_buffers(session: Session, attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Return attachments with the text of open documents that are no files: nobody else could read it."""

    def text_of(each: Attachment) -> str | None:
        only_here = each.text is None and each.uri is not None and file_path(each.uri) is None
        return session.documents.text(each.uri) if only_here and each.uri is not None else each.text

    return tuple(replace(each, text=text_of(each)) for each in attachments)


def read_file(path: Path) -> str | None:
    """Return a file's text as an editor would show it, or None."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


async def list_runs(session: Session, params: RunListParams) -> RunPage:
    """``agent/run/list``."""
    return await session.application.runs.list(state=params.state, limit=params.limit, before=params.before)


async def get(session: Session, params: RunParams) -> RunView:
    """``agent/run/get``."""
    return await session.application.runs.get(params.run_id)


async def events(session: Session, params: RunEventsParams) -> RunEvents:
    """``agent/run/events``."""
    return await session.application.runs.events(params.run_id, params.after)


async def steer(session: Session, params: RunSteerParams) -> RunSteerResult:
    """``agent/run/steer``."""
    return RunSteerResult(message_id=await session.application.runs.steer(params.run_id, params.text))


async def interrupt(session: Session, params: RunParams) -> RunStateView:
    """``agent/run/interrupt``."""
    return await session.application.runs.interrupt(params.run_id)


async def cancel(session: Session, params: RunParams) -> RunStateView:
    """``agent/run/cancel``."""
    return await session.application.runs.cancel(params.run_id)


async def resume(session: Session, params: RunParams) -> RunStateView:
    """``agent/run/resume``."""
    return await session.application.runs.resume(params.run_id)


async def undo(session: Session, params: RunUndoParams) -> UndoResult:
    """``agent/run/undo``."""
    return await session.application.runs.undo(params.run_id, scope=params.scope, ids=params.ids)


async def diff(session: Session, params: RunDiffParams) -> RunDiffResult:
    """``agent/run/diff``."""
    return RunDiffResult(files=await session.application.runs.diff(params.run_id, paths=params.paths, texts=params.texts))


HANDLERS: Handlers = {
    protocol.RUN_START: start,
    protocol.RUN_LIST: list_runs,
    protocol.RUN_GET: get,
    protocol.RUN_EVENTS: events,
    protocol.RUN_STEER: steer,
    protocol.RUN_INTERRUPT: interrupt,
    protocol.RUN_CANCEL: cancel,
    protocol.RUN_RESUME: resume,
    protocol.RUN_UNDO: undo,
    protocol.RUN_DIFF: diff,
}
