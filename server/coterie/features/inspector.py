"""The context inspector: what a model sees, and what a person decides about it. ``agent/context/*``."""

from __future__ import annotations

from collections.abc import Callable

from coterie.agents.inspection import Inspection
from coterie.base.errors import InvalidParamsError, ModelMistakeError, RequestError
from coterie.context.attaching import path_of
from coterie.context.showing import KEPT, STANDING_IN, SUMMED_UP
from coterie.domain.inspection import ContextView, Mark, MarkKind, is_uri
from coterie.domain.store_ports import MarkStore
from coterie.domain.workspace_ports import Workspace


class Inspector:
    """Implements `coterie.features.protocol_faces.Inspector`. ``changed`` is told each channel about which something was decided."""

    def __init__(self, inspection: Inspection, marks: MarkStore, workspace: Workspace, changed: Callable[[str], None]) -> None:
        self._inspection = inspection
        self._marks = marks
        self._workspace = workspace
        self._changed = changed

    async def inspect(self, *, channel_id: str | None = None, run_id: str | None = None) -> ContextView:
        """Show what the model of a channel or of a run is sent, or would be sent next."""
        if channel_id is not None and run_id is None:
            return await self._inspection.of_channel(channel_id)
        if run_id is not None and channel_id is None:
            return await self._inspection.of_run(run_id)
        raise InvalidParamsError("Name either a channelId or a runId.")

    async def pin(self, channel_id: str, *, piece_id: str | None = None, uri: str | None = None, pinned: bool = True) -> ContextView:
        """Let a piece, or a file, stay; or no longer."""
        view = await self._inspection.of_channel(channel_id)
        kind: MarkKind = "pinned" if pinned else "plain"
        if uri is not None and piece_id is None:
            is_known = not pinned and uri in view.pinned_files  # a link by now, it may lead to another file
            return await self._decide(channel_id, uri if is_known else await self._file(uri, kind), kind)
        if piece_id is not None and uri is None:
            self._check(view, piece_id)
            return await self._decide(channel_id, piece_id, kind)
        raise InvalidParamsError("Name either a pieceId or a uri.")

    async def drop(self, channel_id: str, piece_id: str, *, dropped: bool = True) -> ContextView:
        """Leave a piece out from the next request on; or no longer."""
        view = await self._inspection.of_channel(channel_id)
        self._check(view, piece_id)
        piece = next((each for each in view.pieces if each.piece_id == piece_id), None)
        if piece is not None and piece.segment == "system":
            raise RequestError("What the agent is, its rules, its notes and its tools are always sent.", code="piece_stays")
        if piece is not None and piece.source == "summary":
            raise RequestError("The summary stands for what was said before and is always sent.", code="piece_stays")
        kept = (each.piece_id for each in view.pieces if each.reason == KEPT)
        summed_up = (each.piece_id for each in view.left_out if each.reason == SUMMED_UP)
        if dropped and piece_id in {*kept, *summed_up}:
            raise RequestError(
                "A summary stands in its place and may quote it. Take that back first (/restore), then leave this out.", code="piece_stays"
            )
        return await self._decide(channel_id, piece_id, "dropped" if dropped else "plain")

    async def _decide(self, channel_id: str, target: str, kind: MarkKind) -> ContextView:
        await self._marks.add(channel_id, Mark(target=target, kind=kind))
        self._changed(channel_id)
        return await self._inspection.of_channel(channel_id)

    async def _file(self, uri: str, kind: MarkKind) -> str:
        """Return the URI that a file is pinned by. What is to be pinned can be read now; what was pinned may be gone since."""
        if not is_uri(uri):
            raise InvalidParamsError("uri: only files can be pinned.")
        try:
            file = self._workspace.locate(path_of(uri))
            is_there = kind == "plain" or await self._workspace.read(file) is not None
        except ModelMistakeError as refusal:
            raise InvalidParamsError(f"uri: {refusal.message}") from refusal
        if not is_there:
            raise InvalidParamsError(f"uri: there is no file {file.path}.")
        return file.uri

    def _check(self, view: ContextView, piece_id: str) -> None:
        known = {*(each.piece_id for each in view.pieces if each.source != STANDING_IN), *(each.piece_id for each in view.left_out)}
        if piece_id not in known:
            raise RequestError(f"There is no piece '{piece_id}' in this conversation.", code="unknown_piece")
