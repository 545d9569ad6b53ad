"""A channel's runs plan by what hosts have shown in the runs before them, and pay for no summary that could not help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent_stage import Fails, says
from coterie.base.errors import ProviderError
from coterie.context.assemble import request_bytes
from coterie.context.thread import FILE_LEFT_OUT
from coterie.domain.messages import StreamEvent, UserMessage
from talking import LONG, SUMMARY, WINDOW, said, talking

TOO_LONG = ProviderError("Too long.", kind="context_overflow", status=400)


@pytest.mark.parametrize("bytes_per_token", [2.0, 7.0], ids=["small tokens", "large tokens"])
async def test_the_next_run_counts_as_the_host_bills(tmp_path: Path, bytes_per_token: float) -> None:
    async with talking(tmp_path) as talk:
        talk.hosts.bytes_per_token = bytes_per_token
        await talk.grow(1)
        view = await talk.stage.inspector.inspect(channel_id=talk.channel)
        await talk.post("And?", says("Done."))
        billed = len(request_bytes(talk.sent)) / bytes_per_token
        assert view.used == pytest.approx(billed, rel=0.02), "people are shown what it will cost"
        assert talk.told == []
        for number in range(8):
            assert (await talk.post(f"Post {number}?", says(LONG[:8_000]))).state == "succeeded"
            assert len(request_bytes(talk.sent)) / bytes_per_token < 0.9 * 15_000, "the host would refuse more"
        assert (said(talk.sent)[0] == "<earlier") is (bytes_per_token < 4), "and none is made shorter that fits"


async def test_what_a_host_refused_is_not_sent_again_by_the_next_run(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        await talk.grow(3)
        assert (await talk.post("Four?", (Fails(TOO_LONG, 1), *says("Four.")))).state == "succeeded"
        refused = len(request_bytes(talk.hosts.heard("chat")[0]))
        for number in range(4):
            assert (await talk.post(f"Post {number}?", says(f"{number} {LONG[:9_000]}"))).state == "succeeded"
            assert [len(request_bytes(request)) < 0.75 * refused for request in talk.hosts.heard("chat")] == [True]
            assert "window_unknown" not in talk.warned


async def test_a_message_that_does_not_fit_by_itself_costs_no_summary(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        await talk.grow(3)
        for _ in range(2):
            end = await talk.post(LONG * 6)
            assert (end.reason, talk.hosts.requests, talk.told) == ("context_overflow", [], [])
        assert (await talk.post("And?", says("Done."))).state == "succeeded"
        assert said(talk.sent)[0] == "<earlier"


async def test_large_posts_one_after_another_do_not_stop_the_channel(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        for number in range(4):
            end = await talk.post(f"{number} {LONG * 3}", says("Long."))
            assert end.state == "succeeded", end.text
        assert (await talk.post("And?", says("Done."))).state == "succeeded"


@pytest.mark.parametrize("is_wished", [True, False], ids=["by the person", "by itself"])
async def test_no_summary_is_made_of_what_is_pinned(tmp_path: Path, *, is_wished: bool) -> None:
    async with talking(tmp_path, windows={"first": WINDOW}) as talk:
        await talk.grow(3)
        view = await talk.stage.inspector.inspect(channel_id=talk.channel)
        assert talk.channel is not None
        for each in view.pieces:
            if each.segment == "history":
                await talk.stage.inspector.pin(talk.channel, piece_id=each.piece_id)
        end = await talk.post("/compact" if is_wished else "Four?", says("Four."))
        assert end.state == "succeeded"
        assert (talk.hosts.heard("compaction"), talk.told, talk.warned) == ([], [], [])


@pytest.mark.parametrize("window", [8_192, 12_000, WINDOW])
async def test_a_pinned_file_larger_than_the_window_is_in_each_request_and_costs_few_summaries(tmp_path: Path, window: int) -> None:
    async with talking(tmp_path, windows={"first": window}) as talk:
        file = talk.stage.project / "big.txt"
        file.write_text("".join(f"line {number} of a big file\n" for number in range(8_000)), encoding="utf-8")
        await talk.post("Begin.", says("Begun."))
        assert talk.channel is not None
        await talk.stage.inspector.pin(talk.channel, uri=file.as_uri())
        summaries = 0
        for number in range(16):
            assert (await talk.post(f"Post {number}?", says(f"{number} {'word ' * 300}"))).state == "succeeded"
            assert "line 150 of a big file" in str(talk.sent.messages), "also where a summary has just taken the place of what held it"
            summaries += len(talk.hosts.heard("compaction"))
        assert summaries <= 4


@pytest.mark.parametrize("window", [8_192, 12_000, WINDOW])
async def test_a_pinned_file_that_changes_with_each_turn_costs_hardly_a_summary(tmp_path: Path, window: int) -> None:
    async with talking(tmp_path, windows={"first": window}) as talk:
        file = talk.stage.project / "big.txt"
        file.touch()
        await talk.post("Begin.", says("Begun."))
        assert talk.channel is not None
        await talk.stage.inspector.pin(talk.channel, uri=file.as_uri())
        summaries = 0
        for number in range(16):
            file.write_text(f"version {number}\n" + "".join(f"line {line} of it\n" for line in range(2_000)), encoding="utf-8")
            assert (await talk.post(f"Post {number}?", says(f"{number} {'word ' * 100}"))).state == "succeeded"
            asked = talk.sent.messages[-1]
            assert isinstance(asked, UserMessage)
            assert f"version {number}\n" in asked.text
            summaries += len(talk.hosts.heard("compaction"))
            if talk.told and not talk.told[0].messages:
                assert re.fullmatch(r"To make room, \d+ texts? of (a file is|files are) left out: about .*", talk.told[0].text)
                assert FILE_LEFT_OUT in str(talk.sent.messages)
        assert summaries <= 1
        view = await talk.stage.inspector.inspect(channel_id=talk.channel)
        assert sum(each.tokens for each in view.pieces) == view.used
        assert any(each.source == "attachment:big.txt" and each.reason == "left out to make room" for each in view.left_out)
        await talk.post("/restore")
        await talk.post("And?", says("Done."))


@pytest.mark.parametrize("window", [None, 200_000], ids=["unknown", "not what it says"])
async def test_a_small_model_whose_host_finds_a_summary_too_long_is_asked_for_one_of_less(tmp_path: Path, window: int | None) -> None:
    windows = {"first": 60_000} | ({} if window is None else {"small": window})
    async with talking(tmp_path, windows=windows, settings={"small_model": "small/model"}) as talk:
        await talk.grow(9)
        talk.hosts.script = {"compaction": ((Fails(TOO_LONG, 1), *says(SUMMARY)),)}
        assert (await talk.post("And?", says(LONG))).state == "succeeded"
        assert (await talk.post("/compact")).state == "succeeded"
        whole, less = (len(request_bytes(request)) for request in talk.hosts.heard_by["small"])
        assert less < 0.3 * whole
        assert len(talk.told) == 1
        assert "compaction_failed" not in talk.warned


@pytest.mark.parametrize(
    "play",
    [says("No."), (ProviderError("It is down.", kind="transient", status=503),), (TOO_LONG,)],
    ids=["no summary", "down", "too long"],
)
async def test_where_the_small_model_fails_the_agent_s_own_summarises(tmp_path: Path, play: Sequence[StreamEvent | ProviderError]) -> None:
    async with talking(tmp_path, settings={"small_model": "small/model"}) as talk:
        talk.hosts.plays = {"small": play}
        await talk.grow(3)
        assert (await talk.post("Four?", says("Four."))).state == "succeeded"
        assert [(told.model, told.messages) for told in talk.told] == [("first/model", 5)]
        assert talk.warned == []
        rows = {row.key: row for row in await talk.stage.store.usage.rows(by="agent")}
        assert rows["compaction"].attempts == len(talk.hosts.heard_by["small"]) + 1, "each call is in the books"
