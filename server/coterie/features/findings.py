"""What reviewers found and nobody has dealt with yet: shown by editors as diagnostics, mended or dismissed one by one.

Lives as long as the connection: a finding of yesterday points at lines that have moved. A later review of the same run replaces what it
said before; undoing a change takes back what was found in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from typing_extensions import override

from coterie.base.errors import ModelMistakeError, RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.events import AgentEvent, ArtifactEvent, ChangeEvent, RunEvent
from coterie.domain.ports import RunStore, Workspace
from coterie.domain.reviews import OpenFinding
from coterie.domain.runs import RunRequest, RunStarted
from coterie.domain.wire import Json
from coterie.features.listener import Listener
from coterie.features.runs import RunService


class Findings(Listener):
    """Implements `coterie.features.application.Findings`."""

    def __init__(self, runs: RunStore, workspace: Workspace, service: RunService) -> None:
        self._runs = runs
        self._workspace = workspace
        self._service = service
        self._tasks = TaskSupervisor("findings")
        self._order = asyncio.Lock()
        self._open: dict[str, OpenFinding] = {}
        self._mending: dict[str, str] = {}  # by run: the finding that it is to mend
        self._applied: dict[str, set[str]] = {}  # by run: its changes that stand
        self._listener: Callable[[], None] = lambda: None

    def watch(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change."""
        self._listener = listener

    def open(self, uri: str | None = None) -> tuple[OpenFinding, ...]:
        """Return the findings of a file, or all."""
        return tuple(each for each in self._open.values() if uri is None or each.uri == uri)

    async def fix(self, finding_id: str) -> RunStarted:
        """Start a run that mends a finding; when it succeeds, the finding is gone. Raises `RequestError` ``unknown_finding``."""
        finding = self._known(finding_id)
        found = f"A review found this in {finding.path}, line {finding.first + 1}: {finding.title}"
        parts = (found, finding.evidence, "Mend it with the smallest change that does it.")
        started = await self._service.start(RunRequest(prompt="\n\n".join(filter(None, parts))))
        self._mending[started.run_id] = finding_id
        return started

    async def dismiss(self, finding_id: str) -> None:
        """Forget a finding. Raises `RequestError` ``unknown_finding``."""
        finding = self._known(finding_id)
        self._drop(lambda each: each is finding)

    @override
    def tell(self, event: AgentEvent) -> None:
        """Follow reviews, undone changes, and runs that mend."""
        run_id = event.run_id or ""
        match event.event:
            case ArtifactEvent(type="findings", value=value) if not self._tasks.closed:
                self._tasks.spawn(self._take(run_id, value), name=f"findings of {run_id}")
            case ChangeEvent(state="applied", change_id=change_id):
                self._applied.setdefault(run_id, set()).add(change_id)
            case ChangeEvent(state="undone", change_id=change_id, uri=uri):
                left = self._applied.get(run_id, set())
                left.discard(change_id)
                self._drop(lambda each: each.run_id == run_id and (each.uri == uri or not left))
            case RunEvent(state="succeeded") if run_id in self._mending:
                mended = self._mending.pop(run_id)
                self._drop(lambda each: each.finding_id == mended)
            case _:
                pass

    async def aclose(self) -> None:
        """Stop listening."""
        await self._tasks.aclose()

    async def _take(self, run_id: str, value: Mapping[str, Json]) -> None:
        async with self._order:
            row = await self._runs.row(run_id)
            folder = None if row is None else row.request.folder
            if folder is not None and folder not in {each.uri for each in self._workspace.folders}:
                return  # another editor's project
            kept = {finding_id: each for finding_id, each in self._open.items() if each.run_id != run_id}
            for found in value.get("findings", ()):
                if (finding := self._located(run_id, folder, found)) is not None:
                    kept[finding.finding_id] = finding
            self._open = kept
            self._listener()

    def _located(self, run_id: str, folder: str | None, found: Mapping[str, Json]) -> OpenFinding | None:
        try:
            file = self._workspace.locate(found["file"], folder)
        except ModelMistakeError:
            return None
        first = (found.get("line") or 1) - 1
        return OpenFinding(
            finding_id=found["id"],
            run_id=run_id,
            uri=file.uri,
            path=file.path,
            first=first,
            last=max(first, (found.get("end_line") or 1) - 1),
            severity=found["severity"],
            title=found["title"],
            evidence=found["evidence"],
        )

    def _known(self, finding_id: str) -> OpenFinding:
        if (finding := self._open.get(finding_id)) is None:
            raise RequestError(f"There is no open finding '{finding_id}'.", code="unknown_finding")
        return finding

    def _drop(self, gone: Callable[[OpenFinding], bool]) -> None:
        kept = {finding_id: each for finding_id, each in self._open.items() if not gone(each)}
        if len(kept) < len(self._open):
            self._open = kept
            self._listener()
