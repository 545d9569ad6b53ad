"""Hosts in use are looked at from time to time, and left in peace before and after. In virtual time."""

from __future__ import annotations

import asyncio

from coterie.providers.health import IN_USE_S, HealthWatch
from virtual_time import in_virtual_time


class Looks:
    """Counts the looks at each host. ``gone`` are those that are there no more."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []
        self.gone: set[str] = set()

    async def look(self, provider: str) -> bool:
        """Look at a host."""
        self.seen.append((provider, asyncio.get_running_loop().time()))
        return provider not in self.gone

    def watch(self) -> HealthWatch:
        """Return a watch on the loop's own clock."""
        return HealthWatch(self.look, clock=asyncio.get_running_loop().time)


@in_virtual_time
async def test_a_host_is_looked_at_while_it_is_in_use_and_not_for_ever() -> None:
    looks = Looks()
    watch = looks.watch()
    await asyncio.sleep(1000)
    assert looks.seen == [], "nothing before its first use"
    watch.used("farm", 100)
    watch.used("farm", 100)
    await asyncio.sleep(10 * IN_USE_S)
    times = [at for _, at in looks.seen]
    assert times == [1000 + 100 * number for number in range(1, 10)]
    watch.used("farm", 100)
    await asyncio.sleep(150)
    assert len(looks.seen) == len(times) + 1, "in use again"
    await watch.aclose()
    watch.used("farm", 100)
    await asyncio.sleep(1000)
    assert len(looks.seen) == len(times) + 1, "nothing is looked at any more"


@in_virtual_time
async def test_a_host_that_is_gone_is_not_looked_for() -> None:
    looks = Looks()
    watch = looks.watch()
    looks.gone.add("old")
    watch.used("old", 10)
    watch.used("farm", 10)
    await asyncio.sleep(35)
    assert [provider for provider, _ in looks.seen].count("old") == 1
    assert [provider for provider, _ in looks.seen].count("farm") == 3
    await watch.aclose()
