"""Agents in a workspace of two folders that hold files of the same path: what a model is told means the file that a person means."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent_stage import Stage, Turn, says, staged
from coterie.domain.messages import UserMessage
from coterie.domain.runs import Attachment

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
    message = stage.model.requests[-1].messages[-1]
    assert isinstance(message, UserMessage)
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


async def test_a_pinned_file_comes_along_into_another_folder_by_its_whole_path(tmp_path: Path) -> None:
    async with opened(tmp_path, {"chat": [says("Yes.")]}) as (stage, here, there):
        (there / FILE).write_text((here / FILE).read_text(encoding="utf-8"), encoding="utf-8")
        channel, _ = await posted(stage, "What?", channel=None, folder=here, attach=[here / FILE])
        await stage.inspector.pin(channel, uri=(there / FILE).as_uri())
        _, said = await posted(stage, "And here?", channel=channel, folder=there)
        assert f'<attachment path="{FILE}">' in said, "the conversation shows one of the same path and text, and it is another file"
