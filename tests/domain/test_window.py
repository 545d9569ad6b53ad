"""The window's values, as clients read them."""

from coterie.domain.window import SEGMENTS, LeftOut, Piece, Window
from coterie.domain.wire import to_wire

PROMPT = Piece(piece_id="p1", segment="system", source="prompt", reason="the agent's own words", tokens=40)
OUTPUT = Piece(piece_id="p2", segment="history", source="tool:read_file", reason="called before", tokens=900)
PIN = Piece(piece_id="p3", segment="task", source="request", reason="asked for", tokens=5, pinned=True)


def test_a_window_is_told_piece_by_piece_with_what_is_missing_and_why() -> None:
    window = Window(limit=100, pieces=(PROMPT, PIN), left_out=(LeftOut(piece=OUTPUT, reason="too large"),), used={"system": 40, "task": 5})
    assert window.tokens == 45
    told = to_wire(window)
    assert told["pieces"][1] == {
        "pieceId": "p3",
        "segment": "task",
        "source": "request",
        "reason": "asked for",
        "tokens": 5,
        "pinned": True,
        "divisible": False,
    }
    assert (told["leftOut"][0]["piece"]["pieceId"], told["leftOut"][0]["reason"]) == ("p2", "too large")
    assert told["used"] == {"system": 40, "task": 5}


def test_the_system_and_what_is_pinned_stay() -> None:
    assert SEGMENTS == ("system", "project", "history", "task")
    assert [piece.stays for piece in (PROMPT, OUTPUT, PIN)] == [True, False, True]
