"""What an editor shows beside the text, kept up to date: diagnostics, lenses, documents, texts that it reads from us.

Used by ``bare``, which knows when something changed, by ``handlers``, which open documents, and by ``session``, which has those told that
follow what is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pygls.exceptions import JsonRpcException

from coterie.base.tasks import TaskSupervisor
from coterie.domain.reviews import FindingSeverity, OpenFinding
from coterie.domain.wire import Json
from coterie.lsp.convert import Client
from coterie.lsp.wire import Wire

if TYPE_CHECKING:  # an annotation is all that needs it
    from coterie.features.editor_faces import Findings

SOURCE: Final = "coterie"
SEVERITIES: Final[dict[FindingSeverity, int]] = {"blocking": 1, "major": 2, "minor": 3, "note": 4}
VIEW_TIMEOUT_S: Final = 30.0


class Views:
    """The views of one client."""

    def __init__(self, wire: Wire, client: Client, tasks: TaskSupervisor) -> None:
        self._wire = wire
        self._client = client
        self._tasks = tasks
        self._published: dict[str, list[Json]] = {}

    def show_findings(self, findings: Findings) -> None:
        """Publish findings as diagnostics from now on."""
        findings.watch(lambda: self._publish(findings.open()))

    def _publish(self, findings: tuple[OpenFinding, ...]) -> None:
        wanted: dict[str, list[Json]] = {}
        for finding in findings:
            wanted.setdefault(finding.uri, []).append(diagnostic(finding))
        for uri in {**self._published, **wanted}:
            if wanted.get(uri) != self._published.get(uri) and not self._wire.detached:
                self._wire.notify("textDocument/publishDiagnostics", {"uri": uri, "diagnostics": wanted.get(uri, [])})
        self._published = wanted

    def refresh_lenses(self) -> None:
        """Have the editor ask for its lenses again, where it can be asked to. Never blocks."""
        if self._client.refreshes_lenses and not self._tasks.closed:
            self._tasks.spawn(self._ask("workspace/codeLens/refresh", None), name="refresh lenses")

    def refresh_content(self, uri: str) -> None:
        """Have the editor read a text of ours again, where it reads such. Never blocks."""
        if self._client.reads_contents and not self._tasks.closed:
            self._tasks.spawn(self._ask("workspace/textDocumentContent/refresh", {"uri": uri}), name=f"refresh {uri}")

    @property
    def shows_documents(self) -> bool:
        """Whether the editor opens documents that it is asked to open."""
        return self._client.shows_documents

    async def show_document(self, uri: str, *, focus: bool) -> bool:
        """Open a document in the editor; say whether it did."""
        answer = await self._ask("window/showDocument", {"uri": uri, "external": False, "takeFocus": focus})
        return isinstance(answer, dict) and answer.get("success") is True

    async def _ask(self, method: str, params: Json) -> Json:
        try:
            return await self._wire.ask(method, params, within_s=VIEW_TIMEOUT_S)
        except (TimeoutError, JsonRpcException):
            return None  # what is not shown is not lost


def diagnostic(finding: OpenFinding) -> Json:
    """Return a finding as a diagnostic of whole lines."""
    return {
        "range": {"start": {"line": finding.first, "character": 0}, "end": {"line": finding.last + 1, "character": 0}},
        "severity": SEVERITIES[finding.severity],
        "source": SOURCE,
        "code": finding.severity,
        "message": "\n".join(filter(None, [finding.title, finding.evidence])),
        "data": {"findingId": finding.finding_id, "runId": finding.run_id},
    }
