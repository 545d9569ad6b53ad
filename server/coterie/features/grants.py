"""The answers that outlast their question, in one list: those of runs, of this client's session, and the rules in the user's own settings.

Front doors show them and take them back by `GrantService`. A run keeps its grants in its journal, where a later record revokes one;
``agents.approvals`` looks at all of this anew for every call.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from coterie.agents.approvals import SessionGrants
from coterie.agents.coordinator import Coordinator
from coterie.agents.lasting import Kept
from coterie.base.errors import RequestError
from coterie.base.legible import in_one_line, visible
from coterie.domain.permissions import Grant, GrantScope, OptionKind
from coterie.domain.records import RevokedRecord
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import RunStore
from coterie.features.kept_rules import KeptRules
from coterie.features.runs import title_of

_ALLOWING: dict[GrantScope, OptionKind] = {"run": "allow_run", "session": "allow_session", "user": "allow_always"}


class GrantService:
    """Implements `coterie.features.protocol_faces.Grants`. ``session`` is what this client's person answered for all of its runs."""

    def __init__(self, coordinator: Coordinator, runs: RunStore, session: SessionGrants, kept: KeptRules) -> None:
        self._coordinator = coordinator
        self._runs = runs
        self._session = session
        self._kept = kept

    async def list(self) -> tuple[Grant, ...]:
        """Return them: of runs that go on or can be resumed first, then of the session, then of the settings."""
        return tuple(_told(given) for given in await self._given())

    async def revoke(self, grant_id: str) -> Grant:
        """Take one back; returns what it was. Raises `RequestError` ``unknown_grant``, or ``run_active`` where another server runs it."""
        given = next((each for each in await self._given() if each.grant_id == grant_id), None)
        if given is None:
            raise RequestError("This is not granted any more.", code="unknown_grant")
        match given.scope:
            case "run" if given.row is not None:
                await self._coordinator.note(given.row.run_id, RevokedRecord(rule=given.rule))
            case "user":
                await self._kept.forget(given.verdict, given.rule)
            case _:
                self._session.pop(given.rule, None)
        return _told(given)

    async def _given(self) -> tuple[_Given, ...]:
        given: list[_Given] = []
        for row in await self._runs.granting():
            history = await self._coordinator.readable(row.run_id)
            granted = () if history is None else history.grants
            given += [_Given("run", verdict, rule, row) for rule, verdict in {grant.rule: grant.verdict for grant in granted}.items()]
        given += [_Given("session", verdict, rule) for rule, verdict in self._session.items()]
        given += [_Given("user", verdict, rule) for verdict, rule in self._kept.all()]
        return tuple(given)


@dataclass(frozen=True, slots=True)
class _Given:
    scope: GrantScope
    verdict: Kept
    rule: str
    row: RunRow | None = None

    @property
    def grant_id(self) -> str:
        """Name it by what it is, so that nothing has to be remembered."""
        of = (self.scope, self.row and self.row.run_id, self.verdict, self.rule)
        return f"grant_{hashlib.sha256(repr(of).encode()).hexdigest()[:16]}"


def _told(given: _Given) -> Grant:
    """Return it as a person is shown it: with nothing in its rule that cannot be seen."""
    row = given.row
    return Grant(
        grant_id=given.grant_id,
        scope=given.scope,
        answer=_ALLOWING[given.scope] if given.verdict == "allow" else "reject_always",
        verdict=given.verdict,
        rule=in_one_line(visible(given.rule)),
        run_id=None if row is None else row.run_id,
        channel_id=None if row is None else row.channel_id,
        title=None if row is None else title_of(row.request.prompt),
    )
