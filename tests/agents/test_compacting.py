"""A conversation that grows too long is sent shorter: when, by whom, and that nothing is lost by it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from agent_scripts import EDIT, PATCH, TEAM, project, suite
from agent_stage import Fails, Turn, answering, calls, says
from coterie.agents.failed_summaries import AGAIN
from coterie.base.errors import ProviderError
from coterie.context.assemble import message_bytes, request_bytes
from coterie.context.compaction import CUT_OFF, UNKNOWN_WINDOW
from coterie.context.pinning import PINNED_PART
from coterie.context.thread import FILE_LEFT_OUT
from coterie.context.window import input_limit
from coterie.domain.channels import Channel
from coterie.domain.events import MessageDelta, WarningEvent
from coterie.domain.messages import Finished, TextDelta, ToolMessage, UserMessage
from coterie.domain.records import CompactionRecord, OutputPlace
from coterie.domain.runs import Attachment, RunRequest, Selection
from mortal_journal import Death, MortalJournal, at_each, gone_on
from talking import LONG, SUMMARY, WINDOW, said, talking

DOWN = ProviderError("`first/model` is down.", kind="transient", status=503)
TOO_LONG = ProviderError("Too long.", kind="context_overflow", status=400)


async def test_below_the_threshold_nothing_is_asked_and_nothing_is_changed(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(2)
        await talk.post("And?", says("Done."))
        assert said(talk.sent) == ["<folder ", "0 word w", "Post 1.", "1 word w", "And?"]
        assert talk.told == []
        await talk.post("More?", says("word " * 800))
        await talk.post("And now?", says("Done."))
        assert talk.hosts.heard("compaction") == [], "between the low-water mark and the threshold"


async def test_a_conversation_that_fills_the_window_is_summarised_once_and_stays_so(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(3)
        assert (await talk.post("Four?", says("Four."))).state == "succeeded"
        [asked] = talk.hosts.heard("compaction")
        assert asked.model == "model"
        assert "Person: Post 1." in request_bytes(asked).decode()
        first = talk.sent
        assert [message.role for message in first.messages] == ["user", "assistant", "user"]
        assert said(first) == ["<earlier", "2 word w", "<folder "], "the newest answer stays as it was said, and what is gone comes again"
        [head, *_] = first.messages
        assert isinstance(head, UserMessage)
        assert "## Done\n- counted" in head.text
        assert "> Post 0.\n> Post 1.\n> Post 2." in head.text
        [told] = talk.told
        assert (told.messages, told.outputs, told.model, told.step_id) == (5, 0, "first/model", "chat")
        assert told.tokens_after < told.tokens_before / 2
        assert told.text.startswith("To make room, 5 earlier messages are sent as a summary by first/model: about ")
        await talk.post("Five?", says("Five."))
        assert talk.hosts.heard("compaction") == []
        assert request_bytes(talk.sent).startswith(request_bytes(first)), "and the prefix of later requests stays the same"
        assert said(talk.sent)[-1] == "Five?"


async def test_its_cost_is_counted_with_the_run_and_under_its_own_name(tmp_path: Path) -> None:
    async with talking(tmp_path, settings={"small_model": "small/model"}) as talk:
        await talk.grow(3)
        await talk.post("Four?", says("Four."))
        assert len(talk.hosts.heard_by["small"]) == 1
        assert {request.agent for request in talk.hosts.heard_by["first"]} == {"chat"}
        rows = {row.key: row for row in await talk.stage.store.usage.rows(by="agent")}
        assert (rows["compaction"].input, rows["compaction"].output, rows["compaction"].attempts) == (100, 10, 1)
        [run, *_] = await talk.stage.store.runs.rows()
        assert run.usage.input == 200


async def test_old_outputs_go_first_and_no_model_is_asked(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        (talk.stage.project / "long.txt").write_text("line of a long file\n" * 500, encoding="utf-8")
        reads = [calls((name, arguments)) for name, arguments in (("read_file", {"path": "long.txt"}), ("list_files", {})) for _ in "12"]
        turns = [turn for pair in zip(reads[:2], reads[2:], strict=True) for turn in pair]
        assert (await talk.post("Read it.", *turns, *turns, says("Read."))).state == "succeeded"
        assert talk.hosts.heard("compaction") == []
        assert talk.told
        assert all(told.outputs and not told.messages and told.summary is None for told in talk.told)
        outputs = [message.results[0].output for message in talk.sent.messages if isinstance(message, ToolMessage)]
        assert "was left out to make room" in outputs[0]
        assert "was left out" not in outputs[-2]
        assert said(talk.sent)[0] == "<folder "


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (says("Everything is fine."), "is no summary"),
        (says(f"## Goal\n{LONG * 4}"), "not shorter"),
        ((Fails(DOWN, 99),), "is down"),
        ((Fails(ProviderError("Used up.", kind="quota_exhausted", status=429), 99),), "Used up"),
    ],
    ids=["no headings", "longer", "host down", "quota"],
)
async def test_a_summary_that_fails_loses_nothing_and_is_not_tried_again_and_again(tmp_path: Path, answer: Turn, why: str) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(3)
        talk.hosts.script = {"compaction": (answer,) * 9}
        end = await talk.post("Four?", calls(("list_files", {})), calls(("list_files", {"path": "tests"})), says("Four."))
        assert end.state == "succeeded"
        assert len(talk.hosts.heard("compaction")) == 1
        assert talk.warned == ["compaction_failed"]
        [warning] = talk.stage.listener.of(WarningEvent)[:1]
        assert why in warning.text
        assert talk.told == []
        assert said(talk.sent)[:3] == ["<folder ", "0 word w", "Post 1."], "the conversation is sent whole"


async def test_a_summary_that_was_cut_off_says_so(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(3)
        talk.hosts.script = {"compaction": ((TextDelta("## Goal\n- count\n## Decisions\n- to us"), Finished("length")),)}
        assert (await talk.post("Four?", says("Four."))).state == "succeeded"
        head = talk.sent.messages[0]
        assert isinstance(head, UserMessage)
        assert f"## Decisions\n- to us {CUT_OFF}\n\n## Done\nnot known" in head.text


async def test_a_summary_that_failed_is_not_asked_for_by_every_later_run_nor_after_a_restart(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(3)
        talk.hosts.script = {"compaction": (says("No."),) * 9}
        assert (await talk.post("Four?", says("Four."))).state == "succeeded"
        assert (len(talk.hosts.heard("compaction")), talk.warned) == (1, ["compaction_failed"])
        assert (await talk.post("Five?", says("Five."))).state == "succeeded"
        assert (talk.hosts.heard("compaction"), talk.warned) == ([], [])
        channel = talk.channel
    async with talking(tmp_path) as talk:
        talk.channel = channel
        assert (await talk.post("Six?", says("Six."))).state == "succeeded"
        assert (talk.hosts.heard("compaction"), talk.warned) == ([], [])
        await talk.post("/compact")
        assert len(talk.hosts.heard("compaction")) == 1, "a person can have it at once"
        await talk.post("Seven?", says("Seven."))
        assert said(talk.sent)[0] == "<earlier"


async def test_a_summary_that_failed_is_asked_for_again_where_the_conversation_would_end_without(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(3)
        talk.hosts.script = {"compaction": (says("No."),) * 9}
        assert (await talk.post("Four?", says(LONG[:8_000]))).state == "succeeded"
        talk.hosts.script = {"compaction": (says(SUMMARY),) * 9}
        assert (await talk.post("Five?", says("Five."))).state == "succeeded"
        assert (len(talk.hosts.heard("compaction")), said(talk.sent)[0]) == (1, "<earlier")


async def test_a_summary_that_failed_is_asked_for_again_when_the_conversation_has_grown_by_a_fifth(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={"first": 60_000}) as talk:
        talk.hosts.script = {"compaction": (says("No."),) * 9}
        sizes: list[int] = []
        asked: list[int] = []
        for number in range(40):
            end = await talk.post(f"Post {number}.", says(f"{number} {LONG[: 14_000 if number < 10 else 3_000]}"))
            assert end.state == "succeeded", end.text
            asked.append(len(talk.hosts.heard("compaction")))
            [row, *_] = await talk.stage.store.runs.rows()
            records = [entry.record for entry in await talk.stage.store.runs.read(row.run_id)]
            sizes += [each.failed_at for each in records if isinstance(each, CompactionRecord) and each.failed_at is not None]
            if len(sizes) == 2:
                break
        view = await talk.stage.inspector.inspect(channel_id=talk.channel)
        first, second = sizes
        assert view.limit is not None
        assert 1.2 * first <= second <= view.limit
        assert second < 1.2 * first + 1_500, "as soon as it has"
        assert (sum(asked), asked[-1]) == (2, 1)


async def test_a_channel_whose_summaries_always_fail_asks_for_three_and_says_so_once(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(3)
        talk.hosts.script = {"compaction": (says("No."),) * 99}
        assert (await talk.post("Four?", says(LONG[:8_000]))).state == "succeeded"
        asked, told, ends = [len(talk.hosts.heard("compaction"))], list[str](), list[str]()
        for number in range(5):
            end = await talk.post(f"More {number}?")
            assert (end.state, end.reason) == ("failed", "context_overflow")
            asked.append(len(talk.hosts.heard("compaction")))
            told += [event.text for event in talk.stage.listener.of(WarningEvent) if event.code == "compaction_failed"]
            ends.append(end.text or "")
        assert asked == [1, 1, 1, 0, 0, 0]
        assert [AGAIN in text for text in told] == [False, True], "once"
        assert [AGAIN in text for text in ends] == [False, True, True, True, True]
        talk.hosts.script = {"compaction": (says(SUMMARY),) * 99}
        await talk.post("/compact")
        assert (await talk.post("Now?", says("Now."))).state == "succeeded"
        assert said(talk.sent)[0] == "<earlier"


async def test_a_host_of_unknown_window_that_finds_each_request_too_long_gets_a_few_summaries(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        (talk.stage.project / "long.txt").write_text("line of a long file\n" * 500, encoding="utf-8")
        await talk.grow(3)
        reads = [calls(("read_file", {"path": "long.txt", "start_line": number})) for number in range(1, 9)]
        end = await talk.post("Read it.", *((Fails(TOO_LONG, 1), *turn) for turn in (*reads, says("Read."))))
        assert end.state == "succeeded", end.text
        assert len(talk.hosts.heard("compaction")) == 3
        assert talk.warned.count("window_unknown") == 1
        [warning] = [event.text for event in talk.stage.listener.of(WarningEvent) if event.code == "window_unknown"]
        assert warning.startswith("first/model does not take about ")
        assert "`context_tokens` of the provider first" in warning


async def test_a_channel_that_overflows_a_host_and_cannot_be_summarised_asks_for_three(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(3)
        talk.hosts.script = {"compaction": (says("No."),) * 99}
        asked = []
        for _ in range(5):
            assert (await talk.post("And?", (Fails(TOO_LONG, 99),))).reason == "context_overflow"
            asked.append(len(talk.hosts.heard("compaction")))
        assert asked == [1, 1, 1, 0, 0]


async def test_where_no_summary_can_be_made_files_that_were_attached_before_go_last(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={"first": 8_192}) as talk:
        for name in "abc":
            file = talk.stage.project / f"{name}.txt"
            file.write_text(f"line of {name}\n" * 500, encoding="utf-8")
            talk.hosts.script = {"compaction": (says("No."),) * 9}
            end = await talk.post(f"{name}?", says("word " * 400), attachments=(Attachment(uri=file.as_uri()),))
            assert end.state == "succeeded", end.text
        talk.hosts.script = {"compaction": (says("No."),) * 9}
        end = await talk.post("word " * 1_600, says("Done."))
        assert end.state == "succeeded", end.text
        asked = [message.text for message in talk.sent.messages if isinstance(message, UserMessage)]
        left_out = [FILE_LEFT_OUT in text for text in asked]
        assert True in left_out
        assert [text.rsplit("\n", 1)[-1] for text in asked[:3]] == ["a?", "b?", "c?"]
        assert any("file is left out" in told.text or "files are left out" in told.text for told in talk.told)
        view = await talk.stage.inspector.inspect(channel_id=talk.channel)
        assert sum(each.tokens for each in view.pieces) == view.used


async def test_what_was_left_out_is_not_left_out_again_however_long_its_path_is(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={"first": 8_192}) as talk:
        file = talk.stage.project.joinpath(*["a folder with a long name " * 8] * 3, "a.txt")
        file.parent.mkdir(parents=True)
        left_out: list[OutputPlace] = []
        for number in range(8):
            talk.hosts.script = {"compaction": (says("No."),) * 9}
            file.write_text(f"line {number}\n" * 400, encoding="utf-8")
            await talk.post("And?", says("word " * 400), attachments=(Attachment(uri=file.as_uri()),))
        for row in await talk.stage.store.runs.rows():
            for entry in await talk.stage.store.runs.read(row.run_id):
                left_out += entry.record.pruned if isinstance(entry.record, CompactionRecord) else ()
        assert len(left_out) == len(set(left_out)) > 2


async def test_what_cannot_be_made_short_enough_ends_in_words(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        end = await talk.post(LONG * 6)
        assert (end.state, end.reason) == ("failed", "context_overflow")
        assert "takes 13,500" in (end.text or "")
        assert re.search(r"Of its about 2[\d,]+ tokens your message 21,\d{3} are most\.", end.text or "")
        assert "larger window, say it in smaller parts, or leave pieces of it out." in (end.text or "")
        assert talk.hosts.requests == []


@pytest.mark.parametrize(("window", "kept"), [(WINDOW, 1), (None, 1), (8_192, 0)], ids=["known", "the host's word", "too small for any"])
async def test_outputs_too_large_for_the_window_end_neither_the_run_nor_the_channel(tmp_path: Path, window: int | None, kept: int) -> None:
    async with talking(tmp_path, windows={} if window is None else {"first": window}) as talk:
        for name in "ab":
            (talk.stage.project / f"{name}.txt").write_text("line of a long file\n" * 5_000, encoding="utf-8")
        reads = calls(*(("read_file", {"path": f"{name}.txt"}) for name in "ab"))
        refused = (Fails(TOO_LONG, 1),) if window is None else ()
        assert (await talk.post("Read both.", reads, (*refused, *says("One of them.")))).state == "succeeded"
        [results] = [message.results for message in talk.sent.messages if isinstance(message, ToolMessage)]
        assert sum("was left out to make room" in result.output for result in results) == 2 - kept
        assert [told.outputs for told in talk.told] == [2 - kept]
        assert (await talk.post("And?", says("Done."))).state == "succeeded"


async def test_the_shares_that_people_are_shown_are_those_that_are_planned_with(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(1)
        view = await talk.stage.inspector.inspect(channel_id=talk.channel)
        assert view.limit == 13_500
        assert [each.limit for each in view.segments] == [750, 2_250, 4_500, 6_000]


@pytest.mark.parametrize("window", [WINDOW, None], ids=["known", "unknown"])
async def test_files_that_are_larger_than_the_window_come_with_how_they_begin(tmp_path: Path, window: int | None) -> None:
    async with talking(tmp_path, windows={} if window is None else {"first": window}) as talk:
        talk.hosts.script = {"chat": (says("Large."),)}
        files = [talk.stage.project / f"{name}.txt" for name in "abc"]
        for file in files:
            file.write_text("line of a long file\n" * 5_000, encoding="utf-8")
        await talk.stage.begin("Look.", attachments=tuple(Attachment(uri=file.as_uri()) for file in files))
        assert (await talk.stage.ended()).state == "succeeded"
        [asked] = talk.sent.messages
        assert isinstance(asked, UserMessage)
        assert asked.text.count("read_file has the rest") == 3
        [row] = await talk.stage.store.runs.rows()
        view = await talk.stage.inspector.inspect(run_id=row.run_id)
        reasons = [each.reason for each in view.pieces if each.source.startswith("attachment:")]
        assert len(reasons) == 3
        assert all(re.fullmatch(r"said before; how it begins, [\d,]+ of [\d,]+ characters", reason) for reason in reasons)
        assert talk.warned == ["attachment_cut"]
        [warning] = [event.text for event in talk.stage.listener.of(WarningEvent) if event.code == "attachment_cut"]
        assert re.match(r"Only how it begins is sent of a\.txt \([\d,]+ of [\d,]+ characters\), b\.txt \(.+\), c\.txt \(", warning)
        assert ("`context_tokens` of the provider first" in warning) == (window is None)
        await talk.stage.store.channels.create(
            Channel(channel_id="c1", title="t", folder="chats", state="idle", updated_at="2026-01-31T00:00:00.000Z")
        )
        for file in files:
            view = await talk.stage.inspector.pin("c1", uri=file.as_uri())
        files_shown = sum(each.tokens for each in view.pieces if each.source == "file")
        if view.limit is not None:
            assert 0.9 < files_shown / (view.limit // PINNED_PART) < 1.1, "the part that pinned files have"
        else:
            assert 0.8 * len(asked.text) < 4 * files_shown < 4 * 0.7 * input_limit(UNKNOWN_WINDOW, None), "as they would be sent"


@pytest.mark.parametrize("window", [6_000, 8_192, WINDOW])
async def test_no_request_is_larger_than_the_window_whatever_goes_along(tmp_path: Path, window: int) -> None:
    async with talking(tmp_path, windows={"first": window}) as talk:
        (talk.stage.project / "AGENTS.md").write_text("Use tabs.\n" * 300, encoding="utf-8")
        (tmp_path / "home").mkdir(exist_ok=True)
        (tmp_path / "home" / "memory.md").write_text("- 2026-01-31: It is a calculator.\n" * 40, encoding="utf-8")
        (talk.stage.project / "long.txt").write_text('say("a line of a long file")\n' * 900, encoding="utf-8")
        long = Attachment(uri=(talk.stage.project / "long.txt").as_uri())
        (talk.stage.project / "same.txt").write_bytes((talk.stage.project / "long.txt").read_bytes())
        longs = (long, Attachment(uri=(talk.stage.project / "same.txt").as_uri()))
        limit = input_limit(window, None)
        for number in range(5):
            turns = (calls(("read_file", {"path": "calc.py"})), says(f"{number} {LONG[: 2_000 * number]}"))
            end = await talk.post(f"Post {number}?", *turns, attachments=longs[: number % 3], selection=Selection(uri=long.uri or ""))
            assert end.state == "succeeded", end.text
            for request in talk.hosts.heard("chat"):
                assert len(request_bytes(request)) / 4 <= limit
            asked = next(message.text for message in reversed(talk.sent.messages) if isinstance(message, UserMessage))
            assert asked.endswith(f"Post {number}?")
            assert asked.count("cut here") >= 1 + number % 3, "each of them has its part"
            assert "<rules" in talk.sent.system
            assert "<memory" in talk.sent.system


@pytest.mark.parametrize("posts", [1, 3], ids=["in one post", "each in a post"])
@pytest.mark.parametrize("answers", [2, 3])
@pytest.mark.parametrize("can_shorten", [True, False], ids=["with a summary", "without"])
async def test_large_attachments_posted_during_a_call_share_the_room_that_is_left(
    tmp_path: Path, posts: int, answers: int, *, can_shorten: bool
) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(answers)
        if not can_shorten:
            talk.hosts.script = {"compaction": (says("No."),) * 9}
        go_on = asyncio.Event()
        talk.hosts.script = {**talk.hosts.script, "chat": ((TextDelta("Nearly "), go_on, *says("done.")), says("Seen."))}
        talk.stage.listener.events.clear()
        run_id = await talk.stage.begin("Go.", channel_id=talk.channel)
        await talk.stage.listener.until(lambda event: isinstance(event, MessageDelta))
        large = [
            Attachment(text=f'{number}ay("a line of a long text")\n' + 'say("a line of a long text")\n' * 1_499) for number in range(3)
        ]
        for number in range(posts):
            along = tuple(large[number * 3 // posts : (number + 1) * 3 // posts])
            request = RunRequest(prompt="And these?", channel_id=talk.channel, attachments=along)
            assert (await talk.stage.runs.post(request))[0] == run_id
        go_on.set()
        end = await talk.stage.ended()
        assert end.state == "succeeded", end.text
        heard = "".join(message.text for message in talk.sent.messages if isinstance(message, UserMessage))
        shown = [int(count) for count in re.findall(r"cut here: (\d+) of 43500 characters", heard)]
        assert len(shown) == 3
        assert sum(shown) < len(heard), "the model has them before it, not a summary's quotes of them"
        assert min(shown) > (500 if answers == 3 and not can_shorten else 2_500)


@pytest.mark.parametrize("is_answer", [False, True], ids=["a post", "an answer"])
async def test_a_message_larger_than_the_window_does_not_stop_the_channel_for_good(tmp_path: Path, *, is_answer: bool) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(1)
        huge = await talk.post("Tell me all.", says(LONG * 6)) if is_answer else await talk.post(LONG * 6)
        assert huge.state == ("succeeded" if is_answer else "failed")
        assert (await talk.post("And?", says("Done."))).state == "succeeded"
        assert said(talk.sent) == ["<earlier"]
        assert len(talk.told) == 1


async def test_a_host_that_finds_it_too_long_gets_it_shorter_once(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(3)
        end = await talk.post("Four?", (Fails(TOO_LONG, 1), *says("Four.")))
        assert end.state == "succeeded"
        assert [request.agent for request in talk.hosts.requests] == ["chat", "compaction", "chat"]
        assert said(talk.sent)[0] == "<earlier"


async def test_a_host_that_still_finds_it_too_long_is_not_asked_again(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(3)
        end = await talk.post("Four?", (Fails(TOO_LONG, 99),))
        assert (end.state, end.reason) == ("failed", "context_overflow")
        assert re.match(r"Too long\. Of its about [\d,]+ tokens what was said before [\d,]+", end.text or "")
        assert [request.agent for request in talk.hosts.requests] == ["chat", "compaction", "chat"]


async def test_a_model_with_a_smaller_window_takes_over_with_a_shorter_conversation(tmp_path: Path) -> None:
    windows = {"first": 200_000, "second": WINDOW}
    async with talking(tmp_path, windows=windows, settings={"fallbacks": ["second/model"]}) as talk:
        await talk.grow(4)
        talk.hosts.plays = {"first": (DOWN,)}
        end = await talk.post("Five?", says("Five."))
        assert end.state == "succeeded"
        assert [request.agent for request in talk.hosts.heard_by["second"]] == ["compaction", "chat"]
        assert talk.warned[-1] == "fallback"
        assert said(talk.hosts.heard_by["second"][-1])[0] == "<earlier"


async def test_a_summary_can_be_cancelled(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(3)
        talk.hosts.script = {"chat": (says("Never."),), "compaction": ((asyncio.Event(),),)}
        talk.stage.listener.events.clear()
        talk.hosts.requests.clear()
        run_id = await talk.stage.begin("Four?", channel_id=talk.channel)
        async with asyncio.timeout(60):
            await talk.hosts.summarising.wait()
        closed = talk.hosts.closed
        assert (await talk.stage.runs.cancel(run_id)).state == "cancelled"
        assert talk.hosts.closed == closed + 1, "its call is closed"
        talk.hosts.script = {"compaction": (says(SUMMARY),)}
        assert (await talk.post("Four again?", says("Four."))).state == "succeeded"
        assert said(talk.sent)[0] == "<earlier"


async def test_the_plan_s_state_comes_from_the_journal(tmp_path: Path) -> None:
    talks = [calls(("list_files", {"path": "tests" if number % 2 else "."}), text=f"{number} {LONG}") for number in range(4)]
    settings = {"permissions": {"allow": ["exec(pytest *)"]}}
    async with talking(tmp_path, settings=settings, sandbox=suite(project(tmp_path / "project"))) as talk:
        talk.hosts.script = {
            **TEAM,
            "coder": (calls(("edit_file", EDIT)), *talks, PATCH),
            "compaction": (says("## Goal\n- something else"),) * 9,
        }
        answering(talk.stage, "approve")
        assert (await talk.stage.play("Fix add", workflow="team")).state == "succeeded"
        assert len(talk.told) == 1
        task = talk.hosts.heard("coder")[-1].messages[0]
        assert isinstance(task, UserMessage)
        summary, _, record = task.text.partition("<record>")
        assert "something else" in summary
        assert "The plan: make test_add pass\n- [ ] s1 Correct the sign\nNext: s1 Correct the sign" in record
        assert "Fix add" in record.partition("</record>")[2], "the task itself stays as it was said"


async def test_a_death_at_any_record_leads_to_the_same_requests(tmp_path: Path) -> None:
    async def lived(folder: Path, death: Death | None = None) -> tuple[list[bytes], MortalJournal]:
        journal = MortalJournal(death)
        async with talking(folder) as talk:
            await talk.grow(3)
            channel = talk.channel
        turns = (calls(("list_files", {})), says("Four."))
        async with talking(folder, wrap=journal.around) as talk:
            talk.hosts.script = {**talk.hosts.script, "chat": turns}
            journal.heed(talk.stage.listener)
            await journal.lived(talk.stage.begin("Four?", channel_id=channel))
        async with talking(folder) as talk:
            talk.hosts.script = {**talk.hosts.script, "chat": turns}
            records = [entry.record for entry in await talk.stage.store.runs.read(await gone_on(talk.stage))]
            assert sum(isinstance(record, CompactionRecord) for record in records) == 1
            talk.channel = channel
            await talk.post("Five?", says("Five."))
            assert talk.hosts.heard("compaction") == []
            return [shape(message) for message in talk.sent.messages], journal

    def shape(message: Any) -> bytes:
        return message_bytes(message).partition(b"\n<record>")[0]

    async def check(death: Death) -> None:
        assert (await lived(tmp_path / f"{death.moment}-{death.at}", death))[0] == expected

    expected, whole = await lived(tmp_path / "whole")
    assert whole.appends > 8
    await at_each(whole.deaths(), check)
