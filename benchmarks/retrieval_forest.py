"""Learn again how the likeliest files are told from each other: ``python -m benchmarks.retrieval_forest REPOSITORY… --write``.

Past commits are asked about as in `retrieval`, by message and by subject, and again as if the project were young or had been cloned
without its history: with few past commits, or none. What is learned with all that the index reads is one forest, what is learned with few
is another. To the scores that ``weights.json`` gives, trees are added which make it likely that a file drawn from the likeliest ones, by
the exponentials of their scores, is one that the commit touched. Before they are learned from all repositories, they are learned four
times without a quarter of them, and it is printed what they find in the quarter. Measuring takes long and learning does not: ``--kept
FOLDER`` keeps what was measured, and takes from there which repositories are known.
The repositories must not be those that `retrieval` is then asked to report on.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.boosting import Grown, Growth, Matrix, Numbers, boost, sum_of
from benchmarks.retrieval import called, code_of
from benchmarks.retrieval_states import states
from coterie.index.evidence import gather
from coterie.index.history import MOST_COMMITS
from coterie.index.measures import measured
from coterie.index.query import Query, parse
from coterie.index.rank import learned_weights, likeliest, weigh
from coterie.index.snapshot import Postings, Snapshot

FOLDER = Path(__file__).parents[1] / "server" / "coterie" / "index"
FORESTS = {"forest.json": (MOST_COMMITS,), "young_forest.json": (0, 8, 40)}
"""The files, and how many past commits are known at most in the states that each is learned from."""
COMMITS, SPAN = 60, 1_200
CODE, ANY = 2.0, 1.5
"""How much all files of code that a commit touched count together, and how much the others."""
FOLDS = 4
DEPTH = 10
GROWTH = Growth(trees=200, levels=3, rate=0.1, caution=12.0, rows_seen=0.35, measures_seen=0.25)


@dataclass(frozen=True)
class Samples:
    """The likeliest files of many questions, a row each: measures by ``names``, scores, the numbers of question and repository.

    ``remembered`` is how many past commits were known at most.
    ``code`` and ``every`` say which share a file is of what was to be found: of the code, and of all files.
    """

    names: list[str]
    measures: Matrix
    scores: Matrix
    code: Matrix
    every: Matrix
    question: Numbers
    repository: Numbers
    remembered: Numbers

    def only(self, rows: NDArray[np.bool_]) -> "Samples":
        """Return some of the rows."""
        _, question = np.unique(self.question[rows], return_inverse=True)
        return Samples(
            names=self.names,
            measures=self.measures[rows],
            scores=self.scores[rows],
            code=self.code[rows],
            every=self.every[rows],
            question=question,
            repository=self.repository[rows],
            remembered=self.remembered[rows],
        )


def collect(repository: Path, count: int) -> Iterator[dict[str, Matrix]]:
    """Ask about commits of a repository: for each question the columns of what is kept in `Samples`."""
    for state in states(repository, count, SPAN, [most for told in FORESTS.values() for most in told]):
        for text in (state.commit.message, state.commit.message.partition("\n")[0]):
            asked = ask(parse(text), state.snapshot, state.postings, state.commit.touched)
            yield asked | {"remembered": np.full(len(asked["scores"]), state.remembered)}


def ask(query: Query, snapshot: Snapshot, postings: Postings, touched: frozenset[str]) -> dict[str, Matrix]:
    """Measure the likeliest files for a question: a column for each measure, the scores, and the shares of code and of all."""
    evidence = gather(query, snapshot, postings)
    scores = weigh(query, evidence, snapshot, learned_weights())
    best = likeliest(scores, snapshot)
    columns = {f"measure {name}": np.array(column) for name, column in measured(query, snapshot, evidence, scores.ties, best).items()}
    paths, code = [snapshot.files[file].path for file in best], code_of(touched)
    shares = {name: np.array([(path in wanted) / len(wanted) for path in paths]) for name, wanted in (("code", code), ("every", touched))}
    return columns | shares | {"scores": np.array(list(best.values()))}


def kept(repository: Path, count: int, folder: Path) -> dict[str, Matrix]:
    """Return what `collect` tells of a repository, questions below each other, from a file in ``folder`` where it has been asked before."""
    name = called(repository)
    file = folder / f"{name}.npz"
    if not file.exists():
        asked = [each for each in collect(repository, count) if len(each["scores"])]
        columns = {name: np.concatenate([each[name] for each in asked]) for name in asked[0]}
        question = np.repeat(np.arange(len(asked)), [len(each["scores"]) for each in asked])
        np.savez_compressed(file, allow_pickle=False, **columns, question=question)
        print(f"{name}: {len(asked)} questions", flush=True)
    with np.load(file) as read:
        return dict(read)


def put_together(repositories: Sequence[dict[str, Matrix]]) -> Samples:
    """Number the questions and repositories."""
    keys = [key for key in repositories[0] if key.startswith("measure ")]
    firsts = np.cumsum([0, *(int(each["question"].max()) + 1 for each in repositories)])
    return Samples(
        names=[key.removeprefix("measure ") for key in keys],
        measures=np.concatenate([np.column_stack([each[key] for key in keys]) for each in repositories]),
        scores=np.concatenate([each["scores"] for each in repositories]),
        code=np.concatenate([each["code"] for each in repositories]),
        every=np.concatenate([each["every"] for each in repositories]),
        question=np.concatenate([each["question"] + first for each, first in zip(repositories, firsts, strict=False)]).astype(np.int64),
        repository=np.repeat(np.arange(len(repositories)), [len(each["scores"]) for each in repositories]),
        remembered=np.concatenate([each["remembered"] for each in repositories]).astype(np.int64),
    )


def learn(samples: Samples) -> list[Grown]:
    """Return the trees under which what was touched is the likeliest, by the loss of `retrieval_weights`."""
    wanted = np.where(samples.code > 0, CODE * samples.code, ANY * samples.every)
    starts = np.flatnonzero(np.diff(samples.question, prepend=-1))
    in_question = np.add.reduceat(wanted, starts)[samples.question]

    def derivatives(scores: Matrix) -> tuple[Matrix, Matrix]:
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[samples.question])
        likely = odds / np.add.reduceat(odds, starts)[samples.question]
        return wanted - in_question * likely, in_question * likely * (1 - likely)

    return boost(samples.measures, samples.scores, derivatives, GROWTH)


def recalls(samples: Samples, scores: Matrix) -> str:
    """Say which share of code and of all files is among the first ten: the mean over questions, and of those over repositories."""
    order = np.lexsort((-scores, samples.question))
    starts = np.flatnonzero(np.diff(samples.question[order], prepend=-1))
    place = np.arange(len(order)) - starts[samples.question[order]]
    first = order[place < DEPTH]
    asked = np.unique(np.column_stack([samples.repository, samples.question]), axis=0)[:, 0]
    of_questions = [np.bincount(samples.question[first], shares[first], len(asked)) for shares in (samples.code, samples.every)]
    means = [(np.bincount(asked, each) / np.maximum(1, np.bincount(asked))).sum() / len(np.unique(asked)) for each in of_questions]
    return f"code {means[0]:.4f}, all {means[1]:.4f}"


def check(samples: Samples) -> None:
    """Print what trees find in repositories that they were not learned from, and what there is to be found without them."""
    scores = samples.scores.copy()
    for fold in range(FOLDS):
        unseen = samples.repository % FOLDS == fold
        scores[unseen] += sum_of(learn(samples.only(~unseen)), samples.measures[unseen])
    print(f"without trees: {recalls(samples, samples.scores)}; with trees that have not seen the repository: {recalls(samples, scores)}")


def document(trees: Sequence[Grown], samples: Samples, learned_from: str) -> str:
    """Return the text of the file of the trees, a tree a line."""
    asked = len(np.unique(samples.question))
    note = f"Written by `python -m benchmarks.retrieval_forest --write`, from {asked:,} questions about commits of {learned_from}."
    told = [json.dumps(tree.named(samples.names)) for tree in trees]
    return f'{{"note": {json.dumps(note)}, "trees": [\n' + ",\n".join(told) + "\n]}\n"


def main() -> None:
    """Parse the command line and learn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval_forest", description="Learn the trees of the ranking again.")
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--commits", type=int, default=COMMITS, help=f"how many in each repository (default: {COMMITS})")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="keep what is measured there, and measure no repository twice")
    parser.add_argument("--forest", choices=FORESTS, action="append", help="which to learn (default: both)")
    parser.add_argument("--write", action="store_true", help="write what is learned instead of printing it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        folder = arguments.kept or Path(spare)
        samples = put_together([kept(repository, arguments.commits, folder) for repository in arguments.repositories])
    names = ", ".join(sorted(called(repository).rpartition("+")[2] for repository in arguments.repositories))
    for name in arguments.forest or FORESTS:
        remembered = FORESTS[name]
        fitting = samples.only(np.isin(samples.remembered, remembered))
        print(f"{name}, at most {', '.join(map(str, remembered))} past commits known:", flush=True)
        check(fitting)
        source = document(learn(fitting), fitting, names)
        if arguments.write:
            (FOLDER / name).write_text(source, encoding="utf-8")
        else:
            print(source)


if __name__ == "__main__":
    main()
