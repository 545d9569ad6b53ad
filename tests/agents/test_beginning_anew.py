"""A conversation whose first request its host finds too long begins anew, shorter, in the same run: by what the host has just shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_stage import Fails, calls, says
from coterie.base.errors import ProviderError
from coterie.context.assemble import request_bytes
from coterie.domain.messages import UserMessage
from coterie.domain.records import ConversationRecord
from coterie.domain.runs import Attachment
from hunk_stage import EDITS, ONLY_SECOND, Reviewer, words
from hunk_stage import project as changed
from mortal_journal import Death, MortalJournal, at_each, gone_on
from talking import LONG, Talk, said, talking

TOO_LONG = ProviderError("Too long.", kind="context_overflow", status=400)


def with_rules(talk: Talk) -> None:
    (talk.stage.project / "AGENTS.md").write_text("Use tabs, not blanks.\n" * 700, encoding="utf-8")


@pytest.mark.parametrize("takes", [2_000, 4_000])
async def test_rules_that_are_too_long_for_a_window_that_nobody_knows_are_cut_at_once(tmp_path: Path, takes: int) -> None:
    async with talking(tmp_path, windows={}) as talk:
        talk.hosts.takes = takes
        with_rules(talk)
        assert (await talk.post("Begin?", says("Begun."))).state == "succeeded"
        refused, taken = talk.hosts.heard("chat")
        assert "cut here" in taken.system
        assert said(taken) == said(refused), "the refused one is no part of the conversation"
        assert talk.warned == ["window_unknown", "rules"]
        assert (await talk.post("And?", says("Done."))).state == "succeeded"
        assert request_bytes(talk.sent).startswith(request_bytes(taken))


@pytest.mark.parametrize(("takes", "asked"), [(6_000, 2), (2_000, 4)])
async def test_what_is_attached_is_cut_until_the_host_takes_it(tmp_path: Path, takes: int, asked: int) -> None:
    async with talking(tmp_path, windows={}) as talk:
        talk.hosts.takes = takes
        big = talk.stage.project / "big.txt"
        big.write_text("a line of a big file\n" * 3_000, encoding="utf-8")
        assert (await talk.post("Look.", says("Seen."), attachments=(Attachment(uri=big.as_uri()),))).state == "succeeded"
        assert len(talk.hosts.heard("chat")) == asked
        [message] = talk.sent.messages
        assert isinstance(message, UserMessage)
        assert message.text.count("a line of a big file") > 20
        assert message.text.endswith("Look.")


async def test_a_host_that_takes_nothing_is_asked_a_few_times(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        with_rules(talk)
        end = await talk.post("Begin?", (Fails(TOO_LONG, 99),))
        assert (end.state, end.reason) == ("failed", "context_overflow")
        assert 1 < len(talk.hosts.requests) <= 4
        end = await talk.post(LONG, (Fails(TOO_LONG, 99),))
        assert end.reason == "context_overflow"


async def test_what_is_known_not_to_fit_before_it_is_sent_is_not_begun_anew(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        assert (await talk.post(LONG * 6)).reason == "context_overflow"
        [row] = await talk.stage.store.runs.rows()
        records = [entry.record for entry in await talk.stage.store.runs.read(row.run_id)]
        assert sum(isinstance(record, ConversationRecord) for record in records) == 1


async def test_what_was_answered_is_not_begun_anew(tmp_path: Path) -> None:
    async with talking(tmp_path, windows={}) as talk:
        with_rules(talk)
        end = await talk.post("Look.", calls(("list_files", {})), (Fails(TOO_LONG, 99),))
        assert end.reason == "context_overflow"
        assert len(talk.hosts.requests) == 2
        assert [message.role for message in talk.sent.messages] == ["user", "assistant", "tool"]


async def test_a_verdict_is_told_also_by_the_message_that_a_conversation_begins_anew_with(tmp_path: Path) -> None:
    changed(tmp_path / "project")
    async with talking(tmp_path, windows={}) as talk:
        await talk.post("Change it", *EDITS)
        await Reviewer(talk.stage).decide("rejected", 0)
        assert talk.stage.text("a.txt") == ONLY_SECOND
        with_rules(talk)
        talk.hosts.takes = 5_000
        assert (await talk.post("What now?", says("Nothing."))).state == "succeeded"
        assert len(talk.hosts.heard("chat")) == 2
        for request in talk.hosts.heard("chat"):
            assert words(request)[-1].count("Rejected, and not in a.txt any more") == 1, words(request)


async def test_a_death_at_any_record_leads_to_the_same_beginning(tmp_path: Path) -> None:
    async def lived(folder: Path, death: Death | None = None) -> tuple[list[str], MortalJournal]:
        journal = MortalJournal(death)
        async with talking(folder, windows={}, wrap=journal.around) as talk:
            talk.hosts.takes = 4_000
            talk.hosts.script = {"chat": (says("Begun."),)}
            with_rules(talk)
            journal.heed(talk.stage.listener)
            await journal.lived(talk.stage.begin("Begin?"))
        async with talking(folder, windows={}) as talk:
            talk.hosts.takes = 4_000
            talk.hosts.script = {"chat": (says("Begun."),)}
            run_id = await gone_on(talk.stage)
            row = await talk.stage.store.runs.row(run_id)
            assert row is not None
            assert row.state == "succeeded"
            records = [entry.record for entry in await talk.stage.store.runs.read(run_id)]
            assert 1 < sum(isinstance(record, ConversationRecord) for record in records) < 4
            talk.channel = row.channel_id
            await talk.post("And?", says("Done."))
            return said(talk.sent), journal

    async def check(death: Death) -> None:
        assert (await lived(tmp_path / f"{death.moment}-{death.at}", death))[0] == expected

    expected, whole = await lived(tmp_path / "whole")
    assert expected == ["<folder ", "Begun.", "And?"]
    await at_each(whole.deaths(), check)
