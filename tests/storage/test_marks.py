"""Decisions about the pieces of a conversation: kept in their order, for each channel apart, and gone with their channel."""

from pathlib import Path

from coterie.domain.channels import Channel
from coterie.domain.inspection import Mark
from coterie.storage.store import Store

PIN, DROP = Mark(target="r1:1:0", kind="pinned"), Mark(target="r1:2", kind="dropped")


async def test_decisions_survive_a_restart_in_their_order(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for mark in (PIN, DROP, PIN):
        await store.marks.add("c1", mark)
    await store.marks.add("c2", DROP)
    await store.aclose()
    again = Store(tmp_path)
    assert await again.marks.of("c1") == (PIN, DROP, PIN)
    assert await again.marks.of("c2") == (DROP,)
    assert await again.marks.of("c3") == ()
    await again.aclose()


async def test_they_go_with_their_channel(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.channels.create(Channel(channel_id="c1", title="t", folder="chats", state="idle", updated_at="2026-01-31T00:00:00.000Z"))
    await store.marks.add("c1", PIN)
    await store.marks.add("c2", PIN)
    await store.channels.delete("c1")
    assert (await store.marks.of("c1"), await store.marks.of("c2")) == ((), (PIN,))
    await store.aclose()
