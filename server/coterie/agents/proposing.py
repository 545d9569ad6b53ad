"""Edits that a person is to see before anything touches a file: offered as proposed changes, and made as far as they want them.

`agents.calls` and `agents.importing` come here with the edits that `agents.approvals` wants a word about. What is offered stays offered,
whatever becomes of the run: its hunks can be decided while the question waits, by its answer, or long after, all by `agents.verdicts`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace

from coterie.agents.approvals import RunApprovals
from coterie.agents.edit_records import Where, change_of, intent_of, seen_from, texts_of
from coterie.agents.effects import Effects
from coterie.agents.live_run import LiveRun
from coterie.agents.verdicts import decide
from coterie.agents.wanted import Asking, Verdict
from coterie.base.ids import new_id
from coterie.context.verdicts import not_in_file
from coterie.domain.edits import Draft, UndoConflict
from coterie.domain.events import ChangeEvent, ToolCallState, WarningEvent
from coterie.domain.proposals import EditProposal, MoveProposal
from coterie.domain.records import EditOutcome, EventRecord, Record
from coterie.domain.reviews import DecidedHunk
from coterie.domain.workspace_ports import Workspace

_NOT_NOW = "Denied: the person did not decide now. Go on without it."
_NOT_THEIRS = "Do it another way, or ask what they want."


@dataclass(frozen=True, slots=True)
class _Offer:
    """What would be made of one file; ``moved_from`` is the URI of the file whose text comes to it, ``summary`` is the edit's."""

    draft: Draft
    summary: str
    moved_from: str | None = None


class Proposing:
    """Puts edits of one run before a person."""

    def __init__(self, run: LiveRun, workspace: Workspace, approvals: RunApprovals, effects: Effects) -> None:
        self._run = run
        self._workspace = workspace
        self._approvals = approvals
        self._effects = effects

    async def offer(self, where: Where, proposals: Sequence[EditProposal | MoveProposal], earlier: Collection[str] = ()) -> tuple[str, ...]:
        """Journal and tell what edits would change; returns their changes, none for an edit that would change nothing.

        What one of the ``earlier`` changes offers already is not offered again. Raises `ModelMistakeError`, before anything is told.
        """
        offers = [offer for proposal in proposals for offer in await self._offers(proposal)]
        records, texts, change_ids = list[Record](), list[str](), list[str]()
        for offer in offers:
            change = await change_of(new_id("change"), where, offer.draft, "proposed")
            if (known := self._known(change, earlier)) is not None:
                change_ids.append(known)
                continue
            change_ids.append(change.change_id)
            texts += texts_of(offer.draft)
            records += [
                intent_of(change.change_id, where, offer.draft, offer.moved_from, offer.summary),
                EditOutcome(change_id=change.change_id, state="proposed"),
                EventRecord(event=change),
            ]
        await self._run.record(*records, texts=texts, durable=True)
        return tuple(dict.fromkeys(change_ids))

    async def _offers(self, proposal: EditProposal | MoveProposal) -> list[_Offer]:
        if isinstance(proposal, MoveProposal):
            arriving = Draft(proposal.to, None, proposal.text, proposal.mode)
            leaving = Draft(proposal.file, proposal.text, None, proposal.mode)
            return [_Offer(arriving, proposal.summary, proposal.file.uri), _Offer(leaving, proposal.summary)]
        draft = await self._workspace.draft(proposal.file, proposal.rewrite)
        return [] if draft.before == draft.after else [_Offer(draft, proposal.summary)]

    def _known(self, change: ChangeEvent, earlier: Collection[str]) -> str | None:
        wanted = {(hunk.old_text, hunk.new_text) for hunk in change.hunks}
        for change_id in earlier:
            known = self._run.history.changes[change_id]
            if known.uri == change.uri and wanted <= {(hunk.old_text, hunk.new_text) for hunk in known.hunks}:
                return change_id
        return None

    async def settle(
        self,
        standing: Asking | Verdict,
        change_ids: tuple[str, ...],
        *,
        begin: Callable[[], Awaitable[None]] | None = None,
    ) -> tuple[ToolCallState, str]:
        """Wait for a person's word about changes, do as it says, and return what the model is told.

        ``begin`` is awaited before something is done that they allowed. Raises `ApprovalRequiredError` when nobody can be asked; the
        changes stay as they are then.
        """
        if not self._open(change_ids):
            verdict = Verdict(allowed=True)  # everything was decided one by one
        elif isinstance(standing, Asking):
            verdict = await self._approvals.ask(standing, change_ids)
        else:
            verdict = standing
        conflicts: Sequence[UndoConflict] = ()
        if verdict.allowed and begin is not None:
            await begin()
        if verdict.allowed or verdict.rejected:
            paths = ", ".join(self._run.history.changes[each].path for each in change_ids)
            conflicts = await self._effects.to_its_end(self._decide(change_ids, verdict), f"decide about {paths}")
        return self._outcome(change_ids, verdict, conflicts)

    def _open(self, change_ids: Collection[str]) -> frozenset[str]:
        return self._run.history.open_hunks(change_ids)

    async def _decide(self, change_ids: Collection[str], verdict: Verdict) -> Sequence[UndoConflict]:
        """Do with the hunks that are still open what the answer says."""
        async with self._run.deciding:
            if not (hunks := self._open(change_ids)):
                return ()
            decided = await decide(self._run, self._workspace, hunks, "accepted" if verdict.allowed else "rejected")
        for conflict in decided.conflicts:
            await self._run.event(WarningEvent(code="edit_refused", text=f"{conflict.path}: {conflict.reason}"))
        return decided.conflicts

    def _name(self, change_id: str) -> str:
        return seen_from(self._run.row.request.folder, self._run.history.edits[change_id].intent)

    def _outcome(self, change_ids: Collection[str], verdict: Verdict, conflicts: Sequence[UndoConflict]) -> tuple[ToolCallState, str]:
        changes = [self._run.history.changes[each] for each in change_ids]
        hunks = [DecidedHunk(self._name(change.change_id), hunk) for change in changes for hunk in change.hunks]
        names = {change.uri: self._name(change.change_id) for change in changes}
        conflicts = [replace(conflict, path=names.get(conflict.uri, conflict.path)) for conflict in conflicts]
        missing = [each for each in hunks if each.hunk.state != "applied"]
        if not missing:
            return "succeeded", " ".join(dict.fromkeys(self._run.history.edits[each].intent.summary or "" for each in change_ids))
        proposed = [each for each in missing if each.hunk.is_open]
        if len(missing) < len(hunks):
            return "succeeded", _in_part(missing, proposed, conflicts, verdict)
        paths = " and ".join(dict.fromkeys(self._name(change.change_id) for change in changes))
        if conflicts:
            why = " ".join(f"{conflict.path} was not changed: {_ended(conflict.reason)}" for conflict in conflicts)
            return "failed", f"{why} The edit is still proposed to the person."
        if proposed:
            return "denied", f"{_why(verdict)} Nothing was changed in {paths}: the edit is still proposed to the person."
        return "denied", f"Denied: the person rejected this edit, and nothing was changed in {paths}. {_NOT_THEIRS}"


def _in_part(missing: Sequence[DecidedHunk], proposed: Sequence[DecidedHunk], conflicts: Sequence[UndoConflict], verdict: Verdict) -> str:
    """Say of an edit that is in its files which hunks are not, and for each whether a person wanted that."""
    told = list[str]()
    if gone := [each for each in missing if each not in proposed]:
        told += ["The person took a part of this edit.", not_in_file(gone)]
    if proposed and conflicts:
        why = " ".join(f"{conflict.path}: {_ended(conflict.reason)}" for conflict in conflicts)
        told += [
            f"Applied, but for what does not fit any more ({why.removesuffix('.')}). That is still proposed to the person.",
            not_in_file(proposed),
        ]
    elif proposed:
        told += [f"{_why(verdict)} The rest of this edit is still proposed to the person.", not_in_file(proposed)]
    return "\n".join(told)


def _why(verdict: Verdict) -> str:
    """Say why nobody has decided about what is still proposed."""
    return _NOT_NOW if verdict.put_off else verdict.reason


def _ended(reason: str) -> str:
    """Return somebody else's words as a sentence that another can follow."""
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."
