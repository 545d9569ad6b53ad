"""An index for tests of those who ask it: says what it was told, finds what it was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from coterie.base.errors import RequestError
from coterie.domain.overview import Overview
from coterie.domain.retrieval import BuildNews, Definitions, Found, Question, Ranking


class FakeIndex:
    """Finds the same whatever is asked; with ``broken`` nothing at all. ``told`` is what it heard, in words, ``questions`` as they were."""

    def __init__(
        self, *found: Found, definitions: Definitions | None = None, overview: Overview | None = None, broken: bool = False
    ) -> None:
        self.runs = True
        self.told: list[str] = []
        self.questions: list[Question] = []
        self.listeners: list[Callable[[BuildNews], None]] = []
        self._found = found
        self._definitions = definitions or Definitions()
        self._overview = overview or Overview()
        self._broken = broken

    @property
    def is_running(self) -> bool:
        """Say what the test wants."""
        return self.runs

    def watch(self, folder: str) -> None:
        """Note it."""
        self.told.append(f"watch {Path(folder).name}")

    def unwatch(self, folder: str) -> None:
        """Note it."""
        self.told.append(f"unwatch {Path(folder).name}")

    def listen(self, listener: Callable[[BuildNews], None]) -> Callable[[], None]:
        """Keep the listener; a test plays the news."""
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def saved(self, folder: str, paths: Sequence[str]) -> None:
        """Note it."""
        self.told.append(f"saved {Path(folder).name} {' '.join(paths)}")

    def edited(self, folder: str, path: str, text: str | None) -> None:
        """Note it."""
        self.told.append(f"edited {Path(folder).name} {path} {text!r}")

    async def refresh(self, folder: str) -> None:
        """Note it."""
        self._check()
        self.told.append(f"refresh {Path(folder).name}")

    async def rank(self, folder: str, question: Question) -> Ranking:
        """Answer."""
        self._check()
        self.told.append(f"rank {Path(folder).name} {question.text}")
        self.questions.append(question)
        return Ranking(found=self._found)

    async def overview(self, folder: str, limit: int) -> Overview:
        """Answer."""
        self._check()
        self.told.append(f"overview {Path(folder).name}")
        return replace(self._overview, landmarks=self._overview.landmarks[:limit])

    async def definitions(self, folder: str, name: str, limit: int) -> Definitions:
        """Answer."""
        self._check()
        self.told.append(f"define {Path(folder).name} {name}")
        return Definitions(found=self._definitions.found[:limit], used_in=self._definitions.used_in)

    def _check(self) -> None:
        if self._broken:
            raise RequestError("The index cannot be asked: it died.", code="index_unavailable")
