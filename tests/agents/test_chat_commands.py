"""What a person posts to the channel itself: it is done, answered, and said to no model."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent_stage import Fails, Stage, calls, says
from coterie.agents.compacting import NOTHING_TO_COMPACT
from coterie.base.errors import ProviderError, RequestError
from coterie.context.assemble import request_bytes
from coterie.context.showing import KEPT, PREVIEW, SUMMED_UP
from coterie.domain.chat_commands import COMMANDS, ChatCommand, command_in
from coterie.domain.events import CompactionEvent, MessageDelta, MessageEvent
from coterie.domain.messages import TextDelta, UserMessage
from coterie.domain.records import CompactionRecord
from coterie.domain.runs import RunRequest
from mortal_journal import Death, MortalJournal, at_each, gone_on
from talking import LONG, SUMMARY, Talk, said, talking


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/compact", ChatCommand("compact")),
        ("  /compact keep the API names\n", ChatCommand("compact", "keep the API names")),
        ("/clear", ChatCommand("clear")),
        ("/restore ", ChatCommand("restore")),
        ("/help", ChatCommand("help")),
        ("/help me with this", None),
        ("/compactor", None),
        ("/usr/bin/python fails", None),
        ("/Compact", None),
        ("say /compact", None),
        ("/compact\nand then go on", None),
        ("", None),
    ],
)
def test_what_is_a_command_and_what_is_said_to_the_agent(text: str, command: ChatCommand | None) -> None:
    assert command_in(text) == command


def answers(stage: Stage) -> list[str]:
    """Return what was said to the person."""
    return [event.text for event in stage.listener.of(MessageEvent) if event.role == "assistant"]


async def test_compact_asks_for_a_summary_and_for_nothing_else(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(2)
        assert (await talk.post("/compact keep the API names")).state == "succeeded"
        [asked] = talk.hosts.requests
        assert asked.agent == "compaction"
        assert "The person asks of the summary: keep the API names" in request_bytes(asked).decode()
        assert [told.messages for told in talk.told] == [3]
        assert len(answers(talk.stage)) == 1
        assert "- counted" in answers(talk.stage)[0], "the person reads what is kept"
        await talk.post("And?", says("Done."))
        assert said(talk.sent) == ["<earlier", "1 word w", "<folder "], "the folder is shown again"
        assert "/compact" not in request_bytes(talk.sent).decode()


async def test_clear_begins_anew_and_restore_brings_everything_back(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(2)
        before = talk.sent.messages
        await talk.post("/clear")
        assert talk.hosts.requests == []
        assert [(told.messages, told.tokens_after, told.summary) for told in talk.told] == [(4, 0, None)]
        await talk.post("New?", says("New."))
        assert said(talk.sent) == ["<folder "], "and a new conversation is told where it is"
        await talk.post("/restore")
        assert answers(talk.stage) == ["What was left out is sent again."]
        await talk.post("Old?", says("Old."))
        assert talk.sent.messages[: len(before)] == before
        assert said(talk.sent)[4:] == ["<folder ", "New.", "Old?"]


async def test_no_summary_quotes_what_was_cleared(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.post("The old plan.", says("Old."))
        await talk.post("/clear")
        await talk.grow(3)
        await talk.post("Four?", says("Four."))
        assert said(talk.sent)[0] == "<earlier"
        assert "> Post 0." in request_bytes(talk.sent).decode()
        assert "old plan" not in request_bytes(talk.sent).decode()


async def test_what_was_dropped_is_in_no_summary_nor_in_the_record_beside_it(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(3)
        look, channel = talk.stage.inspector, talk.channel or ""
        said_it = [each for each in (await look.inspect(channel_id=channel)).pieces if each.source == "person"]
        await look.drop(channel, next(each.piece_id for each in said_it if each.preview == "Post 1."))
        await talk.post("/compact")
        [asked] = talk.hosts.requests
        assert [f"Post {number}." in request_bytes(asked).decode() for number in range(2)] == [True, False]
        await talk.post("And?", says("Done."))
        assert [f"Post {number}." in request_bytes(talk.sent).decode() for number in range(2)] == [True, False]


async def test_what_a_summary_stands_for_is_left_out_only_once_it_is_restored(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(3)
        look, channel = talk.stage.inspector, talk.channel or ""
        view = await look.inspect(channel_id=channel)
        first, second = (each.piece_id for each in view.pieces if each.preview in {"Post 0.", "Post 1."})
        await look.pin(channel, piece_id=second)
        await talk.post("/compact")
        for piece in (first, second):
            with pytest.raises(RequestError, match="/restore") as refused:
                await look.drop(channel, piece)
            assert refused.value.code == "piece_stays"
        await talk.post("/restore")
        await look.drop(channel, first)
        await talk.post("And?", says("Done."))
        assert [f"Post {number}." in request_bytes(talk.sent).decode() for number in range(2)] == [False, True]


async def test_what_is_pinned_behind_a_summary_is_said_to_be_sent_only_when_the_next_one_carries_it(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(3)
        look, channel = talk.stage.inspector, talk.channel or ""
        begins = f"0 {LONG}"[:PREVIEW]
        piece = next(each.piece_id for each in (await look.inspect(channel_id=channel)).pieces if each.preview == begins)
        await talk.post("/compact")
        view = await look.pin(channel, piece_id=piece)
        assert piece not in {each.piece_id for each in view.pieces}
        assert [each.reason for each in view.left_out if each.piece_id == piece] == [SUMMED_UP]
        for _ in range(3):
            await talk.post("And then?", says("more " * 2_800))
        assert begins not in request_bytes(talk.sent).decode()
        await talk.post("/compact")
        await talk.post("And?", says("Done."))
        assert begins in request_bytes(talk.sent).decode()
        assert [each.reason for each in (await look.inspect(channel_id=channel)).pieces if each.piece_id == piece] == [KEPT]


async def test_what_is_cleared_is_shown_as_such_also_where_it_is_pinned(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.post("One?", says("One."))
        await talk.post("/compact")
        look, channel = talk.stage.inspector, talk.channel or ""
        asked = await look.inspect(channel_id=channel)
        assert asked.compactions == (), "nothing became shorter"
        await look.pin(channel, piece_id=next(each.piece_id for each in asked.pieces if each.source == "person"))
        await talk.post("/clear")
        view = await look.inspect(channel_id=channel)
        assert {each.reason for each in view.left_out} == {"the person began anew behind it"}
        assert {each.segment for each in view.pieces} == {"system"}
        assert view.used == sum(each.tokens for each in view.pieces)
        assert [each.messages for each in view.compactions] == [2]


async def test_compactions_are_taken_back_one_by_one(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(2)
        await talk.post("/compact")
        await talk.grow(1)
        await talk.post("/compact")
        assert "\\n- counted" in request_bytes(talk.hosts.requests[0]).decode(), "the summary goes into the next one"
        for expected in (["<earlier", "0 word w", "<folder "], ["<earlier", "1 word w", "<folder "], ["<folder ", "0 word w", "Post 1."]):
            await talk.post("A?", says("A."))
            assert said(talk.sent)[:3] == expected
            await talk.post("/restore")
        assert answers(talk.stage) == ["Nothing of this conversation was left out."]


async def test_help_lists_them(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(1)
        await talk.post("/help")
        assert talk.hosts.requests == []
        assert all(name in answers(talk.stage)[0] for name in COMMANDS)


async def test_compact_summarises_also_an_answer_that_is_all_there_is_and_nothing_twice(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(1)
        await talk.post("/compact")
        assert [told.messages for told in talk.told] == [2]
        await talk.post("/compact")
        assert (talk.hosts.requests, answers(talk.stage)) == ([], [NOTHING_TO_COMPACT])
        await talk.post("And?", says("Yes."))
        assert said(talk.sent) == ["<earlier"]


@pytest.mark.parametrize("command", ["/compact", "/clear", "/restore"])
async def test_where_nothing_was_said_there_is_nothing_to_do(tmp_path: Path, command: str) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(1)
        empty = await talk.stage.store.channels.get(talk.channel or "")
        assert empty is not None
        await talk.post("/clear")
        end = await talk.post(command)
        assert end.state == "succeeded"
        assert talk.hosts.requests == []
        assert len(answers(talk.stage)) == 1


async def test_a_summary_that_fails_is_said_and_nothing_changes(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(2)
        talk.hosts.script = {"compaction": ((Fails(ProviderError("It is down.", kind="transient", status=503), 9),),) * 3}
        assert (await talk.post("/compact")).state == "succeeded"
        assert answers(talk.stage) == ["The conversation could not be summarised: It is down."]
        await talk.post("And?", says("Done."))
        assert said(talk.sent)[:3] == ["<folder ", "0 word w", "Post 1."]


async def test_during_a_run_it_is_done_at_the_next_boundary(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(2)
        go_on = asyncio.Event()
        talk.hosts.script = {
            **talk.hosts.script,
            "chat": (calls(("list_files", {})), (TextDelta("Now "), go_on, *calls(("list_files", {"path": "tests"}))), says("Done.")),
        }
        talk.stage.listener.events.clear()
        talk.hosts.requests.clear()
        run_id = await talk.stage.begin("Go.", channel_id=talk.channel)
        await talk.stage.listener.until(lambda event: isinstance(event, MessageDelta))
        posted = [
            (await talk.stage.runs.post(RunRequest(prompt=text, channel_id=talk.channel)))[0] for text in ("/compact", "/clear", "/help")
        ]
        go_on.set()
        assert (await talk.stage.ended()).state == "succeeded"
        assert posted == [run_id] * 3
        assert [request.agent for request in talk.hosts.requests] == ["chat", "chat", "compaction", "chat"]
        assert said(talk.sent)[0] == "<earlier"
        assert "/compact" not in request_bytes(talk.sent).decode()
        [summary, refused, listed, done] = answers(talk.stage)[-4:]
        assert ("- counted" in summary, "Not while a run goes on" in refused, "/restore" in listed, done) == (True, True, True, "Done.")


async def test_when_it_is_all_that_is_left_to_hear_no_model_is_asked(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(2)
        go_on = asyncio.Event()
        talk.hosts.script = {**talk.hosts.script, "chat": ((TextDelta("Nearly "), go_on, *says("done.")),)}
        talk.stage.listener.events.clear()
        talk.hosts.requests.clear()
        run_id = await talk.stage.begin("Go.", channel_id=talk.channel)
        await talk.stage.listener.until(lambda event: isinstance(event, MessageDelta))
        assert (await talk.stage.runs.post(RunRequest(prompt="/compact", channel_id=talk.channel)))[0] == run_id
        go_on.set()
        assert (await talk.stage.ended()).state == "succeeded"
        assert [request.agent for request in talk.hosts.requests] == ["chat", "compaction"]
        assert "not_heard" not in talk.warned


async def test_a_death_at_any_record_of_a_compaction_makes_none_twice(tmp_path: Path) -> None:
    async def lived(folder: Path, death: Death | None = None) -> MortalJournal:
        journal = MortalJournal(death)
        async with talking(folder, windows={}) as talk:
            await talk.grow(2)
            channel = talk.channel
        async with talking(folder, windows={}, wrap=journal.around) as talk:
            journal.heed(talk.stage.listener)
            await journal.lived(talk.stage.begin("/compact", channel_id=channel))
        async with talking(folder, windows={}) as talk:
            run_id = await gone_on(talk.stage)
            records = [entry.record for entry in await talk.stage.store.runs.read(run_id)]
            assert sum(isinstance(record, CompactionRecord) for record in records) == 1
            told = [event.event for event in (await talk.stage.runs.events(run_id)).events]
            assert sum(isinstance(event, CompactionEvent) for event in told) == 1
            assert sum(isinstance(event, MessageEvent) and event.role == "assistant" for event in told) == 1
            await check_goes_on(talk, channel)
        return journal

    async def check_goes_on(talk: Talk, channel: str | None) -> None:
        talk.channel = channel
        await talk.post("And?", says("Done."))
        assert said(talk.sent) == ["<earlier", "1 word w", "<folder "]
        [head, *_] = talk.sent.messages
        assert isinstance(head, UserMessage)
        assert SUMMARY.partition("\n")[0] in head.text

    async def check(death: Death) -> None:
        await lived(tmp_path / f"{death.moment}-{death.at}", death)

    await at_each((await lived(tmp_path / "whole")).deaths(), check)
