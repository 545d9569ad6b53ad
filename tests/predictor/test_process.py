"""The predictor in its process: what it knows while it is being asked, its deaths, and its end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from coterie.domain.prediction import PredictedLine, PredictionRequest
from coterie.features.prediction import group_texts, looked_at
from coterie.features.prediction_client import COMMAND, EditorPredictor, PredictionProcess
from coterie.features.prediction_process import MOST_CORPORA
from coterie.workspace.documents import Documents

PATIENCE_S = 60
MODULE = "from __future__ import annotations\n\nimport logging\n\nlogger = logging.getLogger(__name__)\n"
BEGUN = MODULE.partition("logging.g")[0]
REST = "logging.getLogger(__name__)"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
async def process() -> AsyncIterator[PredictionProcess]:
    started = PredictionProcess(within_s=PATIENCE_S)
    yield started
    await started.aclose()


@pytest.fixture
def editor(process: PredictionProcess, project: Path) -> tuple[EditorPredictor, Documents]:
    documents = Documents()
    return EditorPredictor(process, documents, lambda: frozenset({str(project)})), documents


def fill(project: Path, text: str = MODULE, under: str = "") -> None:
    """Write eight files that go on alike."""
    (project / under).mkdir(exist_ok=True)
    for number in range(8):
        (project / under / f"part{number}.py").write_text(text, encoding="utf-8")


def question(project: Path, prefix: str = BEGUN, name: str = "new.py") -> PredictionRequest:
    return PredictionRequest(uri=(project / name).as_uri(), language="python" if name.endswith(".py") else "", prefix=prefix, suffix="\n")


async def eventually(
    editor: EditorPredictor, request: PredictionRequest, holds: Callable[[PredictedLine], bool] = lambda found: found.text is not None
) -> PredictedLine:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if holds(found := await editor.predict(request)):
                return found
            await asyncio.sleep(0.02)


def is_ready(found: PredictedLine) -> bool:
    return found.state == "ready"


async def test_the_first_question_waits_for_nothing_and_a_later_one_is_answered(
    editor: tuple[EditorPredictor, Documents], project: Path
) -> None:
    fill(project)
    assert await editor[0].predict(question(project)) == PredictedLine(state="building")
    found = await eventually(editor[0], question(project))
    assert (found.text, found.state) == (REST, "ready")
    assert found.score > 0.5


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "vscode-notebook-cell:/{}/a.ipynb#W0sZmlsZQ", "file://[no"])
async def test_a_document_that_is_no_file_is_one_of_its_language(
    editor: tuple[EditorPredictor, Documents], project: Path, uri: str
) -> None:
    fill(project)
    asked = PredictionRequest(uri=uri.format(str(project).lstrip("/")), language="python", prefix=BEGUN, suffix="")
    assert (await eventually(editor[0], asked)).text == REST


async def test_what_is_secret_or_ignored_is_never_learned_on_the_disk_or_open(
    editor: tuple[EditorPredictor, Documents], project: Path
) -> None:
    predictor, documents = editor
    fill(project, "x = 1\n")
    fill(project, under="private")
    (project / ".gitignore").write_text("private/\n", encoding="utf-8")
    for number in range(8):
        documents.did_open((project / f"private/part{number}.py").as_uri(), 1, MODULE, "python")
    assert (await eventually(predictor, question(project), is_ready)).text is None
    (project / ".gitignore").write_text("", encoding="utf-8")
    for number in range(8):
        documents.did_change((project / f"private/part{number}.py").as_uri(), 2, MODULE + "\n")
    await eventually(predictor, question(project))  # so it was not for want of the texts


async def test_unsaved_text_counts_until_it_is_closed(editor: tuple[EditorPredictor, Documents], project: Path) -> None:
    predictor, documents = editor
    fill(project, "x = 1\n")
    assert (await eventually(predictor, question(project), is_ready)).text is None
    uris = [(project / f"part{number}.py").as_uri() for number in range(8)]
    for uri in uris:
        documents.did_open(uri, 1, MODULE, "python")
    assert (await eventually(predictor, question(project))).text == REST
    for uri in uris:
        documents.did_close(uri)
    await eventually(predictor, question(project), lambda found: found.text is None and is_ready(found))


async def test_buffers_go_with_their_editor(process: PredictionProcess, editor: tuple[EditorPredictor, Documents], project: Path) -> None:
    leaving = Documents()
    left = EditorPredictor(process, leaving, lambda: frozenset({str(project)}))
    fill(project, "x = 1\n")
    for number in range(8):
        leaving.did_open((project / f"part{number}.py").as_uri(), 1, MODULE, "python")
    await eventually(left, question(project))
    assert (await editor[0].predict(question(project))).text == REST, "editors of one server share what it knows"
    left.close()
    await process.settled()
    await eventually(editor[0], question(project), lambda found: found.text is None and is_ready(found))


async def test_a_process_that_is_killed_is_replaced_and_is_told_again_what_is_open(
    process: PredictionProcess, editor: tuple[EditorPredictor, Documents], project: Path
) -> None:
    predictor, documents = editor
    for number in range(8):
        documents.did_open((project / f"part{number}.py").as_uri(), 1, MODULE, "python")
    await eventually(predictor, question(project))
    killed = process.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await eventually(predictor, question(project), lambda found: found.text == REST and process.pid != killed)
    assert process.pid is not None


async def test_a_file_of_no_folder_has_its_own_text(editor: tuple[EditorPredictor, Documents], project: Path, tmp_path: Path) -> None:
    fill(project)
    own = "".join(f"total{number} = compute_total(order{number}, state)\n" for number in range(12))
    asked = PredictionRequest(uri=(tmp_path / "alone.py").as_uri(), language="python", prefix=f"{own}total12 = comp", suffix="\n")
    found = await eventually(editor[0], asked, is_ready)
    assert found.text is None or "logg" not in found.text
    assert (await eventually(editor[0], question(tmp_path, BEGUN), is_ready)).text is None


async def test_only_the_languages_that_are_written_in_are_kept(editor: tuple[EditorPredictor, Documents], project: Path) -> None:
    """Memory is bounded: the corpus that was asked longest ago goes."""
    fill(project)
    await eventually(editor[0], question(project))
    for number in range(MOST_CORPORA):
        await eventually(editor[0], question(project, name=f"new.x{number}"), is_ready)
    assert (await editor[0].predict(question(project))).state == "building"
    await eventually(editor[0], question(project))


async def test_a_corpus_takes_no_more_text_than_it_may(project: Path) -> None:
    for number in range(4):
        (project / f"part{number}.py").write_text("x" * 100, encoding="utf-8")
    buffers = {"part3.py": "y" * 100}
    seen = looked_at(project, ".py", buffers)
    texts = dict(group_texts(project, seen, buffers, limit=250))
    assert texts == {"part3.py": "y" * 100, "part0.py": "x" * 100}, "what is open comes first"


async def test_a_process_that_cannot_live_is_no_trouble() -> None:
    dead = PredictionProcess(command=(sys.executable, "-c", "raise SystemExit(7)"))
    predictor = EditorPredictor(dead, Documents(), frozenset)
    for _ in range(3):
        assert (await predictor.predict(question(Path("/w")))).text is None
        await dead.settled()
    await dead.aclose()
    assert (await predictor.predict(question(Path("/w")))).state == "unavailable"


async def test_nothing_is_started_before_it_is_asked_for_and_no_key_gets_there(
    process: PredictionProcess, editor: tuple[EditorPredictor, Documents], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORK_API_KEY", "sesame")
    assert process.pid is None
    process.close(["/w/a.py"])
    assert process.pid is None
    await eventually(editor[0], question(project), is_ready)
    assert process.pid is not None
    assert "sesame" not in psutil.Process(process.pid).environ().values()


def test_the_process_ends_with_its_input() -> None:
    ended = subprocess.run([*COMMAND], input=b"", stdout=subprocess.PIPE, timeout=PATIENCE_S, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"")


STUCK = """
import json, sys
for line in sys.stdin:
    if '"predict"' not in line:
        print(json.dumps({"id": json.loads(line)["id"], "result": None}), flush=True)
"""


async def test_a_process_that_says_nothing_is_not_waited_for() -> None:
    stuck = PredictionProcess(command=(sys.executable, "-c", STUCK), within_s=0.05)
    predictor = EditorPredictor(stuck, Documents(), frozenset)
    await predictor.predict(question(Path("/w")))
    await stuck.settled()
    assert (await predictor.predict(question(Path("/w")))).state == "unavailable"
    await stuck.aclose()


SLOW_ONCE = """
import json, sys
asked = 0
for line in sys.stdin:
    result = None
    if '"predict"' in line:
        asked += 1
        if asked == 1:
            continue
        result = {"state": "ready"}
    print(json.dumps({"id": json.loads(line)["id"], "result": result}), flush=True)
"""


async def test_a_process_that_was_too_slow_is_left_alone_for_a_while() -> None:
    slow = PredictionProcess(command=(sys.executable, "-c", SLOW_ONCE), within_s=1, rest_s=PATIENCE_S)
    predictor = EditorPredictor(slow, Documents(), frozenset)
    await predictor.predict(question(Path("/w")))
    await slow.settled()
    states = [(await predictor.predict(question(Path("/w")))).state for _ in range(2)]
    assert states == ["unavailable", "unavailable"], "it would answer the second"
    await slow.aclose()


async def test_a_process_that_was_too_slow_is_asked_again_later() -> None:
    slow = PredictionProcess(command=(sys.executable, "-c", SLOW_ONCE), within_s=1, rest_s=0)
    predictor = EditorPredictor(slow, Documents(), frozenset)
    await eventually(predictor, question(Path("/w")), lambda found: found.state == "unavailable")
    await eventually(predictor, question(Path("/w")), is_ready)
    await slow.aclose()


async def test_a_process_that_is_being_started_is_not_waited_for() -> None:
    starting = PredictionProcess(command=(sys.executable, "-c", "import sys; list(sys.stdin)"), within_s=PATIENCE_S)
    predictor = EditorPredictor(starting, Documents(), frozenset)
    assert (await predictor.predict(question(Path("/w")))).state == "building"
    assert (await eventually(predictor, question(Path("/w")), lambda _: starting.pid is not None)).state == "building"
    await starting.aclose()
