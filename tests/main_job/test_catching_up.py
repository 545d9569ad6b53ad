"""A client that was away misses nothing: events, runs, channels, usage and state, asked for at any time, also after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lsp_client import ResponseError
from model_host import Asked, answer, model_host
from raw_http_server import Reply, json_reply
from served import Served, served, settings

DELTAS = {"message_delta", "thought_delta"}
PRICE = {"input": "1", "output": "10", "cacheRead": "0.1", "cacheWrite": "1"}


def priced(url: str) -> dict[str, Any]:
    """Return settings in which one call of 100 and 10 tokens costs $0.0002."""
    options = settings(url, "openai_compatible")
    options["providers"]["work"] |= {"price": {"chat-model": PRICE}, "models": ["chat-model", "other-model"]}
    return options


def script(asked: Asked) -> Reply:
    """Edit on demand, and end the turn."""
    if "Mend" in asked.prompt and not asked.last.answers:
        edit = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
        return answer("openai_compatible", "I mend it.", ("edit_file", edit), number=asked.number)
    return answer("openai_compatible", f"That was request {asked.number}.")


def kept(events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the events that a journal keeps."""
    return [event for event in events if event["event"]["kind"] not in DELTAS]


async def check_events(editor: Served, run_id: str, live: Sequence[Mapping[str, Any]]) -> None:
    """What a client gets after any number is what it would have seen, once and in order."""
    seqs = [event["seq"] for event in live]
    assert seqs == sorted(set(seqs))
    for after in (0, *seqs, seqs[-1] + 1_000):
        missed = await editor.client.request("agent/run/events", {"runId": run_id, "after": after})
        assert missed["events"] == [event for event in kept(live) if event["seq"] > after], after
        assert missed["last"] == seqs[-1]


async def test_what_was_missed_is_what_was_told_also_after_a_restart(tmp_path: Path) -> None:
    async with model_host("openai_compatible", script) as host:
        async with served(tmp_path, priced(host.url)) as editor:
            run_id, end = await editor.play("Mend it")
            assert end["state"] == "succeeded", end
            live = editor.of(run_id)
            assert {event["event"]["kind"] for event in live} >= {"run", "step", "message", "message_delta", "tool_call", "change", "usage"}
            await check_events(editor, run_id, live)
            seen = {method: await editor.client.request(f"agent/run/{method}", {"runId": run_id}) for method in ("get", "diff")}
            channel = live[0]["channelId"]
            history = await editor.client.request("agent/channel/history", {"channelId": channel})
        async with served(tmp_path, priced(host.url)) as editor:
            await check_events(editor, run_id, live)
            for method, answered in seen.items():
                assert await editor.client.request(f"agent/run/{method}", {"runId": run_id}) == answered
            assert await editor.client.request("agent/channel/history", {"channelId": channel}) == history
            with pytest.raises(ResponseError) as done:
                await editor.client.request("agent/run/resume", {"runId": run_id})
            assert done.value.code == -32803
            # The conversation goes on where it was, with its own bytes.
            posted = await editor.client.request("agent/channel/post", {"channelId": channel, "text": "Anything else?"})
            assert (await editor.ended(posted["runId"]))["state"] == "succeeded"
            before, after = host.asked[-2], host.asked[-1]
            assert after.messages[: len(before.messages)] == before.messages
            assert after.tools == before.tools
            undone = await editor.client.request("agent/run/undo", {"runId": run_id})
            assert undone["restored"] == ["calc.py"]
            later = await editor.client.request("agent/run/events", {"runId": run_id, "after": live[-1]["seq"]})
            assert [event["event"]["state"] for event in later["events"]] == ["undone"]
            assert editor.of(run_id) == later["events"]


async def test_a_message_in_progress_is_caught_up_with_as_a_part(tmp_path: Path) -> None:
    gate = asyncio.Event()
    words = "Half 😀 of it, and the rest."
    async with (
        model_host("openai_compatible", lambda _: answer("openai_compatible", words, hold=gate)) as host,
        served(tmp_path, priced(host.url)) as editor,
    ):
        run_id = await editor.start("What does add do?")
        await editor.client.eventually(lambda: bool(editor.events(run_id, "message_delta")))
        [delta] = editor.events(run_id, "message_delta")
        missed = await editor.client.request("agent/run/events", {"runId": run_id, "after": 0})
        part = missed["events"][-1]["event"]
        assert (part["kind"], part["messageId"], part["text"], part["partial"]) == ("message", delta["messageId"], delta["text"], True)
        assert missed["last"] == missed["events"][-1]["seq"] >= editor.of(run_id)[-1]["seq"]
        gate.set()
        await editor.ended(run_id)
        rest = await editor.client.request("agent/run/events", {"runId": run_id, "after": missed["last"]})
        [whole] = [event["event"] for event in rest["events"] if event["event"]["kind"] == "message"]
        assert (whole["messageId"], whole["text"], whole["partial"]) == (delta["messageId"], words, None)
        later = editor.events(run_id, "message_delta")[1:]
        assert part["text"] + "".join(event["text"] for event in later) == words
        assert later[0]["offset"] == len(part["text"].encode("utf-16-le")) // 2
        await check_events(editor, run_id, editor.of(run_id))


async def test_runs_and_channels_are_listed_page_by_page(tmp_path: Path) -> None:
    async with model_host("openai_compatible", script) as host, served(tmp_path, priced(host.url)) as editor:
        request = editor.client.request
        channel = (await request("agent/channel/open", {"title": "Talk"}))["channelId"]
        created = await editor.client.expect("agent/channel/changed")
        assert (created["channelId"], created["change"], created["channel"]["title"]) == (channel, "created", "Talk")
        runs = []
        for number in range(3):
            text = f"Question {number}" if number else "é" * 10_001
            posted = await request("agent/channel/post", {"channelId": channel, "text": text})
            runs.append(posted["runId"])
            await editor.ended(posted["runId"])
        started = await request("agent/run/start", {"prompt": "Elsewhere", "agent": "chat"})
        await editor.ended(started["runId"])
        told = await editor.client.expect("agent/channel/changed", lambda params: params["channelId"] == started["channelId"])
        assert (told["change"], told["channel"]["title"], told["channel"]["folder"]) == ("created", "Elsewhere", "chats")

        first = await request("agent/run/list", {"limit": 2})
        assert ([row["runId"] for row in first["runs"]], first["more"]) == ([started["runId"], runs[2]], True)
        rest = await request("agent/run/list", {"limit": 2, "before": runs[2]})
        assert ([row["runId"] for row in rest["runs"]], rest["more"]) == ([runs[1], runs[0]], False)
        row = rest["runs"][0]
        assert (row["channelId"], row["prompt"], row["workflow"], row["agent"], row["state"]) == (
            channel, "Question 1", None, "chat", "succeeded"
        )  # fmt: skip
        assert rest["runs"][1]["prompt"] == "é" * 10_000 + "…", "a list is no place for a book"
        assert row["startedAt"] < row["endedAt"]
        assert (row["usage"]["input"], row["usage"]["usd"]) == (100, "0.0002")
        assert (await request("agent/run/list", {"state": "failed"}))["runs"] == []

        latest = await request("agent/channel/history", {"channelId": channel, "limit": 4})
        assert ([message["text"] for message in latest["messages"]][::2], latest["more"]) == (["Question 1", "Question 2"], True)
        earlier = await request("agent/channel/history", {"channelId": channel, "before": latest["messages"][0]["messageId"]})
        assert ([message["role"] for message in earlier["messages"]], earlier["more"]) == (["user", "assistant"], False)
        assert [message["runId"] for message in earlier["messages"]] == [runs[0], runs[0]]
        assert earlier["messages"][0]["text"] == "é" * 10_001

        found = await request("agent/channel/list", {"query": "question 2"})
        assert [(each["channelId"], each["folder"], each["state"]) for each in found["channels"]] == [(channel, "chats", "idle")]
        listed = await request("agent/channel/list", {"folder": "chats"})
        assert [each["channelId"] for each in listed["channels"]] == [started["channelId"], channel]
        assert (await request("agent/channel/list", {"folder": "tasks"}))["channels"] == []

        for method, params, code in (
            ("run/list", {"state": "odd"}, "invalid_params"),
            ("run/list", {"before": "run_of_nobody"}, "invalid_params"),
            ("run/start", {"prompt": "x", "workflow": "team", "agent": "coder"}, "invalid_params"),
            ("run/start", {"prompt": "x", "workflow": "crowd"}, "unknown_workflow"),
            ("run/start", {"prompt": "x", "agent": "poet"}, "unknown_agent"),
            ("run/start", {"prompt": "x", "channelId": "channel_of_nobody"}, "unknown_channel"),
            ("channel/history", {"channelId": "channel_of_nobody"}, "unknown_channel"),
            ("channel/post", {"channelId": "channel_of_nobody", "text": "x"}, "unknown_channel"),
            ("channel/open", {"model": "nobody/m"}, "unknown_provider"),
            ("channel/open", {"model": "nameless"}, "unknown_model"),
            ("channel/post", {"channelId": channel, "text": "  "}, "invalid_params"),
            ("channel/post", {"channelId": channel, "text": "x", "attachments": [{"text": " "}]}, "invalid_params"),
            ("run/start", {"prompt": "x", "attachments": [{"text": "t"}, {}]}, "invalid_params"),
            ("channel/list", {"folder": "odd"}, "invalid_params"),
            ("model/list", {"provider": "nobody"}, "unknown_provider"),
            ("usage", {"since": "yesterday"}, "invalid_params"),
            ("usage", {"by": "moon"}, "invalid_params"),
            ("run/undo", {"runId": runs[0], "scope": "moon", "ids": ["chat"]}, "invalid_params"),
            ("run/undo", {"runId": runs[0], "scope": "step", "ids": ["step_of_nobody"]}, "invalid_params"),
            ("run/undo", {"runId": runs[0], "scope": "step"}, "invalid_params"),
            ("run/undo", {"runId": runs[0], "ids": ["hunk_of_nobody"]}, "invalid_params"),
        ):
            with pytest.raises(ResponseError) as wrong:
                await request(f"agent/{method}", params)
            assert (wrong.value.data["code"], wrong.value.code) == (code, -32602 if code == "invalid_params" else -32803), (method, params)


async def test_what_was_used_is_added_up_by_run_channel_provider_and_day(tmp_path: Path) -> None:
    async with model_host("openai_compatible", script) as host, served(tmp_path, priced(host.url)) as editor:
        request = editor.client.request
        first = await request("agent/run/start", {"prompt": "Mend it"})
        await editor.ended(first["runId"])
        second = await request("agent/run/start", {"prompt": "More", "channelId": first["channelId"]})
        await editor.ended(second["runId"])
        # A model whose price nobody knows: its money is unknown, and so is every sum that it is in.
        third = await request("agent/run/start", {"prompt": "Else", "model": "work/other-model"})
        await editor.ended(third["runId"])

        def used(calls: int, usd: str | None) -> dict[str, Any]:
            return {"input": 100 * calls, "cacheRead": 0, "cacheWrite": 0, "output": 10 * calls, "usd": usd}

        def row(calls: int, usd: str | None) -> dict[str, Any]:
            return {**used(calls, usd), "estimated": False, "attempts": calls, "failed": 0, "reused": 0}

        by_run = await request("agent/usage")
        rows = {each.pop("key"): each for each in by_run["rows"]}
        assert rows == {first["runId"]: row(2, "0.0004"), second["runId"]: row(1, "0.0002"), third["runId"]: row(1, None)}
        assert by_run["total"] == used(4, None)
        for by, keys in (("channel", {first["channelId"], third["channelId"]}), ("provider", {"work"})):
            answered = await request("agent/usage", {"by": by})
            assert (answered["total"], {row["key"] for row in answered["rows"]}) == (used(4, None), keys)
        [day] = (await request("agent/usage", {"by": "day"}))["rows"]
        assert editor.of(first["runId"])[0]["at"].startswith(day["key"])
        assert (await request("agent/usage", {"since": "2999-01-01T00:00:00Z"}))["rows"] == []


async def test_the_state_of_the_server_and_of_its_hosts_is_told_when_it_changes(tmp_path: Path) -> None:
    fails = True

    def fail(asked: Asked) -> Reply:
        if fails:
            return json_reply({"error": {"message": "out of order"}}, status=500)
        return script(asked)

    async with model_host("openai_compatible", fail) as host, served(tmp_path, priced(host.url)) as editor:
        request = editor.client.request
        status = await request("agent/status")
        assert (status["mode"], status["degraded"]) == ("local", [])
        assert status["providers"] == [{"id": "work", "type": "openai_compatible", "state": "unknown", "error": None}]
        assert status["sandbox"]["level"] != "unknown", "who asks is told how commands are confined, before any command"
        assert await editor.client.expect("agent/status/changed") == status
        [provider] = (await request("agent/provider/list"))["providers"]
        assert (provider["id"], provider["capabilities"]["tools"]) == ("work", True)
        models = (await request("agent/model/list", {"provider": "work"}))["models"]
        assert [(model["id"], model["provider"], model["state"]) for model in models] == [
            ("work/chat-model", "work", "available"),
            ("work/other-model", "work", "available"),
        ]
        assert (models[0]["price"]["output"], models[1]["price"]) == ("10", None)
        assert host.asked == [], "nothing is asked of a host that nobody wants anything of"

        await editor.play("What does add do?")
        down = await editor.client.expect("agent/status/changed")
        assert (down["providers"][0]["state"], down["degraded"][0]["code"]) == ("down", "provider_down")
        assert (await request("agent/status"))["providers"] == down["providers"]
        assert {model["state"] for model in (await request("agent/model/list"))["models"]} == {"down"}
        fails = False
        await editor.play("And now?")
        up = await editor.client.expect("agent/status/changed", lambda told: told["providers"][0]["state"] == "ready")
        assert up["degraded"] == []


async def test_the_state_says_when_nothing_confines_commands(tmp_path: Path) -> None:
    async with served(tmp_path, {}, env={"PATH": str(tmp_path)}) as editor:
        status = await editor.client.request("agent/status")
        assert status["sandbox"] == {"level": "none", "reason": "bubblewrap (the program bwrap) is not installed."}
        assert "no_sandbox" in [each["code"] for each in status["degraded"]]
