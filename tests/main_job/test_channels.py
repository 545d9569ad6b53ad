"""Channels are named, put away and deleted, and everybody is told; the small model names a chat after its first answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cassettes import playing, record
from coterie.features.channels import excerpt
from lsp_client import ResponseError
from served import Served, served

ANSWERS = {"chat": [["It adds."], ["Still."]], "titles": [['**"Why the sign is wrong."**\nMore words']]}
ASKS = [[("execute_command", {"command": "touch made"})], ["Made."]]


async def only_channel(editor: Served, **which: str) -> dict[str, Any]:
    """Return the one channel that is listed."""
    [channel] = (await editor.client.request("agent/channel/list", which))["channels"]
    assert isinstance(channel, dict)
    return channel


async def changed(editor: Served, change: str, **fields: object) -> dict[str, Any]:
    """Wait until a change of a channel was told."""

    def fits(params: Any) -> bool:
        return params["change"] == change and fields.items() <= (params["channel"] or {}).items()

    told: dict[str, Any] = await editor.client.expect("agent/channel/changed", fits)
    return told


async def refused(editor: Served, method: str, **params: object) -> str:
    """Return the code with which a request is refused."""
    with pytest.raises(ResponseError) as failure:
        await editor.client.request(f"agent/channel/{method}", params)
    code: str = failure.value.data["code"]
    return code


async def test_a_channel_is_named_put_away_and_deleted(tmp_path: Path) -> None:
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", ANSWERS))) as editor:
        run_id, _ = await editor.play("What does add do?")
        channel_id = (await only_channel(editor))["channelId"]
        renamed = await editor.client.request("agent/channel/rename", {"channelId": channel_id, "title": "  About\n add "})
        assert (renamed["channelId"], renamed["title"]) == (channel_id, "About add")
        assert (await changed(editor, "updated", title="About add"))["channelId"] == channel_id
        assert (await only_channel(editor, query="about ADD"))["title"] == "About add"

        assert (await editor.client.request("agent/channel/archive", {"channelId": channel_id}))["state"] == "archived"
        await changed(editor, "updated", state="archived")
        assert (await only_channel(editor, state="archived"))["channelId"] == channel_id
        assert (await editor.client.request("agent/channel/archive", {"channelId": channel_id, "archived": False}))["state"] == "idle"
        await editor.client.request("agent/channel/archive", {"channelId": channel_id})
        posted = await editor.client.request("agent/channel/post", {"channelId": channel_id, "text": "And now?"})
        await editor.ended(posted["runId"])
        await changed(editor, "updated", state="idle")
        assert (await only_channel(editor))["state"] == "idle", "who says something takes it out again"

        assert await editor.client.request("agent/channel/delete", {"channelId": channel_id}) == {"channelId": channel_id}
        assert (await changed(editor, "deleted"))["channel"] is None
        assert (await editor.client.request("agent/channel/list", {"query": "add"}))["channels"] == []
        for method in ("history", "archive", "delete"):
            assert await refused(editor, method, channelId=channel_id) == "unknown_channel"
        assert await refused(editor, "rename", channelId=channel_id, title="x") == "unknown_channel"
        assert await refused(editor, "post", channelId=channel_id, text="x") == "unknown_channel"
        assert (await editor.client.request("agent/run/get", {"runId": run_id}))["state"] == "succeeded", "runs stay"
        assert (await editor.client.request("agent/run/undo", {"runId": run_id}))["conflicts"] == []


async def test_who_answers_in_a_channel_can_be_chosen_anew_and_everybody_is_told(tmp_path: Path) -> None:
    replays = {"chat": [["It adds."]], "reviewer": [[("submit", {"verdict": "approve", "findings": [], "summary": "Fine."})]]}
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", replays))) as editor:
        await editor.play("What does add do?")
        channel_id = (await only_channel(editor))["channelId"]
        chosen = await editor.client.request("agent/channel/choose", {"channelId": channel_id, "agent": "reviewer"})
        assert (chosen["agent"], chosen["model"]) == ("reviewer", None)
        assert (await changed(editor, "updated", agent="reviewer"))["channelId"] == channel_id
        posted = await editor.client.request("agent/channel/post", {"channelId": channel_id, "text": "Is it right?"})
        await editor.ended(posted["runId"])
        assert {event["agent"] for event in editor.events(posted["runId"], "step")} == {"reviewer"}
        assert (await editor.client.request("agent/channel/choose", {"channelId": channel_id}))["agent"] is None
        assert await refused(editor, "choose", channelId=channel_id, agent="nobody") == "unknown_agent"
        assert await refused(editor, "choose", channelId=channel_id, model="no/such") in {"unknown_model", "unknown_provider"}
        assert await refused(editor, "choose", channelId="none") == "unknown_channel"


async def test_what_is_done_to_a_channel_at_the_same_time_is_all_done(tmp_path: Path) -> None:
    async with served(tmp_path, {}) as editor:
        request = editor.client.request
        channel_id = (await request("agent/channel/open", {"title": "First"}))["channelId"]
        await asyncio.gather(
            request("agent/channel/rename", {"channelId": channel_id, "title": "Other"}),
            request("agent/channel/archive", {"channelId": channel_id}),
            request("agent/channel/choose", {"channelId": channel_id, "agent": "coder"}),
        )
        channel = await only_channel(editor)
        assert (channel["title"], channel["state"], channel["agent"]) == ("Other", "archived", "coder")
        away = [{"channelId": channel_id, "archived": archived} for archived in (False, True, False, True, False)]
        await asyncio.gather(*(request("agent/channel/archive", each) for each in away))
        assert (await only_channel(editor))["state"] == "idle", "the last one counts"


async def test_what_was_said_is_found_in_every_channel(tmp_path: Path) -> None:
    long = "It adds. " + "more " * 60
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", {"chat": [[long]]}))) as editor:
        await editor.play("What does ADD do?")
        one = (await only_channel(editor))["channelId"]
        posted = await editor.client.request("agent/channel/post", {"channelId": one, "text": "Really?"})
        await editor.ended(posted["runId"])
        other = (await editor.client.request("agent/channel/open", {"title": "Adders"}))["channelId"]
        found = await editor.client.request("agent/channel/search", {"query": "adds"})
        assert [(each["channelId"], each["role"]) for each in found["messages"]] == [(one, "assistant")] * 2
        assert found["messages"][0]["text"] == f"{long[:87]}…"
        assert found["channels"] == (await editor.client.request("agent/channel/list", {"query": "adds"}))["channels"]
        found = await editor.client.request("agent/channel/search", {"query": "add", "limit": 1})
        assert [each["channelId"] for each in found["channels"]] == [other], "by its title"
        assert [each["text"][:8] for each in found["messages"]] == ["It adds."], "the latest"
        assert await editor.client.request("agent/channel/search", {"query": "subtract"}) == {"channels": [], "messages": []}
        for params in ({"query": ""}, {"query": "  "}, {"query": "add", "limit": 0}, {"query": "add", "limit": 501}):
            assert await refused(editor, "search", **params) == "invalid_params"


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("all of it", "OF", "all of it"),
        ("ß" * 200 + "Nadel" + "x" * 200, "nADEL", f"…{'ß' * 80}Nadel{'x' * 80}…"),
        ("x" * 80 + "Straße", "strasse", "x" * 80 + "Straße"),
        *(("ß" * (64 * 1024 - before) + "Straße" + "x" * 200, "STRASSE", f"…{'ß' * 80}Straße{'x' * 81}…") for before in (-3, 0, 3, 9)),
    ],
)
def test_an_excerpt_shows_what_stands_around(text: str, query: str, found: str) -> None:
    assert excerpt(text, query) == found


async def test_what_cannot_be_done_to_a_channel(tmp_path: Path) -> None:
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", {"chat": ASKS}))) as editor:
        run_id = await editor.start("Make it")
        await editor.asked()
        channel_id = (await only_channel(editor))["channelId"]
        for method in ("archive", "delete"):
            assert await refused(editor, method, channelId=channel_id) == "run_active"
        for title in ("", "  \n ", "x" * 201):
            assert await refused(editor, "rename", channelId=channel_id, title=title) == "invalid_params"
        assert await refused(editor, "open", title="x" * 201) == "invalid_params"
        await editor.client.request("agent/channel/rename", {"channelId": channel_id, "title": "While it runs"})
        await editor.client.request("agent/run/interrupt", {"runId": run_id})
        await editor.client.request("agent/channel/delete", {"channelId": channel_id})
        with pytest.raises(ResponseError) as failure:
            await editor.client.request("agent/run/resume", {"runId": run_id})
        assert failure.value.data["code"] == "unknown_channel"


async def test_the_small_model_names_a_chat_once_and_is_paid_for(tmp_path: Path) -> None:
    options = playing(record(tmp_path / "cassette.json", ANSWERS), smallModel="work/small")
    async with served(tmp_path, options) as editor:
        run_id, _ = await editor.play("What is wrong here?")
        told = await changed(editor, "updated", title="Why the sign is wrong")
        channel_id = told["channelId"]
        used = await editor.client.request("agent/usage", {"by": "run"})
        assert [row["key"] for row in used["rows"]] == [run_id]
        posted = await editor.client.request("agent/channel/post", {"channelId": channel_id, "text": "And now?"})
        await editor.ended(posted["runId"])
        assert (await only_channel(editor))["title"] == "Why the sign is wrong"


@pytest.mark.parametrize("named", [True, False])
async def test_a_title_of_the_persons_own_and_a_failing_model_change_nothing(tmp_path: Path, *, named: bool) -> None:
    answers = ANSWERS if named else {"chat": ANSWERS["chat"]}
    options = playing(record(tmp_path / "cassette.json", answers), smallModel="work/small")
    async with served(tmp_path, options) as editor:
        opened = await editor.client.request("agent/channel/open", {"title": "Mine"} if named else {})
        posted = await editor.client.request("agent/channel/post", {"channelId": opened["channelId"], "text": "What is it?"})
        assert (await editor.ended(posted["runId"]))["state"] == "succeeded"
        await changed(editor, "updated", state="idle")
        assert (await only_channel(editor))["title"] == ("Mine" if named else "New chat")


async def test_a_fallback_names_the_chat_where_the_small_model_is_down(tmp_path: Path) -> None:
    options = playing(record(tmp_path / "cassette.json", ANSWERS), smallModel="gone/small", fallbacks=["work/recorded"])
    options["providers"]["gone"] = {"type": "openai_compatible", "baseUrl": "http://127.0.0.1:9/v1"}
    async with served(tmp_path, options) as editor:
        await editor.play("What is wrong here?")
        await changed(editor, "updated", title="Why the sign is wrong")
