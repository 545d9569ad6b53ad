"""What models add to the text that they were asked for: a preface, a header, a call. Pure.

``filters`` calls `cleaned` with an answer as far as it has come, so everything here also has to hold of an answer that is cut anywhere:
what may yet turn out to be an addition is nothing so far. Models that fill gaps are heard the same way: many of them were taught to speak.
"""

from __future__ import annotations

import html
import re
from pathlib import PurePosixPath
from typing import Final

from coterie.context.fill import Gap
from coterie.features.suggestions.echoes import without_echo
from coterie.features.suggestions.fences import is_fenced, out_of_fence, unwrapped, without_fence
from coterie.features.suggestions.languages import DATA, MARKUP, SHELLS, WORDS, is_code, line_comments, named, speaks
from coterie.features.suggestions.leaks import plain
from coterie.features.suggestions.prose import announces, is_said

MOST_CHARACTERS: Final = 8_000
"""Of an answer, without its thoughts; more than can be shown."""

_WRAPPER = re.compile(r"\s*<(completion|answer|code|output|insert|fill|result|response)>\n?", re.IGNORECASE)
_ENTITY = re.compile(r"""(?<!["'`])&(?:lt|gt|amp|quot|#39|apos);(?!["'`])""")
_NUMBERED = re.compile(r"[ \t]*(\d{1,5}) ?(?:\||\t|\u2502) ?")
_DIFF = re.compile(r"\s*(?:diff --git |--- (?:a/|/dev/null)|@@ -\d|\*\*\* Begin Patch|<{5,9} ?(?:SEARCH|HEAD|ORIGINAL))")
_CALL_TAG = re.compile(r"\s*(<(?:tool_calls?|tool_use|function_calls?|invoke|function=\w+)\b[^>\n]*>|\[TOOL_CALLS\])")
_CALL_OBJECT = re.compile(r"""\s*\{\s*"(?:name|tool|function)"\s*:\s*"[\w.-]+"\s*,\s*"(?:arguments|parameters|input)"\s*:""")
_SPEAKER = re.compile(r"\s*(?:Assistant|ASSISTANT|AI):[ \t]+(?=\S)")
"""In lower case it is the name of a parameter or a key."""
_NAMES_FOLLOW = re.compile(r"\s*(?:case|default)\b|.*\{")
_LEAD = re.compile(
    r"\s*the (?:missing|completed|inserted|remaining) (?:code|text|line|part|expression) (?:is|would be|should be):[ \t]*(?=\S)",
    re.IGNORECASE,
)
"""What is said ahead of the text in its own line."""
_BACKTICKED = re.compile(r"`([^`\n]+)`\s*")
_NO_BACKTICKS: Final = named("python rust java c cpp csharp json css yaml html toml")


def cleaned(answer: str, gap: Gap, language: str = "", path: str = "") -> str:
    """Return a model's answer without what it added to the text."""
    text = plain(answer, gap, language).text[:MOST_CHARACTERS]
    said = speaks(gap, language)
    while True:  # one addition may hide in another; each step makes the text shorter
        before = text
        if not said:
            text = _without_frame(text, gap, language, path)
        elif language not in WORDS:
            text = unwrapped(text, gap)
        text = without_echo(text, gap, language)
        if text == before:
            return out_of_fence(text) if said and language in WORDS else text


def _without_frame(text: str, gap: Gap, language: str, path: str) -> str:
    around = gap.prefix + gap.suffix
    if language not in ("diff", "patch") and _DIFF.match(text):
        return ""
    if _is_call(text, gap, language):
        return ""
    text = _without_preface(text, language)
    text = _without_lead(text, gap, language)
    text = without_fence(text)
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
    if is_code(language) and (ticked := _BACKTICKED.fullmatch(following)) is not None:
        return ticked[1]
    return rest.lstrip("\n") if is_code(language) or is_fenced(following) or first.rstrip().endswith(":") else text


def _is_call(text: str, gap: Gap, language: str) -> bool:
    """Say whether the answer is a call of a tool that the model was not given, written out."""
    if (tag := _CALL_TAG.match(text)) is not None:
        return tag[1] not in gap.prefix + gap.suffix
    if language in DATA | MARKUP or gap.line_before.strip() or _CALL_OBJECT.match(text) is None:
        return False
    return not gap.above.rstrip().endswith(("[", "(", ","))  # else it is one of the values there


def _without_lead(text: str, gap: Gap, language: str) -> str:
    """Cut off what the model says ahead of the text in one line with it."""
    if not is_code(language):
        return text
    if language in SHELLS and not gap.line_before.strip() and text.startswith("$ "):
        return text[2:]  # the prompt
    said = _LEAD.match(text) or (_SPEAKER.match(text) if _may_be_spoken(gap) else None)
    return text if said is None else text[said.end() :]


def _may_be_spoken(gap: Gap) -> bool:
    """Say whether no name with a colon behind it belongs at the cursor."""
    return bool(gap.line_before.strip()) and _NAMES_FOLLOW.match(gap.line_before) is None


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
