"""Everyone who is told: one audience for the core, however many clients there are.

`Shared` owns the hub; each connection's core joins it when it is built and leaves when its client does. A question can be answered as long
as somebody is there who can, and where clients come back, for a moment longer: a window that is loaded again leaves, too.

Who hears everything decides alone what to make of it: a client that knows ``agent/*``, and whoever follows runs. The others are shown
prompts and progress, so they hear of the runs of their own folders only; but a question about a folder that nobody has open is put to
whoever is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from coterie.domain.channels import ChannelChanged
from coterie.domain.client_ports import Audience
from coterie.domain.events import ENDED, AgentEvent, ApprovalEvent, RunEvent
from coterie.domain.preferences import SettingsChanged
from coterie.domain.status import ProviderView, Status


@dataclass(slots=True)
class _Member:
    """Who is told; ``follows`` are the runs that it was told of and that go on, whatever becomes of its folders."""

    audience: Audience
    concerns: Callable[[str | None], bool]
    hears_all: bool
    follows: set[str] = field(default_factory=set)


class Hub:
    """Implements `coterie.domain.client_ports.Audience` for all clients together.

    ``return_s`` is how many seconds the last client that could answer has to come back before nobody is there.
    """

    def __init__(self, return_s: float = 0.0) -> None:
        self._members: list[_Member] = []
        self._expected: asyncio.TimerHandle | None = None  # while a client may come back
        self.return_s = return_s
        self.on_left: Callable[[], None] = lambda: None

    def join(self, audience: Audience, concerns: Callable[[str | None], bool] = lambda _: True, *, hears_all: bool = True) -> None:
        """Tell one more client from now on. ``concerns`` says of the folder of a run whether it belongs to the client's workspace."""
        self._members.append(_Member(audience, concerns, hears_all))
        if audience.can_answer:
            self.expect_nobody()

    def leave(self, audience: Audience) -> None:
        """Stop telling a client; questions that nobody is left to answer are taken back, once nobody came back either."""
        kept = [member for member in self._members if member.audience is not audience]
        if len(kept) < len(self._members):
            self._members = kept
            if self.return_s and audience.can_answer and not self.can_answer:
                self._expected = asyncio.get_running_loop().call_later(self.return_s, self._stayed_away)
            self.on_left()

    def expect_nobody(self) -> None:
        """Wait no longer for a client to come back."""
        if self._expected is not None:
            self._expected.cancel()
            self._expected = None

    def _stayed_away(self) -> None:
        self._expected = None
        self.on_left()

    @property
    def can_answer(self) -> bool:
        """Whether somebody is there who can answer an approval, or was a moment ago and may come back."""
        return self._expected is not None or any(member.audience.can_answer for member in self._members)

    def tell(self, event: AgentEvent) -> None:
        """Tell everyone whom it concerns."""
        for member in tuple(self._members):
            if self._hears(member, event):
                member.audience.tell(event)

    def catch_up(self, events: Sequence[AgentEvent], newcomer: Audience | None = None) -> None:
        """Tell how things stand to those who do not know: the ``newcomer``, and whom a run or a question concerns only now.

        Only to those who do not hear everything: the others ask for what they missed.
        """
        for member in [member for member in self._members if not member.hears_all]:
            known = set() if member.audience is newcomer else set(member.follows)
            for event in events:
                if (event.run_id not in known or isinstance(event.event, ApprovalEvent)) and self._hears(member, event):
                    member.audience.tell(event)

    def _hears(self, member: _Member, event: AgentEvent) -> bool:
        if member.hears_all:
            return True
        run_id = event.run_id or ""
        concerned = run_id in member.follows or member.concerns(event.folder)
        match event.event:
            case RunEvent(state=state) if state in ENDED:
                member.follows.discard(run_id)
            case ApprovalEvent(state="resolved"):
                return True  # whom it concerned when it was asked may be no longer
            case ApprovalEvent() if not concerned:
                return not self._is_attended(event.folder)
            case _ if concerned:
                member.follows.add(run_id)
            case _:
                pass
        return concerned

    def _is_attended(self, folder: str | None) -> bool:
        """Say whether somebody can answer who has the folder open."""
        return any(member.audience.can_answer and member.concerns(folder) for member in self._members)

    def channel_changed(self, change: ChannelChanged) -> None:
        """Tell everyone."""
        for member in tuple(self._members):
            member.audience.channel_changed(change)

    def status_changed(self, status: Status) -> None:
        """Tell everyone."""
        for member in tuple(self._members):
            member.audience.status_changed(status)

    def providers_changed(self, providers: tuple[ProviderView, ...]) -> None:
        """Tell everyone."""
        for member in tuple(self._members):
            member.audience.providers_changed(providers)

    def settings_changed(self, change: SettingsChanged) -> None:
        """Tell everyone."""
        for member in tuple(self._members):
            member.audience.settings_changed(change)

    async def ready(self) -> None:
        """Wait while a client cannot keep up; each is given up by its own front door when that takes too long."""
        match self._members:
            case []:
                pass
            case [member]:
                await member.audience.ready()
            case several:
                await asyncio.gather(*(member.audience.ready() for member in several))
