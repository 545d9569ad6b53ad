"""One word as a shell reads it: its characters without their quotes, and for each what quoting makes of it.

``shell`` reads the words of a command line by this, ``patterns`` those of a rule: so a rule for ``find . -name '*.py'`` admits the quoted
star and never the bare one. `spelled` is the way back: words as a shell, or a rule, would read them again.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

WILDCARDS = frozenset("*?[")
AS_IT_IS, QUOTED, BARE, WHOLE, SPLIT = "-qbws"
"""What a mark says of a character: that it stands for itself, quoted or not; that it is quoted, or bare, in a word in which that makes a
difference; that it belongs to what the shell replaces, within double quotes as a whole, or outside of quotes to be split and expanded."""
BLANKS = " \t\n"
_ENDS = BLANKS + ";&|<>()"
_TILDE = re.compile(r"(?:^|(?<=[=:]))~")
"""Where some shell puts a home folder in the place of a tilde."""
_PARAMETER = re.compile(r"[A-Za-z_]\w*|[0-9?#@*!$-]|\{[#!]?\w+\}", re.ASCII)

_CUT = re.compile(r"\$(?:\(|\w*|[?#@*!$-])\\\n", re.ASCII)
"""An expansion with a line break that the shell takes out before it looks at what then stands together: ``$`` and ``(rm x)``, say."""


class UnclearError(Exception):
    """The line may mean more than what can be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word without its quotes. ``quoting`` has a mark for each character; ``bare`` when no character of it was quoted."""

    text: str
    quoting: str
    bare: bool = True

    @property
    def dynamic(self) -> bool:
        """Whether the shell puts something else into the place of a variable or a substitution."""
        return is_replaced(self.quoting)

    @property
    def glob(self) -> bool:
        """Whether the shell puts names of files into the place of a wildcard."""
        return any(mark == BARE and character in WILDCARDS for character, mark in zip(self.text, self.quoting, strict=True))


def is_replaced(quoting: str) -> bool:
    """Whether a shell puts something else into the place of a variable or a substitution in a word."""
    return WHOLE in quoting or SPLIT in quoting


def is_expanded(text: str, quoting: str) -> bool:
    """Whether a shell puts names of files, or a home folder, into the place of what stands in a word."""
    tildes = tildes_in(text)
    return any(mark == BARE and (each in WILDCARDS or at in tildes) for at, (each, mark) in enumerate(zip(text, quoting, strict=True)))


def tildes_in(text: str) -> frozenset[int]:
    """Return where in a word a bare tilde may stand for a home folder."""
    return frozenset(found.start() for found in _TILDE.finditer(text)) if "~" in text else frozenset()


def spelled(words: Iterable[tuple[str, str]], *, as_rule: bool) -> str:
    """Spell words, each with its marks, as a shell reads them back; or a rule, in which a bare wildcard would be the rule's own."""
    return " ".join(_spelled(text, quoting, as_rule=as_rule) for text, quoting in words)


def _spelled(text: str, quoting: str, *, as_rule: bool) -> str:
    pieces = []
    for mark, run in groupby(zip(text, quoting, strict=True), key=lambda pair: pair[1]):
        piece = "".join(character for character, _ in run)
        match mark:
            case "w":
                pieces.append(f'"{piece}"')
            case "s":
                pieces.append(piece)
            case "b":
                pieces.append(re.sub(r"([*?\[])", r"[\1]", piece) if as_rule else piece)
            case "q":
                pieces.append(_in_quotes(piece))
            case _:
                pieces.append(piece if shlex.quote(piece) == piece else _in_quotes(piece))
    return "".join(pieces) or "''"


def _in_quotes(text: str) -> str:
    """Quote a text without empty quotes, as `shlex.quote` has them beside a quote: the reader takes none beside what a shell expands."""
    return "".join(f'"{part}"' if part.startswith("'") else f"'{part}'" for part in re.findall("'+|[^']+", text))


class WordReader:
    """Reads one word from ``at`` on, up to one of ``ends``. The commands of its substitutions are given to ``inner``."""

    def __init__(self, text: str, at: int, inner: Callable[[str], None], ends: str = _ENDS) -> None:
        self.at = at
        self.characters: list[tuple[str, str]] = []
        """What was read so far, with whether it is quoted, bare or replaced."""
        self._text = text
        self._inner = inner
        self._ends = ends
        self._bare = True
        self._nothing_quoted = False
        self._joined = False

    def read(self) -> Word:
        """Read a word of a command line. Raises `UnclearError`."""
        self.scan()
        text, marks = "".join(each for each, _ in self.characters), "".join(mark for _, mark in self.characters)
        if any(mark == BARE and each in "{}" for each, mark in self.characters) and text not in {"{", "}", "{}"}:
            raise UnclearError("braces that some shells expand")
        if self._joined and text.isdigit() and self._text[self.at : self.at + 1] in {"<", ">"}:
            raise UnclearError("the number of a descriptor across lines")
        matters = SPLIT in marks or is_expanded(text, marks)
        if self._nothing_quoted and (matters or is_replaced(marks)):
            raise UnclearError("empty quotes beside what the shell expands")
        return Word(text, marks if matters else re.sub(f"[{QUOTED}{BARE}]", AS_IT_IS, marks), self._bare)

    def scan(self) -> Sequence[tuple[str, str]]:
        """Read the characters of a word, and return them with their marks. Raises `UnclearError`."""
        while self.at < len(self._text) and self._text[self.at] not in self._ends:
            self._piece(self._text[self.at])
        return self.characters

    def _piece(self, character: str) -> None:
        match character:
            case "'":
                self._quoted(self._until("'"))
            case '"':
                self._double_quoted()
            case "\\":
                if self._text.startswith("\n", self.at + 1):
                    self.at += 2
                    self._joined = True
                    return
                self._quoted(self._text[self.at + 1 : self.at + 2] or "\\")
                self.at += 2
            case "$" | "`":
                self._expansion()
            case _:
                self._take(character, BARE)
                self.at += 1

    def _take(self, text: str, mark: str) -> None:
        self.characters += [(each, mark) for each in text]

    def _quoted(self, text: str) -> None:
        self._bare = False
        self._nothing_quoted |= not text
        self._take(text, QUOTED)

    def _until(self, end: str) -> str:
        stop = self._text.find(end, self.at + 1)
        if stop < 0:
            raise UnclearError(f"{end} is not closed")
        inner = self._text[self.at + 1 : stop]
        self.at = stop + 1
        return inner

    def _double_quoted(self) -> None:
        self._bare = False
        self.at += 1
        before = len(self.characters)
        while self.at < len(self._text):
            character = self._text[self.at]
            if character == '"':
                self.at += 1
                self._nothing_quoted |= len(self.characters) == before
                return
            if character in "$`":
                self._expansion(in_quotes=True)
            elif character == "\\" and self._text[self.at + 1 : self.at + 2] in {"$", "`", '"', "\\", "\n"}:
                self._take(self._text[self.at + 1].replace("\n", ""), QUOTED)
                self.at += 2
            else:
                self._take(character, QUOTED)
                self.at += 1
        raise UnclearError('" is not closed')

    def _expansion(self, *, in_quotes: bool = False) -> None:
        """Take over what the shell will replace, and read the commands in it."""
        start = self.at
        if _CUT.match(self._text, start) is not None:
            raise UnclearError("an expansion across lines")
        if self._text[start] == "`":
            inner = self._until("`")
            if "\\" in inner:
                raise UnclearError("escapes in backquotes")
            self._inner(inner)
        elif self._text.startswith("$((", start):
            raise UnclearError("arithmetic")
        elif self._text.startswith("$(", start):
            self.at = _closing(self._text, start + 2)
            self._inner(self._text[start + 2 : self.at])
            self.at += 1
        elif (parameter := _PARAMETER.match(self._text, start + 1)) is not None:
            self.at = parameter.end()
        elif self._text[start + 1 : start + 2] in {"{", "'"} or (not in_quotes and self._text.startswith('"', start + 1)):
            raise UnclearError("an expansion that is not read")
        else:
            self._take("$", QUOTED if in_quotes else BARE)
            self.at += 1
            return
        self._take(self._text[start : self.at], WHOLE if in_quotes else SPLIT)


def _closing(text: str, at: int) -> int:
    """Return where the parenthesis closes that was opened before ``at``; quotes inside are honoured."""
    depth, quote = 1, ""
    while at < len(text):
        character = text[at]
        if character == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if character == quote else quote
            if quote == '"' and character in "$`":
                raise UnclearError("an expansion within quotes within a substitution")
        elif character in "'\"":
            quote = character
        elif character in "#`":
            raise UnclearError("a comment or backquotes within a substitution")
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth == 0:
                return at
        at += 1
    raise UnclearError("a substitution is not closed")
