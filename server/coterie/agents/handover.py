"""Completes artifacts by what the server knows, never by claims: hunks from the edits that happened, tests from those that ran."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from coterie.agents.artifacts import ArtifactType, digest, validated
from coterie.agents.edit_records import seen_from
from coterie.agents.history import History
from coterie.agents.live_run import LiveRun
from coterie.base.errors import ModelMistakeError, RunError
from coterie.domain.edits import Hunk
from coterie.domain.records import SuiteRecord
from coterie.workspace.files import in_thread
from coterie.workspace.hunks import hunks_between, unified_diff

if TYPE_CHECKING:
    from coterie.domain.wire import Json


_PARTS = re.compile(r"::| > | \u203a ")
"""What stands between the file, the suites and the function of a test's id."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which attempt of which step an artifact comes from."""

    step_id: str
    number: int


def accept(kind: ArtifactType, value: Mapping[str, Json], history: History, attempt: Attempt) -> dict[str, Json]:
    """Validate a submission. Raises `ModelMistakeError` with what is wrong."""
    try:
        artifact = validated(kind, value)
    except ModelMistakeError as mistake:
        raise ModelMistakeError(f"{mistake.message} Correct it and call submit again.") from mistake
    if kind == "testrun" and not _tried_tests(history, attempt):
        raise ModelMistakeError("Call run_tests before you submit: the result of the tests is taken from what really ran.")
    return artifact


def salvage(kind: ArtifactType, text: str, history: History, attempt: Attempt) -> dict[str, Json]:
    """Make an artifact of the last words of a model that ended its turn without ``submit``. Raises `RunError` ``no_artifact``."""
    value: Json = {"summary": text}
    if kind in {"plan", "findings"}:
        value = _json_in(text)
    try:
        return accept(kind, value if isinstance(value, dict) else {}, history, attempt)
    except ModelMistakeError as mistake:
        raise RunError(f"The {attempt.step_id} step ended without a {kind}. {mistake.message}", code="no_artifact") from mistake


async def complete(kind: ArtifactType, artifact: Mapping[str, Json], run: LiveRun, attempt: Attempt) -> dict[str, Json]:
    """Add what the server knows to a valid artifact."""
    match kind:
        case "plan" | "findings":
            return dict(artifact)
        case "patch" | "docs":
            return {**artifact, **await _patch(run, attempt.step_id)}
        case "testrun":
            return {**artifact, **_testrun(run, attempt)}
        case _:
            assert_never(kind)


def for_model(artifact: Mapping[str, Json]) -> dict[str, Json]:
    """Return an artifact without what only clients need: a diff says to a model what its hunks say."""
    return {key: value for key, value in artifact.items() if key not in {"hunks", "hash"}}


async def _patch(run: LiveRun, step_id: str) -> dict[str, Json]:
    files: list[dict[str, Json]] = []
    hunks: list[dict[str, Json]] = []
    for edits in run.history.spans().values():
        begins = next((number for number, edit in enumerate(edits) if edit.intent.step_id == step_id), None)
        if begins is None:
            continue
        mine = [edit for edit in edits[begins:] if edit.intent.step_id == step_id or edit.intent.verdict is not None]
        path, first, last = seen_from(run.row.request.folder, mine[0].intent), mine[0].intent.before, mine[-1].intent.after
        before = None if first is None else await run.text(first)
        after = None if last is None else await run.text(last)
        files.append({"path": path, "base": first, "diff": await in_thread(unified_diff, path, before, after)})
        hunks += [_hunk(path, hunk) for hunk in await in_thread(hunks_between, before, after)]
    return {"files": files, "hunks": hunks, "hash": digest(files)}


def _hunk(path: str, hunk: Hunk) -> dict[str, Json]:
    lines = {name: getattr(hunk, name) for name in ("old_start", "old_lines", "new_start", "new_lines", "old_text", "new_text")}
    return {"path": path, **lines}


def _testrun(run: LiveRun, attempt: Attempt) -> dict[str, Json]:
    history = run.history
    baseline = next((tests for tests in history.tests if tests.step_id is None), None)
    ran = [tests for tests in history.tests if tests.step_id == attempt.step_id and tests.attempt == attempt.number]
    whole = [tests for tests in ran if baseline is not None and tests.command == baseline.command]
    if not ran:
        return {"command": None, "exit_code": None, "failures": [], "known_failures": [], "failed": False}
    result = (whole or ran)[-1]
    new, known = split_failures(result, baseline, _asked_for(history))
    return {
        "command": result.command,
        "exit_code": result.exit_code,
        "failures": new,
        "known_failures": known,
        "failed": bool(new) or (result.exit_code != 0 and not known),
    }


def split_failures(result: SuiteRecord, baseline: SuiteRecord | None, asked_for: str) -> tuple[list[str], list[str]]:
    """Part the failures of a run into those that count and those that were there before and nobody asked about.

    A baseline failure counts when its test id, function or file is named in ``asked_for``.
    """
    before = set(baseline.failures) if baseline is not None else set()
    new = [test for test in result.failures if test not in before or _is_named(test, asked_for)]
    return new, [test for test in result.failures if test not in new]


def _is_named(test: str, text: str) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in _names(test) if name)


def _names(test: str) -> set[str]:
    """Return what people call a test: its id, its function, its file. Runners spell ids each in their own way."""
    head, *rest = _PARTS.split(test)
    function = (rest or [head])[-1].partition("[")[0]
    names = {test, function}
    if head.endswith(".py") or (rest and "." in head):
        names |= {head, head.rpartition("/")[2]}
    elif not rest and "." in head:
        # unittest: where the module ends and the class begins, its id does not say.
        *module, function = head.split(".")
        names |= {function, *(f"{name}.py" for name in module)}
    return names


def _asked_for(history: History) -> str:
    prompt = history.spoken.prompt
    plan = history.plan or {}
    criteria: Sequence[str] = plan.get("criteria", ())
    return "\n".join([prompt.text if prompt else "", str(plan.get("goal", "")), *map(str, criteria)])


def _tried_tests(history: History, attempt: Attempt) -> bool:
    conversation = history.conversations.get((attempt.step_id, attempt.number))
    if conversation is None:
        return False
    asked = {call.call_id for message in conversation.messages if message.role == "assistant" for call in message.tool_calls}
    return any(
        history.calls[call_id].tool == "run_tests" and history.calls[call_id].state in {"succeeded", "failed", "denied"}
        for call_id in asked
        if call_id in history.calls
    )


def _json_in(text: str) -> Json:
    """Return the JSON object in a text, fenced or bare; None when there is none."""
    opening, closing = text.find("{"), text.rfind("}")
    try:
        return json.loads(text[opening : closing + 1])
    except ValueError:
        return None
