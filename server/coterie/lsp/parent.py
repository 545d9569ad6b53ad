"""Notices that the editor's process is gone, which the end of a pipe does not always tell: a child of the editor may still hold it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable

from coterie.base.leftovers import is_alive
from coterie.base.tasks import TaskSupervisor

POLL_S = 3.0

log = logging.getLogger(__name__)


def watch_process(process_id: int, on_gone: Callable[[], None], tasks: TaskSupervisor) -> None:
    """Call ``on_gone`` once when the process ends.

    A process that is not there to begin with is not watched: the editor then lives in another process namespace (a container, a remote
    machine), and its number means nothing here.
    """
    if sys.platform == "win32":  # no signal 0 there; the end of the pipe has to do
        return
    if not is_alive(process_id):
        log.info("the editor's process %d is not visible from here and is not watched", process_id)
        return
    try:
        descriptor = os.pidfd_open(process_id)
    except (AttributeError, OSError):  # not Linux, or forbidden
        tasks.spawn(_poll(process_id, on_gone), name=f"watch process {process_id}")
    else:
        tasks.spawn(_await_end(descriptor, on_gone), name=f"watch process {process_id}")


async def _await_end(descriptor: int, on_gone: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        with contextlib.suppress(OSError):
            os.close(descriptor)
    on_gone()


async def _poll(process_id: int, on_gone: Callable[[], None]) -> None:
    while is_alive(process_id):  # noqa: ASYNC110 - nothing here tells of another process's end
        await asyncio.sleep(POLL_S)
    on_gone()
