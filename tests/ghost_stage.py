"""A person who types in one document, the real suggestion service, and a model that answers after a while, all in virtual time.

Text is written with `|` where the cursor is: ``"def f(|):"``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from tree_sitter import Parser

from coterie.base.errors import ModelMistakeError
from coterie.config.schema import Settings
from coterie.context.fill import CURSOR, Gap
from coterie.domain.code_ports import Index
from coterie.domain.edits import FileRef
from coterie.domain.messages import Finished, ModelRequest, StreamEvent, TextDelta, UsageReported
from coterie.domain.model_ports import ModelChoice
from coterie.domain.prediction import PredictedLine, PredictionRequest, PredictorState
from coterie.domain.status import Capabilities, Price
from coterie.domain.suggestions import FillRequest, Popup, Suggestion, SuggestionRequest
from coterie.domain.usage import NO_USAGE, Usage, UsageKey, UsageRow, UsedCall
from coterie.domain.workers import Worker
from coterie.features.attention import Attention
from coterie.features.suggestions.extents import Extents
from coterie.features.suggestions.outcomes import Outcomes
from coterie.features.suggestions.service import SuggestionService
from coterie.features.suggestions.snippets import SnippetSource
from coterie.index.trees import parser_of
from coterie.workspace.documents import Documents
from index_fake import FakeIndex
from one_model import OneModel

URI = "file:///w/a.py"
MODEL = "work/coder"

Answer = Callable[[Gap], str | Exception]


@dataclass
class SlowModel(OneModel):
    """Implements `Provider` and `Providers`: fills every gap by ``answer``, the first piece after ``latency`` seconds.

    Without ``fim`` it is asked in a conversation. ``usage`` is what it says at the end that a call has used. ``log`` keeps the time and gap
    of each call; ``open`` counts those that are not closed.
    """

    answer: Answer
    latency: float = 0.2
    fim: bool = True
    usage: Usage | None = None
    price: Price | None = None
    log: list[tuple[float, Gap]] = field(default_factory=list)
    requests: list[FillRequest | ModelRequest] = field(default_factory=list)
    pieces: int = 0
    open: int = 0
    most_open: int = 0
    settlements: list[Exception | None] = field(default_factory=list)
    name = "work"
    version = "1"

    def __post_init__(self) -> None:
        """Say whether it fills gaps."""
        self.capabilities = Capabilities(fim=self.fim)

    async def fill(self, request: FillRequest) -> AsyncIterator[StreamEvent]:
        """Answer character by character."""
        assert self.fim
        self.requests.append(request)
        async for piece in self._play(Gap(request.prefix, request.suffix)):
            yield piece

    async def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Answer character by character."""
        assert not self.fim
        self.requests.append(request)
        before, _, after = request.messages[0].text.partition(CURSOR)  # type: ignore[union-attr]
        async for piece in self._play(Gap(before.partition("\n\n")[2], after.rpartition("\n\n")[0])):
            yield piece

    async def _play(self, gap: Gap) -> AsyncIterator[StreamEvent]:
        self.log.append((asyncio.get_running_loop().time(), gap))
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await asyncio.sleep(self.latency)
            answer = self.answer(gap)
            if isinstance(answer, Exception):
                raise answer
            for piece in answer:
                self.pieces += 1
                yield TextDelta(piece)
            if self.usage is not None:
                yield UsageReported(self.usage)
            yield Finished("stop")
        finally:
            self.open -= 1

    def choose(self, model_id: str) -> ModelChoice:
        """Every id is this model."""
        return ModelChoice(id=model_id, model=model_id.partition("/")[2], label=model_id, provider=self, price=self.price, fim=self.fim)

    def worker(self, model_id: str) -> Worker:
        """Refuse: it is a model alone."""
        raise AssertionError(model_id)

    def default_model(self) -> str:
        """Return its id."""
        return MODEL

    def settled(self, model_id: str, failure: Exception | None) -> None:
        """Keep how it went."""
        assert model_id
        self.settlements.append(failure)


@dataclass
class Books:
    """Implements `UsageStore`: keeps what each call used, and with ``spent`` what the day had cost before."""

    calls: list[tuple[str, Usage, bool]] = field(default_factory=list)
    before: Decimal = Decimal(0)

    async def add(self, call: UsedCall) -> None:
        """Keep it."""
        assert (call.at[-1], call.agent, call.run_id, call.channel_id, call.outcome) == ("Z", "suggestions", None, None, "answered")
        self.calls.append((f"{call.provider}/{call.model}", call.usage, call.estimated))

    async def rows(self, *, by: UsageKey, since: str | None = None) -> tuple[UsageRow, ...]:
        """Nobody asks."""
        raise AssertionError((by, since))

    async def total(self, *, since: str | None = None) -> Usage:
        """Nobody asks."""
        raise AssertionError(since)

    async def spent(
        self, *, run_id: str | None = None, channel_id: str | None = None, agent: str | None = None, since: str | None = None
    ) -> Usage:
        """Return the money of this day."""
        assert (run_id, channel_id, agent, since is not None) == (None, None, None, True)
        known = (usage.usd for _, usage, _ in self.calls if usage.usd is not None)
        return replace(NO_USAGE, usd=sum(known, self.before))


@dataclass
class Oracle:
    """Implements `LinePredictor`: knows the rest of a line by what stands before the cursor in it, and how likely that is."""

    known: dict[str, tuple[str, float]] = field(default_factory=dict)
    state: PredictorState = "ready"
    asked: list[PredictionRequest] = field(default_factory=list)

    async def predict(self, request: PredictionRequest) -> PredictedLine:
        """Say what is known."""
        self.asked.append(request)
        text, score = self.known.get(request.prefix.rpartition("\n")[2], (None, 0.1))
        return PredictedLine(text=text, score=score, state=self.state)


@dataclass
class Shelf:
    """Implements `Files`: the folder /w with these texts by path; reading and looking takes ``pause`` seconds."""

    documents: Documents
    secrets: dict[str, Literal["secret", "ignored"]]
    texts: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0

    def locate(self, path: str, folder: str | None = None) -> FileRef:
        """Find a path below the folder, or a URI."""
        assert folder in {None, "file:///w"}
        name = path.removeprefix("file:///w/")
        if "://" in name:
            raise ModelMistakeError(f"{path} is outside of the workspace.")
        return FileRef("file:///w", name, f"file:///w/{name}", f"/w/{name}")

    async def read(self, file: FileRef, *, exact: bool = False) -> str | None:
        """Return a text."""
        assert not exact
        await asyncio.sleep(self.pause)
        return self.texts.get(file.path)

    async def withheld(self, uri: str) -> Literal["secret", "ignored"] | None:
        """Say what was set."""
        await asyncio.sleep(self.pause)
        return self.secrets.get(uri)


@dataclass
class Desk:
    """The person's place."""

    service: SuggestionService
    documents: Documents
    model: SlowModel
    settings: Settings
    secrets: dict[str, Literal["secret", "ignored"]]
    books: Books
    oracle: Oracle
    shelf: Shelf
    outcomes: Outcomes
    text: str = ""
    cursor: int = 0
    uri: str = URI
    language: str = "python"

    def write(self, marked: str) -> None:
        """Make the document this text, with the cursor at the bar."""
        before, bar, after = marked.partition("|")
        assert bar
        self.text, self.cursor = before + after, len(before)
        if self.documents.get(self.uri) is None:
            self.documents.did_open(self.uri, 1, self.text, self.language)
        self.documents.did_change(self.uri, 2, self.text)

    def type(self, typed: str) -> None:
        """Type at the cursor."""
        self.write(self.text[: self.cursor] + typed + "|" + self.text[self.cursor :])

    async def ask(self, marked: str | None = None, *, manual: bool = False, popup: Popup | None = None) -> Suggestion | None:
        """Ask as the editor does, after the text was written if one is given."""
        if marked is not None:
            self.write(marked)
        found = await self._suggested(manual=manual, popup=popup)
        assert len(found) <= 1 or manual
        return found[0] if found else None

    async def choices(self, marked: str | None = None) -> tuple[Suggestion, ...]:
        """Ask by hand, and return all that there is to choose from."""
        if marked is not None:
            self.write(marked)
        return await self._suggested(manual=True, popup=None)

    async def _suggested(self, *, manual: bool, popup: Popup | None) -> tuple[Suggestion, ...]:
        ask = SuggestionRequest(uri=self.uri, text=self.text, offset=self.cursor, manual=manual, popup=popup)
        return await self.service.suggest(ask)

    async def shown(self, marked: str, *, manual: bool = False) -> str | None:
        """Return the line as the person would have it after accepting, or None without a suggestion."""
        found = await self.ask(marked, manual=manual)
        return None if found is None else self.text[: found.start] + found.text + self.text[found.end :]

    @property
    def reason(self) -> str:
        """Why there was nothing."""
        return self.service.explain(self.uri).reason


async def parser_at_once(grammar: str) -> Parser:
    """Load a parser in no time: virtual time waits for no thread."""
    return parser_of(grammar)


@asynccontextmanager
async def desk(
    answer: Answer | str = "", *, settings: Mapping[str, Any] | None = None, index: Index | None = None, **model: Any
) -> AsyncIterator[Desk]:
    """Sit down; at the end nothing is left open at the model."""
    asked = SlowModel((lambda _: answer) if isinstance(answer, str) else answer, **model)
    documents = Documents()
    secrets: dict[str, Literal["secret", "ignored"]] = {}
    books = Books()
    oracle = Oracle()
    outcomes = Outcomes(None)
    shelf = Shelf(documents, secrets)
    index = index or FakeIndex()
    values = Settings.model_validate({"completion_model": MODEL, **(settings or {})})
    place = Desk(
        service=SuggestionService(
            documents,
            asked,
            books,
            oracle,
            SnippetSource(documents, shelf, index, Attention(documents, lambda: ())),
            extents=Extents(loading=parser_at_once),
            settings=lambda: place.settings,
            withheld=shelf.withheld,
            outcomes=outcomes,
        ),
        documents=documents,
        model=asked,
        settings=values,
        secrets=secrets,
        books=books,
        oracle=oracle,
        shelf=shelf,
        outcomes=outcomes,
    )
    try:
        yield place
    finally:
        await place.service.aclose()
    assert asked.open == 0, "a call was left open"
