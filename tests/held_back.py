"""Calls for later that wait for a test instead of for the time: in the place of ``asyncio.get_running_loop().call_later``."""

from __future__ import annotations

from collections.abc import Callable


class HeldBack:
    """Takes calls for later; `pass_time` makes them. ``seconds`` are how long each was to wait."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []
        self.seconds: list[float] = []

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Take a call."""
        self.seconds.append(seconds)
        self.due.append(call)

    def pass_time(self) -> None:
        """Make the calls that were taken until now."""
        due, self.due = self.due, []
        for call in due:
            call()
