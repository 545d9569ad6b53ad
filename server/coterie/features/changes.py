"""Which lines runs have changed, and why: what a hover says, and where in a text there is something to review.

What waits for review is a view of ``unseen``, which all clients share: what is decided in one (by ``hunks``) is gone in all. A change is
found in a text by its own lines, near where they were: what the person has rewritten since is theirs and has no story.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from coterie.agents.coordinator import Coordinator
from coterie.agents.history import History
from coterie.base.tasks import TaskSupervisor
from coterie.base.text import split_lines, without_end
from coterie.domain.edits import Hunk
from coterie.domain.events import AgentEvent, ChangeEvent
from coterie.domain.messages import AssistantMessage
from coterie.domain.reviews import Reviewable, Story
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import RunStore
from coterie.features.listener import Listener
from coterie.features.unseen import Unseen
from coterie.workspace.files import in_thread
from coterie.workspace.uris import same_file

REMEMBERED: Final = 30
"""How many of the latest runs are asked about a line."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is needed of a run."""

    row: RunRow
    changes: tuple[ChangeEvent, ...]
    agents: Mapping[str, str]
    summaries: Mapping[str, str]


class Changes(Listener):
    """Implements `coterie.features.editor_faces.Changes`."""

    def __init__(self, runs: RunStore, coordinator: Coordinator, unseen: Unseen, concerns: Callable[[str | None], bool]) -> None:
        self._runs = runs
        self._coordinator = coordinator
        self._unseen = unseen
        self._concerns = concerns
        self._tasks = TaskSupervisor("changes")
        self._told: dict[str, _Told] = {}
        self._listener: Callable[[], None] = lambda: None
        unseen.watch(self._look)

    def watch(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when what can be accepted is something else without a run's event that says so."""
        self._listener = listener

    def look_back(self) -> None:
        """Take up what recent runs have changed in the folders as they are now. Never blocks."""
        if not self._tasks.closed:
            self._tasks.spawn(self._unseen.look_back(self._concerns), name="earlier changes")

    async def aclose(self) -> None:
        """Stop looking."""
        self._unseen.unwatch(self._look)
        await self._tasks.aclose()

    def reviewable(self, uri: str, text: str) -> tuple[Reviewable, ...]:
        """Return the hunks that can be accepted or rejected in a file, those of the latest run last, each run's by line."""
        unseen = [each for each in self._unseen.known() if same_file(each.change.uri, uri)]
        lines = _lines(text) if unseen else []  # an editor asks at every key, mostly in files that no run has changed
        found: dict[str, list[Reviewable]] = {}
        for each in unseen:
            for hunk in each.change.hunks:
                if hunk.is_open and (place := located(lines, hunk)) is not None:
                    found.setdefault(each.run_id, []).append(Reviewable(each.run_id, uri, place, hunk.hunk_id))
        return tuple(hunk for hunks in found.values() for hunk in sorted(hunks, key=lambda hunk: hunk.line))

    async def story(self, uri: str, text: str, line: int) -> Story | None:
        """Say which run changed a line (from 0) and why; None when none did, or when somebody wrote it anew since."""
        here: list[tuple[_Told, Hunk]] = []
        for row in await self._runs.rows(limit=REMEMBERED):
            told = await self._of(row)
            applied = [change for change in reversed(told.changes) if change.state == "applied" and same_file(change.uri, uri)]
            here += [(told, hunk) for change in applied for hunk in change.hunks if hunk.state == "applied"]
        return await in_thread(_story_of, text, line, here) if here else None

    @override
    def tell(self, event: AgentEvent) -> None:
        """Follow changes."""
        if isinstance(event.event, ChangeEvent):
            self._told.pop(event.run_id or "", None)

    def _look(self) -> None:
        self._listener()

    async def _of(self, row: RunRow) -> _Told:
        if row.ended_at is not None and (known := self._told.get(row.run_id)) is not None:
            return known
        history = await self._coordinator.history(row.run_id)
        told = _Told(
            row,
            tuple(history.changes.values()),
            {step.step_id: step.agent for step in history.steps.values()},
            {step_id: _summary(history, step_id) for step_id in history.steps},
        )
        if row.ended_at is not None:
            self._told[row.run_id] = told
        return told


def _story_of(text: str, line: int, changed: Sequence[tuple[_Told, Hunk]]) -> Story | None:
    """Return the story of the first hunk that stands in a line. Takes a while in a long text."""
    lines = _lines(text)
    for told, hunk in changed:
        place = located(lines, hunk)
        if place is not None and place <= line < place + max(hunk.new_lines, 1):
            return _story(told, hunk)
    return None


def located(lines: Sequence[str], hunk: Hunk) -> int | None:
    """Return the line (from 0) where a hunk stands now, nearest to where it was put; None when it is gone.

    What is proposed stands where the lines are that it would replace.
    """
    text, size, start = hunk.new_text, hunk.new_lines, hunk.new_start
    if hunk.state == "proposed":
        text, size, start = hunk.old_text, hunk.old_lines, hunk.old_start
    wanted = _lines(text)
    if text.endswith(("\n", "\r")):
        wanted.pop()
    there = start - 1
    if not size:
        return min(there, max(len(lines) - 1, 0))
    starts = [start for start in range(len(lines) - len(wanted) + 1) if list(lines[start : start + len(wanted)]) == wanted]
    return min(starts, key=lambda start: abs(start - there), default=None)


def _lines(text: str) -> list[str]:
    return [without_end(line) for line in split_lines(text)]


def _story(told: _Told, hunk: Hunk) -> Story:
    step = hunk.step_id or ""
    return Story(
        run_id=told.row.run_id,
        prompt=told.row.request.prompt,
        at=told.row.started_at,
        agent=told.agents.get(step),
        summary=told.summaries.get(step, ""),
        before=hunk.old_text,
    )


def _summary(history: History, step_id: str) -> str:
    """Return an agent's own word of what it did: the summary of its artifact, else its last words."""
    for artifact in reversed(history.artifacts):
        if artifact.step_id == step_id and artifact.value.get("summary"):
            return str(artifact.value["summary"])
    said = [
        message.text
        for (step, _), conversation in history.conversations.items()
        if step == step_id
        for message in conversation.messages
        if isinstance(message, AssistantMessage) and message.text
    ]
    return said[-1] if said else ""
