"""A chat goes on another way from a place of its own: the model reads what is kept and nothing else, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aimock_server import JournalEntry, aimock
from lsp_client import ResponseError
from served import BROKEN, FIXED, Served, fixture, make_project, served, settings

EDIT = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
READ = [("read_file", {"path": "calc.py"})]
TALK = [
    fixture("chat-model", 0, calls=READ),
    fixture("chat-model", 1, text="It subtracts."),
    fixture("chat-model", 2, userMessage="Mend it", calls=[("edit_file", EDIT)]),
    fixture("chat-model", 3, userMessage="Mend it", text="Done."),
    fixture("chat-model", 4, userMessage="Sure", text="I am."),
    fixture("chat-model", 1, userMessage="Shorter", text="Minus."),
    fixture("chat-model", 2, text="Left as it is."),
    fixture("chat-model", 3, text="Still."),
]


async def said(editor: Served, channel: str) -> list[tuple[str, str]]:
    """Return a channel's messages: ids and texts."""
    page = await editor.client.request("agent/channel/history", {"channelId": channel})
    return [(message["messageId"], message["text"]) for message in page["messages"]]


async def talk(editor: Served, channel: str, *texts: str) -> list[str]:
    """Say something, wait for each answer, and return the runs."""
    runs = []
    for text in texts:
        posted = await editor.client.request("agent/channel/post", {"channelId": channel, "text": text})
        assert (await editor.ended(posted["runId"]))["state"] == "succeeded"
        runs.append(posted["runId"])
    return runs


async def fork(editor: Served, channel: str, message_id: str | None = None) -> dict[str, Any]:
    """Fork a channel, and see that everybody is told of the new one."""
    forked: dict[str, Any] = await editor.client.request("agent/channel/fork", {"channelId": channel, "messageId": message_id})
    await editor.client.expect("agent/channel/changed", lambda params: params["channelId"] == forked["channelId"])
    return forked


def words(request: JournalEntry) -> Sequence[str]:
    """Return what stands in the messages of a request, without the system's: their ends, since the first one holds more than the words."""
    return [
        str(message.get("content") or message["tool_calls"][0]["function"]["name"]).rpartition("\n")[2]
        for message in request.messages
        if message["role"] != "system"
    ]


async def test_a_message_is_edited_and_sent_anew_and_no_file_is_touched(tmp_path: Path) -> None:
    async with aimock(TALK) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        client = editor.client
        channel = (await client.request("agent/channel/open", {"title": "Signs"}))["channelId"]
        _, mended, _ = await talk(editor, channel, "What is wrong?", "Mend it.", "Sure?")
        before = await said(editor, channel)
        target = next(message_id for message_id, text in before if text == "Mend it.")

        forked = await fork(editor, channel, target)
        assert (forked["text"], forked["attachments"], forked["channel"]["title"]) == ("Mend it.", [], "Signs (fork)")
        assert forked["staying"] == [{"runId": mended, "paths": ["calc.py"]}]
        kept = await said(editor, forked["channelId"])
        assert kept == before[: len(kept)]
        assert (len(kept), kept[-1][1]) == (forked["kept"], "It subtracts.")
        assert editor.text("calc.py") == FIXED, "what later runs did stays"

        await talk(editor, forked["channelId"], "Leave it.")
        *_, asked_first, _, _, request = await host.journal()
        assert asked_first.messages[-1]["content"] == "Mend it."
        assert request.messages[:-1] == asked_first.messages[:-1], "the same bytes, so that the host's cache holds"
        assert request.messages[-1]["content"] == "Leave it."
        assert await said(editor, channel) == before, "the old one is as it was"

        assert (await client.request("agent/run/undo", {"runId": mended}))["restored"] == ["calc.py"]
        assert editor.text("calc.py") == BROKEN


async def test_a_fork_behind_an_answer_keeps_the_results_of_its_calls(tmp_path: Path) -> None:
    async with aimock(TALK) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        channel = (await editor.client.request("agent/channel/open", {}))["channelId"]
        await talk(editor, channel, "What is wrong?")
        page = await editor.client.request("agent/channel/history", {"channelId": channel})
        first = next(message for message in page["messages"] if message["toolCalls"])
        forked = await fork(editor, channel, first["messageId"])
        assert (forked["text"], forked["kept"], forked["staying"]) == (None, 2, [])
        await talk(editor, forked["channelId"], "Shorter.")
        _, answered, request = await host.journal()
        assert request.messages[:-1] == answered.messages
        assert [message["role"] for message in request.messages[-2:]] == ["tool", "user"]


async def test_a_fork_of_a_fork_outlives_its_origins_and_the_server(tmp_path: Path) -> None:
    async with aimock(TALK) as host:
        async with served(tmp_path, settings(host.url, "openai_compatible")) as editor:
            channel = (await editor.client.request("agent/channel/open", {}))["channelId"]
            await talk(editor, channel, "What is wrong?")
            second = (await fork(editor, channel))["channelId"]
            await talk(editor, second, "Leave it.")
            third = (await fork(editor, second, (await said(editor, second))[-1][0]))["channelId"]
            await talk(editor, second, "And this?")
            for each in (channel, second):
                await editor.client.request("agent/channel/delete", {"channelId": each})
        async with served(tmp_path, settings(host.url, "openai_compatible")) as editor:
            view = await editor.client.request("agent/context/inspect", {"channelId": third})
            assert len(view["pieces"]) > 4, "shown before anything is said in it"
            await talk(editor, third, "Go on.")
            request = (await host.journal())[-1]
            assert words(request)[-3:] == ["Leave it.", "Left as it is.", "Go on."]
            assert "It subtracts." in words(request)
            assert "And this?" not in words(request)


async def test_what_is_left_out_by_the_person_stays_left_out_in_a_fork(tmp_path: Path) -> None:
    async with aimock(TALK) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        channel = (await editor.client.request("agent/channel/open", {}))["channelId"]
        await talk(editor, channel, "What is wrong?")
        view = await editor.client.request("agent/context/inspect", {"channelId": channel})
        read = next(piece for piece in view["pieces"] if piece["source"] == "tool:read_file")
        await editor.client.request("agent/context/drop", {"channelId": channel, "pieceId": read["pieceId"]})
        forked = await fork(editor, channel)
        await talk(editor, forked["channelId"], "Leave it.")
        *_, request = await host.journal()
        assert BROKEN.splitlines()[0] not in str([message for message in request.messages if message["role"] == "tool"])


async def test_what_was_said_while_a_run_went_on_can_be_said_anew(tmp_path: Path) -> None:
    fixtures = [
        fixture("chat-model", 0, calls=[("execute_command", {"command": "touch made"})]),
        fixture("chat-model", 1, userMessage="Quickly", text="Made quickly."),
        fixture("chat-model", 1, text="Made slowly."),
    ]
    async with aimock(fixtures) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        run_id = await editor.start("Make it.")
        question = await editor.asked()
        channel = (await editor.client.request("agent/channel/list"))["channels"][0]["channelId"]
        steered = await editor.client.request("agent/channel/post", {"channelId": channel, "text": "Quickly."})
        assert steered["runId"] == run_id
        await editor.answer(question, "allow_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"

        forked = await fork(editor, channel, steered["messageId"])
        assert (forked["text"], forked["kept"]) == ("Quickly.", 2)
        await talk(editor, forked["channelId"], "Slowly.")
        _, first, request = await host.journal()
        assert [message["role"] for message in request.messages] == [message["role"] for message in first.messages]
        assert request.messages[:-1] == first.messages[:-1]
        assert request.messages[-1]["content"] == "Slowly."


@pytest.mark.parametrize(("message", "code"), [("gone", "unknown_message"), (None, "unknown_channel")])
async def test_what_cannot_be_forked(tmp_path: Path, message: str | None, code: str) -> None:
    async with served(tmp_path, {}) as editor:
        channel = (await editor.client.request("agent/channel/open", {}))["channelId"]
        with pytest.raises(ResponseError) as refused:
            await fork(editor, channel if message else "gone", message)
        assert refused.value.data["code"] == code
        empty = await fork(editor, channel)
        assert (empty["kept"], await said(editor, empty["channelId"])) == (0, [])


async def test_a_chat_and_its_fork_go_on_in_the_folder_that_the_chat_is_in(tmp_path: Path) -> None:
    second = make_project(tmp_path / "second")
    async with aimock(TALK) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        event = {"added": [{"uri": second.as_uri(), "name": "second"}], "removed": []}
        await editor.client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        _, asked = await editor.play("What is wrong?", folder=second.as_uri())
        assert asked["state"] == "succeeded"
        channel = (await editor.client.request("agent/channel/list"))["channels"][0]["channelId"]
        forked = await fork(editor, channel)
        await talk(editor, channel, "Mend it.")
        assert ((second / "calc.py").read_text(encoding="utf-8"), editor.text("calc.py")) == (FIXED, BROKEN)

        (second / "calc.py").write_text(BROKEN, encoding="utf-8")
        await talk(editor, forked["channelId"], "Mend it.")
        assert ((second / "calc.py").read_text(encoding="utf-8"), editor.text("calc.py")) == (FIXED, BROKEN)
