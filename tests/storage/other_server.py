"""Another server on the same home, for tests to kill: ``python other_server.py FOLDER RUN_ID (idle|inside)``.

It starts a run and says ``idle``; or goes on into a transaction that appends to the run, and says ``inside`` in its middle. Then it waits
for the end of its input, and shuts down in order.
"""

import asyncio
import sys
from collections import UserList
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import override

from coterie.base.ids import now
from coterie.domain.events import RunEvent
from coterie.domain.records import Entry, EventRecord
from coterie.domain.runs import RunRequest, RunRow
from coterie.storage.store import Store


class HangingTexts(UserList[str]):
    """Texts that say ``inside`` when the transaction that keeps them reaches the second one, and wait there."""

    @override
    def __iter__(self) -> Iterator[str]:
        """Give one text, then wait."""
        yield self.data[0]
        say("inside")
        sys.stdin.read()


def say(word: str) -> None:
    """Tell the test how far this server has come."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(folder: str, run_id: str, how_far: str) -> None:
    """Be a server."""
    store = Store(Path(folder))
    row = RunRow(
        run_id=run_id,
        channel_id="channel_of_the_other",
        request=RunRequest(prompt="Hello"),
        workflow=None,
        agent="chat",
        state="queued",
        started_at=now(),
    )
    await store.runs.create(row)
    seq = await store.runs.reserve(run_id, 10)
    await store.runs.append(run_id, [Entry(seq, now(), EventRecord(event=RunEvent(state="running")))])
    if how_far == "inside":
        entries = [Entry(seq + 1, now(), EventRecord(event=RunEvent(state="succeeded")))]
        await store.runs.append(run_id, entries, HangingTexts(["kept or not"]), durable=True)
    say("idle")
    await asyncio.to_thread(sys.stdin.read)
    await store.aclose()


asyncio.run(main(*sys.argv[1:]))
