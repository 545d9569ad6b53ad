"""Reads many files in two processes of this machine's, because threads do not share out what is Python.

`read_all` is for `build`; `serve` is the other end, started as ``python -m coterie.index read FOLDER``. A child reads paths from its
standard input, so that it ends when its parent does, however that happens. When a child dies, another one is asked the same: parsers are
not Python, and a file that one of them dies of must cost no more than itself.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import BinaryIO

from coterie.index.facts import FileFacts, facts, read

COMMAND = (sys.executable, "-P", "-m", "coterie.index", "read")
WORTH_IT = 150
"""So few files are read sooner than a process is started."""
_PROCESSES = 2
_CHUNK = 40
_MOST_DEATHS = 50
"""Who dies more often would die of anything."""


def read_all(folder: str, paths: Sequence[str]) -> Iterator[tuple[str, FileFacts | None]]:
    """Yield each path with its facts, or with None when it cannot be read; in the order of the paths."""
    processes = min(_PROCESSES, os.cpu_count() or 1)
    if len(paths) < WORTH_IT or processes == 1:
        yield from ((path, read(folder, path)) for path in paths)
        return
    children: SimpleQueue[_Child] = SimpleQueue()
    started = [_Child(folder) for _ in range(processes)]
    for child in started:
        children.put(child)

    def read_chunk(chunk: Sequence[str]) -> list[FileFacts | None]:
        free = children.get()
        try:
            return free.read(chunk)
        finally:
            children.put(free)

    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    threads = ThreadPoolExecutor(processes, thread_name_prefix="coterie-index")
    try:
        for chunk, read_facts in zip(chunks, threads.map(read_chunk, chunks), strict=True):
            yield from zip(chunk, read_facts, strict=True)
    finally:
        threads.shutdown(cancel_futures=True)
        for child in started:
            child.close()


def serve(folder: str, asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer each line of JSON, a list of paths, with the pickled list of their facts, until the input ends."""
    with suppress(BrokenPipeError):  # whoever asked died meanwhile
        for line in asked:
            pickle.dump([read(folder, path) for path in json.loads(line)], answers, protocol=pickle.HIGHEST_PROTOCOL)
            answers.flush()


class _Child:
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._deaths = 0
        self._process = self._started()

    def read(self, paths: Sequence[str]) -> list[FileFacts | None]:
        """Return the facts of files; of one that nobody survives, those of its name."""
        for _ in range(2):  # the first death may have been an accident
            try:
                return self._asked(paths)
            except (EOFError, OSError, pickle.UnpicklingError):
                self._begin_again()
        if len(paths) == 1:
            return [facts(paths[0], b"")]
        half = len(paths) // 2
        return [*self.read(paths[:half]), *self.read(paths[half:])]

    def close(self) -> None:
        with suppress(OSError):  # it may have died with something unread
            self._process.communicate()

    def _asked(self, paths: Sequence[str]) -> list[FileFacts | None]:
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None:
            raise EOFError
        asked.write(json.dumps(paths).encode() + b"\n")
        asked.flush()
        found: list[FileFacts | None] = pickle.load(answers)  # noqa: S301 - our own child wrote it
        return found

    def _begin_again(self) -> None:
        self._process.kill()
        self.close()
        self._deaths += 1
        if self._deaths > _MOST_DEATHS:
            raise ChildProcessError(f"the process that reads files keeps dying, at last with status {self._process.returncode}")
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*COMMAND, self._folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - no shell
