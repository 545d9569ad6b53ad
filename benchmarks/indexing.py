"""The index on a real project: a first build, its growth, a saved file, questions, a start with a cache, and an editor meanwhile.

The project is sympy's source distribution (`sources`). Builds are told in seconds by the clock and of processor time, because the former
say as much of what else the machine did. The yardsticks see the same files in the same run: ripgrep, FTS5 with BM25 alone, and aider's
repository map.
"""

import asyncio
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import sources
from benchmarks.client import connect
from benchmarks.report import Measurement, quantile
from benchmarks.retrieval_rivals import FullText, Ripgrep
from benchmarks.startup import COTERIE
from coterie.domain.retrieval import Question
from coterie.index.client import IndexProcess
from coterie.index.facts import read
from coterie.workspace.walk import list_files

QUESTIONS = (
    "Fix simplification of trigonometric functions when matrix elements are noncommutative",
    "printing: latex printer drops brackets around negative exponents",
    "Speed up polynomial factorization over finite fields",
    "Integral of a piecewise function returns the wrong branch",
    "parser: accept a trailing comma in autolev input",
    "test_solveset fails with a recursion error",
    "Add docstring examples for Quaternion.rotate_point",
    "units: convert between kelvin and celsius",
)
SAVES = 20
PARTS = (16, 4, 1)
REQUESTS = 300
PATIENCE_S = 120
_BUILD = """
import sys
from pathlib import Path
from coterie.index.folder import FolderIndex
FolderIndex(sys.argv[1], Path(sys.argv[2])).refresh()
"""


@dataclass(frozen=True)
class Build:
    """A build from nothing: by the clock, of processor time in all its processes, and their memory together at most."""

    files: int
    seconds: float
    processor: float
    mb: float


async def measure_indexing() -> list[Measurement]:
    """Measure all of it, on copies."""
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as place:
        try:
            source = sources.project()
        except sources.MissingError as missing:
            return [Measurement("first build of an index", "not measured", "≤ 6 s", f"{sources.SYMPY} cannot be had: {missing}")]
        trees = [copied(source, Path(place, f"part{part}"), part) for part in PARTS]
        builds = [await asyncio.to_thread(build, tree, Path(place, f"caches{tree.name}")) for tree in trees]
        whole, tree = builds[-1], trees[-1]
        found = [*_built(builds), *await _asked(tree, Path(place, f"caches{tree.name}")), *await _beside(tree, Path(place, "home"))]
        return [*found, *await asyncio.to_thread(_rivals, tree, whole, Path(place))]


def copied(source: Path, target: Path, part: int) -> Path:
    """Copy every ``part``-th file of a folder."""
    for path in sorted(list_files(str(source)))[::part]:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)
    return target


def build(tree: Path, caches: Path) -> Build:
    """Build an index in a process of its own, which is watched for its memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = psutil.Popen([sys.executable, "-c", _BUILD, str(tree), str(caches)])
    most = 0.0
    while process.poll() is None:
        most = max(most, _memory(process))
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode == 0
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Build(files=len(list_files(str(tree))), seconds=seconds, processor=processor, mb=most / 1e6)


def _memory(process: psutil.Popen) -> float:
    total = 0.0
    try:
        for each in (process, *process.children(recursive=True)):
            total += each.memory_info().rss
    except psutil.Error:
        return 0.0
    return total


def _built(builds: Sequence[Build]) -> list[Measurement]:
    whole = builds[-1]
    slope = _slope([(each.files, each.processor) for each in builds])
    sizes = ", ".join(f"{each.files:,} files {each.processor:.1f} s" for each in builds)
    return [
        Measurement(
            "first build of an index, by the clock",
            f"{whole.seconds:.1f} s ({whole.files / whole.seconds:.0f} files/s); {whole.processor:.1f} s of processor time",
            "≤ 6 s on two idle cores",
            f"{sources.SYMPY.replace('==', ' ')}, {whole.files:,} files, three processes; the machine's load was {os.getloadavg()[0]:.0f}",
        ),
        Measurement(
            "memory of a first build", f"{whole.mb:.0f} MB", "", "the three processes together at most, what they share counted thrice"
        ),
        Measurement("growth of a first build with the project", f"slope {slope:.2f}", "about 1", f"processor time, log-log: {sizes}"),
    ]


def _slope(points: Sequence[tuple[float, float]]) -> float:
    return statistics.linear_regression(*zip(*((math.log(x), math.log(y)) for x, y in points), strict=True)).slope


@asynccontextmanager
async def _index(caches: Path) -> AsyncIterator[IndexProcess]:
    index = IndexProcess(caches)
    try:
        yield index
    finally:
        await index.aclose()


async def _asked(tree: Path, caches: Path) -> list[Measurement]:
    folder = str(tree)
    began = time.perf_counter()
    async with _index(caches) as index:
        assert (await index.rank(folder, Question(text=QUESTIONS[0]))).found
        start = time.perf_counter() - began
        await index.refresh(folder)
        spent, asked = _processor(index), []
        for text in QUESTIONS * 5:
            began = time.perf_counter()
            await index.rank(folder, Question(text=text))
            asked.append((time.perf_counter() - began) * 1000)
        each = (_processor(index) - spent) * 1000 / len(asked)
        saved = [await _saved(index, tree, number) for number in range(SAVES)]
    return [
        Measurement(
            "question to the index",
            f"p50 {quantile(asked, 50):.0f} ms, p99 {quantile(asked, 99):.0f} ms; {each:.0f} ms of processor time",
            "≤ 30 ms",
            f"{len(asked)} over the pipe to its process; the machine's load was {os.getloadavg()[0]:.0f}",
        ),
        Measurement("first answer of a new process with a cache", f"{start:.2f} s", "≤ 0.5 s", "from its start, everything loaded"),
        Measurement(
            "saved file → seen in answers",
            f"p50 {quantile(saved, 50):.0f} ms, p99 {quantile(saved, 99):.0f} ms",
            "≤ 100 ms",
            f"{SAVES} saves of files of the project, asked about until the new word is found",
        ),
    ]


def _processor(index: IndexProcess) -> float:
    used = psutil.Process(index.pid).cpu_times()
    return used.user + used.system


async def _saved(index: IndexProcess, tree: Path, number: int) -> float:
    paths = (each for each in sorted(list_files(str(tree)))[number * 60 :] if each.endswith(".py"))
    # Files with lines that machines write are known by their names alone.
    path = next(each for each in paths if (facts := read(str(tree), each)) is not None and facts.length)
    word = f"zeppelin{chr(ord('a') + number)}q"
    with (tree / path).open("a", encoding="utf-8") as file:
        file.write(f"\n{word} = {number}\n")
    began = time.perf_counter()
    index.saved(str(tree), [path])
    async with asyncio.timeout(PATIENCE_S):
        while not any(
            found.path == path and "its text matches" in found.reasons for found in (await index.rank(str(tree), Question(text=word))).found
        ):
            pass
    return (time.perf_counter() - began) * 1000


async def _beside(tree: Path, home: Path) -> list[Measurement]:
    """Ask a server for small things while it indexes, and when it has."""
    uri = (tree / "sympy/core/expr.py").as_uri()
    async with connect(COTERIE, home=home) as client:
        await client.initialize(folder=tree, settings={"suggestions": {"enabled": False}})
        document = {"uri": uri, "version": 1, "languageId": "python", "text": (tree / "sympy/core/expr.py").read_text(encoding="utf-8")}
        client.notify("textDocument/didOpen", {"textDocument": document})
        place = {"textDocument": {"uri": uri}, "position": {"line": 9, "character": 0}}

        async def ask() -> float:
            began = time.perf_counter()
            await client.request("textDocument/hover", place)
            return (time.perf_counter() - began) * 1000

        async def state() -> dict[str, object] | None:
            view: dict[str, object] | None = (await client.request("agent/status"))["index"]
            return view

        async with asyncio.timeout(PATIENCE_S):
            while await state() is None:
                await ask()
        during = list[float]()
        async with asyncio.timeout(PATIENCE_S):
            while not (await state() or {})["complete"]:
                during += [await ask() for _ in range(10)]
        after = [await ask() for _ in range(REQUESTS)]
    return [
        Measurement(
            "hover while the project is indexed",
            f"p50 {quantile(during, 50):.1f} ms, p99 {quantile(during, 99):.1f} ms; after it p99 {quantile(after, 99):.1f} ms",
            "p99 ≤ 20 ms",
            f"{len(during):,} requests, one after the other, to the real server on pipes",
        )
    ]


def _rivals(tree: Path, ours: Build, place: Path) -> list[Measurement]:
    paths = sorted(list_files(str(tree)))
    began = time.process_time()
    full = FullText()
    full.update(tree, paths, ())
    cold = time.process_time() - began
    measured = [
        Measurement(
            "first build against FTS5 with BM25 alone",
            f"{ours.processor / cold:.1f}× ({ours.processor:.1f} s : {cold:.1f} s); question p50 {_p50(full)}",
            "",
            "processor time; it knows words and nothing of names, syntax or history, and keeps nothing on the disk",
        )
    ]
    try:
        binary = sources.ripgrep()
    except sources.MissingError as missing:
        measured.append(Measurement("question against ripgrep", "not measured", "", f"{missing}"))
    else:
        found = Ripgrep(str(binary))
        found.update(tree, paths, ())
        measured.append(Measurement("ripgrep, the words of a question one by one", f"p50 {_p50(found)}", "", "it has nothing to build"))
    return [*measured, _aider(tree, ours, place, paths)]


def _p50(rival: FullText | Ripgrep) -> str:
    times = []
    for text in QUESTIONS:
        began = time.perf_counter()
        rival.rank(text, 20)
        times.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(times):.0f} ms"


def _aider(tree: Path, ours: Build, place: Path, paths: Sequence[str]) -> Measurement:
    what = "first build against aider's repository map"
    try:
        python = sources.aider()
    except sources.MissingError as missing:
        return Measurement(what, "not measured", "", f"aider cannot be installed here: {missing}")
    copy = copied(tree, place / "aider", 1)
    done = subprocess.run(
        [str(python), str(Path(__file__).parent / "aider_map.py"), str(copy)],
        input=json.dumps(paths),
        capture_output=True,
        text=True,
        check=False,
        cwd=copy,
    )
    if done.returncode != 0:
        return Measurement(what, "not measured", "", f"it failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Measurement(
        what,
        f"{ours.seconds / told['cold']:.2f}× ({ours.seconds:.1f} s : {told['cold']:.1f} s); "
        f"memory {ours.mb / told['mb']:.2f}× ({ours.mb:.0f} MB : {told['mb']:.0f} MB)",
        "",
        f"by the clock, the same files, {sources.AIDER.replace('==', ' ')} in one process; its second map took {told['warm']:.1f} s",
    )
