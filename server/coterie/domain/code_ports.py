"""The ports to what knows the code without asking a model: the index, the line predictor, what the person is at.

Each names its implementer. What crosses stands in ``retrieval``, ``overview`` and ``prediction``; every method may be cancelled at its
await points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # annotations are all that need them, and a start that loads none of them is a tenth shorter
    from coterie.domain.overview import Overview
    from coterie.domain.prediction import PredictedLine, PredictionRequest
    from coterie.domain.retrieval import BuildNews, Definitions, Question, Ranking


class Index(Protocol):
    """Knows where in the workspace is what (implemented by ``index``). ``folder`` is an absolute path.

    Answers come from the last whole state, and say when that is not the latest. Raises `RequestError` ``index_unavailable``.
    """

    @property
    def is_running(self) -> bool:
        """Whether it can be asked without having to be started first."""
        ...

    def watch(self, folder: str) -> None:
        """Build the index of a folder in the background, and keep it up to date until as many have called `unwatch`."""
        ...

    def unwatch(self, folder: str) -> None:
        """Note that somebody who had a folder watched needs it no longer."""
        ...

    def listen(self, listener: Callable[[BuildNews], None]) -> Callable[[], None]:
        """Call ``listener`` while an index is built and when it is whole; returns what ends that."""
        ...

    async def refresh(self, folder: str) -> None:
        """Have in the index what is on disk now."""
        ...

    def saved(self, folder: str, paths: Sequence[str]) -> None:
        """Note that files of a folder were written, made or taken away; ``paths`` are relative to it."""
        ...

    def edited(self, folder: str, path: str, text: str | None) -> None:
        """Answer from an open buffer's text instead of the file's, and keep it off the disk; None: the buffer is no more."""
        ...

    async def rank(self, folder: str, question: Question) -> Ranking:
        """Say which files a question is about."""
        ...

    async def overview(self, folder: str, limit: int) -> Overview:
        """Say on which files much of the folder rests."""
        ...

    async def definitions(self, folder: str, name: str, limit: int) -> Definitions:
        """Say where a name, or one that holds it, is defined."""
        ...


class LinePredictor(Protocol):
    """Predicts the rest of a line without a model (implemented by ``features.prediction_client``, in a process of its own)."""

    async def predict(self, request: PredictionRequest) -> PredictedLine:
        """Predict; never waits for the project to be read, nor long for anything else. Raises nothing."""
        ...


class Attention(Protocol):
    """Knows what the person has before them (implemented by ``features``)."""

    def about(self, folder: str, text: str, limit: int = 20) -> Question:
        """Return a question to the index of a folder with all that is known of what the person is at there."""
        ...
