"""What is told is journalled by then, and what is done was announced: looked at from the journal, at each step of a team's run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_scripts import TEAM, project, suite
from agent_stage import FakeSandbox, Stage, answering, staged
from coterie.domain.edits import digest_of
from coterie.domain.events import AgentEvent, MessageDelta, ThoughtDelta
from coterie.domain.records import CommandIntent, EditIntent, EditOutcome, Entry
from coterie.domain.store_ports import RunStore
from coterie.domain.workspace_ports import Command, CommandResult


@dataclass
class WatchedJournal:
    """A `RunStore` that notes what is in it, and looks at the project's files whenever an edit is written down."""

    store: RunStore
    folder: Path
    numbers: set[int] = field(default_factory=set)
    commands: list[tuple[str, ...]] = field(default_factory=list)
    intents: dict[str, EditIntent] = field(default_factory=dict)
    looked: list[tuple[str, bool]] = field(default_factory=list)
    durable: set[bool] = field(default_factory=set)

    async def append(self, run_id: str, entries: Sequence[Entry], texts: Sequence[str] = (), *, durable: bool = False) -> None:
        """Look, append, and note."""
        for entry in entries:
            match entry.record:
                case EditIntent() as intent:
                    self.intents[intent.change_id] = intent
                    self.looked.append(("before", self._digest(intent.path) == intent.before))
                    self.durable.add(durable)
                case EditOutcome(state="applied", change_id=change_id):
                    intent = self.intents[change_id]
                    self.looked.append(("after", self._digest(intent.path) == intent.after))
                case CommandIntent():
                    self.durable.add(durable)
                case _:
                    pass
        await self.store.append(run_id, entries, texts, durable=durable)
        self.numbers.update(entry.seq for entry in entries)
        self.commands += [entry.record.argv for entry in entries if isinstance(entry.record, CommandIntent)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def _digest(self, path: str) -> str | None:
        file = self.folder / path
        return digest_of(file.read_text(encoding="utf-8")) if file.exists() else None


def watch(stage: Stage, journal: WatchedJournal, sandbox: FakeSandbox) -> tuple[list[AgentEvent], list[Command]]:
    """Return the events that are told too early and the commands that run too early, as they come."""
    early: list[AgentEvent] = []
    unannounced: list[Command] = []
    answer, play = stage.listener.on_event, sandbox.answer

    def told(event: AgentEvent) -> None:
        if not isinstance(event.event, MessageDelta | ThoughtDelta) and event.seq not in journal.numbers:
            early.append(event)
        answer(event)

    def run(command: Command) -> CommandResult:
        if len(journal.commands) < len(sandbox.ran) or command.argv not in journal.commands:
            unannounced.append(command)
        return play(command)

    stage.listener.on_event, sandbox.answer = told, run
    return early, unannounced


async def test_the_journal_knows_everything_first(tmp_path: Path) -> None:
    project(tmp_path / "project")
    journals: list[WatchedJournal] = []
    sandbox = suite(tmp_path / "project")

    def watched(store: RunStore) -> RunStore:
        journals.append(WatchedJournal(store, tmp_path / "project"))
        return journals[0]

    async with staged(tmp_path / "home", tmp_path / "project", TEAM, sandbox=sandbox, wrap=watched) as stage:
        answering(stage, "approve", "allow_once")
        early, unannounced = watch(stage, journals[0], sandbox)
        end = await stage.play(workflow="team")
    assert end.state == "succeeded", end
    assert early == [], "clients were told what a crash could have lost"
    assert sandbox.ran, "commands ran"
    assert unannounced == [], "commands ran that the journal did not know"
    assert {moment for moment, _ in journals[0].looked} == {"before", "after"}, "edits were made"
    assert all(right for _, right in journals[0].looked), "an intent stands before its effect, an outcome after it"
    assert journals[0].durable == {True}, "intents survive a power cut"
