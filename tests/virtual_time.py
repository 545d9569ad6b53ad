"""An event loop whose clock jumps to the next timer as soon as nothing else is left to do.

Minutes of waiting, typed at a person's rhythm, take as long as the work in them, and every run of a test is the same one. Nothing in such a
test may wait for the world: no thread, no socket, no process.

    @in_virtual_time
    async def test_that_an_hour_passes() -> None:
        await asyncio.sleep(3600)
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from typing_extensions import override

_P = ParamSpec("_P")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at 0 seconds."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_JumpingSelector(self._jump))

    @override
    def time(self) -> float:
        return self._now

    def _jump(self, seconds: float) -> None:
        self._now += seconds


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits, and no timer will ever end it"
            # asyncio takes timers as due within the clock's resolution; a step below that would not move the clock.
            self._jump(max(timeout, 1e-9) if timeout else 0.0)
        return ready


def in_virtual_time(test: Callable[_P, Coroutine[Any, Any, None]]) -> Callable[_P, None]:
    """Run an ``async`` test on a `VirtualLoop`."""

    @functools.wraps(test)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
