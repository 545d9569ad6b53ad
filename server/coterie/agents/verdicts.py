"""Carries out what a person decides about hunks of a run's changes: puts them into their files, takes them out, or notes the word alone.

`agents.coordinator` asks for it, for a run that goes on or has ended, and `agents.undo` for steps and single hunks. The hunks of a change
that stand in its file are a selection, and the text before the change is known: so a verdict is the difference between the texts of two
selections, carried over to the file as it is now, around whatever was written since. What cannot be carried over is told and stays open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from coterie.agents.edit_records import texts_of
from coterie.agents.history import Edit, History
from coterie.agents.live_run import LiveRun
from coterie.base.errors import MergeConflictError, ModelMistakeError, RequestError
from coterie.base.ids import new_id
from coterie.base.text import lines_of
from coterie.domain.edits import Applied, ChangeState, Draft, Hunk, HunkVerdict, UndoConflict, digest_of
from coterie.domain.events import ChangeEvent
from coterie.domain.records import EditIntent, EditOutcome, EventRecord, Record
from coterie.domain.reviews import HunkChoice
from coterie.domain.workspace_ports import Workspace
from coterie.workspace.files import in_thread
from coterie.workspace.hunks import placed, with_hunks
from coterie.workspace.merge import carry

UNDO_STEP = "undo"
"""The step of intents that are a person's and no agent's."""
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


async def decide(run: LiveRun, workspace: Workspace, hunk_ids: Collection[str], verdict: HunkVerdict) -> list[UndoConflict]:
    """Carry a verdict out; returns what could not be. What is taken out goes latest change first, what is put in oldest first."""
    conflicts: dict[str, UndoConflict] = {}
    named = [change_id for change_id in run.history.changes if not run.history.hunk_ids(change_id).isdisjoint(hunk_ids)]
    halves = frozenset[str]().union(*(_other_half(run.history, change_id) for change_id in named))
    hunks = {hunk.hunk_id: hunk for change in run.history.changes.values() for hunk in change.hunks}
    ids = frozenset(hunk_ids) | {hunk_id for hunk_id in halves if _can_be(hunks[hunk_id], verdict)}
    known = [*run.history.changes.items()]  # to which the run may add meanwhile
    for change_id, change in known if verdict == "accepted" else reversed(known):
        mine = ids & run.history.hunk_ids(change_id)
        if mine and (conflict := await _decide_change(run, workspace, change_id, mine, verdict)) is not None:
            conflicts.setdefault(change.uri, conflict)
            ids -= _other_half(run.history, change_id)
            if verdict == "accepted":
                await _take_back_half(run, workspace, change_id)
    return list(conflicts.values())


async def _take_back_half(run: LiveRun, workspace: Workspace, change_id: str) -> None:
    """Take the new file of a move away again whose old one, ``change_id``, has to stay."""
    halves = _halves(run.history, edit) if (edit := run.history.edits.get(change_id)) is not None else None
    if halves is not None and halves[1] is edit and halves[0].state == "applied":
        made = halves[0].intent.change_id
        await _decide_change(run, workspace, made, frozenset(run.history.hunk_ids(made)), "undone")


async def _decide_change(
    run: LiveRun, workspace: Workspace, change_id: str, ids: frozenset[str], verdict: HunkVerdict
) -> UndoConflict | None:
    """Decide hunks of one change: all of them at once, or one by one where some cannot be had; returns why those cannot."""
    conflict = await _carried_out(run, workspace, change_id, ids, verdict)
    if conflict is None or len(ids) == 1:
        return conflict
    for hunk in reversed(run.history.changes[change_id].hunks):
        if hunk.hunk_id in ids:
            conflict = await _carried_out(run, workspace, change_id, frozenset({hunk.hunk_id}), verdict) or conflict
    return conflict


@dataclass(frozen=True, slots=True)
class _Shift:
    """The texts of a change's file without anybody else's words, before and after a verdict."""

    old: str | None
    new: str | None


async def _carried_out(
    run: LiveRun, workspace: Workspace, change_id: str, ids: frozenset[str], verdict: HunkVerdict
) -> UndoConflict | None:
    history, intent_id = run.history, new_id("undo")
    change = history.changes[change_id]
    after = after_verdict(change, ids, verdict)
    if _in_file(after) != _in_file(change):
        edit = history.edits[change_id]
        shift = _Shift(await _text(run, edit, change), await _text(run, edit, after))

        by_command = edit.intent.call_id in history.commands

        async def intend(draft: Draft) -> None:
            if by_command and draft.before is not None and _is_whole(change):
                await workspace.set_aside(run.run_id, draft.file.path, draft.before)
            intent = undo_intent(intent_id, draft, hunks=tuple(sorted(ids)), verdict=verdict)
            await run.record(intent, texts=texts_of(draft), durable=True)

        try:
            place = await _place(run, workspace, edit, shift, verdict)
            outcome = await workspace.change(
                workspace.locate_again(place.path, place.folder),
                lambda current: carry(current, shift.old, shift.new),
                label=f"{'Apply' if verdict == 'accepted' else 'Take back'} {place.path}",
                on_intent=intend,
                exact=True,
                mode=edit.intent.mode,
                beneath=by_command,
            )
        except _OtherHalfError as conflict:
            return UndoConflict(path=conflict.intent.path, reason=conflict.message, uri=conflict.intent.uri)
        except (MergeConflictError, ModelMistakeError) as conflict:
            return UndoConflict(path=change.path, reason=conflict.message, uri=change.uri)
        if not isinstance(outcome, Applied):
            return UndoConflict(path=change.path, reason=outcome.reason, uri=change.uri)
    minutes = await minutes_of(run, intent_id, ids, verdict)
    await run.record(*minutes.records, texts=minutes.texts)
    return None


async def _place(run: LiveRun, workspace: Workspace, edit: Edit, shift: _Shift, verdict: HunkVerdict) -> EditIntent:
    """Return where the text of a change is now, wherever the run has moved it. Raises `MergeConflictError`, `ModelMistakeError`."""
    history = run.history
    moves = _moves(history, edit)
    if moves and (shift.old is None or shift.new is None):
        raise MergeConflictError(_MOVED)
    for made, _ in moves:
        await in_thread(carry, await _kept(run, made.intent.after), shift.old, shift.new)
    halves = _halves(history, edit)
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
                await in_thread(carry, there, await _kept(run, made.intent.after), None)
            except MergeConflictError as conflict:
                raise _OtherHalfError(made.intent, conflict.message) from conflict
    return moves[-1][0].intent if moves else edit.intent


async def _check_leaving(run: LiveRun, workspace: Workspace, intent: EditIntent) -> None:
    """Raise `MergeConflictError` when the old file of a move cannot go as it is now."""
    file = workspace.locate_again(intent.path, intent.folder)
    try:
        await in_thread(carry, await workspace.read(file, exact=True), await _kept(run, intent.before), None)
    except MergeConflictError as conflict:
        raise _OtherHalfError(intent, conflict.message) from conflict
    if file.absolute in workspace.unsaved():
        raise _OtherHalfError(intent, "it is open in the editor with unsaved text; save or close it first")


@dataclass(slots=True)
class Minutes:
    """What is journalled of something, in one transaction: records, and the texts that they name."""

    records: list[Record] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def stands(self, intent: EditIntent, text: str | None, *, before: str | None) -> None:
        """Note that of a change this is left: from ``before``, a digest, to ``text``."""
        self.records += [replace(intent, before=before, after=self.kept(text)), EditOutcome(change_id=intent.change_id, state="applied")]

    def kept(self, text: str | None) -> str | None:
        """Keep a text and return its digest."""
        if text is None:
            return None
        self.texts.append(text)
        return digest_of(text)


async def minutes_of(run: LiveRun, intent_id: str | None, hunk_ids: Collection[str], verdict: HunkVerdict) -> Minutes:
    """Return what is journalled of a verdict that is carried out, by the intent ``intent_id`` where a file had to be changed."""
    history, minutes = run.history, Minutes()
    if intent_id is not None and intent_id in history.edits:
        minutes.records.append(EditOutcome(change_id=intent_id, state="decided"))
    for change_id, change in [*history.changes.items()]:  # to which the run may add meanwhile
        if history.hunk_ids(change_id).isdisjoint(hunk_ids):
            continue
        after = after_verdict(change, hunk_ids, verdict)
        if _in_file(after) != _in_file(change):
            edit = history.edits[change_id]
            new = await _text(run, edit, after)
            await _follow(run, minutes, edit, _Shift(await _text(run, edit, change), new))
            if _in_file(after):
                minutes.stands(edit.intent, new, before=edit.intent.before)
            else:
                minutes.records.append(EditOutcome(change_id=change_id, state="undone"))
        minutes.records.append(EventRecord(event=after))
    return minutes


async def _follow(run: LiveRun, minutes: Minutes, edit: Edit, shift: _Shift) -> None:
    """Note that what the run has moved since is another text by now: an undo of the move has to know."""
    for made, left in _moves(run.history, edit):
        text = await in_thread(carry, await _kept(run, made.intent.after), shift.old, shift.new)
        minutes.stands(made.intent, text, before=None)
        minutes.records += [
            replace(left.intent, before=minutes.kept(text)),
            EditOutcome(change_id=left.intent.change_id, state="applied"),
        ]
        arrived, gone = (run.history.changes[half.intent.change_id] for half in (made, left))
        whole, lines = text or "", len(lines_of(text or ""))
        came = tuple(replace(hunk, new_text=whole, new_lines=lines) for hunk in arrived.hunks)
        went = tuple(replace(hunk, old_text=whole, old_lines=lines) for hunk in gone.hunks)
        minutes.records += [EventRecord(event=replace(arrived, hunks=came)), EventRecord(event=replace(gone, hunks=went))]


def undo_intent(change_id: str, draft: Draft, *, hunks: tuple[str, ...] = (), verdict: HunkVerdict | None = None) -> EditIntent:
    """Return the intent to change a file for a person who takes something back, or puts it in."""
    return EditIntent(
        change_id=change_id,
        step_id=UNDO_STEP,
        call_id=change_id,
        folder=draft.file.folder,
        path=draft.file.path,
        uri=draft.file.uri,
        before=None if draft.before is None else digest_of(draft.before),
        after=None if draft.after is None else digest_of(draft.after),
        hunks=hunks,
        verdict=verdict,
    )


def after_verdict(change: ChangeEvent, hunk_ids: Collection[str], verdict: HunkVerdict) -> ChangeEvent:
    """Return a change after a verdict on hunks of it; what of it was only proposed still is."""
    hunks = placed(_decided(hunk, verdict) if hunk.hunk_id in hunk_ids else hunk for hunk in change.hunks)
    return replace(change, hunks=hunks, state=state_of(hunks))


def _decided(hunk: Hunk, verdict: HunkVerdict) -> Hunk:
    match verdict:
        case "accepted":
            return replace(hunk, state="applied", review="accepted")
        case "rejected":
            return replace(hunk, state="rejected", review="rejected")
        case "undone":
            return replace(hunk, state="undone")
        case _:
            assert_never(verdict)


def state_of(hunks: Iterable[Hunk]) -> ChangeState:
    """Return the state of a change with these hunks: what stands in the file or may yet is more than what is gone."""
    states = {hunk.state for hunk in hunks}
    order: tuple[ChangeState, ...] = ("applied", "proposed", "undone", "rejected")
    return next(state for state in order if state in states)


def _is_whole(change: ChangeEvent) -> bool:
    """Say whether all of a change stands: what goes of it now was never taken away before."""
    return all(hunk.state == "applied" for hunk in change.hunks)


def _in_file(change: ChangeEvent) -> frozenset[str]:
    """Return which hunks are in the file."""
    return frozenset(hunk.hunk_id for hunk in change.hunks if hunk.state == "applied")


async def _text(run: LiveRun, edit: Edit, change: ChangeEvent) -> str | None:
    """Return the text of a change's file when the hunks that stand are in it, and nothing that was written since."""
    standing = tuple(hunk for hunk in change.hunks if hunk.state == "applied")
    if standing and len(change.hunks) == 1:
        return await _kept(run, edit.intent.after)  # of a file that comes or goes no hunk says so
    before = await _kept(run, edit.intent.before)
    return await in_thread(with_hunks, before or "", standing) if standing else before


async def _kept(run: LiveRun, digest: str | None) -> str | None:
    return None if digest is None else await run.text(digest)


def _moves(history: History, edit: Edit) -> Sequence[tuple[Edit, Edit]]:
    """Return the moves that the run has made with a change's file since, each as the file that came and the one that went."""
    moves, uri, since = [], edit.intent.uri, False
    for later in history.edits.values():
        since |= later is edit
        if since and later.state == "applied" and later.intent.moved_from == uri and (halves := _halves(history, later)) is not None:
            moves.append(halves)
            uri = later.intent.uri
    return moves


def _halves(history: History, edit: Edit) -> tuple[Edit, Edit] | None:
    """Return the move that an edit is half of: the file that came and the one that went."""
    beside = [other for other in history.edits.values() if other.intent.call_id == edit.intent.call_id and other is not edit]
    for other in beside:
        if other.intent.moved_from == edit.intent.uri:
            return other, edit
        if edit.intent.moved_from == other.intent.uri:
            return edit, other
    return None


def _other_half(history: History, change_id: str) -> frozenset[str]:
    """Return the hunks that cannot be decided without those of this change: those of the other half of a move."""
    halves = _halves(history, edit) if (edit := history.edits.get(change_id)) is not None else None
    others = [half.intent.change_id for half in halves or () if half is not edit]
    return frozenset(hunk_id for other in others for hunk_id in history.hunk_ids(other))
