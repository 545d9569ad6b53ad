"""Takes back what a run changed, and shows it: by the texts that its journal keeps, never by the project's version control.

Each file's changes are inverted one by one, latest first, and merged with whatever the person wrote before, between and after them. Where
that cannot be done without touching their text, the file is left alone and the conflict is told. What a command wrote may have been
nowhere else: the text that goes is kept (`coterie.workspace.trash`). `agents.left_out` has what no text tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from coterie.agents.disk_changes import settle_commands
from coterie.agents.edit_records import texts_of
from coterie.agents.history import Edit, History
from coterie.agents.left_out import GivenBack, Place, by_name
from coterie.agents.live_run import LiveRun
from coterie.agents.minutes import UNDO_STEP, after_verdict, kept_text, minutes_of, undo_intent
from coterie.agents.reconcile import reconciled
from coterie.agents.standing import Standing
from coterie.agents.verdicts import decide
from coterie.base.errors import InvalidParamsError, MergeConflictError, ModelMistakeError
from coterie.base.ids import new_id
from coterie.domain.edits import Applied, Draft, FileDiff, LeftOut, Refused, UndoConflict, UndoResult
from coterie.domain.records import EditIntent, EditOutcome, EventRecord, Record
from coterie.domain.store_ports import RunStore
from coterie.domain.workspace_ports import Workspace
from coterie.workspace.files import in_thread
from coterie.workspace.hunks import unified_diff
from coterie.workspace.merge import revert, shows_edit
from coterie.workspace.uris import place_of


async def undo(run: LiveRun, workspace: Workspace, paths: Sequence[str] = ()) -> UndoResult:
    """Undo a run's changes of all files, or of ``paths`` (relative paths or URIs). What may be somebody else's is to be named.

    Raises `InvalidParamsError` before anything is done when the run changed one of ``paths`` never at all.
    """
    never = [path for path in paths if not run.history.changed(path)]
    if never:
        raise InvalidParamsError(f"ids: this run changed no file called {', '.join(never)}.")
    await _settle_edits(run, workspace)
    restored: list[Place] = []
    untold: list[UndoConflict] = []
    while True:  # what stands in the way of something may itself be taken back, whichever of them comes first
        restored += await settle_undo(run, workspace)
        given_back = GivenBack(run, workspace, run.history.standing.of(paths), named=bool(paths))
        await given_back.before_texts()
        texts = await _texts_back(run, workspace, paths)
        await given_back.after_texts()
        untold += given_back.not_undoable
        moved_on = [*texts.restored, *given_back.restored]
        restored += moved_on
        if not moved_on or texts.may_come or not (texts.conflicts or given_back.conflicts):
            return _result(replace(given_back, not_undoable=list(dict.fromkeys(untold))), restored, texts.conflicts)


@dataclass(slots=True)
class _Texts:
    """How far texts were taken back; ``may_come`` says that an editor may still take one back, so that nothing is tried again now."""

    restored: list[Place] = field(default_factory=list)
    conflicts: list[UndoConflict] = field(default_factory=list)
    may_come: bool = False


async def _texts_back(run: LiveRun, workspace: Workspace, paths: Sequence[str]) -> _Texts:
    """Take back what stands of all texts, or of those named."""
    made = _Texts()
    for edits in run.history.applied(paths).values():
        first, doubt = edits[0].intent, None if paths else _doubt(edits)
        try:
            refused = await take_back(run, workspace, edits) if doubt is None else Refused(doubt)
        except ModelMistakeError as mistake:
            refused = Refused(mistake.message)
        if refused is None:
            made.restored.append((first.path, first.uri))
        else:
            made.conflicts.append(UndoConflict(path=first.path, reason=refused.reason, uri=first.uri))
            made.may_come = made.may_come or refused.unsure
    return made


def _result(given_back: GivenBack, restored: Sequence[Place], conflicts: Sequence[UndoConflict]) -> UndoResult:
    left = {place_of(conflict.uri) for conflict in conflicts}
    back = {place_of(uri): path for path, uri in (*restored, *given_back.restored)}
    return UndoResult(
        restored=tuple(path for where, path in back.items() if where not in left),
        conflicts=(*conflicts, *(conflict for conflict in given_back.conflicts if place_of(conflict.uri) not in left)),
        not_undoable=tuple(given_back.not_undoable),
        kept_in=given_back.workspace.kept_of(given_back.run.run_id),
        let_go=given_back.workspace.let_go_for(given_back.run.run_id),
    )


async def undo_part(run: LiveRun, workspace: Workspace, scope: Literal["step", "hunk"], ids: Sequence[str]) -> UndoResult:
    """Undo what stands of the steps or hunks in ``ids``. Raises `InvalidParamsError` when one of them is none of this run's."""
    history = run.history
    known = history.steps.keys() if scope == "step" else {hunk_id for each in history.changes for hunk_id in history.hunk_ids(each)}
    unknown = [each for each in ids if each not in known]
    if unknown:
        raise InvalidParamsError(f"ids: this run has no {scope} called {', '.join(unknown)}.")
    await _settle_edits(run, workspace)
    restored: list[Place] = []
    untold: list[UndoConflict] = []
    while True:  # as in `undo`
        restored += await settle_undo(run, workspace)
        given_back = GivenBack(run, workspace, _of_steps(history, ids) if scope == "step" else (), named=False)
        await given_back.before_texts()
        part = _part(history, scope, ids)
        decided = await decide(run, workspace, part.places, "undone")
        await given_back.after_texts()
        untold += given_back.not_undoable
        standing = _standing(history)
        moved_on = [*(place for hunk_id, place in part.places.items() if hunk_id not in standing), *given_back.restored]
        restored += moved_on
        conflicts = (*decided.conflicts, *part.doubtful)
        if not moved_on or decided.may_come or not (conflicts or given_back.conflicts):
            return _result(replace(given_back, not_undoable=list(dict.fromkeys(untold))), restored, conflicts)


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands of steps or hunks: the files by hunk, and the conflicts of what may be somebody else's."""

    places: Mapping[str, Place]
    doubtful: Sequence[UndoConflict]


def _part(history: History, scope: Literal["step", "hunk"], ids: Sequence[str]) -> _Part:
    meant = {
        hunk.hunk_id: change
        for change in history.changes.values()
        for hunk in change.hunks
        if hunk.state == "applied" and (hunk.step_id if scope == "step" else hunk.hunk_id) in ids
    }
    doubtful = [change for change in meant.values() if change.unsure is not None] if scope == "step" else []
    return _Part(
        {hunk_id: (change.path, change.uri) for hunk_id, change in meant.items() if change not in doubtful},
        [UndoConflict(path=each.path, reason=by_name(each.unsure or ""), uri=each.uri) for each in dict.fromkeys(doubtful)],
    )


def _standing(history: History) -> frozenset[str]:
    return frozenset(hunk.hunk_id for change in history.changes.values() for hunk in change.hunks if hunk.state == "applied")


def _of_steps(history: History, ids: Sequence[str]) -> Sequence[Standing]:
    """Return what no text tells of what commands of these steps alone did."""
    return [each for each in history.standing if each.steps <= {*ids}]


async def take_back(run: LiveRun, workspace: Workspace, edits: Sequence[Edit]) -> Refused | None:
    """Undo edits of one file, given oldest first; returns why not. Raises `ModelMistakeError`."""
    intent = edits[0].intent
    file = workspace.locate_again(intent.path, intent.folder)
    by_command = any(edit.intent.call_id in run.history.commands for edit in edits)
    pairs = [(await kept_text(run, edit.intent.before), await kept_text(run, edit.intent.after)) for edit in reversed(edits)]

    def rewrite(current: str | None) -> str | None:
        for before, after in pairs:
            current = revert(current, before, after)
        return current

    change_id = new_id("undo")

    async def intend(draft: Draft) -> None:
        if by_command and draft.before is not None:
            await workspace.set_aside(run.run_id, intent.path, draft.before)
        await run.record(undo_intent(change_id, draft), texts=texts_of(draft), durable=True)

    try:
        mode = next((edit.intent.mode for edit in edits if edit.intent.mode is not None), None)
        label = f"Undo {intent.path}"
        if by_command and edits[-1].intent.after is None:
            await workspace.make_way(file)
        outcome = await workspace.change(file, rewrite, label=label, on_intent=intend, exact=True, mode=mode, beneath=by_command)
    except MergeConflictError as conflict:
        return Refused(conflict.message)
    if not isinstance(outcome, Applied):
        return outcome
    await run.record(*_taken_back(run, change_id, edits))
    return None


def _taken_back(run: LiveRun, change_id: str, edits: Sequence[Edit]) -> list[Record]:
    """Return what is journalled of edits that ``change_id`` has undone; it changed nothing itself where it has no intent."""
    records: list[Record] = []
    if change_id in run.history.edits:
        records.append(EditOutcome(change_id=change_id, state="undone"))
    for edit in edits:
        records.append(EditOutcome(change_id=edit.intent.change_id, state="undone"))
        if (told := run.history.changes.get(edit.intent.change_id)) is not None:
            standing = [hunk.hunk_id for hunk in told.hunks if hunk.state == "applied"]
            records.append(EventRecord(event=after_verdict(told, standing, "undone")))
    return records


def _doubt(edits: Sequence[Edit]) -> str | None:
    """Say why a file is not taken back with all others: somebody else may have written what it holds."""
    return next((by_name(edit.intent.unsure) for edit in edits if edit.intent.unsure is not None), None)


def was_cut_off(history: History) -> bool:
    """Say whether the process of an undo, or of a command, died before it could say how that went."""
    return bool(history.pending) or any(edit.intent.step_id == UNDO_STEP for edit in history.unresolved())


async def settle_undo(run: LiveRun, workspace: Workspace) -> list[Place]:
    """Find out how far an undo came whose process died before it could say, and what its commands had changed.

    Returns the files that the undo had restored.
    """
    await settle_commands(run, workspace)
    restored = []
    for edit in run.history.unresolved():
        if edit.intent.step_id == UNDO_STEP and (happened := await _happened(run, workspace, edit)) is not None:
            if happened:
                restored.append((edit.intent.path, edit.intent.uri))
                await _settled(run, edit)
            else:
                await run.record(EditOutcome(change_id=edit.intent.change_id, state="refused"))
    return restored


async def _settled(run: LiveRun, edit: Edit) -> None:
    """Journal what the intent of an undo was about, which has happened."""
    intent = edit.intent
    if intent.verdict is None:
        await run.record(*_taken_back(run, intent.change_id, run.history.applied().get(edit.file, ())))
    else:
        minutes = await minutes_of(run, intent.change_id, intent.hunks, intent.verdict)
        await run.record(*minutes.records, texts=minutes.texts)


async def _settle_edits(run: LiveRun, workspace: Workspace) -> None:
    """Find out whether the agents' edits happened whose process died before it could say."""
    for edit in run.history.unresolved():
        if edit.intent.step_id != UNDO_STEP:
            with suppress(ModelMistakeError):  # what cannot be looked at from here is left to who can
                await reconciled(run, workspace, edit)


async def _happened(run: LiveRun, workspace: Workspace, edit: Edit) -> bool | None:
    """Look whether a file shows an edit; None where the file cannot be looked at from here."""
    intent = edit.intent
    try:
        text = await workspace.read(workspace.locate_again(intent.path, intent.folder), exact=True)
    except ModelMistakeError:
        return None
    return await in_thread(shows_edit, text, await kept_text(run, intent.before), await kept_text(run, intent.after))


async def diff(history: History, store: RunStore, paths: Sequence[str] = ()) -> tuple[FileDiff, ...]:
    """Return what a run changed in all, file by file, from before its first to after its last change."""
    found = [_Whole(edits[0].intent, edits[-1].intent) for edits in history.spans(paths).values()]
    changed = {whole.first.uri: whole for whole in found if whole.first.before != whole.last.after}
    origins = {uri: origin for uri in changed if (origin := _origin(uri, found)) in changed}
    diffs: list[FileDiff] = []
    for uri, whole in changed.items():
        if uri in origins.values():
            continue  # it is told where it went
        source = changed.get(origins.get(uri, ""))
        begun = whole.first.before if source is None else source.first.before
        before = None if begun is None else await store.text(begun)
        after = None if whole.last.after is None else await store.text(whole.last.after)
        path, old = whole.first.path, None if source is None else source.first.path
        shown = await in_thread(unified_diff, path, before, after, old)
        diffs.append(FileDiff(path=path, uri=uri, status=_status(before, after, old), from_=old, diff=shown, before=before, after=after))
    return (*diffs, *(_unshown(each.left_out) for each in history.standing.of(paths) if each.left_out.uri not in changed))


def _unshown(left_out: LeftOut) -> FileDiff:
    """Return what is said of a file of which no text tells what was done to it, in git's words."""
    status: dict[str, Literal["added", "modified", "deleted"]] = {"made": "added", "changed": "modified", "deleted": "deleted"}
    said = f"Binary files a/{left_out.path} and b/{left_out.path} differ\n"
    if left_out.why == "mode":
        modes = (("old", left_out.was), ("new", left_out.now))
        said = "".join(f"{when} mode 100{mark.removeprefix('mode ')}\n" for when, mark in modes if mark is not None)
    return FileDiff(path=left_out.path, uri=left_out.uri, status=status[left_out.what], diff=said)


@dataclass(frozen=True, slots=True)
class _Whole:
    """What happened to one file in all."""

    first: EditIntent
    last: EditIntent


def _origin(uri: str, files: Sequence[_Whole]) -> str | None:
    """Return the file that was there before the run and is now ``uri``, through every move in between."""
    came = {whole.first.uri: whole.first.moved_from for whole in files if whole.first.before is None and whole.last.after is not None}
    through = {whole.first.uri: whole.first.moved_from for whole in files if whole.first.before is None}
    origin = came.get(uri)
    while origin is not None and through.get(origin) is not None:
        origin = through[origin]
    gone = {whole.first.uri for whole in files if whole.first.before is not None and whole.last.after is None}
    return origin if origin in gone else None


def _status(before: str | None, after: str | None, old: str | None) -> Literal["added", "modified", "moved", "deleted"]:
    if old is not None:
        return "moved"
    return "added" if before is None else "deleted" if after is None else "modified"
