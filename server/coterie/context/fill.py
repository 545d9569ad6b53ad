"""The gap that ghost text fills: what stands around the cursor, how much may go there, and how a model is asked for it. Pure.

``features.suggestions`` takes a `Gap` from the document, asks with `fill_request` a model that fills gaps and with `chat_request` any other
one, and judges the answer by the same gap. Lines end with line feeds here, whatever the document's end with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from coterie.domain.messages import ModelRequest, UserMessage
from coterie.domain.ports import ModelChoice
from coterie.domain.suggestions import FillRequest

PREFIX_CHARACTERS = 6_000
SUFFIX_CHARACTERS = 2_000
MAX_TOKENS: Final = {"line": 96, "block": 384}
TAB_SIZE = 4
CURSOR = "<|cursor|>"
AGENT = "suggestions"
"""Under this name a recording answers (see `coterie.providers.replay`)."""

Extent = Literal["line", "block"]

_OPENS_BLOCK = re.compile(r"(?:[:{(\[]|=>|->|\b(?:do|then|begin|else))$")
_SYSTEM = (
    f"You complete code while it is typed. You are shown a file with {CURSOR} where the cursor is. Answer with exactly the text to insert "
    "there and nothing else: no explanation, no code fence, nothing that stands before or after the cursor already. Answer with nothing "
    "when nothing is missing."
)
_HOW_MUCH: Final = {
    "line": "Write the rest of the line at most.",
    "block": "Write the rest of the statement or block at most.",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """The text before and after a cursor, as far as a model is shown it."""

    prefix: str
    suffix: str

    @property
    def line_before(self) -> str:
        """The cursor's line up to it."""
        return self.prefix.rpartition("\n")[2]

    @property
    def line_after(self) -> str:
        """The cursor's line from it on."""
        return self.suffix.partition("\n")[0]

    @property
    def above(self) -> str:
        """The nearest line above the cursor's that is not blank; empty where there is none."""
        return next((line for line in reversed(self.prefix.split("\n")[:-1]) if line.strip()), "")

    @property
    def below(self) -> str:
        """The nearest line below the cursor's that is not blank; empty where there is none."""
        return next((line for line in self.suffix.split("\n")[1:] if line.strip()), "")

    @property
    def opener(self) -> str:
        """The line that opens the block in which the cursor is at the start; empty where there is none."""
        line = self.line_before if self.line_before.strip() else self.above
        return line if opens_block(line) else ""


def gap_at(text: str, offset: int) -> Gap:
    """Return the gap at ``offset``: whole lines, but for the cursor's own one when it is longer than the window."""
    start, end = max(0, offset - PREFIX_CHARACTERS), offset + SUFFIX_CHARACTERS
    prefix, suffix = _with_line_feeds(text[start:offset]), _with_line_feeds(text[offset:end])
    if start and "\n" in prefix:
        prefix = prefix.partition("\n")[2]
    if end < len(text) and "\n" in suffix:
        suffix = suffix.rpartition("\n")[0] + "\n"
    return Gap(prefix, suffix)


def extent_of(gap: Gap, *, manual: bool) -> Extent:
    """Return how much may be suggested: several lines only where a block begins that has nothing in it, or where they were asked for."""
    if gap.line_after.strip():
        return "line"
    if manual or (gap.opener and indentation(gap.below) <= indentation(gap.opener)):
        return "block"
    return "line"


def opens_block(line: str) -> bool:
    """Say whether a line ends with what opens a block."""
    return _OPENS_BLOCK.search(line.rstrip()) is not None


def indentation(line: str) -> int:
    """Return how far a line is indented, in columns."""
    return len(line.expandtabs(TAB_SIZE)) - len(line.expandtabs(TAB_SIZE).lstrip())


def fill_request(gap: Gap, extent: Extent, choice: ModelChoice) -> FillRequest:
    """Return the call for a model that fills gaps."""
    # On a blank line some models begin with line feeds, which are cut off: stopping there would leave nothing.
    stop = ("\n",) if extent == "line" and gap.line_before.strip() else ()
    return FillRequest(
        model=choice.model,
        prefix=gap.prefix,
        suffix=gap.suffix,
        max_tokens=_longest(extent, choice),
        stop=stop,
        temperature=choice.temperature,
        top_p=choice.top_p,
        extra=choice.extra or {},
    )


def chat_request(gap: Gap, extent: Extent, choice: ModelChoice, *, language: str, path: str) -> ModelRequest:
    """Return the call for any other model: a conversation of one message."""
    shown = f"{path} ({language})\n\n{gap.prefix}{CURSOR}{gap.suffix}\n\n{_HOW_MUCH[extent]}"
    return ModelRequest(
        model=choice.model,
        system=_SYSTEM,
        messages=(UserMessage(text=shown),),
        max_output_tokens=_longest(extent, choice),
        temperature=choice.temperature,
        top_p=choice.top_p,
        extra=choice.extra or {},
        agent=AGENT,
        gives_way=True,
    )


def _longest(extent: Extent, choice: ModelChoice) -> int:
    return min(MAX_TOKENS[extent], choice.max_output_tokens or MAX_TOKENS[extent])


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
