"""Which runs go on in this process, from before anybody hears of one until its end is put down: the registry of `agents.coordinator`.

A run is here before it is journalled as begun, so that whoever asks about it at once finds it; stopped until then, it is begun and then
ended. How it is begun, walked through and ended is the coordinator's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from coterie.agents.endings import Stop
from coterie.agents.live_run import LiveRun
from coterie.agents.run_ports import Base
from coterie.domain.events import ENDED, AgentEvent


@dataclass(slots=True, eq=False)
class Live:
    """A run with what walks through it; ``base`` is where it is at home."""

    run: LiveRun
    base: Base
    stop: Stop | None = None
    reason: str = ""
    is_begun: bool = False
    """Whether it is journalled and told that it goes on."""
    walking: asyncio.Task[None] | None = None
    """What walks through it, once that has taken its first step."""
    is_over: bool = False
    """Whether all agents are done, so that nobody hears what is said from now on. Set while `speaking` is held."""
    speaking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever says something in it."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when nothing of it goes on here any more."""

    @property
    def has_ended(self) -> bool:
        """Whether the end of the run is journalled and told. One that is being resumed still bears the state in which it was left."""
        return self.is_begun and self.run.history.state.state in ENDED

    @property
    def hears(self) -> bool:
        """Whether what is said in it now is heard, or told not to have been."""
        return self.stop is None and not self.is_over and not self.has_ended

    def halt(self, how: Stop, reason: str = "") -> None:
        """Have a run end; who was first says how. Before its first step a task is not cancelled, which would then do nothing: it looks."""
        if self.stop is None:
            self.stop, self.reason = how, reason
        if self.walking is not None:
            self.walking.cancel()


class LiveRuns:
    """The live runs by id, the oldest first."""

    def __init__(self) -> None:
        self._live: dict[str, Live] = {}

    def __len__(self) -> int:
        return len(self._live)

    def __iter__(self) -> Iterator[Live]:
        """All of them as they are now, whatever becomes of them meanwhile."""
        return iter(tuple(self._live.values()))

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._live

    def get(self, run_id: str) -> Live | None:
        """Return a live run."""
        return self._live.get(run_id)

    def add(self, run: LiveRun, base: Base) -> Live:
        """Count a run among the live ones; it is not begun yet."""
        live = self._live[run.run_id] = Live(run, base)
        return live

    def remove(self, live: Live) -> None:
        """Count a run no longer; who waited for that goes on."""
        self._live.pop(live.run.run_id, None)
        live.gone.set()

    def active_in(self, channel_id: str) -> str | None:
        """Return the run that goes on in a channel."""
        return next((live.run.run_id for live in self if live.run.row.channel_id == channel_id and not live.has_ended), None)

    def standing(self) -> tuple[AgentEvent, ...]:
        """Return the events that say how each live run stands, as everybody was told; that one is just being begun is told in a moment."""
        told = [live.run for live in self if live.run.history.last and live.run.history.state.state not in ENDED]
        return tuple(event for run in told for event in run.standing())

    async def until_quiet(self, base: Base) -> None:
        """Wait until no run that is at home there goes on."""
        while (live := next((live for live in self if live.base is base), None)) is not None:
            await live.gone.wait()
