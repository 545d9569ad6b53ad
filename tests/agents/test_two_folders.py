"""Agents in a workspace of two folders that hold files of the same path: what a model is told means the file that a person means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from agent_stage import FakeSandbox, Stage, Turn, answering, calls, says, staged
from coterie.domain.events import MessageEvent, ToolCallEvent
from coterie.domain.messages import UserMessage
from coterie.domain.runs import Attachment, RunRequest
from hunk_stage import Reviewer, words
from index_fake import FakeIndex
from shell_stage import SETTINGS, really

FILE = "app/main.py"


def folders(root: Path) -> tuple[Path, Path]:
    """Make two folders, each with a file of the same path."""
    made = root / "client", root / "server"
    for folder in made:
        (folder / "app").mkdir(parents=True)
        (folder / FILE).write_text(f"NAME = '{folder.name}'\nPORT = 1\n", encoding="utf-8")
    return made


@asynccontextmanager
async def opened(tmp_path: Path, script: Mapping[str, Sequence[Turn]], **more: Any) -> AsyncIterator[tuple[Stage, Path, Path]]:
    """Open a stage on both; gives it, and where they are."""
    here, there = folders(tmp_path)
    async with staged(tmp_path / "home", here, script, beside=[there], **more) as stage:
        yield stage, here, there


async def posted(stage: Stage, text: str, *, channel: str | None, folder: Path, attach: Sequence[Path] = ()) -> tuple[str, str]:
    """Say something about a folder; returns the channel and what the model was sent of it at last."""
    stage.listener.events.clear()
    attachments = tuple(Attachment(uri=each.as_uri()) for each in attach)
    run_id = await stage.begin(text, channel_id=channel, folder=folder.as_uri(), attachments=attachments)
    assert (await stage.ended()).state == "succeeded"
    message = next(each for each in reversed(stage.model.requests[-1].messages) if isinstance(each, UserMessage))
    return next(row.channel_id for row in await stage.store.runs.rows() if row.run_id == run_id), message.text


async def test_a_chat_that_goes_on_in_another_folder_says_so_and_takes_no_file_for_its_namesake(tmp_path: Path) -> None:
    async with opened(tmp_path, {"chat": [says("Yes.")]}) as (stage, here, there):
        channel, said = await posted(stage, "What?", channel=None, folder=here, attach=[here / FILE])
        assert f'<attachment path="{FILE}">' in said
        _, said = await posted(stage, "And here?", channel=channel, folder=there, attach=[there / FILE])
        moved = f"you work in it from here on: relative paths mean files of it, those before meant files of {here}"
        beside = f"[also open, by its whole path: {here}]"
        assert said.startswith(f'<folder name="server" reason="{moved}">\napp/ (1 files)\n{beside}\n</folder>')
        assert f"<attachment path=\"{FILE}\">\nNAME = 'server'" in said, "it has not changed: it is another file"
        _, said = await posted(stage, "And now?", channel=channel, folder=there, attach=[there / FILE])
        assert "<folder" not in said
        (there / FILE).write_text("NAME = 2\n", encoding="utf-8")
        _, said = await posted(stage, "And now?", channel=channel, folder=there, attach=[there / FILE])
        assert 'reason="it has changed' in said
        _, said = await posted(stage, "Back.", channel=channel, folder=here, attach=[here / FILE])
        assert said.startswith('<folder name="client" reason="you work in it from here on')
        assert f"<attachment path=\"{FILE}\">\nNAME = 'client'" in said


class Busy(FakeIndex):
    """Takes for ever to read the folder that it is busy with."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.runs = False
        self.busy_with: str | None = str(folder)
        self.asked = asyncio.Event()

    @override
    async def refresh(self, folder: str) -> None:
        if folder == self.busy_with:
            self.asked.set()
            await asyncio.Event().wait()


async def test_a_chat_has_moved_once_that_was_said(tmp_path: Path) -> None:
    index = Busy(tmp_path / "server")
    async with opened(tmp_path, {"chat": [says("Yes.")]}, index=index, index_wait_s=600.0) as (stage, here, there):
        channel, _ = await posted(stage, "What?", channel=None, folder=here)
        stage.listener.events.clear()
        run_id = await stage.begin("And here?", channel_id=channel, folder=there.as_uri())
        await index.asked.wait()
        await stage.runs.cancel(run_id)
        assert (await stage.ended()).state == "cancelled"
        index.busy_with = None
        _, said = await posted(stage, "And now?", channel=channel, folder=there)
        assert said.startswith('<folder name="server" reason="you work in it from here on')


async def test_a_folder_is_the_same_one_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("client")
    here, link = tmp_path / "client", tmp_path / "link"
    folders(tmp_path)
    async with staged(tmp_path / "home", here, {"chat": [says("Yes.")]}, beside=[link]) as stage:
        channel, said = await posted(stage, "What?", channel=None, folder=link, attach=[link / FILE])
        assert f'<attachment path="{FILE}">' in said
        (here / FILE).write_text("NAME = 2\n", encoding="utf-8")
        _, said = await posted(stage, "And?", channel=channel, folder=here, attach=[here / FILE])
        assert "<folder" not in said
        assert f'<attachment path="{FILE}" reason="it has changed' in said


async def test_a_file_has_one_name_for_an_agent_whatever_links_lead_to_its_folder(tmp_path: Path) -> None:
    """The run's folder is open as itself and by a link, the other one by a link alone."""
    here, there = folders(tmp_path)
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.symlink_to(here)
    other.symlink_to(there)
    turns = (
        calls(("execute_command", {"command": f"sed -i s/1/2/ {FILE} {other / FILE}"})),
        calls(
            ("write_file", {"path": str(other / FILE), "content": "new\n"}), ("write_file", {"path": str(other / FILE), "content": "new\n"})
        ),
        says("Done."),
    )
    more: Any = {"sandbox": FakeSandbox(answer=really), "settings": SETTINGS}
    async with staged(tmp_path / "home", mine, {"chat": turns}, beside=[here, other], **more) as stage:
        answering(stage, "allow_once")
        await stage.begin(folder=mine.as_uri())
        assert (await stage.ended()).state == "succeeded"
        first, *told = words(stage.model.requests[-1])
        assert f"[also open, by its whole path: {there}]" in first
        assert f"[Files: changed {FILE}, {there / FILE}.]" in told[0]
        wrote = f"Replaced {there / FILE}.", f"{there / FILE} has this content already; nothing was changed."
        assert tuple(told[1:]) == wrote


async def test_a_pinned_file_comes_along_into_another_folder_by_its_whole_path(tmp_path: Path) -> None:
    async with opened(tmp_path, {"chat": [says("Yes.")]}) as (stage, here, there):
        (there / FILE).write_text((here / FILE).read_text(encoding="utf-8"), encoding="utf-8")
        channel, _ = await posted(stage, "What?", channel=None, folder=here, attach=[here / FILE])
        await stage.inspector.pin(channel, uri=(there / FILE).as_uri())
        _, said = await posted(stage, "And here?", channel=channel, folder=there)
        assert f'<attachment path="{FILE}">' in said, "the conversation shows one of the same path and text, and it is another file"


@pytest.mark.parametrize("run_in", ["outer", "inner"])
@pytest.mark.parametrize("first", ["outer", "inner"])
@pytest.mark.parametrize("scope", ["run", "file"])
async def test_a_file_of_a_folder_within_another_is_one_file_whatever_changed_it(
    tmp_path: Path, run_in: str, first: str, scope: Any
) -> None:
    places = {"outer": tmp_path / "outer", "inner": tmp_path / "outer" / "inner"}
    places["inner"].mkdir(parents=True)
    file = places["inner"] / "a.txt"
    file.write_text("one\ntwo\n", encoding="utf-8")
    name = file.relative_to(places[run_in]).as_posix()
    turns = (
        calls(("edit_file", {"path": name, "edits": [{"old": "one", "new": "1"}]})),
        calls(("execute_command", {"command": f"sed -i s/1/eins/ {name}"})),
        calls(("edit_file", {"path": name, "edits": [{"old": "eins", "new": "uno"}]})),
        says("Done."),
    )
    one, other = sorted(places, key=lambda each: each != first)
    more: Any = {"sandbox": FakeSandbox(answer=really), "settings": SETTINGS, "beside": [places[other]]}
    async with staged(tmp_path / "home", places[one], {"chat": turns}, **more) as stage:
        answering(stage, "allow_once")
        run_id = await stage.begin(folder=places[run_in].as_uri())
        assert (await stage.ended()).state == "succeeded"
        told = [event.output for event in stage.listener.of(ToolCallEvent) if event.tool == "execute_command" and event.output]
        assert told[-1].endswith(f"[Files: changed {name}.]")
        [diff] = await stage.runs.diff(run_id)
        assert (diff.uri, diff.diff.splitlines()[2:]) == (file.as_uri(), ["@@ -1,2 +1,2 @@", "-one", "+uno", " two"])
        undone = await stage.runs.undo(run_id, scope=scope, ids=[] if scope == "run" else [name])
        assert (undone.restored, undone.conflicts) == ((name,), ())
        assert file.read_text(encoding="utf-8") == "one\ntwo\n"


async def test_an_undo_tells_of_each_of_two_files_of_the_same_path(tmp_path: Path) -> None:
    other = tmp_path / "server" / FILE
    edits = [{"path": path, "edits": [{"old": "PORT = 1", "new": "PORT = 2"}]} for path in (FILE, str(other))]
    script = {"chat": [calls(*(("edit_file", edit) for edit in edits)), says("Done.")]}
    async with opened(tmp_path, script) as (stage, here, there):
        run_id = await stage.begin(folder=here.as_uri())
        assert (await stage.ended()).state == "succeeded"
        (here / FILE).write_text("PORT = 3\n", encoding="utf-8")
        undone = await stage.runs.undo(run_id)
        assert (undone.restored, [conflict.uri for conflict in undone.conflicts]) == ((FILE,), [(here / FILE).as_uri()])
        assert (there / FILE).read_text(encoding="utf-8") == "NAME = 'server'\nPORT = 1\n"


async def test_an_undo_counts_two_files_of_the_same_path(tmp_path: Path) -> None:
    edits = [{"path": str(tmp_path / folder / FILE), "edits": [{"old": "PORT", "new": "DOOR"}]} for folder in ("client", "server")]
    script = {"chat": [calls(*(("edit_file", edit) for edit in edits)), says("Done.")]}
    async with opened(tmp_path, script) as (stage, here, _):
        run_id = await stage.begin(folder=here.as_uri())
        assert (await stage.ended()).state == "succeeded"
        assert (await stage.runs.undo(run_id)).restored == (FILE, FILE)


def edited(path: Path | str, old: str = "PORT = 1", new: str = "PORT = 2") -> Turn:
    """Return a turn that edits a file."""
    return calls(("edit_file", {"path": str(path), "edits": [{"old": old, "new": new}]}))


async def test_a_rejection_is_told_of_the_file_that_it_is_about_wherever_the_chat_goes_on(tmp_path: Path) -> None:
    other = tmp_path / "server" / FILE
    async with opened(tmp_path, {"chat": [edited(other), says("Done.")]}) as (stage, here, there):
        channel, _ = await posted(stage, "Change it.", channel=None, folder=here)
        await Reviewer(stage).decide("rejected", 0)
        stage.model.script = {"chat": [says("Yes.")]}
        _, said = await posted(stage, "And?", channel=channel, folder=here)
        assert f"Rejected, and not in {other} any more, line 2." in said
        stage.model.script = {"chat": [edited(other), says("Done.")]}
        await posted(stage, "Change it.", channel=channel, folder=here)
        await Reviewer(stage).decide("rejected", 0)
        stage.model.script = {"chat": [says("Yes.")]}
        _, said = await posted(stage, "And?", channel=channel, folder=there)
        assert f"Rejected, and not in {FILE} any more, line 2." in said


async def test_what_a_person_says_of_a_proposal_is_told_of_its_file(tmp_path: Path) -> None:
    other = tmp_path / "server" / FILE
    script = {"chat": [edited(other), says("Done.")]}
    async with opened(tmp_path, script, settings={"review": {"mode": "before"}}) as (stage, here, _):
        answering(stage, "reject_once")
        await stage.begin(folder=here.as_uri())
        assert (await stage.ended()).state == "succeeded"
        assert f"nothing was changed in {other}." in words(stage.model.requests[-1])[-1]


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        (("write_file", {"path": "{0}", "content": "NAME = 'server'\nPORT = 1\n"}), "{0} has this content already; nothing was changed."),
        (("move_file", {"path": "{0}", "to": "{0}.old"}), "{0} was not changed: it is open in the editor with unsaved text"),
    ],
)
async def test_what_was_not_done_is_told_of_its_file(tmp_path: Path, turn: tuple[str, Mapping[str, str]], told: str) -> None:
    other = tmp_path / "server" / FILE
    tool, arguments = turn
    wanted = (tool, {name: value.format(other) for name, value in arguments.items()})
    async with opened(tmp_path, {"chat": [calls(wanted), says("Done.")]}) as (stage, here, _):
        if tool == "move_file":
            stage.workspace.documents.did_open(other.as_uri(), 1, "typed\n", "python")
        await stage.begin(folder=here.as_uri())
        assert (await stage.ended()).state == "succeeded"
        assert words(stage.model.requests[-1])[-1].startswith(told.format(other))


async def test_what_no_text_tells_is_told_of_its_file(tmp_path: Path) -> None:
    other = tmp_path / "server" / "picture.png"
    line = f"printf '\\211PNG\\0' > {other}; printf '\\211PNG\\0' > picture.png"
    script = {"chat": [calls(("execute_command", {"command": line})), says("Done.")]}
    async with opened(tmp_path, script, sandbox=FakeSandbox(answer=really), settings=SETTINGS) as (stage, here, _):
        answering(stage, "allow_once")
        await stage.begin(folder=here.as_uri())
        assert (await stage.ended()).state == "succeeded"
        assert f"picture.png (made, no text), {other} (made, no text)." in words(stage.model.requests[-1])[-1]


@pytest.mark.parametrize(
    ("tool", "arguments", "title"),
    [
        ("edit_file", {"path": "../server/app/main.py", "edits": [{"old": "1", "new": "2"}]}, "edit_file {there}/app/main.py"),
        ("move_file", {"path": "./app/main.py", "to": "../server/new.py"}, "move_file app/main.py to {there}/new.py"),
        ("execute_command", {"command": "make", "cwd": "../server"}, "execute_command in {there}: make"),
        ("execute_command", {"command": "make", "cwd": "app"}, "execute_command in app: make"),
        ("execute_command", {"command": "make", "cwd": "."}, "execute_command make"),
        ("execute_command", {"command": "make", "cwd": ""}, "execute_command make"),
        ("execute_command", {"command": "make"}, "execute_command make"),
        ("remember", {"note": "See https://docs.example/a//b/../c"}, "remember See https://docs.example/a//b/../c"),
    ],
)
async def test_a_person_is_asked_about_the_file_or_the_folder_that_is_meant(
    tmp_path: Path, tool: str, arguments: Mapping[str, Any], title: str
) -> None:
    script = {"chat": [calls((tool, arguments)), says("Done.")]}
    async with opened(tmp_path, script, settings={"permissions": {"ask": ["write(**)"]}}) as (stage, here, there):
        answering(stage, "reject_once")
        await stage.begin(folder=here.as_uri())
        assert (await stage.asked()).title == title.format(there=there)
        assert (await stage.ended()).state == "succeeded"


async def test_what_is_posted_to_a_live_run_is_named_from_the_folder_that_it_works_in(tmp_path: Path) -> None:
    script = {"chat": [calls(("execute_command", {"command": "make"})), says("Done.")]}
    async with opened(tmp_path, script) as (stage, here, there):
        run_id = await stage.begin("Make it", folder=there.as_uri())
        await stage.asked()
        channel = (await stage.store.runs.rows())[0].channel_id
        files = tuple(Attachment(uri=(folder / FILE).as_uri()) for folder in (here, there))
        assert (await stage.runs.post(RunRequest(prompt="Look", channel_id=channel, attachments=files)))[0] == run_id
        [said] = [event.text for event in stage.listener.of(MessageEvent) if event.role == "user" and "Look" in event.text]
        assert f"<attachment path=\"{here / FILE}\">\nNAME = 'client'" in said
        assert f"<attachment path=\"{FILE}\">\nNAME = 'server'" in said
        await stage.runs.cancel(run_id)
