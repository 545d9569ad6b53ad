"""Channels are listed by what happens in them, found by what was said in them, and read page by page."""

from dataclasses import replace

import pytest

from coterie.base.errors import InvalidParamsError
from coterie.domain.channels import Channel, ChannelMessage, ChannelState
from coterie.domain.events import Event, MessageDiscarded, MessageEvent, RunEvent, ToolCallEvent, ToolCallState
from coterie.domain.records import Entry, EventRecord
from coterie.domain.runs import RunRequest, RunRow
from coterie.storage.store import Store


def at(second: int) -> str:
    """Return a time."""
    return f"2026-01-31T10:00:{second:02}.000Z"


def a_channel(channel_id: str, title: str = "", *, second: int = 0, state: ChannelState = "idle") -> Channel:
    """Return a channel of the person's chats."""
    return Channel(channel_id=channel_id, title=title, folder="chats", state=state, updated_at=at(second), agent="chat", model="a/b")


def said(message_id: str, text: str, second: int) -> ChannelMessage:
    """Return what the person said."""
    return ChannelMessage(message_id=message_id, role="user", text=text, at=at(second))


async def test_a_channel_comes_back_as_it_was_stored(store: Store) -> None:
    channel = a_channel("c1", "First", state="archived")
    await store.channels.create(channel)
    assert await store.channels.get("c1") == channel
    changed = replace(channel, title="Other", folder="tasks", state="idle", agent=None, model=None, updated_at=at(9))
    await store.channels.update(changed, "title", "folder", "state", "updated_at", "agent", "model")
    assert await store.channels.get("c1") == changed
    assert await store.channels.get("c2") is None


async def test_who_changes_one_thing_of_a_channel_leaves_what_others_changed(store: Store) -> None:
    was = a_channel("c1", "First")
    await store.channels.create(was)
    await store.channels.post("c1", said("m1", "later", 9))
    await store.channels.update(replace(was, title="Other"), "title")
    await store.channels.update(replace(was, state="archived"), "state")
    await store.channels.update(replace(was, agent="coder", model=None), "agent", "model")
    changed = replace(was, title="Other", state="archived", agent="coder", model=None, updated_at=at(9))
    assert await store.channels.get("c1") == changed
    await store.channels.update(was, "state")
    assert await store.channels.get("c1") == replace(changed, state="idle"), "what it was before, too"


async def test_channels_are_listed_latest_first_by_folder_state_and_words(store: Store) -> None:
    await store.channels.create(a_channel("old", "100% Äpfel", second=1))
    await store.channels.create(a_channel("kept", second=2, state="archived"))
    await store.channels.create(replace(a_channel("task", second=3), folder="tasks"))
    await store.channels.post("old", said("m1", "the Straße_name", 4))
    request = RunRequest(prompt="")
    await store.runs.create(
        RunRow(run_id="r", channel_id="task", request=request, workflow=None, agent=None, state="waiting", started_at=at(3))
    )

    async def listed(**wanted: str) -> list[str]:
        return [channel.channel_id for channel in await store.channels.list(**wanted)]

    assert await listed() == ["old", "task", "kept"], "a post makes a channel the latest"
    assert await listed(folder="chats") == ["old", "kept"]
    assert await listed(state="active") == ["task"]
    assert await listed(state="idle") == ["old"]
    assert await listed(state="archived") == ["kept"]
    assert await listed(query="äPFEL") == await listed(query="100%") == await listed(query="STRASSE_N") == ["old"]
    assert await listed(query="1_0") == [], "nothing in a query is a wildcard"


async def test_messages_are_found_latest_first_in_whatever_channel_and_case(store: Store) -> None:
    for channel_id in ("c1", "c2"):
        await store.channels.create(a_channel(channel_id))
    await store.channels.post("c1", said("m1", "the Straße_name", 1))
    await store.channels.post("c2", said("m2", "a STRASSE", 2))
    await store.channels.post("c2", said("m3", "nothing", 3))

    async def found(query: str, limit: int = 9) -> list[tuple[str, str]]:
        return [(channel_id, message.message_id) for channel_id, message in await store.channels.search(query, limit=limit)]

    assert await found("strasse") == [("c2", "m2"), ("c1", "m1")]
    assert await found("strasse", limit=1) == [("c2", "m2")]
    assert await found("%") == [], "nothing in a query is a wildcard"
    await store.channels.delete("c2")
    assert await found("strasse") == [("c1", "m1")]


async def test_history_is_paged_oldest_first_and_a_message_is_replaced_in_its_place(store: Store) -> None:
    await store.channels.create(a_channel("c1"))
    await store.channels.create(a_channel("c2"))
    for number in range(5):
        await store.channels.post("c1", said(f"m{number}", f"text {number}", number))
    await store.channels.post("c2", said("m1", "elsewhere", 1))
    call = ToolCallEvent(call_id="c", tool="read_file", arguments={"start_line": 2}, state="succeeded", output="…")
    answer = ChannelMessage(message_id="m1", run_id="r", role="assistant", text="new", at=at(1), model="a/b", tool_calls=(call,))
    await store.channels.post("c1", answer)

    page = await store.channels.history("c1", limit=2)
    assert ([message.message_id for message in page.messages], page.more) == (["m3", "m4"], True)
    page = await store.channels.history("c1", before="m3", limit=3)
    assert ([message.message_id for message in page.messages], page.more) == (["m0", "m1", "m2"], False)
    assert page.messages[1] == answer
    channel = await store.channels.get("c1")
    assert channel is not None
    assert channel.updated_at == at(4), "a late word on an early message does not turn time back"
    with pytest.raises(InvalidParamsError, match="m9"):
        await store.channels.history("c1", before="m9")


async def test_what_a_run_says_and_does_is_in_its_channels_history(store: Store) -> None:
    await store.channels.create(a_channel("c1"))
    request = RunRequest(prompt="")
    await store.runs.create(
        RunRow(run_id="r", channel_id="c1", request=request, workflow=None, agent=None, state="running", started_at=at(0))
    )

    def message(message_id: str, text: str, *, partial: bool | None = None) -> MessageEvent:
        return MessageEvent(message_id=message_id, role="assistant", text=text, model="a/b", agent="chat", partial=partial)

    def call(call_id: str, state: ToolCallState, output: str | None = None) -> ToolCallEvent:
        return ToolCallEvent(call_id=call_id, message_id="m1", tool="search", arguments={"query": "x"}, state=state, output=output)

    events: list[Event] = [
        message("m0", "void", partial=True),
        MessageDiscarded(message_id="m0", reason="retried"),
        message("m1", "let me", partial=True),
        call("k1", "running"),
        call("k1", "failed", "no"),
        call("k2", "denied"),
        message("m1", "let me look"),
        message("m2", "half", partial=True),
        RunEvent(state="cancelled"),
    ]
    await store.runs.append("r", [Entry(second, at(second), EventRecord(event=event)) for second, event in enumerate(events, 1)])
    one = ChannelMessage(message_id="m1", run_id="r", role="assistant", text="let me look", at=at(3), agent="chat", model="a/b")
    assert (await store.channels.history("c1")).messages == (
        replace(one, tool_calls=(call("k1", "failed", "no"), call("k2", "denied"))),
        replace(one, message_id="m2", text="half", partial=True, at=at(8)),
    )
    assert [channel.updated_at for channel in await store.channels.list(query="LOOK")] == [at(8)]
