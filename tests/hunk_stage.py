"""A run that changes two places of a file, and a person who reviews it: what the tests of verdicts on hunks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from agent_stage import Stage, Turn, calls, says
from coterie.agents.live_run import LiveRun
from coterie.agents.run_ports import Walk
from coterie.domain.edits import Hunk, HunkVerdict
from coterie.domain.events import AgentEvent, ChangeEvent, Event
from coterie.domain.messages import ModelRequest, ToolMessage, UserMessage
from coterie.domain.reviews import HunkChoice, HunkResult
from coterie.domain.workspace_ports import Workspace
from coterie.features.hunks import HunkService
from coterie.features.unseen import Unseen

LINES = tuple(f"line {number}\n" for number in range(1, 10))
BEFORE = "".join(LINES)
TWO_PLACES: Mapping[str, Any] = {
    "path": "a.txt",
    "edits": [{"old": "line 2", "new": "second"}, {"old": "line 8", "new": "eighth\nand more"}],
}
AFTER = BEFORE.replace("line 2", "second").replace("line 8", "eighth\nand more")
ONLY_SECOND = BEFORE.replace("line 8", "eighth\nand more")
"""Without the first hunk."""
ONLY_FIRST = BEFORE.replace("line 2", "second")
LISTED = calls(("list_files", {}))
EDITS: Sequence[Turn] = (calls(("edit_file", TWO_PLACES)), says("Done."))


class Home:
    """Lends a workspace. Implements `coterie.agents.run_ports.Base` for who starts nothing."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    async def assemble(self, run: LiveRun) -> Walk:
        """Nothing is started here."""
        raise AssertionError(run)


class Reviewer:
    """A person who looks at the changes of the only run of a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        unseen, others = Unseen(stage.store.runs, stage.coordinator), stage.listener.on_event

        def hear(event: AgentEvent) -> None:
            unseen.tell(event)
            others(event)

        stage.listener.on_event = hear
        self.hunks = HunkService(stage.store.runs, stage.coordinator, unseen, Home(stage.workspace), lambda _: True)

    async def run_id(self) -> str:
        """Return the latest run."""
        return (await self.stage.store.runs.rows())[0].run_id

    async def all(self) -> list[Hunk]:
        """Return the hunks of the run as they are now."""
        run = await self.stage.runs.get(await self.run_id())
        return [hunk for change in run.changes for hunk in change.hunks]

    async def decide(self, verdict: HunkVerdict, *places: int, run_id: str | None = None) -> HunkResult:
        """Give a verdict on the hunks at these places of `all`."""
        hunks = await self.all()
        choice = HunkChoice(hunk_ids=tuple(hunks[place].hunk_id for place in places), verdict=verdict)
        return await self.hunks.decide(choice, run_id or await self.run_id())


def project(folder: Path) -> Path:
    """Make a project of one file."""
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text(BEFORE, encoding="utf-8")
    return folder


def is_change(event: Event) -> TypeGuard[ChangeEvent]:
    """Say whether an event is a change."""
    return isinstance(event, ChangeEvent)


def words(request: ModelRequest) -> list[str]:
    """Return what a request holds besides the model's own words, text by text."""
    texts = list[str]()
    for message in request.messages:
        if isinstance(message, UserMessage):
            texts.append(message.text)
        elif isinstance(message, ToolMessage):
            texts += [result.output for result in message.results]
    return texts
