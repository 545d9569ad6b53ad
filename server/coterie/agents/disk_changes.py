"""What commands did to the files of the workspace, as changes like any others: journalled, told, reviewed and undone.

`agents.effects` looks before and after each command that may change files; `agents.undo` and the coordinator settle what is left of those
whose server died. An edit is known before it is made and a command's changes only after it, so its intents come together with their
outcomes; what stands for them before is the snapshot that the command's own intent names. What git did to its own store (commits, branches,
the index) is git's, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coterie.agents.edit_records import Where, change_of, intent_of, texts_of
from coterie.agents.history import Edit, History
from coterie.agents.live_run import LiveRun
from coterie.base.ids import new_id
from coterie.domain.edits import Found, FoundChange, LeftOut
from coterie.domain.events import WarningEvent
from coterie.domain.records import CommandOutcome, EditOutcome, EventRecord, Record
from coterie.domain.workspace_ports import Workspace

_AT_ONCE = 50
"""So many changes are journalled and told in one go: a checkout changes thousands, and nobody else's turn is to wait for all of them."""
_MOST_NAMED = 20
_WHY: dict[str, str] = {
    "binary": "no text",
    "large": "too large",
    "secret": "a secret by its name",
    "link": "a symbolic link",
    "mode": "its permissions",
}


async def journal(run: LiveRun, workspace: Workspace, where: Where, found: Found, snapshot: str | None) -> None:
    """Write down and tell what a command changed, and let go of what was kept for that."""
    known = {_essence(edit) for edit in edits_of(run.history, where.call_id)}  # by a server that died over it
    changes = [each for each in found.changes if not known or _essence_of(each) not in known]
    for first in range(0, len(changes), _AT_ONCE):
        records, texts = list[Record](), list[str]()
        for each in changes[first : first + _AT_ONCE]:
            change_id = new_id("change")
            change = await change_of(change_id, where, each.draft, "applied", each.unsure)
            records += [
                intent_of(change_id, where, each.draft, each.moved_from, unsure=each.unsure),
                EditOutcome(change_id=change_id, state="applied"),
                EventRecord(event=change),
            ]
            texts += texts_of(each.draft)
        await run.record(*records, texts=texts)
    outcome = CommandOutcome(call_id=where.call_id, left_out=found.left_out, unknown=found.unknown)
    warnings = tuple(EventRecord(event=warning) for warning in _warnings(run.history, found))
    await run.record(outcome, *warnings)
    if snapshot is not None:
        await workspace.forget(snapshot)


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


def told(history: History, call_id: str) -> str:
    """Return what the model is told of the files that a command changed; empty when it changed none."""
    edits = edits_of(history, call_id)
    parts = [
        _listed("changed", [edit.intent.path for edit in edits if edit.intent.before is not None and edit.intent.after is not None]),
        _listed("made", [edit.intent.path for edit in edits if edit.intent.before is None]),
        _listed("deleted", [edit.intent.path for edit in edits if edit.intent.after is None]),
    ]
    sentences = [f"Files: {'; '.join(filter(None, parts))}."] if any(parts) else []
    for outcome in history.outcomes.get(call_id, ())[-1:]:
        if outcome.left_out:
            sentences.append(_not_undoable(outcome.left_out))
        if outcome.unknown is not None:
            sentences.append(_unknown(outcome.unknown))
    return f"[{' '.join(sentences)}]" if sentences else ""


def reason(left_out: LeftOut) -> str:
    """Return why a file cannot be given back, for whoever wants it undone."""
    return f"A command {left_out.what} it, and what was there before is not kept ({_WHY[left_out.why]})."


def _warnings(history: History, found: Found) -> Iterable[WarningEvent]:
    """Yield what people are to know, each once in a run: tests write the same files time and again. The model is told every time."""
    known = {(each.uri, each.why) for each in history.left_out}
    if left_out := [each for each in found.left_out if (each.uri, each.why) not in known]:
        yield WarningEvent(code="not_undoable", text=_not_undoable(left_out))
    said = {outcome.unknown for outcomes in history.outcomes.values() for outcome in outcomes}
    if found.unknown is not None and found.unknown not in said:
        yield WarningEvent(code="changes_unknown", text=_unknown(found.unknown))


def _not_undoable(left_out: Sequence[LeftOut]) -> str:
    return f"In no diff and not undoable: {_names([f'{each.path} ({each.what}, {_WHY[each.why]})' for each in left_out])}."


def _unknown(why: str) -> str:
    return f"What this command changed is in no diff and no undo, because {why}."


def _listed(verb: str, paths: Sequence[str]) -> str:
    return f"{verb} {_names(list(dict.fromkeys(paths)))}" if paths else ""


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _essence(edit: Edit) -> tuple[str, str | None, str | None]:
    return edit.intent.uri, edit.intent.before, edit.intent.after


def _essence_of(change: FoundChange) -> tuple[str, str | None, str | None]:
    draft = change.draft
    intent = intent_of("", Where(None, 0, ""), draft, None)
    return draft.file.uri, intent.before, intent.after
