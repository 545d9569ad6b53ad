"""A person hears of what they attached and their agent does not get, wherever it was said and whoever the agent is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent_stage import says
from coterie.domain.events import MessageDelta, MessageEvent, WarningEvent
from coterie.domain.messages import TextDelta
from coterie.domain.runs import Attachment, RunRequest, Selection
from talking import Talk, talking


def along(talk: Talk) -> tuple[Attachment, ...]:
    (talk.stage.project / "picture.png").write_bytes(b"\x89PNG\0")
    (talk.stage.project / "large.txt").write_text("x" * 5_000_001, encoding="utf-8")
    (talk.stage.project / "folder").mkdir(exist_ok=True)
    names = ("picture.png", "large.txt", "folder", "gone.txt", "calc.py")
    return (*(Attachment(uri=(talk.stage.project / name).as_uri()) for name in names), Attachment(uri="file:///etc/hostname"))


def heard(talk: Talk) -> list[str]:
    return [event.text for event in talk.stage.listener.of(WarningEvent) if event.code == "attachment_unread"]


@pytest.mark.parametrize("takes", [None, 2_000], ids=["at once", "begun anew"])
async def test_what_cannot_be_read_is_said_to_the_person_once(tmp_path: Path, takes: int | None) -> None:
    async with talking(tmp_path, windows={}) as talk:
        (talk.stage.project / "long.txt").write_text("a line of it\n" * 2_000, encoding="utf-8")
        talk.hosts.takes = takes
        attachments = (*along(talk), Attachment(uri=(talk.stage.project / "long.txt").as_uri()))
        assert (await talk.post("Look.", says("Seen."), attachments=attachments)).state == "succeeded"
        assert len(talk.hosts.heard("chat")) == (1 if takes is None else 4)
        [told] = heard(talk)
        assert told.startswith("These cannot be read, so the agent gets none. ")
        assert "picture.png: picture.png is a binary file" in told
        assert "large.txt: large.txt is too large to read: 5,000,001 bytes." in told
        assert "folder: folder is a folder, not a file." in told
        assert "gone.txt: There is no such file." in told
        assert "/etc/hostname: /etc/hostname is outside of the workspace" in told
        assert "calc.py" not in told
        await talk.post("And?", says("Done."))
        assert heard(talk) == []


async def test_what_is_selected_counts_and_many_are_counted(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        gone = tuple(Attachment(uri=(talk.stage.project / f"gone{number}\u202e.txt").as_uri()) for number in range(9))
        await talk.post("Look.", says("Seen."), attachments=gone, selection=Selection(uri=(talk.stage.project / "gone.py").as_uri()))
        [told] = heard(talk)
        assert told.count("There is no such file.") == 5
        assert told.endswith("The same goes for 5 more.")
        assert "\u202e" not in told


async def test_what_is_posted_while_a_run_goes_on_counts_too(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        go_on = asyncio.Event()
        talk.hosts.script = {"chat": ((TextDelta("Nearly "), go_on, *says("done.")), says("Seen."))}
        run_id = await talk.stage.begin("Go.")
        await talk.stage.listener.until(lambda event: isinstance(event, MessageDelta))
        row = await talk.stage.store.runs.row(run_id)
        assert row is not None
        request = RunRequest(prompt="And these?", channel_id=row.channel_id, attachments=along(talk))
        assert (await talk.stage.runs.post(request))[0] == run_id
        go_on.set()
        assert (await talk.stage.ended()).state == "succeeded"
        [told] = heard(talk)
        assert "gone.txt: There is no such file." in told


async def test_people_are_shown_once_what_goes_along_twice(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        file = Attachment(uri=(talk.stage.project / "calc.py").as_uri())
        await talk.post("Look.", says("Seen."), attachments=(file, Attachment(text="pasted"), file, file))
        [said] = [event for event in talk.stage.listener.of(MessageEvent) if event.role == "user"]
        assert [each.label for each in said.attachments] == ["calc.py", "pasted"]
