"""A chat over both wires: streamed, answered, journalled, continued; what the host really got."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from aimock_server import aimock
from served import FIXED, Wire, fixture, served, settings

WIRES = pytest.mark.parametrize("wire", ["openai_compatible", "anthropic"])
PATHS = {"openai_compatible": "/v1/chat/completions", "anthropic": "/v1/messages"}
EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}


@WIRES
async def test_an_answer_streams_and_is_whole_at_the_end(tmp_path: Path, wire: Wire) -> None:
    words = "It subtracts 😀 where it should add.\u2028Change the sign."
    async with aimock([fixture("chat-model", 0, text=words)], chunk_size=3) as host, served(tmp_path, settings(host.url, wire)) as editor:
        run_id, end = await editor.play("What does add do?")

        assert end["state"] == "succeeded", end
        deltas = editor.events(run_id, "message_delta")
        assert len(deltas) > 1
        assert "".join(delta["text"] for delta in deltas) == words
        assert [delta["offset"] for delta in deltas] == [
            len("".join(earlier["text"] for earlier in deltas[:number]).encode("utf-16-le")) // 2 for number in range(len(deltas))
        ]
        [asked, answered] = editor.events(run_id, "message")
        assert (asked["role"], asked["text"]) == ("user", "What does add do?")
        assert (answered["role"], answered["text"], answered["agent"]) == ("assistant", words, "chat")
        [request] = await host.journal()
        assert (request.path, request.model) == (PATHS[wire], "chat-model")
        assert request.tools[:3] == ("read_file", "list_files", "search")


@WIRES
async def test_a_conversation_goes_on_with_its_own_bytes(tmp_path: Path, wire: Wire) -> None:
    fixtures = [
        fixture("chat-model", 0, calls=[("read_file", {"path": "calc.py"})]),
        fixture("chat-model", 1, text="It subtracts."),
        fixture("chat-model", 2, calls=[("edit_file", EDIT)]),
        fixture("chat-model", 3, text="Done."),
    ]
    async with aimock(fixtures) as host, served(tmp_path, settings(host.url, wire)) as editor:
        channel = (await editor.client.request("agent/channel/open", {"title": "Signs"}))["channelId"]
        for text in ("What is wrong?", "Mend it."):
            posted = await editor.client.request("agent/channel/post", {"channelId": channel, "text": text})
            assert (await editor.ended(posted["runId"]))["state"] == "succeeded"

        assert editor.text("calc.py") == FIXED
        requests = await host.journal()
        assert len(requests) == 4
        for earlier, later in pairwise(requests):
            assert later.messages[: len(earlier.messages)] == earlier.messages
            assert later.body["tools"] == earlier.body["tools"]
        history: Any = await editor.client.request("agent/channel/history", {"channelId": channel})
        assert [(message["role"], message["text"]) for message in history["messages"] if message["text"]] == [
            ("user", "What is wrong?"),
            ("assistant", "It subtracts."),
            ("user", "Mend it."),
            ("assistant", "Done."),
        ]
        assert [call["tool"] for message in history["messages"] for call in message["toolCalls"] or ()] == ["read_file", "edit_file"]
