"""Read a POSIX shell line: which commands it runs and which files it redirects from and to.

``command_line`` makes effects of it. This is no shell: where a line could mean more than what is read here (assignments, functions,
loops, here documents, process substitutions, unbalanced quotes, commands made of variables) it is ``unclear`` and a person is asked.
What was understood until then is still told, so that deny rules hold. `coterie.tools.wrappers` looks inside ``sudo``, ``xargs``, ``sh -c``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

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
WILDCARDS = frozenset("*?[")
TILDE = re.compile(r"(?:^|[=:])~")
"""Where some shell puts a home folder in the place of a tilde."""
_PARAMETER = re.compile(r"[A-Za-z_]\w*|[0-9?#@*!$-]|\{[#!]?\w+\}")


class UnclearError(Exception):
    """The line may mean more than what can be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word without its quotes. ``dynamic`` when the shell puts something else in its place (variables, substitutions).

    ``literal`` when quotes keep the shell from expanding what it holds (a wildcard, a tilde): without them the word is another one.
    """

    text: str
    dynamic: bool = False
    glob: bool = False
    bare: bool = True
    literal: bool = False


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
            reader = _WordReader(line, text, at)
            yield reader.read()
            at = reader.at


class _WordReader:
    """Reads one word from ``at`` on; its private state is why this is a class."""

    def __init__(self, line: ShellLine, text: str, at: int) -> None:
        self.line = line
        self.text = text
        self.at = at
        self.out: list[str] = []
        self.dynamic = self.glob = self.literal = False
        self.bare = True

    def read(self) -> Word:
        """Read up to the next blank or operator."""
        while self.at < len(self.text) and self.text[self.at] not in " \t\n;&|<>()":
            self._piece(self.text[self.at])
        text = "".join(self.out)
        if self.bare and re.search(r"[{}]", text) and text not in {"{", "}", "{}"} and not self.dynamic:
            raise UnclearError("braces that some shells expand")
        literal = self.literal or (not self.bare and TILDE.search(text) is not None)
        return Word(text, self.dynamic, self.glob, self.bare, literal)

    def _piece(self, character: str) -> None:
        match character:
            case "'":
                self._quoted(self._until("'"))
            case '"':
                self._double_quoted()
            case "\\":
                if self.text.startswith("\n", self.at + 1):
                    self.at += 2
                    return
                self._quoted(self.text[self.at + 1 : self.at + 2] or "\\")
                self.at += 2
            case "$" | "`":
                self._expansion()
            case _:
                self.glob = self.glob or character in "*?["
                self.out.append(character)
                self.at += 1

    def _quoted(self, text: str) -> None:
        self.bare = False
        self._keep(text)

    def _keep(self, text: str) -> None:
        """Take over what quotes keep as it is."""
        self.literal = self.literal or not WILDCARDS.isdisjoint(text)
        self.out.append(text)

    def _until(self, end: str) -> str:
        stop = self.text.find(end, self.at + 1)
        if stop < 0:
            raise UnclearError(f"{end} is not closed")
        inner = self.text[self.at + 1 : stop]
        self.at = stop + 1
        return inner

    def _double_quoted(self) -> None:
        self.bare = False
        self.at += 1
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == '"':
                self.at += 1
                return
            if character in "$`":
                self._expansion(in_quotes=True)
            elif character == "\\" and self.text[self.at + 1 : self.at + 2] in {"$", "`", '"', "\\", "\n"}:
                self.out.append(self.text[self.at + 1].replace("\n", ""))
                self.at += 2
            else:
                self._keep(character)
                self.at += 1
        raise UnclearError('" is not closed')

    def _expansion(self, *, in_quotes: bool = False) -> None:
        """Take over what the shell will replace, and read the commands in it."""
        start = self.at
        if self.text[start] == "`":
            inner = self._until("`")
            if "\\" in inner:
                raise UnclearError("escapes in backquotes")
            _read_into(self.line, inner)
        elif self.text.startswith("$((", start):
            raise UnclearError("arithmetic")
        elif self.text.startswith("$(", start):
            self.at = _closing(self.text, start + 2)
            _read_into(self.line, self.text[start + 2 : self.at])
            self.at += 1
        elif (parameter := _PARAMETER.match(self.text, start + 1)) is not None:
            self.at = parameter.end()
        elif self.text[start + 1 : start + 2] in {"{", "'"} or (not in_quotes and self.text.startswith('"', start + 1)):
            raise UnclearError("an expansion that is not read")
        else:
            self.out.append("$")
            self.at += 1
            return
        self.dynamic = True
        self.out.append(self.text[start : self.at])


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
