"""How the pattern of a rule for commands matches one. ``rules`` builds one of these for each rule of the kind ``exec``.

A pattern has words as a shell reads them; a word may hold ``*``, ``?`` and ``[…]`` unless quoted, and a last ``*`` stands for zero or more
arguments. What a rule denies or asks for it means however a command is quoted. What it allows it means only as the rule has it: ``'*'`` is
a quoted star and ``[*]`` one that the shell expands, ``~`` and ``$X`` are what they are to the shell, ``'~'`` and ``'$X'`` mere characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import PurePosixPath

from coterie.domain.permissions import Effect
from coterie.tools.patterns import one_of
from coterie.tools.words import AS_IT_IS, BARE, BLANKS, QUOTED, WILDCARDS, UnclearError, WordReader, is_replaced, tildes_in

_PYTHON = re.compile(r"python[\d.]*")
_ANY_QUOTING = f"{AS_IT_IS}{QUOTED}{BARE}"
_ONE = ".."
"""Any character, with its mark."""

Characters = Sequence[tuple[str, str]]
"""Each with a mark of ``words``: whether it is quoted."""
Words = tuple[tuple[str, str], ...]
"""Texts, each with its marks."""


@dataclass(frozen=True, slots=True)
class CommandPattern:
    """A pattern of commands: one expression for each word, and whether more words may follow."""

    words: tuple[re.Pattern[str], ...]
    exact: tuple[re.Pattern[str], ...]
    by_path: bool
    open_end: bool

    @classmethod
    def parse(cls, text: str) -> CommandPattern:
        """Read the words of a pattern. Raises `ValueError` for unbalanced quotes."""
        read = _split(text)
        words = [_escape_quoted(word) for word in read]
        open_end = words[-1] in {"*", "**"}
        if open_end:
            del words[-1], read[-1]
        return cls(
            words=tuple(re.compile(translate(word)) for word in words),
            exact=tuple(map(_exactly, read)),
            by_path=bool(words) and "/" in words[0],
            open_end=open_end,
        )

    @property
    def matches_all(self) -> bool:
        """``*`` or ``**`` alone."""
        return self.open_end and not self.words

    def matches(self, effect: Effect) -> bool:
        """Match the argument vector, however it is quoted; ``python -m pytest`` counts as ``pytest`` too."""
        if effect.argv is None:
            return self.matches_all
        return any(self._is_long_enough(words) and self._begins(words) for words in self._readings(marked(effect)))

    def admits(self, effect: Effect) -> bool:
        """Match it as `matches` does, and each character as it is quoted, or replaced by the shell, in the pattern, too."""
        return any(
            self._is_long_enough(words)
            and all(exact.fullmatch(_interleaved(*word)) for exact, word in zip(self.exact, words, strict=False))
            for words in self._readings(marked(effect))
        )

    def may_match(self, effect: Effect) -> bool:
        """Whether it could match once the shell has replaced the variables and substitutions in a command."""
        words = marked(effect)
        fixed = next((at for at, (_, quoting) in enumerate(words) if is_replaced(quoting)), None)
        return fixed is not None and any(self._begins(reading) for reading in self._readings(words[:fixed]))

    def _readings(self, words: Words) -> Iterator[Words]:
        """Yield the ways to read a command: with the base name of its first word unless the pattern itself names a path."""
        if not words:
            return
        named = words if self.by_path else (_base_name(*words[0]), *words[1:])
        yield named
        if len(named) > 2 and named[1][0] == "-m" and _PYTHON.fullmatch(named[0][0]):  # noqa: PLR2004 - an interpreter, -m and a module
            yield named[2:]

    def _is_long_enough(self, words: Words) -> bool:
        return len(words) >= len(self.words) if self.open_end else len(words) == len(self.words)

    def _begins(self, words: Words) -> bool:
        return all(word.fullmatch(text) for word, (text, _) in zip(self.words, words, strict=False))


def marked(effect: Effect) -> Words:
    """Return the words of a command, each with a mark for each of its characters."""
    argv = effect.argv or ()
    quoting = [AS_IT_IS * len(word) for word in argv] if effect.quoting is None else effect.quoting
    return tuple(zip(argv, quoting, strict=True))


def _base_name(text: str, quoting: str) -> tuple[str, str]:
    name = PurePosixPath(text).name
    at = text.rfind(name)
    return name, quoting[at : at + len(name)]


def _interleaved(text: str, quoting: str) -> str:
    """Return a word with its mark before each character, for one expression to match both."""
    return "".join(mark + character for mark, character in zip(quoting, text, strict=True))


def _split(text: str) -> list[Characters]:
    """Split a pattern at its blanks; each character comes with its mark. Raises `ValueError` for an open quote."""
    words: list[Characters] = []
    at = 0
    while at < len(text):
        if text[at] in BLANKS:
            at += 1
            continue
        reader = WordReader(text, at, lambda _: None, BLANKS)
        try:
            words.append(reader.scan())
        except UnclearError:
            return _split_by_quotes(text)  # what no command line has that can be read: then nothing in it is replaced by a shell
        at = reader.at
    return words


def _split_by_quotes(text: str) -> list[Characters]:
    words: list[list[tuple[str, str]]] = []
    word: list[tuple[str, str]] | None = None
    quote = ""
    characters = iter(text)
    for character in characters:
        if not quote and character in BLANKS:
            if word is not None:
                words.append(word)
            word = None
            continue
        word = [] if word is None else word
        if quote == character or (not quote and character in "'\""):
            quote = "" if quote else character
        elif character == "\\" and quote != "'":
            word.append((next(characters, "\\"), QUOTED))
        else:
            word.append((character, QUOTED if quote else BARE))
    if quote:
        raise ValueError(f"the quote {quote} is not closed")
    return [*words] if word is None else [*words, word]


def _escape_quoted(word: Characters) -> str:
    """Return the word as a file name pattern in which quoted wildcards stand for themselves."""
    return "".join(f"[{character}]" if mark != BARE and character in WILDCARDS else character for character, mark in word)


def _exactly(word: Characters) -> re.Pattern[str]:
    """Compile the expression that matches words together with their marks, as `_interleaved` gives them."""
    text = "".join(character for character, _ in word)
    tildes = tildes_in(text)
    pieces, before, at = list[str](), list[str](), 0
    while at < len(word):
        character, mark = word[at]
        end = at + 1
        if mark == QUOTED:
            pieces.append(f"[{AS_IT_IS}{QUOTED}]{re.escape(character)}")
        elif mark != BARE or at in tildes:
            pieces.append(f"{mark}{re.escape(character)}")
        elif character == "?":
            pieces.append(_ONE)
        elif character == "*":
            before, pieces = [*before, "".join(pieces)], []
        elif character == "[" and (end := _class_end(text, at)) > at + 1:
            members = text[at + 1 : end - 1]
            pieces.append(f"{BARE}{re.escape(members)}" if members in WILDCARDS else f"[{_ANY_QUOTING}]{one_of(text[at:end])}")
        else:
            pieces.append(f"[{AS_IT_IS}{BARE}]{re.escape(character)}")
        at = end
    return re.compile(_with_stars(before, "".join(pieces)), re.DOTALL)


def _with_stars(before: Sequence[str], last: str) -> str:
    """Return the expression of pieces with anything between them. No piece but the last gives up the first place where it fits.

    It never has to, as what follows a star may stand as far behind as it likes; so a long word takes no more time than its length.
    """
    if not before:
        return last
    first, *middle = before
    return "".join((first, *(f"(?>(?:{_ONE})*?{piece})" for piece in middle if piece), f"(?:{_ONE})*", last))


def _class_end(text: str, at: int) -> int:
    """Return where a class of characters that opens at ``at`` ends, behind its bracket; just behind ``at`` where it is none."""
    closing = text.find("]", at + (3 if text.startswith("!", at + 1) else 2))
    return closing + 1 if closing >= 0 and one_of(found := text[at : closing + 1]) != re.escape(found) else at + 1
