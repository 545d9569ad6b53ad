"""What is known of a task: read from the answer to ``execute`` and from the messages of the feed. Pure, and liberal in what it reads.

The farm's messages differ in how they name things, so several names are understood for each. A status that comes with the name of a stage
is that stage's; a status alone, or the name of an event (``task_completed``), is the task's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from coterie.domain.wire import Json
from coterie.providers.fields import text

STAGES = ("classify", "plan", "build", "review", "optimise", "test", "security", "deploy", "document")

_STAGE_OF = {
    "classification": "classify",
    "optimize": "optimise",
    "optimization": "optimise",
    "planning": "plan",
    "building": "build",
    "reviewing": "review",
    "testing": "test",
    "deployment": "deploy",
    "documentation": "document",
    "docs": "document",
}
_STAGE_NAMES = ("stage", "current_stage", "step", "current_step", "phase")
_EVENT_NAMES = ("event", "event_type", "type")
_STATUS_NAMES = ("status", "state", *_EVENT_NAMES)
_SENTENCES = ("message", "text", "detail", "description")
_COMPLETED = {"completed", "complete", "done", "finished", "success", "succeeded"}
_FAILED = {"failed", "failure", "error", "cancelled", "aborted"}
_UNDERWAY = {"running", "started", "starting", "in_progress", "in-progress", "active", "working", "processing"}

Outcome = Literal["completed", "failed"]


@dataclass(slots=True)
class Work:
    """A task as far as it has come. ``created`` are the resources that it made; ``outcome`` is None while it is not known to be over."""

    intent: str = ""
    task_id: str = ""
    stages: list[str] = field(default_factory=list)
    message: str = ""
    app_url: str = ""
    created: tuple[Mapping[str, Json], ...] = ()
    outcome: Outcome | None = None
    _stumbled: bool = False  # the latest word was that a stage had failed
    _underway: bool = False  # or that one before the last was being worked on

    @property
    def is_through(self) -> bool:
        """Whether every stage is done: at most a word about the result is still to come."""
        return set(STAGES) <= set(self.stages)

    def answered(self, said: Mapping[str, Json]) -> Iterator[str]:
        """Take the answer to ``execute``; yield what it tells of the stages."""
        self.task_id = _name(said.get("task_id"))
        self._add(said)
        if said.get("success") is False:
            self.outcome = "failed"
            self.message = self.message or text(said, "error")
        elif self.is_through:
            self.outcome = "completed"
        yield from (f"{stage}: done" for stage in self.stages)

    def told(self, said: Mapping[str, Json]) -> str:
        """Take a message of the feed; return the line that shows it, empty where it says nothing."""
        stage = next((name for key in _STAGE_NAMES if (name := _stage(said.get(key)))), "")
        complaint = text(said, "error")
        sentence = complaint or next((words for key in _SENTENCES if (words := text(said, key))), "")
        outcome = _outcome(said, _STATUS_NAMES) or ("failed" if complaint or said.get("success") is False else None)
        is_of_stage = bool(stage) and stage not in _COMPLETED | _FAILED and not _outcome(said, _EVENT_NAMES)
        self._stumbled = is_of_stage and outcome == "failed"
        self._underway = is_of_stage and stage in STAGES[:-1] and any(_word(said.get(name)) in _UNDERWAY for name in _STATUS_NAMES)
        if not is_of_stage:
            self.outcome = outcome or _outcome(said, _STAGE_NAMES) or ("completed" if said.get("success") is True else None)
        elif outcome == "completed" and stage not in self.stages:
            self.stages.append(stage)
        self._add(said, sentence)
        return _line(stage, sentence or text(said, "status"), said.get("progress"))

    def closed(self) -> None:
        """Hear that the feed has ended in order. Amid a stage, and with nothing to show for it, that is no end of the task."""
        if self.outcome is None and (not self._underway or self.app_url or self.is_through):
            self.outcome = "failed" if self._stumbled else "completed"

    def artifact(self, status: Literal["completed", "failed", "lost"]) -> dict[str, Json]:
        """Return what is kept of the task; ``lost`` says that nobody here knows how it went on."""
        return {
            "task_id": self.task_id,
            "status": status,
            "intent_type": self.intent,
            "stages_completed": list(self.stages),
            "message": self.message,
            "app_url": self.app_url or None,
            "created_resources": [dict(each) for each in self.created],
        }

    def report(self) -> str:
        """Return what the person reads in the end."""
        parts = [self.message or f"BotServer has finished task {self.task_id}."]
        if self.app_url:
            parts.append(f"It is at {self.app_url}")
        if self.created:
            parts.append("\n".join(["Created:", *(f"- {' '.join(map(str, each.values()))}" for each in self.created)]))
        return "\n\n".join(parts)

    def _add(self, said: Mapping[str, Json], sentence: str = "") -> None:
        """Take over what a message says of the result, which may stand one level deeper."""
        inner = said.get("result")
        for part in (said, inner if isinstance(inner, dict) else {}):
            done = part.get("stages_completed")
            for stage in map(_stage, done if isinstance(done, list) else []):
                if stage and stage not in self.stages:
                    self.stages.append(stage)
            self.app_url = text(part, "app_url") or self.app_url
            listed = part.get("created_resources")
            self.created = _resources(listed) or self.created
        if self.outcome is not None or "success" in said:
            self.message = sentence or text(said, "message") or self.message


def _name(value: Json) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _word(value: Json) -> str:
    return value.strip().lower().removeprefix("task_").removeprefix("task-") if isinstance(value, str) else ""


def _outcome(said: Mapping[str, Json], names: tuple[str, ...]) -> Outcome | None:
    words = {_word(said.get(name)) for name in names}
    return "failed" if words & _FAILED else "completed" if words & _COMPLETED else None


def _stage(value: Json) -> str:
    """Return a stage's usual name; stages that are not known keep theirs."""
    if isinstance(value, dict):
        value = value.get("stage") or value.get("name")
    name = value.strip().lower() if isinstance(value, str) else ""
    return _STAGE_OF.get(name, name)


def _resources(listed: Json) -> tuple[Mapping[str, Json], ...]:
    """Return resources as flat records, whether they are given as records or by name."""
    made: list[Mapping[str, Json]] = []
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, str):
            made.append({"name": each})
        elif isinstance(each, dict) and (flat := {key: value for key, value in each.items() if isinstance(value, str | int)}):
            made.append(flat)
    return tuple(made)


def _line(stage: str, sentence: str, progress: Json) -> str:
    share = ""
    if isinstance(progress, int | float) and not isinstance(progress, bool) and isfinite(progress):
        share = f"{progress:.0%}" if isinstance(progress, float) and progress <= 1 else f"{progress:g} %"
    words = " ".join(part for part in (sentence, f"({share})" if share else "") if part)
    return f"{stage}: {words}" if stage and words else stage or words
