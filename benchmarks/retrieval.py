"""How well the index finds the files that a commit touched, by its message: ``python -m benchmarks.retrieval REPOSITORY…``, by hand.

Commits are taken evenly from the history of each repository's HEAD. Each is asked about at a checkout of its parent, in a clone, by an
index that follows from parent to parent and reads no history but what that parent descends from: nothing of the commit is known, not even
that it will be. Counted are commits that touched one to ten files which were there before and belong to no merge, with at least one file
of code among them: `touched` counts all their files, `code` leaves tests, pages and configuration out. Recall is the mean over commits.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks.report import quantile
from benchmarks.retrieval_rivals import Rival, rivals
from coterie.domain.retrieval import Question
from coterie.index.folder import FolderIndex
from coterie.index.roles import role_of
from coterie.workspace.walk import list_files

DEPTHS = (5, 10, 20)
MOST_FILES = 10
FEWEST_WORDS = 3
Asked = Literal["message", "subject"]
Wanted = Literal["touched", "code"]
Case = tuple[str, Asked, Wanted, int]
"""Who answered, what was asked, which files count, and how many answers."""


@dataclass(frozen=True)
class Commit:
    """A commit to ask about, and the existing files that it touched."""

    sha: str
    message: str
    touched: frozenset[str]


@dataclass
class Results:
    """Recalls by `Case`, times of our own in milliseconds."""

    recalls: dict[Case, list[float]] = field(default_factory=dict)
    questions_ms: list[float] = field(default_factory=list)
    refreshes_ms: list[float] = field(default_factory=list)

    def add(self, who: str, asked: Asked, commit: Commit, answer: Sequence[str]) -> None:
        """Count an answer."""
        wanted: dict[Wanted, frozenset[str]] = {"touched": commit.touched, "code": code_of(commit.touched)}
        for kind, paths in wanted.items():
            for depth in DEPTHS:
                self.recalls.setdefault((who, asked, kind, depth), []).append(len(paths & set(answer[:depth])) / len(paths))


def code_of(paths: frozenset[str]) -> frozenset[str]:
    """Return the paths that are neither tests nor pages nor configuration."""
    return frozenset(path for path in paths if role_of(path) == "code")


def called(repository: Path) -> str:
    """Return the name of a repository's folder, whether its work tree or its bare directory is meant."""
    path = repository.resolve()
    return next(part for part in (path.name, path.parent.name, path.parent.parent.name) if part not in {"repo", ".git"})


class Clone:
    """A clone of a repository, to be checked out at will."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", str(repository), str(folder)], check=True)  # noqa: S607

    def git(self, *arguments: str) -> str:
        """Ask git."""
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode(errors="replace")

    def commits(self, count: int, span: int) -> Iterator[Commit]:
        """Yield commits to ask about, evenly spread over the newest ``span``, the oldest first."""
        told = self.git(
            "log", "--no-merges", "--no-renames", "--name-status", "-z", "--format=%x1e%H%n%B%x1f", f"--max-count={span}", "HEAD"
        )
        fitting = [commit for entry in told.split("\x1e")[1:] if (commit := _commit(entry)) is not None]
        yield from reversed(fitting[:: max(1, len(fitting) // count)][:count])

    def check_out_parent(self, commit: Commit) -> None:
        """Go to where the commit was not made yet."""
        self.git("checkout", "--quiet", "--force", "--detach", f"{commit.sha}^")
        self.git("clean", "-ffdxq")


def _commit(entry: str) -> Commit | None:
    head, _, told = entry.partition("\x1f")
    sha, _, message = head.partition("\n")
    changes = told.strip("\0\n").split("\0")
    there = frozenset(path for status, path in zip(changes[::2], changes[1::2], strict=False) if status in {"M", "D"})
    fits = 1 <= len(there) <= MOST_FILES and code_of(there) and len(message.split()) >= FEWEST_WORDS
    return Commit(sha, message.strip(), there) if fits else None


def measure(repository: Path, count: int, span: int, others: Sequence[Rival]) -> Results:
    """Ask about one repository."""
    results = Results()
    with tempfile.TemporaryDirectory() as temporary:
        clone = Clone(repository, Path(temporary, "clone"))
        index = FolderIndex(str(clone.folder), Path(temporary, "caches"))
        before: dict[str, bytes] = {}
        for commit in clone.commits(count, span):
            clone.check_out_parent(commit)
            begun = time.perf_counter()
            index.refresh()
            index.ask(Question(text="warm"))
            results.refreshes_ms.append(1000 * (time.perf_counter() - begun))
            now = {path: (clone.folder / path).read_bytes() for path in list_files(str(clone.folder))}
            for rival in others:
                changed = [path for path, content in now.items() if before.get(path) != content]
                rival.update(clone.folder, changed, before.keys() - now.keys())
            before = now
            if not code_of(seen := commit.touched & now.keys()):
                continue
            _ask(Commit(commit.sha, commit.message, seen), index, others, results)
        index.close()
    return results


def _ask(commit: Commit, index: FolderIndex, others: Sequence[Rival], results: Results) -> None:
    texts: dict[Asked, str] = {"message": commit.message, "subject": commit.message.partition("\n")[0]}
    for asked, text in texts.items():
        begun = time.perf_counter()
        found = index.ask(Question(text=text, limit=max(DEPTHS)))
        results.questions_ms.append(1000 * (time.perf_counter() - begun))
        results.add("coterie", asked, commit, [each.path for each in found])
        for rival in others:
            results.add(rival.name, asked, commit, rival.rank(text, max(DEPTHS)))


def show(name: str, results: Results) -> None:
    """Print one repository's table."""
    asked = max((len(recalls) for recalls in results.recalls.values()), default=0)
    print(f"\n## {name}: {asked} commits")
    if not asked:
        return
    print(
        f"question p50 {statistics.median(results.questions_ms):.0f} ms, p99 {quantile(results.questions_ms, 99):.0f} ms; "
        f"first index {results.refreshes_ms[0]:.0f} ms, a checkout later p50 {statistics.median(results.refreshes_ms[1:]):.0f} ms\n"
    )
    print("| | asked | files | " + " | ".join(f"recall@{depth}" for depth in DEPTHS) + " |")
    print("|---|---|---|" + "---|" * len(DEPTHS))
    for who, question, kind in dict.fromkeys(case[:3] for case in results.recalls):
        means = (f"{statistics.fmean(results.recalls[who, question, kind, depth]):.3f}" for depth in DEPTHS)
        print(f"| {who} | {question} | {kind} | {' | '.join(means)} |", flush=True)


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval", description="Measure how well the index finds what commits touched."
    )
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY", help="a folder with a git history")
    parser.add_argument("--commits", type=int, default=60, help="how many to ask about (default: 60)")
    parser.add_argument("--span", type=int, default=1_200, help="from how many of the newest (default: 1200)")
    parser.add_argument("--alone", action="store_true", help="without the rivals")
    arguments = parser.parse_args()
    for repository in arguments.repositories:
        with ExitStack() as stack:
            others = [] if arguments.alone else stack.enter_context(rivals())
            show(called(repository), measure(repository, arguments.commits, arguments.span, others))


if __name__ == "__main__":
    main()
