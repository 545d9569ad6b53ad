"""What chat models add to the text that they were asked for: thoughts, a preface, a fence, and what stands there already. Pure.

``filling`` calls `cleaned` with an answer as far as it has come, so everything here also has to hold of an answer that is cut anywhere:
what may yet turn out to be an addition is nothing so far.
"""

from __future__ import annotations

import re
from typing import Final

from coterie.context.fill import CURSOR, Gap

LEAST_ECHO: Final = 3
"""Characters from which the beginning of an answer is taken for an echo of the line, not for chance."""
MOST_ECHOED: Final = 40
"""How many lines before the cursor an answer may begin with."""

_FENCE = re.compile(r"\s*```[^\n]*\n")
_PREFACE = re.compile(r"(?:sure|certainly|of course)[,!.: ]|here(?:['\u2019]s| is| are)\b", re.IGNORECASE)


def cleaned(answer: str, gap: Gap) -> str:
    """Return a chat model's answer without what such models add to the text."""
    text = answer
    if text.lstrip().startswith("<think>"):
        text = text.partition("</think>")[2].lstrip("\n")
    text = _without_preface(text)
    if (fence := _FENCE.match(text)) is not None:
        text = f"\n{text[fence.end() :]}".partition("\n```")[0].removeprefix("\n")
    elif text.lstrip().startswith("```"):
        return ""
    return _without_echo(text.replace(CURSOR, ""), gap)


def _without_preface(text: str) -> str:
    """Cut off a first line that only says that something comes."""
    first, ended, rest = text.lstrip().partition("\n")
    if not ended or _PREFACE.match(first) is None:
        return text
    following = rest.lstrip()
    if following.strip("`") == "":
        return ""  # so far; a fence may come
    return rest.lstrip("\n") if following.startswith("```") or first.rstrip().endswith(":") else text


def _without_echo(text: str, gap: Gap) -> str:
    """Cut off the lines before the cursor, or the beginning of the cursor's own."""
    begun = text.lstrip()
    lines = gap.prefix.split("\n")[-MOST_ECHOED:]
    for number in range(len(lines), 1, -1):
        echo = "\n".join(lines[-number:]).strip()
        if "\n" not in echo:
            break
        if begun.startswith(echo):
            return begun[len(echo) :]
        if "\n" in begun and echo.startswith(begun.rstrip()):
            return ""  # so far
    line = gap.line_before.strip()
    return begun[len(line) :] if len(line) >= LEAST_ECHO and begun.startswith(line) else text
