"""A server in ``[review] mode = "before"`` and its questions: what the tests of edits that a person sees first share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent_stage import Stage, Turn, staged
from coterie.domain.events import ApprovalEvent, ChangeEvent
from hunk_stage import EDITS, Reviewer, project, words

BEFORE_MODE: Mapping[str, Any] = {"review": {"mode": "before"}}
MOVE = ("move_file", {"path": "a.txt", "to": "lib/b.txt"})
REJECTED = "Denied: the person rejected this edit, and nothing was changed in a.txt. Do it another way, or ask what they want."


@asynccontextmanager
async def reviewing(
    tmp_path: Path, turns: Sequence[Turn] = EDITS, settings: Mapping[str, Any] = BEFORE_MODE, **more: Any
) -> AsyncIterator[tuple[Stage, Reviewer]]:
    """Be a server that shows edits first, and a person."""
    folder = tmp_path / "project"
    script = {"chat": turns}
    async with staged(tmp_path / "home", folder if folder.exists() else project(folder), script, settings=settings, **more) as stage:
        yield stage, Reviewer(stage)


async def question(stage: Stage, number: int = 1) -> ApprovalEvent:
    """Wait for the ``number``-th question."""

    def pending() -> list[ApprovalEvent]:
        return [event for event in stage.listener.of(ApprovalEvent) if event.state == "pending"]

    await stage.listener.until(lambda _: len(pending()) >= number)
    return pending()[number - 1]


def answer(stage: Stage, asked: ApprovalEvent, kind: str) -> None:
    """Answer a question by the option of a kind."""
    stage.approvals.answer(asked.approval_id, next(option.option_id for option in asked.options if option.kind == kind))


def output(stage: Stage) -> str:
    """Return what the model was told last."""
    return words(stage.model.requests[-1])[-1]


def states(stage: Stage) -> list[str]:
    """Return the states of the last change that was told, and of its hunks."""
    change = stage.listener.of(ChangeEvent)[-1]
    return [change.state, *(hunk.state for hunk in change.hunks)]


async def resolution(stage: Stage) -> tuple[str | None, str | None]:
    """Return how the only question was answered."""
    [resolved] = [event for event in stage.listener.of(ApprovalEvent) if event.state == "resolved"]
    return resolved.decision.kind, resolved.decision.reason
