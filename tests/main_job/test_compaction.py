"""A long chat over the wire: what the host is asked, and what clients are told, when the conversation outgrows the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aimock_server import aimock
from served import Served, fixture, served, settings

CONTEXT = 20_000
LONG = "word " * 2_800
"""3,500 tokens: three of them are more than four fifths of what a conversation may have there."""
SUMMARY = "## Goal\n- count the words\n## Done\n- counted some"
FIXTURES = [
    fixture("chat-model", 1, text="Four.", userMessage="Four?"),
    *(fixture("chat-model", call, text=f"{call} {LONG}") for call in range(3)),
    fixture("small-model", 0, text=SUMMARY),
]


def small(url: str) -> dict[str, Any]:
    """Return settings with a small window, and a small model."""
    return settings(url, "openai_compatible", providers=_providers(url), small_model="work/small-model")


def _providers(url: str) -> dict[str, Any]:
    made: dict[str, Any] = settings(url, "openai_compatible")["providers"]
    return {"work": {**made["work"], "contextTokens": CONTEXT}}


async def post(editor: Served, channel: str, text: str) -> str:
    """Say something, and wait for the end of what it starts."""
    posted = await editor.client.request("agent/channel/post", {"channelId": channel, "text": text})
    run_id: str = posted["runId"]
    assert (await editor.ended(run_id))["state"] == "succeeded"
    return run_id


async def test_a_chat_that_outgrows_the_window_goes_on_with_a_summary(tmp_path: Path) -> None:
    async with aimock(FIXTURES) as host, served(tmp_path, small(host.url)) as editor:
        channel = (await editor.client.request("agent/channel/open", {"title": "Words"}))["channelId"]
        for number in range(3):
            await post(editor, channel, f"Post {number}.")
        before = await host.journal()
        assert [request.model for request in before] == ["chat-model"] * 3, "below the threshold nothing else is asked"

        run_id = await post(editor, channel, "Four?")
        [summary, asked] = (await host.journal())[3:]
        assert (summary.model, asked.model, summary.tools) == ("small-model", "chat-model", ())
        assert [message["role"] for message in asked.messages] == ["system", "user", "assistant", "user"]
        assert "- counted some" in asked.messages[1]["content"]
        assert "> Post 1." in asked.messages[1]["content"]
        assert asked.messages[2]["content"].startswith("2 word")
        [told] = editor.events(run_id, "compaction")
        assert (told["messages"], told["outputs"], told["model"]) == (5, 0, "work/small-model")
        assert told["tokensAfter"] < told["tokensBefore"]
        assert told["summary"].startswith("## Goal\n- count the words")
        rows = (await editor.client.request("agent/usage", {"by": "agent"}))["rows"]
        assert {row["key"]: row["attempts"] for row in rows} == {"chat": 4, "compaction": 1}


async def test_compact_clear_and_restore_are_posts_that_no_agent_reads(tmp_path: Path) -> None:
    fixtures = [
        fixture("chat-model", 0, text="Zero."),
        fixture("chat-model", 1, text="One."),
        fixture("chat-model", 2, text="Two."),
        fixture("chat-model", 3, text="Three."),
        fixture("small-model", 0, text=SUMMARY),
    ]
    async with aimock(fixtures) as host, served(tmp_path, small(host.url)) as editor:
        channel = (await editor.client.request("agent/channel/open", {"title": "Words"}))["channelId"]
        await post(editor, channel, LONG)
        await post(editor, channel, "And?")
        compact = await post(editor, channel, "/compact keep the numbers")
        requests = await host.journal()
        assert [request.model for request in requests] == ["chat-model", "chat-model", "small-model"]
        assert "keep the numbers" in requests[-1].messages[-1]["content"]
        [told] = editor.events(compact, "compaction")
        assert told["messages"] == 1
        assert told["text"].startswith("To make room, 1 earlier message is sent as a summary by work/small-model: about 3,")
        history = (await editor.client.request("agent/channel/history", {"channelId": channel}))["messages"]
        assert [message["text"][:8] for message in history[-2:]] == ["/compact", "## Goal\n"]

        await post(editor, channel, "Then?")
        assert "- counted some" in (await host.journal())[-1].messages[1]["content"]
        for command in ("/restore", "/help", "/clear"):
            await post(editor, channel, command)
        assert len(await host.journal()) == 4, "none of them asks a model"
        await post(editor, channel, "/restore")
        await post(editor, channel, "All of it?")
        contents = [message["content"][:8] for message in (await host.journal())[-1].messages]
        unnamed = (await editor.client.request("agent/channel/open", {}))["channelId"]
        await post(editor, unnamed, "/help")
        await post(editor, unnamed, "Hello?")
        assert [request.model for request in (await host.journal())[5:]] == ["chat-model"], "and none names the chat"
        assert contents[2:] == ["Zero.", "And?", "One.", "<folder ", "Two.", "All of i"]
