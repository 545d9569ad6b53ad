"""Takes back what a run changed, and shows it: by the texts that its journal keeps, never by the project's version control.

Each file's changes are inverted one by one, latest first, and merged with whatever the person wrote before, between and after them. Where
that cannot be done without touching their text, the file is left alone and the conflict is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from coterie.agents.history import Edit, History
from coterie.agents.live_run import LiveRun
from coterie.base.errors import MergeConflictError, ModelMistakeError
from coterie.base.ids import new_id
from coterie.domain.edits import Applied, ChangeState, Draft, FileDiff, FileRef, UndoConflict, UndoResult, digest_of
from coterie.domain.events import ChangeEvent
from coterie.domain.ports import RunStore, Workspace
from coterie.domain.records import EditIntent, EditOutcome, EventRecord, Record
from coterie.workspace.files import in_thread
from coterie.workspace.hunks import unified_diff
from coterie.workspace.merge import revert, shows_edit

_UNDONE: ChangeState = "undone"
_UNDO_STEP = "undo"


async def undo(run: LiveRun, workspace: Workspace, paths: Sequence[str] = ()) -> UndoResult:
    """Undo a run's changes of all files, or of ``paths`` (relative paths or URIs)."""
    await _settle_unknown(run, workspace)
    restored: list[str] = []
    conflicts: list[UndoConflict] = []
    for edits in run.history.applied(paths).values():
        path = edits[0].intent.path
        try:
            reason = await _undo_file(run, workspace, edits)
        except ModelMistakeError as mistake:
            reason = mistake.message
        if reason is None:
            restored.append(path)
        else:
            conflicts.append(UndoConflict(path=path, reason=reason))
    return UndoResult(restored=tuple(restored), conflicts=tuple(conflicts))


async def _undo_file(run: LiveRun, workspace: Workspace, edits: list[Edit]) -> str | None:
    """Undo one file's edits; returns why not."""
    intent = edits[0].intent
    file = workspace.locate(intent.path, intent.folder)
    pairs = [(await _text(run, edit.intent.before), await _text(run, edit.intent.after)) for edit in reversed(edits)]

    def rewrite(current: str | None) -> str | None:
        for before, after in pairs:
            current = revert(current, before, after)
        return current

    change_id = new_id("undo")

    async def intend(draft: Draft) -> None:
        texts = [text for text in (draft.before, draft.after) if text is not None]
        await run.record(_intent(change_id, draft), texts=texts, durable=True)

    try:
        outcome = await workspace.change(file, rewrite, label=f"Undo {intent.path}", on_intent=intend, exact=True)
    except MergeConflictError as conflict:
        return conflict.message
    if not isinstance(outcome, Applied):
        return outcome.reason
    records: list[Record] = []
    if change_id in run.history.edits:
        records.append(EditOutcome(change_id=change_id, state="undone"))
    for edit in edits:
        records.append(EditOutcome(change_id=edit.intent.change_id, state="undone"))
        if (told := run.history.changes.get(edit.intent.change_id)) is not None:
            records.append(EventRecord(event=_undone(told)))
    await run.record(*records)
    return None


async def _settle_unknown(run: LiveRun, workspace: Workspace) -> None:
    """Find out whether the edits happened whose process died before it could say."""
    for edit in run.history.unresolved():
        intent = edit.intent
        try:
            text = await workspace.read(workspace.locate(intent.path, intent.folder), exact=True)
        except ModelMistakeError:
            continue
        happened = await in_thread(shows_edit, text, await _text(run, intent.before), await _text(run, intent.after))
        effect: Literal["applied", "undone"] = "undone" if intent.step_id == _UNDO_STEP else "applied"
        await run.record(EditOutcome(change_id=intent.change_id, state=effect if happened else "refused"))


async def diff(history: History, store: RunStore, paths: Sequence[str] = ()) -> tuple[FileDiff, ...]:
    """Return what a run changed in all, file by file, from before its first to after its last change."""
    diffs: list[FileDiff] = []
    for (_, path), edits in history.applied(paths).items():
        first, last = edits[0].intent, edits[-1].intent
        before = None if first.before is None else await store.text(first.before)
        after = None if last.after is None else await store.text(last.after)
        if before == after:
            continue
        status: Literal["added", "modified", "deleted"] = "added" if before is None else "deleted" if after is None else "modified"
        diffs.append(FileDiff(path=path, uri=first.uri, status=status, diff=unified_diff(path, before, after)))
    return tuple(diffs)


async def _text(run: LiveRun, digest: str | None) -> str | None:
    return None if digest is None else await run.text(digest)


def _intent(change_id: str, draft: Draft) -> EditIntent:
    file: FileRef = draft.file
    return EditIntent(
        change_id=change_id,
        step_id=_UNDO_STEP,
        call_id=change_id,
        folder=file.folder,
        path=file.path,
        uri=file.uri,
        before=None if draft.before is None else digest_of(draft.before),
        after=None if draft.after is None else digest_of(draft.after),
    )


def _undone(told: ChangeEvent) -> ChangeEvent:
    hunks = tuple(replace(hunk, state=_UNDONE) for hunk in told.hunks)
    return ChangeEvent(change_id=told.change_id, path=told.path, uri=told.uri, state=_UNDONE, hunks=hunks)
