"""Questions to the person, as front doors ask for and answer them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coterie.agents.pending import Approvals
from coterie.domain.permissions import Approval, Decision
from coterie.domain.wire import Json


class ApprovalService:
    """Implements `coterie.features.protocol_faces.Approvals`. ``attendance_changed`` puts open questions to whoever is left."""

    def __init__(self, approvals: Approvals, attendance_changed: Callable[[], None]) -> None:
        self._approvals = approvals
        self._attendance_changed = attendance_changed

    async def list(self) -> tuple[Approval, ...]:
        """Return the pending questions."""
        return self._approvals.list()

    async def answer(
        self, approval_id: str, option_id: str, *, scope: str | None = None, plan: Mapping[str, Json] | None = None
    ) -> Decision:
        """Answer a question; the first answer wins, a second one raises ``already_resolved``."""
        return self._approvals.answer(approval_id, option_id, scope=scope, plan=plan)

    async def dismiss(self, approval_id: str) -> None:
        """Close a question without a choice: not now."""
        self._approvals.dismiss(approval_id)

    def attendance_changed(self) -> None:
        """Note that a client cannot answer after all."""
        self._attendance_changed()
