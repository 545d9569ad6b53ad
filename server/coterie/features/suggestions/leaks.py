"""What a model's own machinery leaves in its answer: thoughts, tokens of its template, characters that nobody sees. Pure.

``chatter`` calls `plain` before it looks for what the model says. What the file around the cursor writes itself is no leak: people do write
about tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from coterie.context.fill import CURSOR, Gap
from coterie.features.suggestions.languages import MARKUP

_NAMES: Final = "PRE|SUF|MID|EOT|EOD|eos|bos|pad|unk|file_sep|repo_name|filename|empty_output|jupyter_\\w{1,20}"
TOKEN: Final = re.compile(
    r"<\|[A-Za-z][\w\-/ ]{1,39}\|>|<\uff5c[^\uff5c\n]{2,40}\uff5c>|<\[[^\]\n]{2,40}\]>"
    rf"|<(?:{_NAMES})>|<fim[_-]\w{{3,9}}>|<(?:start|end)_of_(?:turn|text|code)>"
    r"|\[/?INST\]|\[(?:PREFIX|SUFFIX|MIDDLE)\]|</s>|<s>(?=\S)"
)
"""A token of some model's template, written out."""

_MIDDLE = re.compile(r"(?:middle|fim\u2581end|MID|MIDDLE)\W*$")
_PREFIX = re.compile(r"(?:prefix|fim\u2581begin|PRE|PREFIX|SUFFIX)\W*$")
_END = re.compile(
    r"<(?:\||\uff5c|\[)?(?:/s|eos|EO[TD]|eot_id|im_end|return|end|fim_pad|file_sep|file_separator|end_?of_?(?:text|turn|sentence|code)"
    r"|end\u2581of\u2581sentence)(?:\||\uff5c|\])?>"
)
_ROLE = re.compile(r"(?:assistant|model|final)\b(?=\s|<|$)")
_CURSORS = re.compile(r"<(?:CURSOR|cursor|FILL_ME|FILL_HERE|fill|hole)/?>|\{\{FILL_HERE\}\}|\[CURSOR\]|\u2588")
_BEGUN_TOKEN = re.compile(r"<(?:\|[A-Za-z_]*\|?|fi?|fim[_-]?\w*|/s?|E|EOT?|\uff5c[^\uff5c\n]*)?\Z")
_THOUGHT = re.compile(r"\s*(?:<(think|thinking|thought|reasoning)>|\[(THINK)\])")
_THOUGHT_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning)>|\[/THINK\]")
_CHANNEL, _MESSAGE = "<|channel|>", "<|message|>"
_UNSEEN = re.compile("[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff]")
_COLORS = re.compile("\u001b\\[[\\d;]*m")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BROKEN: Final = "\ufffd"
_HARD_BLANKS = re.compile("^[ \t\u00a0]*\u00a0", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Leaked:
    """An answer without the traces of how the model was made to write it."""

    text: str
    ended: bool = False
    """Whether a token behind the text says that the model is done."""
    thinking: bool = False
    """Whether there are only thoughts so far."""


def plain(answer: str, gap: Gap, language: str = "") -> Leaked:
    """Return what the model wrote."""
    around = gap.prefix + gap.suffix
    unbroken = answer.replace("\r\n", "\n").replace("\r", "\n")
    text = _without_thoughts(unbroken, around)
    if text is None:
        return Leaked("", thinking=True)
    for cursor in (CURSOR, *_CURSORS.findall(text)):
        if cursor not in around:
            text = text.replace(cursor, "")
    text, is_done = _between_tokens(text, around, language)
    return Leaked(_seen(text, around), ended=is_done and bool(text.strip()))


def _without_thoughts(text: str, around: str) -> str | None:
    """Cut off what the model thought first; None: there is nothing else so far."""
    begun = text.lstrip()
    if begun.startswith(_CHANNEL) and not begun.startswith(f"{_CHANNEL}final"):
        _, final, text = text.partition(f"{_CHANNEL}final{_MESSAGE}")
        return text if final else None
    end = None
    for end in _THOUGHT_ENDS.finditer(text):  # noqa: B007 (the last one counts)
        pass
    if end is not None and end.group() not in around:
        return text[end.end() :].lstrip("\n")  # some templates open the thoughts in the question
    return None if (thought := _THOUGHT.match(text)) is not None and thought.group().strip() not in around else text


def _between_tokens(text: str, around: str, language: str) -> tuple[str, bool]:
    """Keep what stands between the tokens that begin an answer and the first one behind it; say whether there is such a one."""
    strikes = language in MARKUP  # through text
    tokens = [token for token in TOKEN.finditer(text) if token.group() not in around and not (strikes and token.group() in ("<s>", "</s>"))]
    asked_again = bool(tokens) and _PREFIX.search(tokens[0].group()) is not None and not text[: tokens[0].start()].strip()
    middle = max((number for number, token in enumerate(tokens) if asked_again and _MIDDLE.search(token.group())), default=-1)
    if asked_again and middle < 0:
        return "", False  # the answer follows
    start, named = 0, False
    for number, token in enumerate(tokens):
        if number > middle and (text[start : token.start()].strip() or _END.fullmatch(token.group())):
            return text[start : token.start()], True
        start = token.end()
        if token.group().startswith(("<|", "<start")):
            role = _ROLE.match(text, start)
            named = named or role is not None
            start = role.end() if role is not None else start
            if named:
                start += len(text[start:]) - len(text[start:].lstrip("\n"))
    text = text[start:]
    return (text if (begun := _BEGUN_TOKEN.search(text)) is None or begun.group() in around else text[: begun.start()]), False


def _seen(text: str, around: str) -> str:
    """Keep what an editor shows as it is; a line with a broken character is worth nothing, unless that character only ends the answer."""
    if _SURROGATE.search(text) is not None:
        # Hosts that cut in the middle of a character send its halves one by one.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _COLORS.sub("", text)
    text = _UNSEEN.sub(lambda found: found.group() if found.group() in around else "", text)
    text = _HARD_BLANKS.sub(lambda found: found.group().replace("\u00a0", " "), text)
    if _BROKEN not in around and _BROKEN in (text := text.rstrip(_BROKEN)):
        return text.partition(_BROKEN)[0].rpartition("\n")[0]
    return text
