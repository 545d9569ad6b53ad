"""Takes over what an external agent changed in its copy of the workspace: as edits like any others, each with its intent and its outcome.

Text that the person changed meanwhile is merged with. What cannot be merged stays as the person has it, and they are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from coterie.agents.effects import Effects, Where
from coterie.agents.live_run import LiveRun
from coterie.agents.reconcile import reconciled
from coterie.base.errors import MergeConflictError, ModelMistakeError
from coterie.domain.events import ToolCallEvent, WarningEvent
from coterie.domain.proposals import EditProposal
from coterie.domain.workspace_ports import Workspace
from coterie.workspace.aside import Difference
from coterie.workspace.merge import carry

TOOL = "import_changes"
"""The name under which clients see it, a call of the server's own."""


class Import:
    """The taking over of one attempt's changes. ``where`` names the call on whose behalf it happens."""

    def __init__(self, run: LiveRun, workspace: Workspace, effects: Effects, where: Where, folder: str) -> None:
        self._run = run
        self._workspace = workspace
        self._effects = effects
        self._where = where
        self._folder = folder

    async def settle(self) -> None:
        """Find out what became of edits that were under way when the process died."""
        for edit in self._run.history.unresolved():
            if edit.intent.step_id == self._where.step_id:
                await reconciled(self._run, self._workspace, edit)

    async def take_over(self, differences: Sequence[Difference], denied: Sequence[tuple[str, str]]) -> bool:
        """Make the changes; ``denied`` are paths that may not be written, and why. Returns whether everything was taken over."""
        call = ToolCallEvent(
            call_id=self._where.call_id,
            step_id=self._where.step_id,
            tool=TOOL,
            arguments={"paths": [each.path for each in differences]},
            state="running",
        )
        await self._run.event(call)
        done: list[str] = []
        left = [f"{path}: {why}" for path, why in denied]
        for each in differences:
            try:
                done.append(await self._one(each))
            except ModelMistakeError as mistake:
                left.append(f"{each.path}: {mistake.message}")
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

    async def _one(self, change: Difference) -> str:
        file = self._workspace.locate(change.path, self._folder)
        what = "Deleted" if change.after is None else "Made" if change.before is None else "Changed"
        return await self._effects.edit(self._where, EditProposal(file, partial(_onto, change), f"{what} {change.path}."))


def _onto(change: Difference, current: str | None) -> str | None:
    """Return the current text with the change in it. Raises `ModelMistakeError`."""
    try:
        return carry(current, change.before, change.after)
    except MergeConflictError as conflict:
        raise ModelMistakeError(f"it was changed here meanwhile, and is left as it is. {conflict.message}") from conflict
