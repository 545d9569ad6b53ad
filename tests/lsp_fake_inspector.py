"""The context inspector of the fake core: one piece of each kind."""

from __future__ import annotations

from dataclasses import replace

from coterie.domain.inspection import CompactionView, ContextView, LeftOutView, PieceView, SegmentView

CONTEXT = ContextView(
    channel_id="channel_1",
    run_id="run_1",
    model="work/m1",
    limit=1_000,
    used=12,
    segments=(SegmentView(segment="system", limit=50, tokens=12),),
    pieces=(
        PieceView(
            piece_id="run_1:3:0",
            segment="history",
            source="tool:read_file",
            reason="called before",
            tokens=12,
            pinned=False,
            path="Größe.py",
        ),
    ),
    left_out=(LeftOutView(piece_id="run_1:2:0", segment="history", source="person", tokens=5, reason="a summary stands in its place"),),
    compactions=(CompactionView(compaction_id="compaction_1", messages=1, outputs=0),),
)


class FakeInspector:
    """One piece of each kind."""

    async def inspect(self, *, channel_id: str | None = None, run_id: str | None = None) -> ContextView:
        """Show it."""
        return replace(CONTEXT, channel_id=channel_id or "channel_1", run_id=run_id)

    async def pin(self, channel_id: str, *, piece_id: str | None = None, uri: str | None = None, pinned: bool = True) -> ContextView:
        """Pin it."""
        files = (uri,) if uri is not None and pinned else ()
        pieces = tuple(replace(piece, pinned=pinned and piece.piece_id == piece_id) for piece in CONTEXT.pieces)
        return replace(CONTEXT, channel_id=channel_id, pieces=pieces, pinned_files=files)

    async def drop(self, channel_id: str, piece_id: str, *, dropped: bool = True) -> ContextView:
        """Drop it."""
        (piece,) = CONTEXT.pieces
        assert piece.piece_id == piece_id
        gone = LeftOutView(
            piece_id=piece_id, segment=piece.segment, source=piece.source, tokens=piece.tokens, reason="left out by the person"
        )
        return replace(CONTEXT, channel_id=channel_id, pieces=(), left_out=(gone,)) if dropped else CONTEXT
