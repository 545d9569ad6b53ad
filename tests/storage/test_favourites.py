"""Marked models: kept by id, for the next server too."""

from pathlib import Path

from coterie.storage.store import Store


async def test_a_mark_is_kept_over_restarts_until_it_is_taken_away(tmp_path: Path) -> None:
    first = Store(tmp_path)
    assert await first.favourites.all() == frozenset()
    for _ in range(2):
        await first.favourites.mark("box/qwen3:4b", favourite=True)
    await first.favourites.mark("box/other", favourite=True)
    await first.aclose()

    second = Store(tmp_path)
    assert await second.favourites.all() == {"box/qwen3:4b", "box/other"}
    for _ in range(2):
        await second.favourites.mark("box/other", favourite=False)
    assert await second.favourites.all() == {"box/qwen3:4b"}
    await second.aclose()
