"""What models add to the text that they were asked for: a preface, a fence, a header, and what stands there already. Pure.

``filters`` calls `cleaned` with an answer as far as it has come, so everything here also has to hold of an answer that is cut anywhere:
what may yet turn out to be an addition is nothing so far. Models that fill gaps are heard the same way: many of them were taught to speak.
"""

from __future__ import annotations

import html
import re
from pathlib import PurePosixPath
from typing import Final

from coterie.context.fill import Gap, indentation
from coterie.features.suggestions.languages import DATA, MARKUP, WORDS, is_code, line_comments, named, speaks
from coterie.features.suggestions.leaks import plain
from coterie.features.suggestions.prose import announces, is_said

LEAST_ECHO: Final = 3
"""Characters from which the beginning of an answer is taken for an echo of the line, not for chance."""
MOST_ECHOED: Final = 40
"""How many lines before the cursor an answer may begin with."""
MOST_CHARACTERS: Final = 8_000
"""Of an answer, without its thoughts; more than can be shown."""

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)([^\n`]*)\n", re.MULTILINE)
_ENDING = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_FENCED_WORDS: Final = frozenset(("markdown", "md", "text", "plaintext"))
_WRAPPER = re.compile(r"\s*<(completion|answer|code|output|insert|fill|result|response)>\n?", re.IGNORECASE)
_ENTITY = re.compile(r"""(?<!["'`])&(?:lt|gt|amp|quot|#39|apos);(?!["'`])""")
_NUMBERED = re.compile(r"[ \t]*(\d{1,5}) ?(?:\||\t|\u2502) ?")
_DIFF = re.compile(r"\s*(?:diff --git |--- (?:a/|/dev/null)|@@ -\d|\*\*\* Begin Patch|<{5,9} ?(?:SEARCH|HEAD|ORIGINAL))")
_MARK = re.compile(r"(?:[-*+>]|#{1,6}|//[/!]?|--|\d{1,3}[.)]|\"{3}|/\*\*?)")
_NAME_BEGUN = re.compile(r"[A-Za-z_]\w+$")
_BACKTICKED = re.compile(r"`([^`\n]+)`\s*")
_NO_BACKTICKS: Final = named("python rust java c cpp csharp json css yaml html toml")


def cleaned(answer: str, gap: Gap, language: str = "", path: str = "") -> str:
    """Return a model's answer without what it added to the text."""
    text = plain(answer, gap, language).text[:MOST_CHARACTERS]
    said = speaks(gap, language)
    steps = (
        (lambda text: text) if said else lambda text: _without_frame(text, gap, language, path),
        lambda text: _without_echo(text, gap),
    )
    while True:  # one addition may hide in another; each step makes the text shorter
        before = text
        for step in steps:
            text = step(text)
        if text == before:
            return _out_of_fence(text) if said and language in WORDS else text


def _without_frame(text: str, gap: Gap, language: str, path: str) -> str:
    around = gap.prefix + gap.suffix
    if language not in ("diff", "patch") and _DIFF.match(text):
        return ""
    text = _without_preface(text, language)
    text = _without_fence(text)
    if language not in MARKUP and (wrapper := _WRAPPER.match(text)) is not None and wrapper.group().strip() not in around:
        text = re.split(rf"\n?</{wrapper[1]}>", text[wrapper.end() :], maxsplit=1)[0]
    text = _without_header(text, language, path)
    if language not in DATA | WORDS:
        text = _without_numbers(text, gap)
    if language not in MARKUP | WORDS:
        text = _ENTITY.sub(lambda found: _unescaped(found, around), text)
    if language in _NO_BACKTICKS and (ticked := _BACKTICKED.fullmatch(text)) is not None:
        text = ticked[1]
    return text


def _unescaped(found: re.Match[str], around: str) -> str:
    """Return the character of an entity, unless the file has that entity itself or it stands in a string."""
    line = found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]
    is_meant = found.group() in around or any(line.count(quote) % 2 for quote in "\"'`")
    return found.group() if is_meant else html.unescape(found.group())


def _without_preface(text: str, language: str) -> str:
    """Cut off the first lines when they only say that something comes."""
    first, ended, rest = text.lstrip().partition("\n")
    said = is_said(first) if is_code(language) else announces(first)
    if not said:
        return text
    following = rest.lstrip()
    if following.strip("`~") == "":
        return "" if ended or is_code(language) else text  # so far; a fence may come
    return rest.lstrip("\n") if is_code(language) or _FENCE.match(following) or first.rstrip().endswith(":") else text


def _without_fence(text: str) -> str:
    """Return what stands in the first fence, or before one that was never opened."""
    begun = text.lstrip()
    if begun.startswith(("```", "~~~")):
        opening = _FENCE.match(begun)
        if opening is None or opening[1].strip() == "diff":
            return ""
        return _until_fence(begun[opening.end() :])
    return _until_fence(text)


def _until_fence(text: str) -> str:
    ending = _ENDING.search(text)
    return text if ending is None else text[: max(0, ending.start() - 1)]


def _out_of_fence(text: str) -> str:
    """Unpack an answer in words that was fenced as a whole."""
    opening = _FENCE.match(text.lstrip())
    if opening is None or opening[1].strip() not in _FENCED_WORDS:
        return text
    body = text.lstrip()[opening.end() :].rstrip()
    return body.removesuffix("```").removesuffix("\n")


def _without_header(text: str, language: str, path: str) -> str:
    """Cut off a first line that only names the file or the language."""
    first, ended, rest = text.lstrip().partition("\n")
    if not ended:
        return text
    words = first.strip()
    if words.casefold() == language.casefold() != "":
        return rest
    for mark in (*line_comments(language), "#", "//", "/*", "<!--", "--", "**", "`"):
        words = words.removeprefix(mark).strip()
    words = re.sub(r"^(?:file(?:name)?|path):\s*", "", words, flags=re.IGNORECASE)
    words = re.sub(r"\s*(?:\*/|-->|\*\*|`|:|\([\w+#-]+\))+$", "", words)
    name = PurePosixPath(path).name
    return rest.removeprefix("\n") if name and "." in name and (words == name or words.endswith(f"/{name}")) and " " not in words else text


def _without_numbers(text: str, gap: Gap) -> str:
    """Take the numbers away when lines come numbered, as listings have them."""
    lines = text.split("\n")
    numbers = [_NUMBERED.match(line) for line in lines]
    first, second = (*(number for number, line in zip(numbers, lines, strict=True) if line.strip()), None, None)[:2]
    if first is None:
        return text
    begins_statement = text.startswith("\n") or not gap.line_before.strip()  # where no number stands before a bar
    if not begins_statement and (second is None or int(second[1]) != int(first[1]) + 1):
        return text
    return "\n".join(line if number is None else line[number.end() :] for line, number in zip(lines, numbers, strict=True))


def _without_echo(text: str, gap: Gap) -> str:
    """Cut off the lines before the cursor, or the beginning of the cursor's own."""
    begun = text.lstrip()
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
    line = gap.line_before.strip()
    ends_word = gap.line_before[-1:].isspace() and line[-1:].isidentifier()
    if len(line) >= LEAST_ECHO and begun.startswith(line) and not (ends_word and begun[len(line) : len(line) + 1].strip()):
        while begun.lstrip().startswith(line):
            begun = begun.lstrip()[len(line) :]
        return begun
    if _MARK.fullmatch(line) and begun.startswith(line) and (gap.line_before[-1:].isspace() or begun[len(line) : len(line) + 1] == " "):
        return begun[len(line) :]
    name = _NAME_BEGUN.search(gap.line_before)
    if name is not None and text.startswith(name.group()) and text[len(name.group()) :][:1].isidentifier():
        return text[len(name.group()) :]  # the whole word again, of which the beginning is there
    return text
