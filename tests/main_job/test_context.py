"""What the model of a real server gets: notes of earlier conversations, and nothing that a person has dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsp_client import ResponseError
from model_host import Asked, answer, model_host
from raw_http_server import Reply
from served import served, settings

NOTE = "Tests need no database."


def looks_and_notes(asked: Asked) -> Reply:
    """Play a model that reads a file, makes a note, and ends its turn."""
    match asked.number:
        case 0:
            return answer("openai_compatible", "", ("read_file", {"path": "calc.py"}), number=0)
        case 1:
            return answer("openai_compatible", "", ("remember", {"note": NOTE}), number=1)
        case _:
            return answer("openai_compatible", "The sign is wrong.")


def notes(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [piece for piece in view["pieces"] if piece["source"].startswith("memory:")]


async def test_decisions_and_notes_survive_the_server_and_hold_for_the_next_request(tmp_path: Path) -> None:
    async with model_host("openai_compatible", looks_and_notes) as host:
        options = settings(host.url, "openai_compatible")
        async with served(tmp_path, options) as editor:
            opened = await editor.client.request("agent/channel/open", {"title": "Signs"})
            channel: dict[str, Any] = {"channelId": opened["channelId"]}
            posted = await editor.client.request("agent/channel/post", {**channel, "text": "What is wrong?"})
            assert (await editor.ended(posted["runId"]))["state"] == "succeeded"
            view = await editor.client.request("agent/context/inspect", channel)
            assert view == await editor.client.request("agent/context/inspect", {"runId": posted["runId"]})
            assert sum(piece["tokens"] for piece in view["pieces"]) == view["used"]
            read = next(piece for piece in view["pieces"] if piece["source"] == "tool:read_file")
            assert (read["path"], read["pinned"], read["segment"]) == ("calc.py", False, "history")
            gone = await editor.client.request("agent/context/drop", {**channel, "pieceId": read["pieceId"]})
            assert [piece["pieceId"] for piece in gone["leftOut"]] == [read["pieceId"]]
            for method, params, code in (
                ("agent/context/inspect", {"channelId": "none"}, "unknown_channel"),
                ("agent/context/drop", {**channel, "pieceId": "none"}, "unknown_piece"),
                ("agent/context/drop", {**channel, "pieceId": "system:tools"}, "piece_stays"),
                ("agent/context/inspect", {}, "invalid_params"),
            ):
                with pytest.raises(ResponseError) as refused:
                    await editor.client.request(method, params)
                assert refused.value.data["code"] == code
                assert refused.value.code == (-32602 if code == "invalid_params" else -32803)
        async with served(tmp_path, options) as editor:
            kept = await editor.client.request("agent/context/inspect", channel)
            assert kept["leftOut"] == gone["leftOut"]
            asked = len(host.asked)
            posted = await editor.client.request("agent/channel/post", {**channel, "text": "And now?"})
            assert (await editor.ended(posted["runId"]))["state"] == "succeeded"
            got = host.asked[asked]
            assert "return a - b" not in str(got.messages)
            assert got.prompt.endswith("And now?")
            assert not notes(await editor.client.request("agent/context/inspect", channel)), "what a conversation began with stays"
            run_id, end = await editor.play("Something else")
            assert end["state"] == "succeeded"
            assert len(notes(await editor.client.request("agent/context/inspect", {"runId": run_id}))) == 1
    assert not (tmp_path / "project" / ".coterie").exists()
