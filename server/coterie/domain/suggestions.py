"""Ghost text, as the rooms hand it to each other: what is asked for, what a model is to fill in, what is offered, and why nothing was.

``lsp`` asks and tells of feedback, ``features.suggestions`` decides, ``context.fill`` looks at the gap, ``providers`` fill it. Offsets
count code points of the document that was asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from coterie.domain.wire import Json, wire

SuggestionState = Literal["offered", "shown", "partly_accepted", "accepted", "rejected"]
SuggestionSource = Literal["predictor", "model"]
"""Who wrote a suggestion: the project itself, as `coterie.predictor` knows it, or a model."""
SuggestionStage = Literal["none", "gate", "reuse", "debounce", "predictor", "provider", "filter", "offered"]
"""How far a request came: ``none`` when there was none yet, ``offered`` when it was answered with a suggestion."""
FimFamily = Literal[
    "qwen",
    "starcoder2",
    "starcoder",
    "granite",
    "codellama",
    "deepseek-coder",
    "codegemma",
    "codestral",
    "seed-coder",
    "mellum",
]
"""Models that were trained to fill gaps, by the special tokens that they know (see `coterie.providers.families`)."""
FimSetting = Literal[True, False, "mistral", "deepseek", FimFamily]
"""How a host fills gaps: with a suffix, or not at all; as these vendors do; or by the tokens of a family."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of another file that may help to fill a gap. ``path`` is how it is called to the model."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRequest:
    """The text before and after a gap, for a model that was trained to fill it. Lines end with line feeds.

    ``model`` is the host's own name; ``stop`` are texts at which the host need not go on. ``snippets`` are pieces of other files, what
    matters most last; ``path`` and ``project`` say what the gap's own file is called, and the folder that all of them are in.
    """

    model: str
    prefix: str
    suffix: str
    max_tokens: int
    stop: tuple[str, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)
    snippets: tuple[Snippet, ...] = ()
    path: str = ""
    project: str = ""

    @property
    def size(self) -> int:
        """The bytes of what the model is shown."""
        texts = (self.prefix, self.suffix, *(part for snippet in self.snippets for part in (snippet.path, snippet.text)))
        return sum(len(text.encode(errors="replace")) for text in texts)


@dataclass(frozen=True, slots=True)
class Popup:
    """The entry that is selected in the editor's own completion list: ``text`` would replace the document from ``start`` to ``end``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionRequest:
    """What the editor asks. ``manual``: the person asked for it; else the editor did, after a key."""

    uri: str
    text: str
    offset: int
    manual: bool = False
    popup: Popup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Ghost text: ``text`` replaces the document from ``start`` to ``end``, which are on one line. Its lines end with line feeds."""

    suggestion_id: str
    text: str
    start: int
    end: int
    source: SuggestionSource = "model"


@wire
class SuggestionFeedback:
    """What has become of a suggestion."""

    suggestion_id: str
    state: SuggestionState


@wire
class SnippetUsed:
    """Lines of a file that the model was shown along with the document; lines count from one. ``reason`` says in words why these."""

    path: str
    start: int
    end: int
    reason: str


@wire
class SuggestionExplanation:
    """How the latest request ended: the ``stage`` that decided, a stable ``reason``, and a sentence for the person.

    ``source`` is who wrote what was offered, None when nothing was. ``snippets`` are what else the model was shown for what it answered, be
    that offered or not, what mattered most first.
    """

    uri: str | None = None
    at: str | None = None
    stage: SuggestionStage
    reason: str
    text: str
    suggestion_id: str | None = None
    source: SuggestionSource | None = None
    snippets: tuple[SnippetUsed, ...] = ()


@wire
class SuggestionSnooze:
    """Until when there is no ghost text unless the person asks for it (ISO 8601); None: it is not snoozed."""

    until: str | None
