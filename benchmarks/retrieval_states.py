"""States of a repository before each of many commits, read from git's objects alone: what `retrieval_forest` learns from.

`retrieval` measures at real checkouts, with the cache on the disk. To learn, many more commits are needed, and nothing but the snapshot
that `rank` looks at: so each content is read once, and no file is written. Ignore files are not obeyed, as what git knows is mostly wanted.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.retrieval import Clone, Commit
from coterie.index import history
from coterie.index.facts import MAX_BYTES, FileFacts, facts
from coterie.index.known import KnownFile, PastCommit, Stamp
from coterie.index.postings import ID_SHIFT
from coterie.index.snapshot import Postings, Snapshot, take
from coterie.workspace.ignore import BINARY_ENDINGS

_SNIFFED_BYTES = 1_024
_FILES = {"100644", "100755"}
Blob = tuple[str, str]
"""A path, and the name of a content."""


@dataclass(frozen=True)
class State:
    """A commit, and the index of what was there before it, with so many past commits at most."""

    commit: Commit
    remembered: int
    snapshot: Snapshot
    postings: Postings


def states(repository: Path, count: int, span: int, remembered: Sequence[int]) -> Iterator[State]:
    """Yield the states before commits of a repository, as `Clone.commits` chooses them: one for each number of past commits."""
    with tempfile.TemporaryDirectory() as temporary:
        clone = Clone(repository, Path(temporary, "clone"))
        read: dict[Blob, tuple[int, FileFacts] | None] = {}
        past: dict[str, PastCommit] = {}
        for commit in clone.commits(count, span):
            blobs = _tree(clone, f"{commit.sha}^")
            _read(clone, [blob for blob in blobs if blob not in read], read)
            shas = clone.git("rev-list", "--no-merges", f"--max-count={history.MOST_COMMITS}", f"{commit.sha}^").split()
            past |= history.read(str(clone.folder), [sha for sha in shas if sha not in past])
            there = [(path, found) for path, name in blobs if (found := read[path, name]) is not None]
            known = [
                KnownFile(number, path, each.length, Stamp(size, 0, 0), each.digest, each.imports)
                for number, (path, (size, each)) in enumerate(there)
            ]
            postings = _postings([each.terms for _, (_, each) in there])
            for most in remembered:
                yield State(commit, most, take(known, [past[sha] for sha in shas[:most]]), postings)


def _tree(clone: Clone, revision: str) -> list[Blob]:
    entries = [entry.partition("\t") for entry in clone.git("ls-tree", "-r", "-z", revision).split("\0") if entry]
    return [(path, head.split()[2]) for head, _, path in entries if head.split()[0] in _FILES]


def _read(clone: Clone, blobs: list[Blob], read: dict[Blob, tuple[int, FileFacts] | None]) -> None:
    """Take in contents; None stands for one that is no text."""
    asked = "".join(f"{name}\n" for _, name in blobs).encode()
    told = subprocess.run(["git", "-C", str(clone.folder), "cat-file", "--batch"], check=True, capture_output=True, input=asked).stdout  # noqa: S607
    at = 0
    for path, name in blobs:
        end = told.index(b"\n", at)
        head = told[at:end].split()
        if head[-1] == b"missing":  # some clones lack their largest files
            at, read[path, name] = end + 1, None
            continue
        size = int(head[2])
        content = told[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
        is_text = not path.lower().endswith(BINARY_ENDINGS) and b"\0" not in content[:_SNIFFED_BYTES]
        read[path, name] = (size, facts(path, content if size <= MAX_BYTES else b"")) if is_text else None


def _postings(files: list[dict[str, int]]) -> Postings:
    return lambda term: [number << ID_SHIFT | found for number, terms in enumerate(files) if (found := terms.get(term))]
