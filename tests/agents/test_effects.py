"""A move that is found out to be impossible half-way: its first half is taken back, and the journal says so. Real journal and workspace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
from typing_extensions import override

from agent_stage import Listener
from coterie.agents.effects import Effects, Where
from coterie.agents.live_run import LiveRun
from coterie.agents.undo import undo
from coterie.base.errors import ModelMistakeError
from coterie.base.ids import now
from coterie.base.tasks import TaskSupervisor
from coterie.domain.proposals import MoveProposal
from coterie.domain.runs import RunRequest, RunRow
from coterie.domain.workspace_ports import Folder, Sandbox
from coterie.storage.store import Store
from coterie.workspace.workspace import LiveWorkspace

TEXT = "x = 1\n"


class TypedJustNow(LiveWorkspace):
    """A workspace in which the person types as soon as nobody looks: what is unsaved is seen too late."""

    @override
    def unsaved(self) -> Mapping[str, str]:
        return {}


async def test_a_move_that_typing_stops_half_way_leaves_nothing_to_undo(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text(TEXT, encoding="utf-8")
    store, tasks = Store(tmp_path / "data"), TaskSupervisor("test")
    row = RunRow(run_id="r", channel_id="c", request=RunRequest(prompt="x"), workflow=None, agent="chat", state="queued", started_at=now())
    await store.runs.create(row)
    run = LiveRun(row, store.runs, Listener())
    workspace = TypedJustNow([Folder(uri=project.as_uri(), name="p", absolute=str(project))])
    workspace.documents.did_open((project / "a.py").as_uri(), 1, TEXT + "# mine\n", "python")
    move = MoveProposal(workspace.locate("a.py"), workspace.locate("lib/b.py"), TEXT, None, "Moved.")
    effects = Effects(run, workspace, cast("Sandbox", None), tasks)
    with pytest.raises(ModelMistakeError, match="has changed meanwhile"):
        await effects.move(Where("s", 1, "call"), move)
    assert not (project / "lib" / "b.py").exists()
    assert run.history.applied() == {}
    assert [(change.path, change.state) for change in run.history.change_views] == [("lib/b.py", "undone")]
    undone = await undo(run, workspace, ["lib/b.py"])
    assert (undone.restored, undone.conflicts) == ((), ())
    await tasks.aclose()
    await store.aclose()
