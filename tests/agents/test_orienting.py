"""What an agent is shown before it asks: the map once, code where it fits, and nothing that rules or the settings keep from it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from agent_scripts import TEAM, project, suite
from agent_stage import Stage, Turn, answering, says, staged
from coterie.agents.orienting import orientation
from coterie.config.schema import ContextSettings
from coterie.context.collect import listing_of
from coterie.domain.edits import FileRef
from coterie.domain.events import WarningEvent
from coterie.domain.messages import UserMessage
from coterie.domain.overview import Landmark, Overview
from coterie.domain.retrieval import Found, Question
from coterie.domain.runs import Attachment, RunRequest, Selection
from coterie.domain.workspace_ports import Folder
from coterie.tools.rules import Policy
from coterie.tools.tool import Place
from coterie.workspace.workspace import LiveWorkspace
from index_fake import FakeIndex
from workspace_fake import FakeWorkspace

MAP = "<map>\n  calc.py: add\ntests/ (1)\n</map>"
CODE = '<code path="tests/test_calc.py" lines="4-5" reason="it defines test_add">\ndef test_add():\n    assert add(1, 2) == 3\n</code>'
PROMPT = "Make test_add pass"


def index(*, complete: bool = True, broken: bool = False) -> FakeIndex:
    """Return an index that finds both files whatever is asked, and one that is not there."""
    found = [
        Found(path=path, score=1.0, reasons=("its text matches",), tokens=9, lines=lines)
        for path, lines in (("tests/test_calc.py", (4, 5)), ("calc.py", (1, 2)), ("gone.py", (1, 1)))
    ]
    landmarks = (Landmark(path="calc.py", names=("add",)), Landmark(path="gone.py", names=("x",)))
    return FakeIndex(*found, overview=Overview(landmarks=landmarks, complete=complete), broken=broken)


class Unready(FakeIndex):
    """Is never done with what has changed."""

    @override
    async def refresh(self, folder: str) -> None:
        await asyncio.Event().wait()


class Listed(LiveWorkspace):
    """Notes what is listed of it."""

    def __init__(self, folders: Sequence[Folder]) -> None:
        super().__init__(folders)
        self.listed: list[str] = []

    @override
    async def files(self, folder: str | None = None, under: str = "") -> tuple[FileRef, ...]:
        self.listed.append(under)
        return await super().files(folder, under)


def said(stage: Stage, call: int = 0, agent: str = "chat") -> list[str]:
    return [message.text for message in stage.model.heard(agent)[call].messages if isinstance(message, UserMessage)]


async def played(tmp_path: Path, prompt: str = PROMPT, *, of: FakeIndex | None = None, settings: Any = None, **request: Any) -> str:
    folder = project(tmp_path / "project")
    script: Mapping[str, list[Turn]] = {"chat": [says("Yes.")]}
    async with staged(tmp_path / "home", folder, script, index=of or index(), settings=settings) as stage:
        await stage.play(prompt, **request)
        (text,) = said(stage)
        assert text.endswith(prompt)
        return text


async def test_a_conversation_begins_with_a_map_and_the_code_that_fits(tmp_path: Path) -> None:
    text = await played(tmp_path)
    folder = '<folder name="project">\ncalc.py\ntests/ (1 files)\n</folder>'
    assert text == f"{folder}\n\n{MAP}\n\n{CODE}\n\n{PROMPT}"


async def test_a_plain_question_gets_no_code(tmp_path: Path) -> None:
    text = await played(tmp_path, "Hello")
    assert MAP in text
    assert "<code" not in text


async def test_an_index_that_does_not_run_is_not_started_for_it(tmp_path: Path) -> None:
    of = index()
    of.runs = False
    text = await played(tmp_path, of=of)
    assert ("<map" in text, "<code" in text, of.told) == (False, False, [])


@pytest.mark.parametrize("of", [index(broken=True), index(complete=False)], ids=["broken", "building"])
async def test_without_a_whole_index_there_is_no_map(tmp_path: Path, of: FakeIndex) -> None:
    assert "<map" not in await played(tmp_path, of=of)


@pytest.mark.parametrize(
    ("settings", "has_map", "has_code"),
    [
        ({"context": {"map_tokens": 0}}, False, True),
        ({"context": {"codeTokens": 0}}, True, False),
        ({"permissions": {"ask": ["read(tests/**)"]}}, True, False),
        ({"permissions": {"deny": ["read(calc.py)"]}}, False, True),
    ],
)
async def test_settings_and_rules_keep_it_back(tmp_path: Path, settings: Any, *, has_map: bool, has_code: bool) -> None:
    text = await played(tmp_path, settings=settings)
    assert ("<map>" in text, "<code" in text) == (has_map, has_code)


async def test_an_ignore_file_that_the_index_does_not_know_yet_keeps_it_back(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    (folder / ".gitignore").write_text("test_*\n", encoding="utf-8")
    async with staged(tmp_path / "home", folder, {"chat": [says("Yes.")]}, index=index()) as stage:
        await stage.play(PROMPT)
        assert "<code" not in said(stage)[0]


async def test_what_the_person_points_at_is_not_shown_twice(tmp_path: Path) -> None:
    uri = (tmp_path / "project" / "tests" / "test_calc.py").as_uri()
    assert "<code" not in await played(tmp_path, attachments=(Attachment(uri=uri),))
    other = tmp_path / "other"
    uri = (other / "project" / "tests" / "test_calc.py").as_uri()
    text = await played(other, selection=Selection(uri=uri, text="assert add(1, 2) == 3"))
    assert [line for line in text.splitlines() if line.startswith("<code")] == ['<code path="calc.py" lines="1-2" reason="it defines add">']


async def test_the_selection_is_asked_about_too(tmp_path: Path) -> None:
    uri = (tmp_path / "project" / "calc.py").as_uri()
    assert CODE in await played(tmp_path, "What calls this?", selection=Selection(uri=uri, text="test_add"))


class Attentive:
    """Knows that one file has errors."""

    def about(self, folder: str, text: str, limit: int = 20) -> Question:
        return Question(text=f"{Path(folder).name}: {text}", limit=limit, failing=("calc.py",))


async def test_what_the_person_is_at_is_a_part_of_the_question(tmp_path: Path) -> None:
    of = index()
    place = Place(workspace=FakeWorkspace(tmp_path), index=of, attention=Attentive())
    await orientation(place, RunRequest(prompt=PROMPT), None, policy=Policy(), settings=ContextSettings(), limit=None, prior=())
    (question,) = of.questions
    assert (question.text, question.failing) == (f"{tmp_path.name}: {PROMPT}\n", ("calc.py",))


@pytest.mark.parametrize(("limit", "shown"), [(None, True), (21_600, True), (27, False)])
async def test_in_a_small_window_there_is_less(tmp_path: Path, limit: int | None, *, shown: bool) -> None:
    place = Place(
        workspace=FakeWorkspace(tmp_path, {"calc.py": "def add():\n", "tests/test_calc.py": "\n\n\ndef test_add():\n"}), index=index()
    )
    listing = await listing_of(place.workspace)
    found = await orientation(place, RunRequest(prompt=PROMPT), listing, policy=Policy(), settings=ContextSettings(), limit=limit, prior=())
    assert (bool(found.map), bool(found.code)) == (shown, shown)


async def test_where_nobody_keeps_the_index_up_to_date_it_is_brought_so_first(tmp_path: Path) -> None:
    of = index()
    of.runs = False
    folder = project(tmp_path / "project")
    async with staged(tmp_path / "home", folder, {"chat": [says("Yes.")]}, index=of, index_wait_s=60.0) as stage:
        await stage.play(PROMPT)
        assert (MAP in said(stage)[0], CODE in said(stage)[0]) == (True, True)
    assert of.told[0] == "refresh project"


@pytest.mark.parametrize(
    ("of", "why"),
    [(index(broken=True), "it died"), (Unready(), "The index has not read project within 0 seconds")],
    ids=["broken", "late"],
)
async def test_an_index_that_is_not_ready_in_time_is_done_without_and_that_is_said(tmp_path: Path, of: FakeIndex, why: str) -> None:
    folder = project(tmp_path / "project")
    async with staged(tmp_path / "home", folder, {"chat": [says("Yes.")]}, index=of, index_wait_s=0.0) as stage:
        assert (await stage.play(PROMPT)).state == "succeeded"
        assert said(stage) == [f'<folder name="project">\ncalc.py\ntests/ (1 files)\n</folder>\n\n{PROMPT}']
        [warned] = [event.text for event in stage.listener.of(WarningEvent) if event.code == "no_map"]
        assert why in warned
        stage.listener.events.clear()
        row = next(iter(await stage.store.runs.rows()))
        stage.model.script = {"chat": [says("Yes.")]}
        assert (await stage.play("And?", channel_id=row.channel_id)).state == "succeeded"
        assert "no_map" not in [event.code for event in stage.listener.of(WarningEvent)], "once, when the conversation began"
    assert of.told == []


async def test_an_editor_that_shows_how_the_index_stands_is_not_told_besides(tmp_path: Path) -> None:
    folder, of = project(tmp_path / "project"), index()
    of.runs = False
    async with staged(tmp_path / "home", folder, {"chat": [says("Yes.")]}, index=of) as stage:
        await stage.play(PROMPT)
        assert "no_map" not in [event.code for event in stage.listener.of(WarningEvent)]


async def test_nothing_is_known_of_all_of_somebody_s_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    of = index()
    place = Place(workspace=FakeWorkspace(tmp_path, {"calc.py": "def add():\n"}), index=of, index_wait_s=60.0)
    listing = await listing_of(place.workspace)
    found = await orientation(place, RunRequest(prompt=PROMPT), listing, policy=Policy(), settings=ContextSettings(), limit=None, prior=())
    assert (found.map, found.code, of.told) == ("", (), [])
    assert found.missing is not None
    assert "too wide" in found.missing


async def test_the_first_message_of_a_channel_lists_the_folder_once(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    workspace = Listed([Folder(uri=folder.as_uri(), name=folder.name, absolute=str(folder))])
    async with staged(tmp_path / "home", folder, {"chat": [says("Yes.")]}, index=index(), workspace=workspace) as stage:
        await stage.play(PROMPT)
        assert (MAP in said(stage)[0], '<folder name="project">' in said(stage)[0]) == (True, True)
    assert workspace.listed.count("") == 1


async def test_a_later_turn_gets_no_map_and_no_code_again(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    script = {"chat": [says("Yes.")]}
    async with staged(tmp_path / "home", folder, script, index=index()) as stage:
        row = await stage.store.runs.row(await stage.begin(PROMPT))
        assert row is not None
        await stage.ended()
        before = said(stage)
    async with staged(tmp_path / "home", folder, script, index=index()) as stage:
        later = "And test_add again, with calc.py?"
        await stage.runs.start(RunRequest(prompt=later, channel_id=row.channel_id))
        await stage.ended()
        first, second = said(stage)
        assert [first] == before
        assert second.startswith('<code path="calc.py" lines="1-2" reason="its path is in the question">')
        assert second.endswith(f"</code>\n\n{later}")
        assert "<map" not in second
        assert "test_calc.py" not in second


async def test_in_a_team_those_who_find_their_way_get_it_and_once(tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    of = index()
    async with staged(tmp_path / "home", folder, TEAM, index=of, sandbox=suite(folder)) as stage:
        answering(stage, "approve", "allow_once")
        assert (await stage.play(PROMPT, workflow="team")).state == "succeeded"
        for agent in TEAM:
            assert (MAP in said(stage, 0, agent)[0], CODE in said(stage, 0, agent)[0]) == (agent in {"planner", "coder"},) * 2
    assert of.told.count("overview project") == 2
