"""Texts of others as a person is shown them: one line of a long one, and nothing in it that cannot be seen.

`visible` is for what a person decides by: ``agents.approvals`` words every question with it. `first_line` is for lists and titles.
"""

from __future__ import annotations

from unicodedata import category

LONGEST = 80
_LAYOUT = frozenset("\n\t")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""What has no ink, though its category says that it is a letter, a mark or a symbol."""
_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_JOINING = frozenset("\u200c\u200d\ufe0e\ufe0f")
_JOINED_CATEGORIES = frozenset({"Lo", "Mn", "Mc", "So", "Sk"})
"""Letters of scripts without capitals, their marks, symbols: behind them, as in Persian or an emoji, what joins changes what is seen."""
_LARGEST_SHORT = 0xFFFF


def first_line(text: str, longest: int = LONGEST) -> str:
    """Return the first line of a text that has any words, cut where it is too long."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def visible(text: str) -> str:
    r"""Return a text with what cannot be seen in it, or would reorder it, spelled as an escape such as ``\u202e``.

    Line feeds, tabs and plain blanks stay; so do joiners and variants behind what they belong to.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(one, before) for before, one in zip(" " + text, text, strict=False))


def _spelled(character: str, before: str) -> str:
    if character in _LAYOUT or character == " " or not _is_hidden(character):
        return character
    if character in _JOINING and category(before) in _JOINED_CATEGORIES and before not in _BLANK:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _LARGEST_SHORT else f"\\U{code:08x}"


def _is_hidden(character: str) -> bool:
    return category(character) in _HIDDEN_CATEGORIES or character in _BLANK or any(ord(character) in each for each in _SELECTORS)
