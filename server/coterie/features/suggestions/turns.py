"""Who may still answer, and who works for whom.

`Turns`: of the requests for one document the latest counts, and an earlier one ends at once. `Calls`: equal requests share a call, which
ends with the last of those that wait for it or may come to; nobody waits for that end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from coterie.base.tasks import TaskSupervisor

LONGEST_S = 30.0
"""How long a model may take, and how long a request by hand may wait."""

_T = TypeVar("_T")
Ended: TypeAlias = Literal["superseded", "timed_out"]


@dataclass(slots=True)
class _Turn:
    limit: asyncio.Timeout
    superseded: bool = False

    def end(self) -> None:
        """End it now, as its time limit would."""
        if not self.limit.expired():
            self.superseded = True
            self.limit.reschedule(asyncio.get_running_loop().time())


class Turns:
    """The turn of each key (a document). Used from one event loop."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    async def take(self, key: str, work: Coroutine[Any, Any, _T], *, within_s: float) -> _T | Ended:
        """Do ``work`` until it is done, its time is up, or another one takes the turn."""
        turn: _Turn | None = None
        try:
            async with asyncio.timeout(within_s) as limit:
                turn = _Turn(limit)
                self.end(key)
                self._turns[key] = turn
                return await work
        except TimeoutError:
            return "superseded" if turn is not None and turn.superseded else "timed_out"
        finally:
            if self._turns.get(key) is turn:
                del self._turns[key]

    def end(self, key: str) -> None:
        """End whoever has the turn, as another one would who takes it."""
        if (turn := self._turns.get(key)) is not None:
            turn.end()


@dataclass(slots=True)
class _Call(Generic[_T]):
    task: asyncio.Task[_T]
    waiting: int = 0


class Calls(Generic[_T]):
    """The calls under way, by what they are for."""

    def __init__(self, tasks: TaskSupervisor) -> None:
        self._tasks = tasks
        self._calls: dict[Hashable, _Call[_T]] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._calls

    async def share(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Wait for the call that is under way, or make one. A caller that is cancelled leaves; the last one cancels the call."""
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _Call(self._tasks.spawn(make(), name="fill"))
        with self._waited_for(key, call):
            return await asyncio.shield(call.task)

    def kept(self, key: Hashable) -> AbstractContextManager[None]:
        """Let the call that is under way, if there is one, not end meanwhile.

        A request does so from its first moment on: the one whose place it takes leaves the call before it can come to wait for it itself.
        """
        call = self._calls.get(key)
        return nullcontext() if call is None else self._waited_for(key, call)

    @contextmanager
    def _waited_for(self, key: Hashable, call: _Call[_T]) -> Iterator[None]:
        call.waiting += 1
        try:
            yield
        finally:
            call.waiting -= 1
            if call.waiting == 0:
                del self._calls[key]
                call.task.cancel()
