"""``coterie demo``: tells the main job from a question to an undone change, and proves each claim that it makes.

``cli.main`` calls `show`. Everything but the model's words is real: the server is a process of its own, its edits land in this editor's
buffers and in files, the tests run, and the files are hashed. The status is 1 when a claim does not hold.
"""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from coterie.base.errors import CoterieError
from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.demo import sample_project
from coterie.cli.demo.editor import Editor
from coterie.cli.demo.model import RECORDED_COST, DemoModel, choose_model
from coterie.cli.demo.screen import Screen
from coterie.cli.questions import ReadLine, choose, line_reader
from coterie.cli.terminal import Streams
from coterie.cli.wiring import Wiring
from coterie.cli.wording import Line, usage_text
from coterie.domain.events import AgentEvent, ApprovalEvent, ArtifactEvent, ChangeEvent, MessageEvent, PlanEvent, RunEvent, ToolCallEvent
from coterie.domain.permissions import OptionKind
from coterie.domain.usage import Usage, UsageRow
from coterie.domain.wire import from_wire


async def show(arguments: Arguments, wiring: Wiring, streams: Streams, console: Console | None = None) -> int:
    """Run the demo on ``console`` (default: standard output) and return its exit status."""
    console = console or Console(file=streams.stdout, highlight=False)
    read_line = line_reader(streams.stdin) if streams.attended else None
    with _temporary_folder() as folder:
        model = await choose_model(arguments, wiring.surroundings(folder).model, folder, console, read_line)
        with Screen(console) as screen:
            story = Story(folder, screen, model, streams, read_line if not model.recorded else None)
            try:
                await story.tell()
            except CoterieError as error:
                screen.lines([Line(f"✗ {error.message}", "bad"), *story.last_words()])
                return exits.FAILED
            screen.section("What was proven")
            screen.lines(Line(f"{'✓' if holds else '✗'} {claim}", "good" if holds else "bad") for claim, holds in story.claims)
    return exits.OK if all(holds for _, holds in story.claims) else exits.FAILED


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="coterie-demo-") as place:
        yield Path(place).resolve()


@dataclass(slots=True)
class Story:
    """The demo in its order. ``claims`` are sentences and whether they hold."""

    folder: Path
    screen: Screen
    model: DemoModel
    streams: Streams
    read_line: ReadLine | None
    claims: list[tuple[str, bool]] = field(default_factory=list)

    async def tell(self) -> None:
        """Tell it all. Raises `CoterieError` when it cannot go on."""
        tests = sample_project.pytest_command()
        root = sample_project.copy_to(self.folder)
        before = sample_project.fingerprints(root)
        self._introduce(root)
        editor = Editor(root, self.screen.event, lambda question: self.decide(question, tests))
        try:
            server = (sys.executable, "-m", "coterie", "serve", "--stdio")
            await editor.start(server, {**self.streams.environ, **self.model.environ}, self._settings(tests), self._log)
            await editor.open(sample_project.BUGGY_FILE, "python")
            await self._sandbox(editor)
            await self._chat(editor)
            run_id = await self._team(editor)
            after = sample_project.fingerprints(root)
            await self._account(editor, run_id)
            await self._undo(editor, run_id, root, before, after)
            self._claim("the server left with exit status 0 when the editor did", await editor.leave() == 0)
        finally:
            await editor.aclose()

    def last_words(self) -> Iterable[Line]:
        """Return the end of the server's log, for when something went wrong."""
        if self._log.exists():
            for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]:
                yield Line(f"  server: {line}", "dim")

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def _claim(self, sentence: str, holds: bool) -> None:  # noqa: FBT001 - a claim and its truth
        self.claims.append((sentence, holds))

    def _settings(self, tests: Sequence[str]) -> Mapping[str, Any]:
        rule = f"exec({Path(tests[0]).name} {' '.join(tests[1:])} *)"
        return {**self.model.settings, "tests": {"command": shlex.join(tests)}, "permissions": {"allow": [rule]}}

    def _introduce(self, root: Path) -> None:
        self.screen.section("Coterie: a team of agents behind your editor")
        self.screen.lines(
            [
                Line(f"A sample project with a bug was copied to {root}."),
                Line("A server was started there, `coterie serve --stdio`; this terminal plays the editor and speaks LSP with it."),
                Line(self.model.words, "warn" if self.model.recorded else "plain"),
            ]
        )

    async def _sandbox(self, editor: Editor) -> None:
        status = await editor.request("agent/status", {})
        for each in status["degraded"]:
            self.screen.lines([Line(f"! {each['text']}", "warn")])

    async def _chat(self, editor: Editor) -> None:
        self.screen.section("A question in chat")
        self.screen.said("you", sample_project.CHAT_PROMPT)
        _, events = await editor.ask(sample_project.CHAT_PROMPT)
        said = [told.event.text for told in events if isinstance(told.event, MessageEvent) and told.event.role == "assistant"]
        self._claim("a question was answered in chat, and nothing was changed", bool(said and said[-1]) and not _changes(events))
        _stop_unless_succeeded(events)

    async def _team(self, editor: Editor) -> str:
        self.screen.section("A change by the team")
        self.screen.said("you", sample_project.TEAM_PROMPT)
        run_id, events = await editor.run(sample_project.TEAM_PROMPT, "team")
        _stop_unless_succeeded(events)
        plans = [told.event.plan for told in events if isinstance(told.event, PlanEvent)]
        tests = [told.event for told in events if isinstance(told.event, ToolCallEvent) and told.event.tool == "run_tests"]
        ended = [call for call in tests if call.state in {"succeeded", "failed"}]
        made = {told.event.type: told.event.value for told in events if isinstance(told.event, ArtifactEvent)}
        gates = [told.event for told in events if isinstance(told.event, ApprovalEvent) and _is_gate(told.event)]
        self._claim(f"a plan of {len(plans[0].get('steps', ())) if plans else 0} steps was made", bool(plans and plans[0].get("steps")))
        self._claim("nothing was touched before the plan was approved", bool(gates) and _gate_first(events))
        self._claim("the project's tests failed before the change", bool(ended) and ended[0].state == "failed")
        self._claim("the project's tests passed after it", bool(ended) and ended[-1].state == "succeeded")
        self._claim("a reviewer judged the patch", "findings" in made)
        documented = {path for path in _changes(events) if path.endswith(".md")}
        self._claim(f"the documentation was brought up to date ({', '.join(sorted(documented)) or 'nothing'})", bool(documented))
        self.screen.section("The change")
        for file in (await editor.request("agent/run/diff", {"runId": run_id}))["files"]:
            self.screen.diff(file["diff"])
        return run_id

    async def _account(self, editor: Editor, run_id: str) -> None:
        usage = await editor.request("agent/usage", {"by": "run"})
        rows = {row.key: row for row in (from_wire(UsageRow, each) for each in usage["rows"])}
        self.screen.section("What it used")
        if (row := rows.get(run_id)) is not None:
            used = Usage(input=row.input, cache_read=row.cache_read, cache_write=row.cache_write, output=row.output, usd=row.usd)
            self.screen.lines([Line(usage_text(used) + (f" ({RECORDED_COST})" if self.model.recorded else ""))])
        self._claim("tokens and cost of the run were counted", row is not None)

    async def _undo(self, editor: Editor, run_id: str, root: Path, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        self.screen.section("One request takes it all back")
        undone = await editor.request("agent/run/undo", {"runId": run_id})
        self.screen.lines(Line(f"restored {path}", "good") for path in undone["restored"])
        self.screen.lines(Line(f"left alone: {each['path']}: {each['reason']}", "bad") for each in undone["conflicts"])
        restored = sample_project.fingerprints(root)
        self.screen.hashes([("before", before), ("after the run", after), ("after undo", restored)])
        self._claim("the run changed files", before != after)
        self._claim("after undo every file is byte for byte as before", restored == before)

    async def decide(self, question: ApprovalEvent, tests: Sequence[str]) -> str:
        """Return the id of the option to take: the person's choice, or what the demo may decide in their place."""
        if self.read_line is not None:
            chosen = await choose(question.options, lambda text: self.screen.lines([Line(text, "strong")]), self.read_line)
            return chosen or _option(question, "reject_once", "reject")
        if _is_gate(question):
            self.screen.lines([Line("  the demo approves the plan in your place", "warn")])
            return _option(question, "approve")
        if question.effects and all(effect.argv is not None and effect.argv[: len(tests)] == tuple(tests) for effect in question.effects):
            self.screen.lines([Line("  no sandbox confines commands here; the demo allows its own test command", "warn")])
            return _option(question, "allow_run", "allow_once")
        self.screen.lines([Line("  nobody is here to decide: the demo rejects it", "warn")])
        return _option(question, "reject_once", "reject")


def _option(question: ApprovalEvent, *kinds: OptionKind) -> str:
    """Return the id of the first option of one of ``kinds``, in their order."""
    for kind in kinds:
        for option in question.options:
            if option.kind == kind:
                return option.option_id
    raise CoterieError(f"The question “{question.title}” has none of the options {', '.join(kinds)}.")


def _is_gate(question: ApprovalEvent) -> bool:
    return any(effect.kind == "gate" for effect in question.effects)


def _gate_first(events: Iterable[AgentEvent]) -> bool:
    """Say whether the gate was passed before the first change."""
    for told in events:
        if isinstance(told.event, ChangeEvent):
            return False
        if isinstance(told.event, ApprovalEvent) and _is_gate(told.event) and told.event.state == "resolved":
            return True
    return False


def _changes(events: Iterable[AgentEvent]) -> set[str]:
    return {told.event.path for told in events if isinstance(told.event, ChangeEvent) and told.event.state == "applied"}


def _stop_unless_succeeded(events: Sequence[AgentEvent]) -> None:
    end = events[-1].event
    if isinstance(end, RunEvent) and end.state != "succeeded":
        raise CoterieError(f"The run ended as {end.state}: {end.text or end.reason or 'without a reason'}.")
