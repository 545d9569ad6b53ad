"""What stands before the cursor already and comes again at the beginning of an answer. Pure.

``chatter`` calls `without_echo` with an answer as far as it has come. Models that speak write whole lines, so they begin with the line
that they were to go on with, with its latest word, or with lines above it. What merely looks so is left alone: like lines stand above one
another in any file, and a name may be its own beginning twice (``pprint``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from coterie.context.fill import Gap, indentation
from coterie.features.suggestions.languages import comment_at, named, speaks

LEAST_ECHO: Final = 3
"""Characters from which the beginning of an answer is taken for an echo of the line, not for chance."""
LONGEST_WORD: Final = 160
"""Characters before the cursor among which the latest word is looked for."""
MOST_ECHOED: Final = 40
"""How many lines before the cursor an answer may begin with."""

_MARK = re.compile(r"(?:[-*+>]|#{1,6}|//[/!]?|--|\d{1,3}[.)]|\"{3}|/\*\*?)")
_NAME_BEGUN = re.compile(r"(?<![\w#&%$\\])[A-Za-z_]\w*$")
_WORD = re.compile(r"\w+")
_LEAST_AFTER_LETTER: Final = 3
"""Characters of a word that may be taken for another time of the one letter that is there."""
_KEYWORDS: Final = named(
    "as async await case catch class const def elif else export extends extern final finally fn for foreach from func function if "
    "implements import in include instanceof interface let match new package private protected public raise readonly require "
    "return static struct switch throw throws trait type use using val var while with yield "
    "SELECT FROM WHERE INSERT INTO UPDATE SET DELETE JOIN ON AND OR ORDER GROUP BY HAVING VALUES"
)
"""Words that no language has twice in a row."""
_RECEIVER = re.compile(
    r"(?:(?<![\w.$])(?:\$?this|self|cls|super\(\)|std)|(?<![\w$])[\w$]+(?:(?:\.|\?\.|->|::)[\w$]+)+)(?:\.|\?\.|->|::)$|(?<![\w$.])[\w$]+\?\.$"
)
"""Whose members come next. Of a single name that is not told: there is ``datetime.datetime``."""
_CALL = re.compile(r"(?<![\w.$])[A-Za-z_$][\w.$]*\(\)$")
"""Entries of the popup end like this; nothing is called twice in a row."""
_LAST_KEYWORD = re.compile(r"(?<![\w.$@])(\w+)[ \t]*$")
_LAST_OPERATOR = re.compile(r"(?<=[\w)\]\s])((?:[-+*/%|&^?]{0,2}|<<|>>|[:=!<>]=?)=|=>|->|<-|:=|&&|\|\|)[ \t]*$")


def without_echo(text: str, gap: Gap, language: str = "") -> str:
    """Cut off the lines before the cursor, or the beginning of the cursor's own, or its latest word."""
    begun = text.lstrip()
    if (behind := _behind_lines(begun, gap, language)) is not None:
        return behind
    line = gap.line_before.strip().removeprefix("\ufeff")
    ends_word = gap.line_before[-1:].isspace() and line[-1:].isidentifier()
    if len(line) >= LEAST_ECHO and begun.startswith(line) and not (ends_word and begun[len(line) : len(line) + 1].strip()):
        while begun.lstrip().startswith(line):
            begun = begun.lstrip()[len(line) :]
        return begun
    if _MARK.fullmatch(line) and begun.startswith(line) and (gap.line_before[-1:].isspace() or begun[len(line) : len(line) + 1] == " "):
        return begun[len(line) :]
    return text if speaks(gap, language) else _without_word(text, gap)


def _behind_lines(begun: str, gap: Gap, language: str) -> str | None:
    """Return what follows the lines before the cursor; empty as long as more of them may come, None where there are none."""
    if not gap.line_before.strip() and (comment := _comment_above(gap, language)):
        if begun.startswith(f"{comment}\n"):
            return begun[len(comment) + 1 :]
        if "\n" in begun and comment.startswith(begun.rstrip(" \t")):
            return ""  # so far
    lines = gap.prefix.split("\n")[-MOST_ECHOED:]
    for number in range(len(lines), 1, -1):
        echo = "\n".join(lines[-number:]).strip()
        if "\n" not in echo:
            break
        # On a blank line it begins with the file or with what that line is inside of; like lines stand above one another in any file.
        may_begin = gap.line_before.strip() or number == len(lines) or indentation(lines[-number]) < indentation(gap.line_before)
        if not may_begin or not any(map(str.isalnum, echo)):
            continue
        if begun.startswith(echo):
            return begun[len(echo) :]
        if "\n" in begun and f"{echo}\n".startswith(begun.rstrip(" \t")):
            return ""  # so far
    return None


@lru_cache(maxsize=8)
def _comment_above(gap: Gap, language: str) -> str:
    """Return the comment right above the cursor's line, which asks for what is to come; nobody writes it twice."""
    kept: list[str] = []
    for line in reversed(gap.prefix.split("\n")[:-1]):
        if comment_at(line.strip(), language) != 0:
            break
        kept.insert(0, line)
    return "\n".join(kept).strip()


def _without_word(text: str, gap: Gap) -> str:
    """Cut off what the cursor's line ends with: a name that is being typed, a keyword, an operator."""
    line = gap.line_before[-LONGEST_WORD:]
    begun = text.lstrip(" \t")
    for mark in (_LAST_OPERATOR.search(line), _LAST_KEYWORD.search(line)):
        if mark is None or not (mark[1] in _KEYWORDS or not mark[1][0].isalnum()) or not (line[-1:].isspace() or text[:1].isspace()):
            continue
        if begun.startswith(mark[1]):
            again = begun[len(mark[1]) :]
            if again[:1].isspace():
                return again
    for part in (_RECEIVER.search(line), _CALL.search(line)):
        if part is not None and text.startswith(part.group()):
            return text[len(part.group()) :]
    return _without_name(text, line, gap)


def _without_name(text: str, line: str, gap: Gap) -> str:
    """Cut off the name that ``line`` ends with, all of it or its beginning, where the answer begins with it again."""
    found, word = _NAME_BEGUN.search(line), _WORD.match(text)
    if found is None or word is None or not word.group().startswith(found.group()):
        return text
    name = found.group()
    if len(name) == 1 and (len(word.group()) < _LEAST_AFTER_LETTER or line[: found.start()].strip()[-1:] not in ("", ".")):
        return text
    # Names may begin with several underscores, and be their own beginning twice.
    return text if not name.strip("_") or _is_written(name + word.group(), gap) else text[len(name) :]


def _is_written(name: str, gap: Gap) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", gap.prefix + gap.suffix) is not None
