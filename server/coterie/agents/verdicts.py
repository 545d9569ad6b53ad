"""Carries out what a person decides about hunks of a run's changes: puts them into their files, takes them out, or notes the word alone.

`agents.coordinator` asks for it, for a run that goes on or has ended, and `agents.undo` for steps and single hunks. The hunks of a change
that stand in its file are a selection, and the text before the change is known: so a verdict is the difference between the texts of two
selections, carried over to the file as it is now, around whatever was written since. What cannot be carried over is told and stays open.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from coterie.agents.edit_records import texts_of
from coterie.agents.history import Edit, History
from coterie.agents.live_run import LiveRun
from coterie.agents.minutes import Shift, after_verdict, in_file, kept_text, minutes_of, text_with, undo_intent
from coterie.agents.moves import halves_of, moves_since, other_half
from coterie.base.errors import MergeConflictError, ModelMistakeError, RequestError
from coterie.base.ids import new_id
from coterie.domain.edits import Applied, Draft, Hunk, HunkVerdict, UndoConflict
from coterie.domain.events import ChangeEvent
from coterie.domain.records import EditIntent
from coterie.domain.reviews import HunkChoice
from coterie.domain.workspace_ports import Workspace
from coterie.workspace.files import in_thread
from coterie.workspace.merge import carry

_HALF = "It is half of a move whose other half does not stand any more."
_MOVED = "The file was moved since; reject the move first."


class _OtherHalfError(MergeConflictError):
    """A half of a move cannot be had because of the other one's file, which ``intent`` is about."""

    def __init__(self, intent: EditIntent, why: str) -> None:
        super().__init__(why)
        self.intent = intent


def chosen(history: History, choice: HunkChoice) -> frozenset[str]:
    """Return the hunks that a choice means and that can still be decided.

    Raises `RequestError` ``unknown_hunk``, ``unknown_change``, and ``already_resolved`` when every one of them was decided otherwise.
    """
    by_id = {hunk.hunk_id: hunk for change in history.changes.values() for hunk in change.hunks}
    for hunk_id in choice.hunk_ids:
        if hunk_id not in by_id:
            raise RequestError(f"There is no hunk '{hunk_id}' in this run.", code="unknown_hunk")
    for change_id in choice.change_ids:
        if change_id not in history.changes:
            raise RequestError(f"There is no change '{change_id}' in this run.", code="unknown_change")
    named = {*choice.hunk_ids, *(hunk_id for change_id in choice.change_ids for hunk_id in history.hunk_ids(change_id))}
    if not choice.hunk_ids and not choice.change_ids:
        named = set(by_id)
    can = frozenset(hunk_id for hunk_id in named if _can_be(by_id[hunk_id], choice.verdict))
    if named and not can and not any(_is_already(by_id[hunk_id], choice.verdict) for hunk_id in named):
        raise RequestError("Somebody has decided this otherwise already.", code="already_resolved")
    return can


def _can_be(hunk: Hunk, verdict: HunkVerdict) -> bool:
    """Say whether a verdict can be had: the first word counts, but what was accepted can be undone."""
    return hunk.state == "applied" if verdict == "undone" else hunk.is_open


def _is_already(hunk: Hunk, verdict: HunkVerdict) -> bool:
    return hunk.state != "applied" if verdict == "undone" else hunk.review == verdict


@dataclass(frozen=True, slots=True)
class Decided:
    """What of a verdict could not be had, one reason for each file.

    ``may_come`` says that an editor may still do a part of it, so that nothing is to be tried again now.
    """

    conflicts: tuple[UndoConflict, ...]
    may_come: bool = False


async def decide(run: LiveRun, workspace: Workspace, hunk_ids: Collection[str], verdict: HunkVerdict) -> Decided:
    """Carry a verdict out, as far as it can be had.

    What is put in goes oldest change first. What is taken out goes latest first, and again as long as more of it goes: what stands in the
    way of something, as the files in a folder that was a file before, may go itself, whichever of them comes first.
    """
    wanted = frozenset(hunk_ids)
    while True:
        decided = await _decide_once(run, workspace, wanted, verdict)
        hunks = (hunk for change in run.history.changes.values() for hunk in change.hunks)
        left = frozenset(hunk.hunk_id for hunk in hunks if hunk.hunk_id in wanted and _can_be(hunk, verdict))
        if verdict == "accepted" or decided.may_come or not decided.conflicts or left == wanted:
            return decided
        wanted = left


async def _decide_once(run: LiveRun, workspace: Workspace, hunk_ids: frozenset[str], verdict: HunkVerdict) -> Decided:
    conflicts: dict[str, UndoConflict] = {}
    may_come = False
    blocked = set[str]()  # files that a later change made or took away: what came before that waits, or would not find them as it left them
    named = [change_id for change_id in run.history.changes if not run.history.hunk_ids(change_id).isdisjoint(hunk_ids)]
    halves = frozenset[str]().union(*(other_half(run.history, change_id) for change_id in named))
    hunks = {hunk.hunk_id: hunk for change in run.history.changes.values() for hunk in change.hunks}
    ids = hunk_ids | {hunk_id for hunk_id in halves if _can_be(hunks[hunk_id], verdict)}
    known = [*run.history.changes.items()]  # to which the run may add meanwhile
    for change_id, change in known if verdict == "accepted" else reversed(known):
        mine = ids & run.history.hunk_ids(change_id)
        if mine and change.uri not in blocked and (missed := await _decide_change(run, workspace, change_id, mine, verdict)) is not None:
            conflicts.setdefault(change.uri, missed.conflict)
            may_come |= missed.may_come
            if change.what != "changed" and verdict != "accepted":
                blocked.add(change.uri)
            ids -= other_half(run.history, change_id)
            if verdict == "accepted":
                await _take_back_half(run, workspace, change_id)
    return Decided(tuple(conflicts.values()), may_come)


async def _take_back_half(run: LiveRun, workspace: Workspace, change_id: str) -> None:
    """Take the new file of a move away again whose old one, ``change_id``, has to stay."""
    halves = halves_of(run.history, edit) if (edit := run.history.edits.get(change_id)) is not None else None
    if halves is not None and halves[1] is edit and halves[0].state == "applied":
        made = halves[0].intent.change_id
        await _decide_change(run, workspace, made, frozenset(run.history.hunk_ids(made)), "undone")


@dataclass(frozen=True, slots=True)
class _Missed:
    """Why hunks could not be had; ``may_come`` as in `Decided`."""

    conflict: UndoConflict
    may_come: bool = False


async def _decide_change(run: LiveRun, workspace: Workspace, change_id: str, ids: frozenset[str], verdict: HunkVerdict) -> _Missed | None:
    """Decide hunks of one change: all of them at once, or one by one where some cannot be had; returns why those cannot."""
    missed = await _carried_out(run, workspace, change_id, ids, verdict)
    if missed is None or len(ids) == 1 or missed.may_come:
        return missed
    for hunk in reversed(run.history.changes[change_id].hunks):
        if hunk.hunk_id in ids:
            missed = await _carried_out(run, workspace, change_id, frozenset({hunk.hunk_id}), verdict) or missed
    return missed


async def _carried_out(run: LiveRun, workspace: Workspace, change_id: str, ids: frozenset[str], verdict: HunkVerdict) -> _Missed | None:
    history, intent_id = run.history, new_id("undo")
    change = history.changes[change_id]
    after = after_verdict(change, ids, verdict)
    if in_file(after) != in_file(change):
        edit = history.edits[change_id]
        shift = Shift(await text_with(run, edit, change), await text_with(run, edit, after))

        by_command = edit.intent.call_id in history.commands

        async def intend(draft: Draft) -> None:
            if by_command and draft.before is not None and _is_whole(change):
                await workspace.set_aside(run.run_id, draft.file.path, draft.before)
            intent = undo_intent(intent_id, draft, hunks=tuple(sorted(ids)), verdict=verdict)
            await run.record(intent, texts=texts_of(draft), durable=True)

        try:
            place = await _place(run, workspace, edit, shift, verdict)
            file = workspace.locate_again(place.path, place.folder)
            if by_command and shift.old is None:
                await workspace.make_way(file)
            outcome = await workspace.change(
                file,
                lambda current: carry(current, shift.old, shift.new),
                label=f"{'Apply' if verdict == 'accepted' else 'Take back'} {place.path}",
                on_intent=intend,
                exact=True,
                mode=edit.intent.mode,
                beneath=by_command,
            )
        except _OtherHalfError as conflict:
            return _Missed(UndoConflict(path=conflict.intent.path, reason=conflict.message, uri=conflict.intent.uri))
        except (MergeConflictError, ModelMistakeError) as conflict:
            return _Missed(UndoConflict(path=change.path, reason=conflict.message, uri=change.uri))
        if not isinstance(outcome, Applied):
            return _Missed(UndoConflict(path=change.path, reason=outcome.reason, uri=change.uri), outcome.unsure)
    minutes = await minutes_of(run, intent_id, ids, verdict)
    await run.record(*minutes.records, texts=minutes.texts)
    return None


async def _place(run: LiveRun, workspace: Workspace, edit: Edit, shift: Shift, verdict: HunkVerdict) -> EditIntent:
    """Return where the text of a change is now, wherever the run has moved it. Raises `MergeConflictError`, `ModelMistakeError`."""
    history = run.history
    moves = moves_since(history, edit)
    if moves and (shift.old is None or shift.new is None):
        raise MergeConflictError(_MOVED)
    for made, _ in moves:
        await in_thread(carry, await kept_text(run, made.intent.after), shift.old, shift.new)
    halves = halves_of(history, edit)
    if halves is not None and halves[0] is edit and verdict == "accepted":
        # The old file goes after the new one is made: found out now whether it can.
        await _check_leaving(run, workspace, halves[1].intent)
    if halves is not None and halves[1] is edit:
        made, _ = halves
        if verdict == "accepted" and made.state != "applied":
            raise MergeConflictError(_HALF)
        # The new file goes after the old one is back: found out now whether it can.
        if verdict != "accepted" and made.state == "applied":
            there = await workspace.read(workspace.locate_again(made.intent.path, made.intent.folder), exact=True)
            try:
                await in_thread(carry, there, await kept_text(run, made.intent.after), None)
            except MergeConflictError as conflict:
                raise _OtherHalfError(made.intent, conflict.message) from conflict
    return moves[-1][0].intent if moves else edit.intent


async def _check_leaving(run: LiveRun, workspace: Workspace, intent: EditIntent) -> None:
    """Raise `MergeConflictError` when the old file of a move cannot go as it is now."""
    file = workspace.locate_again(intent.path, intent.folder)
    try:
        await in_thread(carry, await workspace.read(file, exact=True), await kept_text(run, intent.before), None)
    except MergeConflictError as conflict:
        raise _OtherHalfError(intent, conflict.message) from conflict
    if file.absolute in workspace.unsaved():
        raise _OtherHalfError(intent, "it is open in the editor with unsaved text; save or close it first")


def _is_whole(change: ChangeEvent) -> bool:
    """Say whether all of a change stands: what goes of it now was never taken away before."""
    return all(hunk.state == "applied" for hunk in change.hunks)
