"""Texts of others as a person is shown them: one line of a long one, and nothing in it that cannot be seen.

``agents.approvals`` words every question by these: `visible` what is to be allowed, `readable` what an agent asks in plain words,
`in_one_line` what could otherwise look like further lines of a menu. `first_line` is for lists and titles. ``cli.terminal`` lets no text
through that is not `inert`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category

LONGEST = 80
_LINES = {"\n": "\\n", "\t": "\\t"}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""What has no ink, though its category says that it is a letter, a mark or a symbol."""
_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_PRESENTATION = frozenset("\ufe0e\ufe0f")
"""Say whether a symbol is shown as text or as an emoji."""
_KEYS = frozenset("0123456789#*")
_KEYCAP = "\u20e3"
_JOINER, _NON_JOINER, _SOFT_HYPHEN = "\u200d", "\u200c", "\u00ad"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_SYMBOL_CATEGORIES = frozenset({"So", "Sm", "Po"})
_JOINED_CATEGORIES = frozenset({"Lo", "Mn", "Mc"})
_JOINED_SCRIPTS = (range(0x0600, 0x0E00), range(0x1000, 0x10A0), range(0x1780, 0x18B0))
"""Where what joins, or keeps apart, changes what is seen: Arabic and its neighbours, the scripts of India, Burmese, Khmer, Mongolian."""
_FLAG = re.compile(
    "(\U0001f3f4(?:\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073))\U000e007f)"
)
"""England's, Scotland's and Wales's: what else is written in such characters is shown by nothing."""
_LARGEST_SHORT = 0xFFFF
_LINE_END = re.compile(r"\r(?=\n|\Z)")
_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def first_line(text: str, longest: int = LONGEST) -> str:
    """Return the first line of a text that has any words, cut where it is too long."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def visible(text: str) -> str:
    r"""Return a text with what cannot be seen in it, or would reorder it, spelled as an escape such as ``\u202e``.

    Line feeds, tabs and plain blanks stay; so do joiners and variants between what they belong to.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if at % 2 else "".join(_spelled(each)) for at, each in enumerate(_FLAG.split(text)))


def readable(text: str) -> str:
    """Return a text in plain words with nothing hidden in it: what is only typography is a plain blank, or left out."""
    plain = (" " if category(each) == "Zs" else each for each in text if each != _SOFT_HYPHEN)
    return visible("".join(plain))


def inert(text: str) -> str:
    r"""Return a text with what a terminal would obey (``\u001b``), or what turns the order of others around, spelled out.

    Everything else stays as it is written, for prose that nobody is to decide by.
    """
    if text.isprintable():
        return text
    return _ORDERS.sub(lambda found: _escaped(found[0]), _LINE_END.sub("", text))


def in_one_line(text: str) -> str:
    """Return a text with its line feeds and tabs spelled out."""
    return "".join(_LINES.get(each, each) for each in text)


def _spelled(text: str) -> Iterator[str]:
    for at, character in enumerate(text):
        if character in _LINES or character == " " or not _is_hidden(character) or _belongs(text, at):
            yield character
        else:
            yield _escaped(character)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= _LARGEST_SHORT else f"\\U{code:08x}"


def _is_hidden(character: str) -> bool:
    return category(character) in _HIDDEN_CATEGORIES or character in _BLANK or any(ord(character) in each for each in _SELECTORS)


def _belongs(text: str, at: int) -> bool:
    """Whether a character that has no ink changes how its neighbours are shown."""
    before, after = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
    if text[at] in _PRESENTATION:
        return _is_symbol(before) or (before in _KEYS and after == _KEYCAP)
    if text[at] == _JOINER and _is_symbol(after):
        return _is_symbol(before) or (before in _PRESENTATION and _belongs(text, at - 1))
    return text[at] in {_JOINER, _NON_JOINER} and _is_joined(before) and _is_joined(after)


def _is_symbol(character: str) -> bool:
    if character.isascii() or character in _BLANK:
        return False
    return category(character) in _SYMBOL_CATEGORIES or ord(character) in _SKIN_TONES


def _is_joined(character: str) -> bool:
    if not character or character in _BLANK or category(character) not in _JOINED_CATEGORIES:
        return False
    return any(ord(character) in each for each in _JOINED_SCRIPTS)
