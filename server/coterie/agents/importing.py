"""Takes over what an external agent changed in its copy of the workspace: as edits like any others, each with its intent and its outcome.

Text that the person changed meanwhile is merged with. What cannot be merged stays as the person has it, and they are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from coterie.agents.approvals import RunApprovals
from coterie.agents.edit_records import Where
from coterie.agents.effects import Effects
from coterie.agents.live_run import LiveRun
from coterie.agents.proposing import Proposing
from coterie.agents.reconcile import reconciled
from coterie.agents.wanted import Asking
from coterie.base.errors import MergeConflictError, ModelMistakeError
from coterie.domain.events import ToolCallEvent, WarningEvent
from coterie.domain.proposals import EditProposal
from coterie.domain.workspace_ports import Workspace
from coterie.workspace.aside import Difference
from coterie.workspace.merge import carry

TOOL = "import_changes"
"""The name under which clients see it, a call of the server's own."""


@dataclass(slots=True)
class Sorted:
    """An agent's changes by what becomes of them: ``asked`` are put before a person, ``denied`` may not be made, and why."""

    allowed: list[Difference] = field(default_factory=list)
    asked: list[tuple[Asking, list[Difference]]] = field(default_factory=list)
    denied: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.allowed or self.asked or self.denied)

    def ask(self, asking: Asking, change: Difference) -> None:
        """Add a change that a person is asked for. All that is only to be seen by them is one question; a rule's question is its own."""
        first = next((place for place, (other, _) in enumerate(self.asked) if not other.by_rule), None)
        if asking.by_rule or first is None:
            self.asked.append((asking, [change]))
            return
        so_far, changes = self.asked[first]
        title = f"Take over {len(changes) + 1} changed files"
        wanted = replace(so_far.wanted, title=title, effects=(*so_far.wanted.effects, *asking.wanted.effects))
        self.asked[first] = replace(so_far, wanted=wanted, effects=(*so_far.effects, *asking.effects)), [*changes, change]


class Import:
    """The taking over of one attempt's changes. ``where`` names the call on whose behalf it happens."""

    def __init__(self, run: LiveRun, workspace: Workspace, *, effects: Effects, approvals: RunApprovals, where: Where, folder: str) -> None:
        self._run = run
        self._workspace = workspace
        self._effects = effects
        self._proposing = Proposing(run, workspace, approvals, effects)
        self._where = where
        self._folder = folder

    async def settle(self) -> None:
        """Find out what became of edits that were under way when the process died."""
        for edit in self._run.history.unresolved():
            if edit.intent.step_id == self._where.step_id:
                await reconciled(self._run, self._workspace, edit)

    async def take_over(self, found: Sorted) -> bool:
        """Make the changes that may be made. Returns whether nothing is left of them: of what a person rejected there is not.

        Raises `ApprovalRequiredError` when nobody can be asked for some.
        """
        call = ToolCallEvent(
            call_id=self._where.call_id,
            step_id=self._where.step_id,
            tool=TOOL,
            arguments={"paths": [each.path for each in (*found.allowed, *(each for _, asked in found.asked for each in asked))]},
            state="running",
        )
        await self._run.event(call)
        done: list[str] = []
        left = [f"{path}: {why}" for path, why in found.denied]
        for each in found.allowed:
            try:
                done.append(await self._effects.edit(self._where, self._edit(each)))
            except ModelMistakeError as mistake:
                left.append(f"{each.path}: {mistake.message}")
        for asking, differences in found.asked:
            await self._ask(asking, differences, done, left)
        if left:
            await self._run.event(WarningEvent(code="not_imported", text="Not everything was taken over. " + " ".join(left)))
        output = "\n".join([*done, *left]) or "Nothing was changed."
        await self._run.event(
            ToolCallEvent(
                call_id=call.call_id,
                step_id=call.step_id,
                tool=TOOL,
                arguments=call.arguments,
                state="failed" if left else "succeeded",
                output=output,
            )
        )
        return not left

    async def _ask(self, asking: Asking, differences: Sequence[Difference], done: list[str], left: list[str]) -> None:
        """Put changes before a person, and make those that they want."""
        change_ids: list[str] = []
        for each in differences:
            try:
                change_ids += await self._proposing.offer(self._where, [self._edit(each)], self._earlier())
            except ModelMistakeError as mistake:
                left.append(f"{each.path}: {mistake.message}")
        if change_ids:
            state, told = await self._proposing.settle(asking, tuple(change_ids))
            open_ids = self._run.history.open_hunks(change_ids)
            (left if state == "failed" or open_ids else done).append(told)

    def _earlier(self) -> Sequence[str]:
        """Return what was proposed before this attempt was resumed."""
        history = self._run.history
        return [each for ids in history.proposals.values() for each in ids if history.edits[each].intent.step_id == self._where.step_id]

    def _edit(self, change: Difference) -> EditProposal:
        file = self._workspace.locate(change.path, self._folder)
        what = "Deleted" if change.after is None else "Made" if change.before is None else "Changed"
        return EditProposal(file, partial(_onto, change), f"{what} {change.path}.")


def _onto(change: Difference, current: str | None) -> str | None:
    """Return the current text with the change in it. Raises `ModelMistakeError`."""
    try:
        return carry(current, change.before, change.after)
    except MergeConflictError as conflict:
        raise ModelMistakeError(f"it was changed here meanwhile, and is left as it is. {conflict.message}") from conflict
