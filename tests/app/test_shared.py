"""What the editors of one process have in common: here what becomes of runs that the store could not be told of. Real store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent_stage import Listener
from coterie.app.shared import Shared
from coterie.base.errors import StorageError
from coterie.base.ids import now
from coterie.domain.channels import Channel
from coterie.domain.runs import RunRequest, RunRow


async def test_what_is_over_and_could_not_be_given_up_is_free_once_the_data_folder_can_be_used(tmp_path: Path) -> None:
    shared, listener = Shared(tmp_path / "data"), Listener()
    shared.hub.join(listener)
    row = RunRow(
        run_id="run", channel_id="c", request=RunRequest(prompt="Hello"), workflow=None, agent="chat", state="queued", started_at=now()
    )
    (tmp_path / "data").touch()  # a file where the folder of the database belongs
    base: Any = None  # to which the run does not come
    with pytest.raises(StorageError):
        await shared.coordinator.start(row, base)
    (tmp_path / "data").unlink()
    await shared.store.channels.create(Channel(channel_id="c", title="Talk", folder="chats", state="idle", updated_at=now()))
    await shared.tasks.settled()
    assert [(change.channel_id, change.change) for change in listener.channels] == [("c", "updated")]
    await shared.aclose()
