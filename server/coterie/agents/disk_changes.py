"""What commands did to the files of the workspace, as changes like any others: journalled, told, reviewed and undone.

`agents.effects` looks before and after each command that may change files; `agents.undo` and the coordinator settle what is left of those
whose server died. An edit is known before it is made and a command's changes only after it, so its intents come together with their
outcomes; what stands for them before is the snapshot that the command's own intent names. What git did to its own store (commits, branches,
the index) is git's, and stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from coterie.agents.edit_records import Where, compared, intent_of, named, seen_from, texts_of
from coterie.agents.history import Edit, History
from coterie.agents.left_out import WHY
from coterie.agents.live_run import LiveRun
from coterie.base.ids import new_id
from coterie.domain.edits import Found, FoundChange, LeftOut
from coterie.domain.events import WarningEvent
from coterie.domain.records import CommandOutcome, EditIntent, EditOutcome, EventRecord, Record
from coterie.domain.workspace_ports import Workspace
from coterie.workspace.files import in_thread
from coterie.workspace.uris import place_below

_AT_ONCE = 50
"""So many changes are journalled and told in one go: a checkout changes thousands, and nobody else's turn is to wait for all of them."""
_MOST_NAMED = 20


async def journal(run: LiveRun, workspace: Workspace, where: Where, found: Found, snapshot: str | None) -> None:
    """Write down and tell what a command changed, and let go of what was kept for that."""
    known = frozenset(map(_essence, edits_of(run.history, where.call_id)))  # by a server that died over it
    for first in range(0, len(found.changes), _AT_ONCE):
        changes = found.changes[first : first + _AT_ONCE]
        records = await in_thread(_records, where, changes, known)  # to compare and hash megabytes stops nobody else
        await run.record(*records, texts=[text for each in changes for text in texts_of(each.draft)])
    outcome = CommandOutcome(call_id=where.call_id, left_out=found.left_out, unknown=found.unknown)
    warnings = tuple(EventRecord(event=warning) for warning in _warnings(run, found))
    await run.record(outcome, *warnings)
    if snapshot is not None:
        await workspace.forget(snapshot)


def _records(where: Where, changes: Sequence[FoundChange], known: Collection[tuple[str, str | None, str | None]]) -> Sequence[Record]:
    """Return what is journalled of changes, without those that are ``known``. Blocks."""
    records = list[Record]()
    for each in changes:
        change_id = new_id("change")
        intent = intent_of(change_id, where, each.draft, each.moved_from, unsure=each.unsure)
        if (intent.uri, intent.before, intent.after) not in known:
            change = compared(change_id, where, each.draft, "applied", each.unsure)
            records += [intent, EditOutcome(change_id=change_id, state="applied"), EventRecord(event=change)]
    return records


async def settle_commands(run: LiveRun, workspace: Workspace) -> None:
    """Find out what commands changed whose server died before it could say; those in folders that are not open are left to who has them."""
    for intent in tuple(run.history.pending.values()):
        if intent.snapshot is not None and (found := await workspace.look_again(intent.snapshot)) is not None:
            step = run.history.steps.get(intent.step_id)
            where = Where(intent.step_id or None, 0 if step is None else step.attempt, intent.call_id)
            await journal(run, workspace, where, found, intent.snapshot)


def edits_of(history: History, call_id: str) -> Sequence[Edit]:
    """Return the changes of a call."""
    return [edit for edit in history.edits.values() if edit.intent.call_id == call_id]


def told(run: LiveRun, call_id: str) -> str:
    """Return what the model is told of the files that a command changed; empty when it changed none."""
    history, folder = run.history, run.row.request.folder
    intents = [edit.intent for edit in edits_of(history, call_id)]
    parts = [
        _listed("changed", [each for each in intents if each.before is not None and each.after is not None], folder),
        _listed("made", [each for each in intents if each.before is None], folder),
        _listed("deleted", [each for each in intents if each.after is None], folder),
    ]
    sentences = [f"Files: {'; '.join(filter(None, parts))}."] if any(parts) else []
    for outcome in history.outcomes.get(call_id, ())[-1:]:
        stays = {each.left_out.key for each in history.standing if not each.left_out.can_be_given_back}
        if undoable := [each for each in outcome.left_out if each.key not in stays]:
            sentences.append(f"In no diff, but undoable: {_described(undoable, folder)}.")
        if left_out := [each for each in outcome.left_out if each.key in stays]:
            sentences.append(_not_undoable(left_out, folder))
        if outcome.unknown is not None:
            sentences.append(_unknown(outcome.unknown))
    return f"[{' '.join(sentences)}]" if sentences else ""


def _warnings(run: LiveRun, found: Found) -> Iterable[WarningEvent]:
    """Yield what people are to know, each once in a run: tests write the same files time and again. The model is told every time."""
    history, folder = run.history, run.row.request.folder
    known = {each.key for outcomes in history.outcomes.values() for outcome in outcomes for each in outcome.left_out}
    new = [each for each in found.left_out if each.key not in known]
    if left_out := [each for each in new if not each.can_be_given_back]:
        yield WarningEvent(code="not_undoable", text=_not_undoable(left_out, folder))
    said = {outcome.unknown for outcomes in history.outcomes.values() for outcome in outcomes}
    if found.unknown is not None and found.unknown not in said:
        yield WarningEvent(code="changes_unknown", text=_unknown(found.unknown))


def _not_undoable(left_out: Sequence[LeftOut], folder: str | None) -> str:
    """Say what no undo takes back with all others: some of it, which may be somebody else's, by its name."""
    by_name = [each for each in left_out if each.unsure is not None and (each.is_known or each.is_place_known)]
    never = [each for each in left_out if each not in by_name]
    sentences = [f"In no diff and not undoable: {_described(never, folder)}."] if never else []
    return " ".join([*sentences, f"In no diff, and undoable by name alone: {_described(by_name, folder)}."] if by_name else sentences)


def _described(left_out: Sequence[LeftOut], folder: str | None) -> str:
    shown = [(named(folder, each.path, place_below(each.folder, each.path)), each) for each in left_out[:_MOST_NAMED]]
    names = [f"{name} ({'moved' if each.moved_from else each.what}, {WHY[each.why]})" for name, each in shown]
    return _enumerated(names, len(left_out))


def _unknown(why: str) -> str:
    return f"What this command changed is in no diff and no undo, because {why}."


def _listed(verb: str, intents: Sequence[EditIntent], folder: str | None) -> str:
    files = list({place_below(each.folder, each.path): each for each in intents}.values())
    # Only as many are named as are shown: for one in another folder links are followed, and a command may have changed thousands.
    names = [seen_from(folder, each) for each in files[:_MOST_NAMED]]
    return f"{verb} {_enumerated(names, len(files))}" if files else ""


def _enumerated(names: Sequence[str], count: int) -> str:
    """Return the first names of so many as there are."""
    more = count - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more > 0 else "")


def _essence(edit: Edit) -> tuple[str, str | None, str | None]:
    return edit.intent.uri, edit.intent.before, edit.intent.after
