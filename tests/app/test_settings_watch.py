"""A file of settings that comes, goes or changes is noticed, and a reader that fails does not end the watch."""

import asyncio
from pathlib import Path

from coterie.app.settings_watch import SettingsWatch


class Clock:
    """A pause that a test ends."""

    def __init__(self) -> None:
        self._go = asyncio.Semaphore(0)
        self._paused = asyncio.Semaphore(0)

    async def pause(self, _: float) -> None:
        """Wait for the test."""
        self._paused.release()
        await self._go.acquire()

    async def round(self) -> None:
        """Have the watch look once."""
        await self._paused.acquire()
        self._go.release()
        await self._paused.acquire()
        self._paused.release()


async def test_every_change_is_told_once(tmp_path: Path) -> None:
    file, other = tmp_path / "config.toml", tmp_path / "not there yet" / "config.toml"
    changes = 0

    def changed() -> None:
        nonlocal changes
        changes += 1
        if changes == 1:
            raise ValueError("the file is half written")

    clock = Clock()
    watch = SettingsWatch(lambda: (file, other), changed, pause=clock.pause)
    looking = asyncio.ensure_future(watch.run())  # noqa: TID251 - the test owns it
    try:
        await clock.round()
        assert changes == 0
        file.write_text("model = ", encoding="utf-8")
        await clock.round()
        assert changes == 1
        await clock.round()
        assert changes == 1
        file.write_text('model = "a/b"', encoding="utf-8")
        await clock.round()
        assert changes == 2
        other.parent.mkdir()
        other.write_text("", encoding="utf-8")
        await clock.round()
        assert changes == 3
        file.unlink()
        watch.while_read(lambda: None)
        await clock.round()
        assert changes == 3, "whoever has read it needs not be told"
        watch.while_read(file.touch)
        await clock.round()
        assert changes == 4, "it may have been read before"
    finally:
        looking.cancel()
