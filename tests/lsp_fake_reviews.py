"""The parts of the fake core that a review is about: hunks of one change of one run whatever is asked, its place, and no findings."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from coterie.domain.edits import FileChange, HunkVerdict, UndoConflict
from coterie.domain.reviews import HunkChoice, HunkResult, OpenFinding, Reviewable, ReviewedChange, ReviewFile, ReviewList, Story
from coterie.domain.runs import RunStarted


class FakeHunks:
    """``agent/hunk/*`` and ``agent/review/list``."""

    def __init__(self, change: FileChange) -> None:
        self._change = ReviewedChange(
            run_id="run_1",
            folder="file:///w",
            change_id=change.change_id,
            path=change.path,
            uri=change.uri,
            state=change.state,
            hunks=change.hunks,
        )

    async def decide(self, choice: HunkChoice, run_id: str | None = None) -> HunkResult:
        """Decide about the one hunk, and find another file edited."""
        assert choice.verdict != "undone"
        [hunk] = self._change.hunks
        hunk = replace(hunk, state="rejected" if choice.verdict == "rejected" else "applied", review=choice.verdict)
        reason = f"hunks {choice.hunk_ids}, changes {choice.change_ids}"
        conflict = UndoConflict(path="README.md", uri="file:///project/README.md", reason=reason)
        return HunkResult(run_id=run_id or "run_of_it", changes=(replace(self._change, hunks=(hunk,)),), conflicts=(conflict,))

    async def decide_open(
        self, verdict: HunkVerdict, *, run_id: str | None = None, uri: str | None = None, hunk_ids: Collection[str] = ()
    ) -> tuple[tuple[ReviewedChange, ...], tuple[HunkResult, ...]]:
        """Decide about as many as were named, in two runs of which each had something taken away."""
        assert verdict in {"accepted", "rejected"}
        results = [HunkResult(run_id=each, changes=(), kept_in=f"/data/undone/{each}", let_go=1) for each in ("run_1", "run_2")]
        return (self._change,) * (sum(each is not None for each in (run_id, uri)) + len(hunk_ids)), tuple(results)

    async def list(self, *, folder: str | None = None, run_id: str | None = None) -> ReviewList:
        """Return one file."""
        assert (folder, run_id) != ("", "")
        return ReviewList(files=(ReviewFile(path=self._change.path, uri=self._change.uri, open=1, changes=(self._change,)),))


class FakeFindings:
    """Findings."""

    def watch(self, listener: Callable[[], None]) -> None:
        """Nothing changes."""

    def open(self, uri: str | None = None) -> tuple[OpenFinding, ...]:
        """Return none."""
        assert uri != ""
        return ()

    async def fix(self, finding_id: str) -> RunStarted:
        """Start."""
        return RunStarted(run_id=f"run_for_{finding_id}", channel_id="channel_1")

    async def dismiss(self, finding_id: str) -> None:
        """Forget it."""


class FakeChanges:
    """Changes where they stand."""

    def reviewable(self, uri: str, text: str) -> tuple[Reviewable, ...]:
        """Return one."""
        return (Reviewable("run_1", uri, len(text), "hunk_1"),)

    def watch(self, listener: Callable[[], None]) -> None:
        """Nothing changes."""

    async def story(self, uri: str, text: str, line: int) -> Story | None:
        """Tell none."""
        assert uri
        assert line <= len(text)
        return None
