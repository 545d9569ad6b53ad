"""Read a POSIX shell line: which commands it runs and which files it redirects from and to.

``command_line`` makes effects of it. This is no shell: where a line could mean more than what is read here (assignments, functions,
loops, here documents, process substitutions, unbalanced quotes, commands made of variables) it is ``unclear`` and a person is asked.
What was understood until then is still told, so that deny rules hold. ``words`` reads the single words, `coterie.tools.wrappers` looks
inside ``sudo``, ``xargs``, ``sh -c``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from coterie.tools.words import UnclearError, Word, WordReader

_OPERATORS = (
    "&&",
    "||",
    "&>>",
    "&>",
    "|&",
    ";;",
    "<<<",
    "<<-",
    "<<",
    "<&",
    "<>",
    "<",
    ">>",
    ">&",
    ">|",
    ">",
    ";",
    "&",
    "|",
    "\n",
    "(",
    ")",
)
_REDIRECTS = frozenset({"<", "<>", ">", ">>", ">|", ">&", "<&", "&>", "&>>"})
_SEPARATORS = frozenset({"&&", "||", ";", "&", "|", "\n"})
_RESERVED = frozenset(
    {"if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "function", "select"}
    | {"coproc", "[[", "]]"},
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(\[.*\])?\+?=")


@dataclass(frozen=True, slots=True)
class _Operator:
    text: str


@dataclass(slots=True)
class ShellLine:
    """What a line does; ``unclear`` is why a person must look at it."""

    commands: list[tuple[Word, ...]] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    unclear: str | None = None

    @property
    def changes_folder(self) -> bool:
        """Whether relative paths may mean something else than where the line began."""
        return any(word.text in {"cd", "pushd", "popd"} for command in self.commands for word in command)


def read_line(text: str) -> ShellLine:
    """Read ``text`` as ``sh -c`` would."""
    line = ShellLine()
    _read_into(line, text)
    return line


def _read_into(line: ShellLine, text: str) -> None:
    try:
        _parse(line, _tokens(line, text))
    except UnclearError as unclear:
        line.unclear = line.unclear or str(unclear)


def _parse(line: ShellLine, tokens: Iterator[Word | _Operator]) -> None:
    """Cut the tokens into commands, redirects and groups."""
    words: list[Word] = []
    nesting = _Nesting()
    for token in tokens:
        match token:
            case Word(text="{" | "}" | "!", bare=True) if not words:
                nesting.note(token.text)
            case Word():
                nesting.require_command()
                words.append(token)
            case _Operator(text) if text in _REDIRECTS:
                _redirect(line, text, next(tokens, None), words)
            case _Operator("("):
                if words:
                    raise UnclearError("a function or an array")
                nesting.note("(")
            case _Operator(text):
                _command(line, words)
                words = []
                nesting.note(text)
    _command(line, words)
    nesting.require_closed()


@dataclass(slots=True)
class _Nesting:
    """How deep in groups and subshells the reading is, and whether one has just ended: no word may follow then."""

    open: list[str] = field(default_factory=list)
    ended: bool = False

    def note(self, symbol: str) -> None:
        """Take note of a parenthesis, a brace or a separator."""
        if symbol in {"(", "{", "!"}:
            self.require_command()
            self.open += [] if symbol == "!" else [symbol]
        elif symbol in {")", "}"}:
            if not self.open or self.open.pop() + symbol not in {"()", "{}"}:
                raise UnclearError("an unbalanced parenthesis or brace")
        elif symbol not in _SEPARATORS:
            raise UnclearError(f"{symbol} is not read")
        self.ended = symbol in {")", "}"}

    def require_command(self) -> None:
        """Raise where a command cannot begin."""
        if self.ended:
            raise UnclearError("a word after a group")

    def require_closed(self) -> None:
        """Raise at the end of a line within a group."""
        if self.open:
            raise UnclearError("a group that does not end")


def _command(line: ShellLine, words: list[Word]) -> None:
    if not words:
        return
    first = words[0]
    line.commands.append(tuple(words))
    if first.dynamic or first.glob:
        raise UnclearError("the command's name is made by the shell")
    if first.bare and first.text in _RESERVED:
        raise UnclearError(f"{first.text} is not read")
    if _ASSIGNMENT.match(first.text):
        raise UnclearError("a variable is set")


def _redirect(line: ShellLine, operator: str, target: Word | _Operator | None, words: list[Word]) -> None:
    """Note a redirect; a number that stood directly before it was a file descriptor and came as its own operator."""
    if not isinstance(target, Word) or target.dynamic or target.glob:
        raise UnclearError("a redirect to what the shell makes")
    if operator in {">&", "<&"}:
        if re.fullmatch(r"\d+|-|\d+-", target.text) is None:
            raise UnclearError("a redirect to a descriptor that is no number")
        return
    if line.changes_folder or any(word.text == "cd" for word in words):
        raise UnclearError("a redirect after the folder has changed")
    if target.text == "/dev/null":
        return
    (line.reads if operator == "<" else line.writes).append(target.text)


def _tokens(line: ShellLine, text: str) -> Iterator[Word | _Operator]:
    """Cut ``text`` into words and operators; commands in substitutions go to ``line`` at once."""
    if "\0" in text:
        raise UnclearError("a null character")
    at = 0
    while at < len(text):
        if text[at] in " \t":
            at += 1
        elif text.startswith("\\\n", at):
            at += 2
        elif text[at] == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif (descriptor := re.compile(r"\d+(?=[<>])").match(text, at)) is not None:
            at = descriptor.end()
        elif (operator := next((one for one in _OPERATORS if text.startswith(one, at)), None)) is not None:
            if operator in {"<", ">"} and text.startswith("(", at + 1):
                raise UnclearError("a process substitution")
            yield _Operator(operator)
            at += len(operator)
        else:
            reader = WordReader(text, at, partial(_read_into, line))
            yield reader.read()
            at = reader.at
