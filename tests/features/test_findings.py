"""What reviewers found, as a client sees it: here where its files lie. What becomes of it is in `tests/bare/test_reviews.py`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from coterie.domain.runs import RunRequest, RunStarted
from coterie.domain.workspace_ports import Folder
from coterie.features.findings import Findings
from coterie.features.reviews import Review
from coterie.workspace.workspace import LiveWorkspace

FOUND = {"id": "f1", "file": "app/main.py", "line": 2, "severity": "minor", "title": "No docstring", "evidence": ""}


async def test_a_finding_is_mended_in_the_folder_of_its_file(tmp_path: Path) -> None:
    client, server = tmp_path / "client", tmp_path / "server"
    for folder in (client, server):
        (folder / "app").mkdir(parents=True)
        (folder / "app" / "main.py").write_text("x = 1\n", encoding="utf-8")
    workspace = LiveWorkspace([Folder(each.as_uri(), each.name, str(each)) for each in (client, server)])
    started: list[RunRequest] = []

    async def start(request: RunRequest) -> RunStarted:
        started.append(request)
        return RunStarted(run_id="run", channel_id="channel")

    folders = [server.as_uri(), (server / "app").as_uri()]  # the latter is open by itself in another editor
    files = ["app/main.py", "main.py"]
    known = tuple(
        Review(f"r{number}", folder, ({**FOUND, "id": f"f{number}", "file": file},), frozenset())
        for number, (folder, file) in enumerate(zip(folders, files, strict=True))
    )

    def nothing(*_: object) -> None:
        """Nobody listens here."""

    async def look_back(_: object) -> None:
        """Nothing is older."""

    reviews: Any = SimpleNamespace(known=lambda: known, watch=nothing, unwatch=nothing, mend=nothing, look_back=look_back)
    service: Any = SimpleNamespace(start=start)
    findings = Findings(reviews, workspace, service, lambda _: True)
    findings.look_back()
    for number in (0, 1):
        await findings.fix(f"f{number}")
    assert [request.folder for request in started] == [server.as_uri()] * 2
    assert all(request.prompt.startswith("A review found this in app/main.py, line 2:") for request in started)
    await findings.aclose()
