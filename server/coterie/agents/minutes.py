"""What is journalled of something that a person takes back, or puts in: the intent before it, and what stands of each change after it.

`agents.verdicts` and `agents.undo` write it, and whoever finds an undo that a crash cut off. The hunks of a change that stand in its file
are a selection, and the text before the change is known: so what stands of a change is a text, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import assert_never

from coterie.agents.history import Edit
from coterie.agents.live_run import LiveRun
from coterie.agents.moves import moves_since
from coterie.base.text import lines_of
from coterie.domain.edits import ChangeState, Draft, Hunk, HunkVerdict, digest_of
from coterie.domain.events import ChangeEvent
from coterie.domain.records import EditIntent, EditOutcome, EventRecord, Record
from coterie.workspace.files import in_thread
from coterie.workspace.hunks import placed, with_hunks
from coterie.workspace.merge import carry

UNDO_STEP = "undo"
"""The step of intents that are a person's and no agent's."""


@dataclass(frozen=True, slots=True)
class Shift:
    """The texts of a change's file without anybody else's words, before and after a verdict."""

    old: str | None
    new: str | None


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
        if in_file(after) != in_file(change):
            edit = history.edits[change_id]
            new = await text_with(run, edit, after)
            await _follow(run, minutes, edit, Shift(await text_with(run, edit, change), new))
            if in_file(after):
                minutes.stands(edit.intent, new, before=edit.intent.before)
            else:
                minutes.records.append(EditOutcome(change_id=change_id, state="undone"))
        minutes.records.append(EventRecord(event=after))
    return minutes


async def _follow(run: LiveRun, minutes: Minutes, edit: Edit, shift: Shift) -> None:
    """Note that what the run has moved since is another text by now: an undo of the move has to know."""
    for made, left in moves_since(run.history, edit):
        text = await in_thread(carry, await kept_text(run, made.intent.after), shift.old, shift.new)
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
    return replace(change, hunks=hunks, state=_state_of(hunks))


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


def _state_of(hunks: Iterable[Hunk]) -> ChangeState:
    """Return the state of a change with these hunks: what stands in the file or may yet is more than what is gone."""
    states = {hunk.state for hunk in hunks}
    order: tuple[ChangeState, ...] = ("applied", "proposed", "undone", "rejected")
    return next(state for state in order if state in states)


def in_file(change: ChangeEvent) -> frozenset[str]:
    """Return which hunks are in the file."""
    return frozenset(hunk.hunk_id for hunk in change.hunks if hunk.state == "applied")


async def text_with(run: LiveRun, edit: Edit, change: ChangeEvent) -> str | None:
    """Return the text of a change's file when the hunks that stand are in it, and nothing that was written since."""
    standing = tuple(hunk for hunk in change.hunks if hunk.state == "applied")
    if standing and len(change.hunks) == 1:
        return await kept_text(run, edit.intent.after)  # of a file that comes or goes no hunk says so
    before = await kept_text(run, edit.intent.before)
    return await in_thread(with_hunks, before or "", standing) if standing else before


async def kept_text(run: LiveRun, digest: str | None) -> str | None:
    """Return a text that the journal keeps; None for a file that does not exist."""
    return None if digest is None else await run.text(digest)
