"""What a person decides about single hunks of what runs have changed: accepted or rejected while a run goes on or after, and what is open.

``lsp.handlers`` call it for ``agent/hunk/*``, ``agent/review/list`` and the commands; `agents.coordinator` carries verdicts out. Which
hunks are open is known to ``unseen``, for all clients.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Final

from coterie.agents.coordinator import Coordinator
from coterie.agents.named import run_named
from coterie.agents.run_ports import Base
from coterie.base.errors import InvalidParamsError, RequestError, StorageError
from coterie.domain.edits import HunkVerdict
from coterie.domain.events import ChangeEvent
from coterie.domain.reviews import HunkChoice, HunkResult, ReviewedChange, ReviewFile, ReviewList
from coterie.domain.runs import RunRow
from coterie.domain.store_ports import RunStore
from coterie.features.unseen import Unseen, UnseenChange, is_open
from coterie.workspace.uris import place_of, same_file

LATEST: Final = 30
"""Among how many runs a hunk is looked for that comes without its run."""

log = logging.getLogger(__name__)


class HunkService:
    """Implements `coterie.features.protocol_faces.Hunks`."""

    def __init__(
        self, runs: RunStore, coordinator: Coordinator, unseen: Unseen, base: Base, concerns: Callable[[str | None], bool]
    ) -> None:
        self._runs = runs
        self._coordinator = coordinator
        self._unseen = unseen
        self._base = base
        self._concerns = concerns

    async def decide(self, choice: HunkChoice, run_id: str | None = None) -> HunkResult:
        """Carry out a verdict on hunks of a run; the first one on a hunk counts. Answers after the effects."""
        row = await self._row(choice, run_id)
        conflicts = await self._coordinator.decide(row.run_id, self._base, choice)
        history = await self._coordinator.history(row.run_id)
        named = frozenset(choice.hunk_ids)
        meant = [
            change
            for change_id, change in history.changes.items()
            if change_id in choice.change_ids or named & history.hunk_ids(change_id) or not (named or choice.change_ids)
        ]
        changes = tuple(_reviewed(row.run_id, row.request.folder, change) for change in meant)
        kept_in = self._base.workspace.kept_of(row.run_id) if choice.verdict == "rejected" else None
        let_go = self._base.workspace.let_go_for(row.run_id)
        return HunkResult(run_id=row.run_id, changes=changes, conflicts=tuple(conflicts), kept_in=kept_in, let_go=let_go)

    async def decide_open(
        self, verdict: HunkVerdict, *, run_id: str | None = None, uri: str | None = None, hunk_ids: Collection[str] = ()
    ) -> tuple[tuple[ReviewedChange, ...], tuple[HunkResult, ...]]:
        """Carry out a verdict on all open hunks of a run or a file or with these ids, or on those that stand in the client's folders.

        Returns the changes that were decided, at least in part, and what came of it in each run.
        """
        named = run_id is not None or uri is not None or bool(hunk_ids)
        wanted: dict[str, list[UnseenChange]] = {}
        for each in self._unseen.known():
            ours = (run_id is None or each.run_id == run_id) and (uri is None or same_file(each.change.uri, uri))
            if ours and (named or (self._concerns(each.folder) and each.change.state == "applied")):
                wanted.setdefault(each.run_id, []).append(each)
        if hunk_ids and not any(hunk.hunk_id in hunk_ids for found in wanted.values() for each in found for hunk in each.change.hunks):
            await self.decide(HunkChoice(hunk_ids=tuple(hunk_ids), verdict=verdict), run_id)  # which says what became of them
        decided, results = list[ReviewedChange](), list[HunkResult]()
        for run, changes in wanted.items():
            hunks = [hunk for each in changes for hunk in each.change.hunks if hunk.is_open]
            ids = tuple(hunk.hunk_id for hunk in hunks if not hunk_ids or hunk.hunk_id in hunk_ids)
            if not ids:
                continue
            try:
                result = await self.decide(HunkChoice(hunk_ids=ids, verdict=verdict), run)
            except (RequestError, StorageError) as reason:
                if verdict != "accepted":
                    raise
                log.info("that changes of %s are accepted is kept until the end of this server only: %s", run, reason)
                self._unseen.forget(changes)
                decided += [_reviewed(run, each.folder, each.change) for each in changes]
            else:
                still = {place_of(conflict.uri) for conflict in result.conflicts}
                done = {hunk.hunk_id for change in result.changes for hunk in change.hunks if not hunk.is_open}
                left = [each for each in result.changes if place_of(each.uri) not in still]
                decided += [each for each in left if any(hunk.hunk_id in done for hunk in each.hunks)]
                results.append(result)
        return tuple(decided), tuple(results)

    async def list(self, *, folder: str | None = None, run_id: str | None = None) -> ReviewList:
        """Return the files with hunks that nobody has looked at: of a run, of a folder, or of the client's folders."""
        if run_id is not None:
            row = await run_named(run_id, self._runs)
            changes = (await self._coordinator.history(run_id)).changes.values()
            found = [UnseenChange(run_id, row.request.folder, change) for change in changes if is_open(change)]
        else:
            concerns = self._concerns if folder is None else lambda of: of is not None and same_file(of, folder)
            await self._unseen.look_back(concerns)
            found = [each for each in self._unseen.known() if concerns(each.folder)]
        by_uri: dict[str, list[UnseenChange]] = {}
        for each in found:
            by_uri.setdefault(each.change.uri, []).append(each)
        files = [_file(uri, changes) for uri, changes in by_uri.items()]
        return ReviewList(files=tuple(sorted(files, key=lambda file: (file.path, file.uri))))

    async def _row(self, choice: HunkChoice, run_id: str | None) -> RunRow:
        """Return the run that is meant, which may be known by a hunk or a change of it alone."""
        if run_id is not None:
            return await run_named(run_id, self._runs)
        ids = {*choice.hunk_ids, *choice.change_ids}
        if not ids:
            raise InvalidParamsError("runId: name a run, or hunks or changes of one.")
        for row in await self._runs.rows(limit=LATEST):
            history = await self._coordinator.readable(row.run_id)
            if history is not None and any(change_id in ids or ids & history.hunk_ids(change_id) for change_id in history.changes):
                return row
        what, named = ("hunk", choice.hunk_ids) if choice.hunk_ids else ("change", choice.change_ids)
        raise RequestError(f"No recent run has a {what} '{named[0]}'; name its run.", code=f"unknown_{what}")


def _reviewed(run_id: str, folder: str | None, change: ChangeEvent) -> ReviewedChange:
    return ReviewedChange(
        run_id=run_id,
        folder=folder,
        change_id=change.change_id,
        path=change.path,
        uri=change.uri,
        state=change.state,
        hunks=change.hunks,
        unsure=change.unsure,
        what=change.what,
    )


def _file(uri: str, found: Iterable[UnseenChange]) -> ReviewFile:
    changes = tuple(_reviewed(each.run_id, each.folder, each.change) for each in found)
    count = sum(hunk.is_open for change in changes for hunk in change.hunks)
    return ReviewFile(path=changes[0].path, uri=uri, open=count, changes=changes)
