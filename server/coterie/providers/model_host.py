"""The server's end of the model host, the process that speaks to vendors through LiteLLM (see `coterie.modelhost`).

`litellm` makes its calls here. One `ModelHost` serves all cores of a process. It starts the child (`model_process`) on first need, or ahead
of it by `warm`, carries many calls at once, and starts another child when one dies: its calls fail in passing and are made again by whoever
retries.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from time import monotonic

from coterie.base.tasks import TaskSupervisor
from coterie.modelhost.frames import WINDOW
from coterie.providers.model_process import Chunk, Died, HostCall, ModelProcess, Piece

COMMAND = (sys.executable, "-P", "-m", "coterie.modelhost", "serve")
MOST_DEATHS = 5
DEATHS_WITHIN_S = 60.0


class ModelHost:
    """Owns the child. Used from one event loop; constructing it starts nothing."""

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        command: Sequence[str] = COMMAND,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._command = tuple(command)
        self._clock = clock
        self._tasks = TaskSupervisor("model host")
        self._starting: asyncio.Task[ModelProcess | Died] | None = None
        self._child: ModelProcess | None = None
        self._deaths: deque[float] = deque(maxlen=MOST_DEATHS)

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.process.pid if self._child is not None and not self._child.is_gone else None

    @property
    def is_wanted(self) -> bool:
        """Whether the child was asked for, be it by now or not."""
        return self._starting is not None

    def warm(self) -> None:
        """Start the child in the background, so that the first call need not wait for it."""
        if (self._child is None or self._child.is_gone) and not self._tasks.closed:
            self._start_once()

    async def start(self) -> str | None:
        """Have the child running; return why that cannot be, if it cannot."""
        child = await self._started()
        return child.reason if isinstance(child, Died) else None

    async def call(self, call: HostCall) -> AsyncGenerator[Piece, None]:
        """Make a call and yield what comes of it. Ends after the answer, a `Refused` or a `Died`; closing it cancels the call."""
        child = await self._started()
        if isinstance(child, Died):
            yield child
            return
        with child.running(call) as running:
            taken = 0
            while (piece := await running.pieces.get()) is not None:
                yield piece
                if not isinstance(piece, Chunk):
                    return
                taken += 1
                if taken % (WINDOW // 2) == 0:
                    child.send({"id": running.number, "op": "more", "count": WINDOW // 2})
            self._deaths.clear()

    async def aclose(self) -> None:
        """End the child."""
        await self._tasks.aclose()
        if self._child is not None:
            await self._child.aclose()
            self._child = None

    async def _started(self) -> ModelProcess | Died:
        if self._child is not None and not self._child.is_gone:
            return self._child
        # Whoever gives up waiting leaves the start to the others.
        return await asyncio.shield(self._start_once())

    def _start_once(self) -> asyncio.Task[ModelProcess | Died]:
        if self._starting is None or self._starting.done():
            self._starting = self._tasks.spawn(self._start(), name="start of the model host")
        return self._starting

    async def _start(self) -> ModelProcess | Died:
        if len(self._deaths) == MOST_DEATHS and self._clock() - self._deaths[0] < DEATHS_WITHIN_S:
            return Died(f"it ended {MOST_DEATHS} times within a minute and is left alone for a while")
        if self._child is not None:
            await self._child.aclose()
        try:
            self._child = await ModelProcess.start(self._command, self._environ, self._died)
        except OSError as failure:
            return Died(f"it cannot be started: {failure}")
        reason = await self._child.until_ready()
        return self._child if reason is None else Died(reason)

    def _died(self) -> None:
        self._deaths.append(self._clock())
