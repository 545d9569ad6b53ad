"""What reviewers found in a client's folders: shown by editors as diagnostics, mended or dismissed one by one.

A view of ``reviews``, which all clients share: what is dealt with in one is gone in all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coterie.base.errors import ModelMistakeError, RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.reviews import OpenFinding
from coterie.domain.runs import RunRequest, RunStarted
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Workspace
from coterie.features.reviews import Review, Reviews
from coterie.features.runs import RunService
from coterie.workspace.uris import path_of


class Findings:
    """Implements `coterie.features.editor_faces.Findings`. ``concerns`` says which folders are the client's."""

    def __init__(self, reviews: Reviews, workspace: Workspace, service: RunService, concerns: Callable[[str | None], bool]) -> None:
        self._reviews = reviews
        self._workspace = workspace
        self._service = service
        self._concerns = concerns
        self._tasks = TaskSupervisor("findings")
        self._open: dict[OpenFinding, tuple[tuple[str, str], ...]] = {}  # with the runs that found it, as `Reviews.settle` takes them
        self._listener: Callable[[], None] = lambda: None
        reviews.watch(self._look)

    def watch(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change."""
        self._listener = listener

    def open(self, uri: str | None = None) -> tuple[OpenFinding, ...]:
        """Return the findings of a file, or all."""
        return tuple(each for each in self._open if uri is None or each.uri == uri)

    async def fix(self, finding_id: str) -> RunStarted:
        """Start a run that mends a finding; when it succeeds, the finding is gone. Raises `RequestError` ``unknown_finding``."""
        finding = self._named(finding_id)
        path, folder = self._place(finding)
        found = f"A review found this in {path}, line {finding.first + 1}: {finding.title}"
        parts = (found, finding.evidence, "Mend it with the smallest change that does it.")
        places = self._open[finding]
        started = await self._service.start(RunRequest(prompt="\n\n".join(filter(None, parts)), folder=folder))
        self._reviews.mend(started.run_id, places)
        return started

    async def dismiss(self, finding_id: str) -> None:
        """Forget a finding. Raises `RequestError` ``unknown_finding``."""
        await self._reviews.settle(self._open[self._named(finding_id)], "dismissed")

    def look_back(self) -> None:
        """Show what lies in the folders as they are now, and take up what recent runs found there. Never blocks."""
        self._look()
        if not self._tasks.closed:
            self._tasks.spawn(self._reviews.look_back(self._concerns), name="earlier findings")

    async def aclose(self) -> None:
        """Stop looking."""
        self._reviews.unwatch(self._look)
        await self._tasks.aclose()

    def _look(self) -> None:
        seen: dict[tuple[str, str], OpenFinding] = {}
        places: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        for review in self._reviews.known():
            for found in review.findings:
                if (finding := self._located(review, found)) is not None:
                    key = (finding.uri, finding.finding_id)
                    seen[key] = finding  # of several runs that found the same, the latest knows its lines
                    places[key] = (*places.get(key, ()), (review.run_id, finding.finding_id))
        now = {finding: places[key] for key, finding in seen.items()}
        if now != self._open:
            self._open = now
            self._listener()

    def _located(self, review: Review, found: Mapping[str, Json]) -> OpenFinding | None:
        if not self._concerns(review.folder):
            return None  # another editor's project
        try:
            file = self._workspace.locate(found["file"], review.folder)
        except ModelMistakeError:
            return None
        if file.uri in review.undone or path_of(file.uri) in {path_of(uri) for uri in review.undone}:
            return None
        first = (found.get("line") or 1) - 1
        return OpenFinding(
            finding_id=found["id"],
            run_id=review.run_id,
            uri=file.uri,
            path=file.path,
            first=first,
            last=max(first, (found.get("end_line") or 1) - 1),
            severity=found["severity"],
            title=found["title"],
            evidence=found["evidence"],
        )

    def _place(self, finding: OpenFinding) -> tuple[str, str | None]:
        """Return the path of a finding's file, and the folder of the workspace that it is relative to."""
        try:
            file = self._workspace.locate(path_of(finding.uri) or finding.path)
        except ModelMistakeError:  # its folder has just been closed
            return finding.path, None
        return file.path, file.folder

    def _named(self, finding_id: str) -> OpenFinding:
        finding = next((each for each in self._open if each.finding_id == finding_id), None)
        if finding is None:
            raise RequestError(f"There is no open finding '{finding_id}'.", code="unknown_finding")
        return finding
