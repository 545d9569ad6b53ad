"""How good the offline predictor is on repositories given by path: ``python -m benchmarks.prediction REPOSITORY…``.

The rest of the line is hidden at random places, inside lines, at new lines, after an opening bracket, a dot or `` = ``, and at finished
lines; the file itself is not indexed. Each place is asked about as an editor knows it, and by those who know less of the file; the tables
are about the former if they do not say otherwise. Give it repositories that `prediction_gate` has not learned from. Each is measured in a
process of its own, so that memory is its own. `make bench` asks about sympy (`sources`), which was never learned from either.
"""

import argparse
import asyncio
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from benchmarks import sources
from benchmarks.prediction_places import Extent, cut, places_of, texts_of
from benchmarks.report import Measurement, quantile, table, updated
from coterie.features.prediction import FolderPredictor

PLACES = 1000
SEED = 5
SHORTEST = 3
HALF_A_MILLION = 500_000
PLACES_OF_BENCH = 600


@dataclass(frozen=True)
class Answer:
    """What was said at one place, and how long it took the processor."""

    language: str
    kind: str
    extent: Extent
    hidden: str
    shown: str | None
    ms: float


@dataclass(frozen=True)
class Built:
    """What knowing a group of files cost, in this process."""

    tokens: int
    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Repository:
    """All that was measured in one repository."""

    name: str
    built: Built
    answers: list[Answer]

    def known(self, extent: Extent) -> list[Answer]:
        """Return the answers to those who know so much."""
        return [answer for answer in self.answers if answer.extent == extent]


def measure(path: Path, places: int) -> Repository:
    """Ask at random places of a repository."""
    from coterie.predictor.corpus import build  # noqa: PLC0415 - with all that is loaded, so that memory is the corpus's alone
    from coterie.predictor.predictor import predict  # noqa: PLC0415

    predict(build(()), "none.py", "x", "")
    texts = texts_of(path)
    predictor = FolderPredictor(path)
    before, began = _peak(), time.process_time()
    corpora = {id(corpus): corpus for corpus in map(predictor.corpus, texts)}
    seconds = time.process_time() - began
    tokens = sum(len(corpus.by_token.stream) for corpus in corpora.values())
    built = Built(tokens, seconds, _peak() - before)
    answers = []
    for place in places_of(texts, places, seed=SEED):
        for extent in get_args(Extent):
            known = cut(place, extent)
            began = time.process_time()
            found = predictor.predict(known.path, known.prefix, known.suffix)
            answers.append(Answer(known.language, known.kind, extent, known.hidden, found.text, 1000 * (time.process_time() - began)))
    return Repository(path.resolve().name, built, answers)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def row(name: str, answers: Sequence[Answer]) -> str:
    """Return one line of the table."""
    hidden = [answer for answer in answers if answer.kind != "finished"]
    long = [answer for answer in hidden if len(answer.hidden) >= SHORTEST]
    finished = [answer for answer in answers if answer.kind == "finished"]
    shown = [answer for answer in hidden if answer.shown is not None]
    exact = [answer for answer in shown if answer.shown == answer.hidden]
    long_shown = [answer for answer in long if answer.shown is not None]
    saved = sum(len(answer.hidden) for answer in exact) / max(1, sum(len(answer.hidden) for answer in hidden))
    shares = (
        len(shown) / max(1, len(hidden)),
        len(exact) / max(1, len(shown)),
        len(long_shown) / max(1, len(long)),
        sum(answer.shown == answer.hidden for answer in long_shown) / max(1, len(long_shown)),
        sum(answer.shown is not None for answer in finished) / max(1, len(finished)),
        saved,
    )
    times = [answer.ms for answer in answers]
    return (
        f"| {name} | {len(answers)} | "
        + " | ".join(f"{100 * share:.1f} %" for share in shares)
        + f" | {quantile(times, 50):.1f} | {quantile(times, 99):.1f} |"
    )


def report(repositories: Sequence[Repository]) -> str:
    """Return the tables: by repository, by language, by kind of place, by what was known of the file."""
    everything = all_known(repositories, "whole")
    head = (
        "| | places | shown | exact when shown | shown where ≥ 3 characters are hidden | exact when shown there | shown at finished lines "
        "| characters saved | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    lines = [head, *(row(repository.name, repository.known("whole")) for repository in repositories), row("**all**", everything), "", head]
    lines += grouped(everything, lambda answer: answer.language)
    lines += ["", head, *grouped(everything, lambda answer: answer.kind)]
    lines += ["", head, *(row(extent, all_known(repositories, extent)) for extent in get_args(Extent))]
    lines += ["", "| | tokens | build s | MB |", "|---|---|---|---|"]
    for repository in repositories:
        built = repository.built
        lines.append(f"| {repository.name} | {built.tokens:,} | {built.seconds:.2f} | {built.megabytes:.0f} |")
    return "\n".join(lines)


def all_known(repositories: Sequence[Repository], extent: Extent) -> list[Answer]:
    """Return the answers of all repositories to those who know so much of a file."""
    return [answer for repository in repositories for answer in repository.known(extent)]


def grouped(answers: Iterable[Answer], key: Callable[[Answer], str]) -> list[str]:
    """Return a line of the table for each group that has places."""
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        groups.setdefault(key(answer), []).append(answer)
    return [row(name, group) for name, group in sorted(groups.items()) if len(group) > 1]


def measurements(repositories: Sequence[Repository], of: str = "offline predictor") -> list[Measurement]:
    """Return the lines of the page of all benchmarks, each of which begins with what was measured."""
    everything = all_known(repositories, "whole")
    cells, unknown_below = (
        [cell.strip() for cell in row("", all_known(repositories, extent)).split("|")[3:-1]] for extent in ("whole", "nothing below")
    )
    size = sum(repository.built.tokens for repository in repositories) / HALF_A_MILLION
    seconds = sum(repository.built.seconds for repository in repositories) / size
    megabytes = sum(repository.built.megabytes for repository in repositories) / size
    how = f"{len(everything)} places in {', '.join(repository.name for repository in repositories)}; the gate has learned from others"
    return [
        Measurement(f"{of}: shown", f"{cells[0]} ({cells[2]} where ≥ 3 characters are hidden)", "≥ 40 %", how),
        Measurement(f"{of}: exactly the rest of the line, when shown", f"{cells[1]} ({cells[3]})", "≥ 85 %", "the same places"),
        Measurement(f"{of}: shown at finished lines", cells[4], "≤ 1 %", "the same places"),
        Measurement(
            f"{of}: shown, of that exact, shown at finished lines, where the text ends at the cursor",
            f"{unknown_below[0]}, {unknown_below[1]}, {unknown_below[4]}",
            "≥ 85 % exact, ≤ 1 % at finished lines",
            "the same places, without what stands behind them",
        ),
        Measurement(f"{of}: characters saved", cells[5], "", "the same places"),
        Measurement(f"{of}: time of an answer", f"p50 {cells[6]} ms, p99 {cells[7]} ms", "≤ 15 ms, ≤ 60 ms", "processor time"),
        Measurement(f"{of}: build for 500,000 tokens", f"{seconds:.1f} s, {megabytes:.0f} MB", "≤ 2 s, ≤ 250 MB", "processor time, peak"),
    ]


async def measure_prediction() -> list[Measurement]:
    """Ask about one project from a registry."""
    of = f"offline predictor, {sources.SYMPY.replace('==', ' ')}"
    try:
        project = await asyncio.to_thread(sources.project)
    except sources.MissingError as missing:
        return [Measurement(of, "not measured", "", f"it cannot be had: {missing}")]
    return measurements(await asyncio.to_thread(measured, [project], PLACES_OF_BENCH), of)


def measured(paths: Sequence[Path], places: int) -> list[Repository]:
    """Measure each repository in a process of its own, one after the other."""
    context = multiprocessing.get_context("spawn")
    found = []
    for path in paths:
        with ProcessPoolExecutor(1, mp_context=context) as process:
            found.append(process.submit(measure, path, places).result())
    return found


def main() -> None:
    """Parse the command line and show the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prediction", description="Measure the offline predictor.")
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--places", type=int, default=PLACES, help="how many in each repository")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="also write the result into the page of all benchmarks")
    arguments = parser.parse_args()
    repositories = measured(arguments.repositories, arguments.places)
    print(report(repositories))
    print()
    print(table(measurements(repositories)))
    if arguments.write:
        page = updated(arguments.write.read_text(encoding="utf-8"), measurements(repositories))
        arguments.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
