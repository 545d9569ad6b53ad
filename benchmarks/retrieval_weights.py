"""Learn the weights of the index's ranking again: ``python -m benchmarks.retrieval_weights REPOSITORY… --write``.

Past commits are asked about as in `retrieval`, by message and by subject. The weights make it likely that a file drawn from all of them, by
the exponentials of their scores, is one that the commit touched. Files of code count more: they are what is mostly looked for. The
repositories must not be those that `retrieval` is then asked to report on.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval import Clone, code_of
from coterie.index.build import refresh, refresh_history
from coterie.index.cache import Cache
from coterie.index.evidence import Kind, Nature, asked_roles, gather, nature
from coterie.index.measures import Tie
from coterie.index.query import Query, parse
from coterie.index.rank import UNLEARNED, learned_weights, neighbours, own_scores, weigh
from coterie.index.snapshot import Postings, Snapshot, load
from coterie.workspace.walk import list_tree

WEIGHTS = Path(__file__).parents[1] / "server" / "coterie" / "index" / "weights.json"
NAMES = tuple(name for name in (*get_args(Kind), *get_args(Nature), *get_args(Tie)) if name not in UNLEARNED)
CANDIDATES = 150
"""Files a question that are told from those that were touched: the best by the weights so far."""
COMMITS, SPAN = 100, 1_200
CODE, ANY = 2.0, 1.5
CAUTION = 2e-3
STEPS = 30
ENOUGH = 1e-4

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """A question: a row of measures for each candidate, by `NAMES`, and how much each of them is what was looked for."""

    measures: Matrix
    wanted: Matrix


def collect(repository: Path, count: int) -> Iterator[Sample]:
    """Ask about commits of a repository."""
    with tempfile.TemporaryDirectory() as temporary:
        clone = Clone(repository, Path(temporary, "clone"))
        cache = Cache(Path(temporary, "cache.sqlite"))
        for commit in clone.commits(count, SPAN):
            clone.check_out_parent(commit)
            refresh(str(clone.folder), list_tree(str(clone.folder)), cache)
            commits = refresh_history(str(clone.folder), cache)
            with cache.reading():
                snapshot = load(cache, commits)
                for text in (commit.message, commit.message.partition("\n")[0]):
                    yield sample(parse(text), snapshot, cache.postings, commit.touched)
        cache.close()


def sample(query: Query, snapshot: Snapshot, postings: Postings, touched: frozenset[str]) -> Sample:
    """Measure the candidates for a question."""
    evidence, asked = gather(query, snapshot, postings), asked_roles(query)
    total = weigh(query, evidence, snapshot, learned_weights()).total
    near = neighbours(own_scores(asked, evidence, snapshot, learned_weights()), snapshot)
    best = nlargest(CANDIDATES, total, key=lambda file: (total[file], -file))
    rows = []
    for file in best:
        measures: dict[str, float] = dict(nature(snapshot.files[file], asked))
        measures.update((kind, found.get(file, 0.0)) for kind, found in evidence.items())
        measures.update((tie, found.get(file, (0.0, 0))[0]) for tie, found in near.items())
        rows.append([measures.get(name, 0.0) for name in NAMES])
    code = code_of(touched)
    paths = [snapshot.files[file].path for file in best]
    wanted = [CODE / len(code) * (path in code) + ANY / len(touched) * (path in touched - code) for path in paths]
    return Sample(np.array(rows).reshape(len(best), len(NAMES)), np.array(wanted))


def learn(samples: Iterable[Sample]) -> dict[str, float]:
    """Return the weights under which what was wanted is the likeliest: Newton's method, with steps no longer than they can be trusted."""
    useful = [each for each in samples if each.wanted.any()]
    values, wanted = np.concatenate([each.measures for each in useful]), np.concatenate([each.wanted for each in useful])
    spread = values.std(axis=0) + 1e-9
    values = (values - values.mean(axis=0)) / spread
    sizes = [len(each.wanted) for each in useful]
    starts, question = np.cumsum([0, *sizes[:-1]]), np.repeat(np.arange(len(sizes)), sizes)
    each_wanted = np.add.reduceat(wanted, starts)

    def judged(weights: Matrix) -> tuple[float, Matrix]:
        scores = values @ weights
        scores -= np.maximum.reduceat(scores, starts)[question]
        sums = np.add.reduceat(np.exp(scores), starts)
        loss = (each_wanted @ np.log(sums) - wanted @ scores) / len(sizes) + CAUTION * weights @ weights
        return float(loss), np.exp(scores) / sums[question] * each_wanted[question]

    weights, trust = np.zeros(len(NAMES)), 0.3
    loss, likely = judged(weights)
    for _ in range(STEPS):
        slope = values.T @ (likely - wanted) / len(sizes) + 2 * CAUTION * weights
        means = np.add.reduceat(values * likely[:, None], starts)
        bend = ((values * likely[:, None]).T @ values - (means / each_wanted[:, None]).T @ means) / len(sizes)
        step = np.linalg.solve(bend + (2 * CAUTION + trust) * np.eye(len(NAMES)), slope)
        following, then = judged(weights - step)
        if following > loss:
            trust *= 8
            continue
        gained, weights, loss, likely, trust = loss - following, weights - step, following, then, trust / 6
        if gained < ENOUGH:
            break
    return {name: round(float(weight), 3) for name, weight in zip(NAMES, weights / spread, strict=True)}


def document(weights: dict[str, float], questions: int, learned_from: str) -> str:
    """Return the text of the file of the weights."""
    note = f"Written by `python -m benchmarks.retrieval_weights --write`, from {questions:,} questions about commits of {learned_from}."
    return json.dumps({"note": note, "weights": weights}, indent=2) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and learn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval_weights", description="Learn the weights of the ranking again.")
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--commits", type=int, default=COMMITS, help=f"how many in each repository (default: {COMMITS})")
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name} instead of printing it")
    asked = parser.parse_args(arguments)
    samples = [each for repository in asked.repositories for each in collect(repository, asked.commits)]
    source = document(learn(samples), len(samples), ", ".join(sorted(repository.resolve().name for repository in asked.repositories)))
    if asked.write:
        WEIGHTS.write_text(source, encoding="utf-8")
    else:
        print(source)


if __name__ == "__main__":
    main()
