"""What the index is compared with: ripgrep, SQLite's full text alone, and aider's repository map.

Each sees the same files as the index and gets the same words. All are told of changed files, and none of history. Where aider cannot be
had (`sources`), a plain PageRank map of the repository stands in for it.
"""

import json
import math
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from benchmarks import sources
from coterie.index.grammars import language_of
from coterie.index.symbols import Outline, outline

_WORD = re.compile(r"[^\W\d]\w{2,}")
_STEPS = 20
_DAMPING = 0.85


class Rival(Protocol):
    """Ranks the files of a folder."""

    name: str

    def update(self, folder: Path, changed: Iterable[str], gone: Iterable[str]) -> None:
        """Note what has changed since the last call."""
        ...

    def rank(self, query: str, limit: int) -> Sequence[str]:
        """Return paths, the best first."""
        ...


@contextmanager
def rivals() -> Iterator[list[Rival]]:
    """Give those that can be had on this machine."""
    with ExitStack() as stack:
        found: list[Rival] = [FullText()]
        try:
            found.insert(0, Ripgrep(str(sources.ripgrep())))
        except sources.MissingError as missing:
            print(f"without ripgrep: {missing}", file=sys.stderr)
        try:
            found.append(stack.enter_context(Aider.started(sources.aider())))
        except sources.MissingError as missing:
            print(f"without aider: {missing}", file=sys.stderr)
            found.append(Map())
        yield found


class Ripgrep:
    """Each word is looked for, in any case; a file gets, for each that it holds, more the fewer files hold it."""

    name = "ripgrep"

    def __init__(self, binary: str = "rg") -> None:
        self._binary = binary
        self._folder = Path()
        self._paths: set[str] = set()

    def update(self, folder: Path, changed: Iterable[str], gone: Iterable[str]) -> None:
        """See `Rival`."""
        self._folder = folder
        self._paths = (self._paths | set(changed)) - set(gone)

    def rank(self, query: str, limit: int) -> Sequence[str]:
        """See `Rival`."""
        scores: Counter[str] = Counter()
        for word in dict.fromkeys(word.lower() for word in _WORD.findall(query)):
            command = [self._binary, "-liF", "--hidden", "-e", word, "."]
            told = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
            holding = {line.removeprefix("./") for line in told.stdout.splitlines()} & self._paths
            for path in holding:
                scores[path] += math.log((1 + len(self._paths)) / len(holding))  # type: ignore[assignment]
        return [path for path, _ in scores.most_common(limit)]


class FullText:
    """FTS5 with its own tokenizer and BM25: the words of the text, nothing split, nothing weighed."""

    name = "FTS5, BM25 alone"

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute("CREATE VIRTUAL TABLE file USING fts5(path UNINDEXED, text)")

    def update(self, folder: Path, changed: Iterable[str], gone: Iterable[str]) -> None:
        """See `Rival`."""
        for path in (*changed, *gone):
            self._database.execute("DELETE FROM file WHERE path = ?", (path,))
        for path in changed:
            text = (folder / path).read_text(encoding="utf-8", errors="replace")
            self._database.execute("INSERT INTO file VALUES (?, ?)", (path, text))

    def rank(self, query: str, limit: int) -> Sequence[str]:
        """See `Rival`."""
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(_WORD.findall(query)))
        if not words:
            return []
        rows = self._database.execute("SELECT path FROM file WHERE file MATCH ? ORDER BY rank LIMIT ?", (words, limit))
        return [path for (path,) in rows]


class Aider:
    """Aider's own repository map: `aider_ranking`, in a process of its own."""

    name = "aider's map"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._folder = Path()
        self._paths: set[str] = set()

    @classmethod
    @contextmanager
    def started(cls, python: Path) -> Iterator["Aider"]:
        """Give one whose process ends with the block."""
        with tempfile.TemporaryDirectory() as cache:
            command = [str(python), str(Path(__file__).with_name("aider_ranking.py")), cache]
            # Where aider's order is that of a set, it shall be the same the next time.
            environment = os.environ | {"PYTHONHASHSEED": "0"}
            pipe = subprocess.PIPE
            with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=environment) as process:
                yield cls(process)

    def update(self, folder: Path, changed: Iterable[str], gone: Iterable[str]) -> None:
        """See `Rival`."""
        self._folder = folder
        self._paths = (self._paths | set(changed)) - set(gone)

    def rank(self, query: str, limit: int) -> Sequence[str]:
        """See `Rival`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = {"folder": str(self._folder), "files": sorted(self._paths), "text": query, "limit": limit}
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        ranked: list[str] = json.loads(self._process.stdout.readline())
        return ranked


class Map:
    """Files that define what others use, by PageRank that begins at the files which define or hold in their path a word of the question."""

    name = "PageRank map"

    def __init__(self) -> None:
        self._outlines: dict[str, Outline] = {}

    def update(self, folder: Path, changed: Iterable[str], gone: Iterable[str]) -> None:
        """See `Rival`."""
        for path in gone:
            self._outlines.pop(path, None)
        for path in changed:
            language = language_of(path)
            self._outlines[path] = Outline() if language is None else outline((folder / path).read_bytes(), language)

    def rank(self, query: str, limit: int) -> Sequence[str]:
        """See `Rival`."""
        defining: defaultdict[str, set[str]] = defaultdict(set)
        for path, each in self._outlines.items():
            for symbol in each.symbols:
                defining[symbol.name].add(path)
        edges = {path: self._uses(path, defining) for path in self._outlines}
        words = {word.lower() for word in _WORD.findall(query)}
        begin = {
            path: 1.0
            + 50.0 * bool(words & {symbol.name.lower() for symbol in each.symbols} | words & set(re.split(r"[/._-]", path.lower())))
            for path, each in self._outlines.items()
        }
        total = sum(begin.values())
        rank = begin = {path: weight / total for path, weight in begin.items()}
        for _ in range(_STEPS):
            following = {path: (1 - _DAMPING) * weight for path, weight in begin.items()}
            for path, targets in edges.items():
                out = sum(targets.values())
                for target, weight in targets.items() if out else begin.items():
                    following[target] += _DAMPING * rank[path] * weight / (out or 1.0)
            rank = following
        return sorted(rank, key=lambda path: -rank[path])[:limit]

    def _uses(self, path: str, defining: dict[str, set[str]]) -> Counter[str]:
        uses: Counter[str] = Counter()
        for name in self._outlines[path].references:
            for target in defining.get(name, ()):
                if target != path:
                    uses[target] += 1
        return uses
