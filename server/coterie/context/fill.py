"""The gap that ghost text fills: what stands around the cursor, how much may go there, and how a model is asked for it. Pure.

``features.suggestions`` takes a `Gap` from the document, asks with `fill_request` a model that fills gaps and with `chat_request` any other
one, and judges the answer by the same gap. Lines end with line feeds here, whatever the document's end with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from coterie.context.tokens import Calibration
from coterie.domain.messages import ModelRequest, UserMessage
from coterie.domain.model_ports import ModelChoice
from coterie.domain.suggestions import FillRequest, Snippet

PREFIX_TOKENS = 1_500
SUFFIX_TOKENS = 500
MAX_TOKENS: Final = {"line": 96, "block": 384}
VARIED: Final = 0.8
"""The temperature at which a model that fills gaps says something else than before, mostly."""
TAB_SIZE = 4
CURSOR = "<|cursor|>"
AGENT = "suggestions"
"""Under this name a recording answers (see `coterie.providers.replay`)."""

Extent = Literal["line", "block"]
_USUAL: Final = Calibration()
_ABOUT_A_REQUEST = 128
"""Tokens of a model's window that are neither text nor answer: special tokens, or words around them."""

_OPENS_BLOCK = re.compile(r"(?:[:{(\[]|=>|->|\b(?:do|then|begin|else)|(?:\bdo|\{)\s*\|[^|]*\|)$")
_OPENS_BELOW = re.compile(r"(?:\bfunction\b[^(]*\([^()]*\)|^\s*def\s+[\w.?!]+(?:\([^()]*\))?)$")
"""Signatures of languages in which nothing else opens the block; in others they go on in their line."""
_SYSTEM = (
    f"You complete code while it is typed. You are shown a file with {CURSOR} where the cursor is. Answer with exactly the text to insert "
    "there and nothing else: no explanation, no code fence, nothing that stands before or after the cursor already. Answer with nothing "
    "when nothing is missing."
)
_HOW_MUCH: Final = {
    "line": "Write the rest of the line at most.",
    "block": "Write the rest of the statement or block at most.",
}
NOT_AGAIN: Final = "This was offered already; write something else:"


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
        if self.line_before.strip():
            return self.line_before if opens_block(self.line_before) else ""
        return self.above if opens_block(self.above) or _OPENS_BELOW.search(self.above) is not None else ""


def gap_at(text: str, offset: int, calibration: Calibration = _USUAL) -> Gap:
    """Return the gap at ``offset``, as much as a model is shown: whole lines, but for the cursor's own one where it is too long."""
    return cut(Gap(text[:offset], text[offset:]), PREFIX_TOKENS, SUFFIX_TOKENS, calibration)


def cut(gap: Gap, prefix_tokens: int, suffix_tokens: int, calibration: Calibration) -> Gap:
    """Return what stands nearest to the cursor, within so many tokens; lines end with line feeds then."""
    before, after = int(prefix_tokens * calibration.bytes_per_token), int(suffix_tokens * calibration.bytes_per_token)
    # A character has a byte at least, so that much is enough to look at.
    prefix = _with_line_feeds(gap.prefix[-before:] if before else "").encode(errors="replace")
    suffix = _with_line_feeds(gap.suffix[:after]).encode(errors="replace")
    shown, following = prefix[-before:].decode(errors="ignore"), suffix[:after].decode(errors="ignore")
    if (len(gap.prefix) > before or len(prefix) > before) and "\n" in shown:
        shown = shown.partition("\n")[2]
    if (len(gap.suffix) > after or len(suffix) > after) and "\n" in following:
        following = following.rpartition("\n")[0] + "\n"
    return Gap(shown, following)


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


def in_window(
    gap: Gap, snippets: Sequence[Snippet], extent: Extent, choice: ModelChoice, calibration: Calibration
) -> tuple[Gap, tuple[Snippet, ...]]:
    """Return what of both the model's window holds: the snippets go first, those that matter least before the others."""
    if choice.context_tokens is None:
        return gap, tuple(snippets)
    room = choice.context_tokens - _longest(extent, choice) - _ABOUT_A_REQUEST
    sizes = [calibration.tokens(len(f"{snippet.path}{snippet.text}".encode(errors="replace"))) for snippet in snippets]
    left = room - calibration.tokens(len(f"{gap.prefix}{gap.suffix}".encode(errors="replace")))
    while sizes and sum(sizes) > left:
        sizes.pop(0)
    if left < 0:
        gap = cut(gap, max(1, room * 3 // 4), max(1, room // 4), calibration)
    return gap, tuple(snippets[len(snippets) - len(sizes) :])


def fill_request(
    gap: Gap,
    extent: Extent,
    choice: ModelChoice,
    *,
    path: str = "",
    project: str = "",
    snippets: tuple[Snippet, ...] = (),
    varied: bool = False,
) -> FillRequest:
    """Return the call for a model that fills gaps. ``varied``: it has said something already, and is to say something else."""
    # On a blank line some models begin with line feeds, which are cut off: stopping there would leave nothing.
    stop = ("\n",) if extent == "line" and gap.line_before.strip() else ()
    return FillRequest(
        model=choice.model,
        prefix=gap.prefix,
        suffix=gap.suffix,
        max_tokens=_longest(extent, choice),
        stop=stop,
        temperature=max(choice.temperature or 0.0, VARIED) if varied else choice.temperature,
        top_p=choice.top_p,
        extra=choice.extra or {},
        path=path,
        project=project,
        snippets=snippets,
    )


def chat_request(
    gap: Gap,
    extent: Extent,
    choice: ModelChoice,
    *,
    language: str,
    path: str,
    snippets: tuple[Snippet, ...] = (),
    other_than: Sequence[str] = (),
) -> ModelRequest:
    """Return the call for any other model: a conversation of one message. ``other_than`` is what it is not to say again."""
    others = "".join(f"From {snippet.path}:\n{snippet.text}\n\n" for snippet in snippets)
    shown = f"{others}{path} ({language})\n\n{gap.prefix}{CURSOR}{gap.suffix}\n\n{_HOW_MUCH[extent]}"
    shown += "".join(f"\n\n{NOT_AGAIN}\n{text}" for text in other_than)
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
