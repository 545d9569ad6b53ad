"""A person reviews single hunks while the agent works: the real server over pipes, and what the model's next request really holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aimock_server import AimockServer, aimock
from cassettes import Answer, playing, record
from daemon_stage import stage
from lsp_client import ResponseError
from served import Served, fixture, make_project, served, settings

BEFORE = "".join(f"line {number}\n" for number in range(1, 10))
EDIT = {"path": "a.txt", "edits": [{"old": "line 2", "new": "second"}, {"old": "line 8", "new": "eighth"}]}
AFTER = BEFORE.replace("line 2", "second").replace("line 8", "eighth")
ONLY_SECOND = BEFORE.replace("line 8", "eighth")
FIXTURES = [
    fixture("chat-model", 0, calls=[("edit_file", EDIT)]),
    fixture("chat-model", 1, calls=[("execute_command", {"command": "touch made"})]),
    fixture("chat-model", 2, text="I leave line 2 alone."),
]
"""An agent that edits, and then asks: so there is time to look."""
REJECTED = "Rejected, and not in a.txt any more, line 2. Do not make this change again unless they ask for it:\n-line 2\n+second"


def with_file(folder: Path) -> Path:
    """Make the project, with the file that is edited."""
    project = make_project(folder / "project")
    (project / "a.txt").write_text(BEFORE, encoding="utf-8")
    return folder


@asynccontextmanager
async def reviewing(tmp_path: Path) -> AsyncIterator[tuple[Served, AimockServer]]:
    """Serve an editor over aimock."""
    async with aimock(FIXTURES) as host, served(with_file(tmp_path), settings(host.url, "openai_compatible")) as editor:
        yield editor, host


@asynccontextmanager
async def reviewing_a_recording(tmp_path: Path) -> AsyncIterator[Served]:
    """Serve an editor whose model says the same without a host, for tests that do not look at its requests."""
    async with served(with_file(tmp_path), recorded(tmp_path)) as editor:
        yield editor


def recorded(tmp_path: Path) -> dict[str, Any]:
    """Return the settings of an editor whose model is a recording."""
    answers: Sequence[Answer] = ([("edit_file", EDIT)], [("execute_command", {"command": "touch made"})], ["I leave line 2 alone."])
    return playing(record(tmp_path / "cassette.json", {"chat": answers}))


async def ask(editor: Served, method: str, **params: Any) -> Any:
    """Ask something of ``agent/*``."""
    return await editor.client.request(f"agent/{method}", params)


async def refused(editor: Served, method: str, **params: Any) -> tuple[int, str]:
    """Ask for what cannot be had; returns both codes."""
    with pytest.raises(ResponseError) as refusal:
        await ask(editor, method, **params)
    return refusal.value.code, refusal.value.data["code"]


async def edited(editor: Served, run_id: str, state: str = "applied") -> dict[str, Any]:
    """Wait for the change of the file."""
    await editor.client.eventually(lambda: any(event["state"] == state for event in editor.events(run_id, "change")))
    return next(event for event in editor.events(run_id, "change") if event["state"] == state)


async def told(host: AimockServer) -> list[str]:
    """Return what each request of the journal tells of rejections, in the results of tools."""
    requests = [entry.messages for entry in await host.journal()]
    return ["".join(str(message["content"]) for message in messages if message["role"] == "tool") for messages in requests]


@pytest.mark.parametrize("file", ["open with unsaved text", "closed"])
async def test_a_hunk_that_is_rejected_live_is_gone_and_the_next_request_says_so(tmp_path: Path, file: str) -> None:
    async with reviewing(tmp_path) as (editor, host):
        uri = (editor.project / "a.txt").as_uri()
        if file != "closed":
            await editor.client.open(uri, BEFORE)
            await editor.client.type(uri, len(BEFORE), len(BEFORE), "unsaved\n")
        run_id = await editor.start("Change it")
        question = await editor.asked()
        first, second = (await edited(editor, run_id))["hunks"]
        assert (first["state"], first["review"]) == ("applied", "open")
        assert await refused(editor, "run/undo", runId=run_id) == (-32803, "run_active")

        answer = await ask(editor, "hunk/reject", runId=run_id, hunkIds=[first["hunkId"]])
        assert (answer["runId"], answer["conflicts"]) == (run_id, [])
        assert [(hunk["state"], hunk["review"]) for hunk in answer["changes"][0]["hunks"]] == [
            ("rejected", "rejected"),
            ("applied", "open"),
        ]
        if file != "closed":
            assert editor.client.buffers[uri].text == ONLY_SECOND + "unsaved\n"
            assert editor.text("a.txt") == BEFORE, "the disk is the person's to write"
        else:
            assert editor.text("a.txt") == ONLY_SECOND
        assert editor.events(run_id, "change")[-1]["hunks"] == answer["changes"][0]["hunks"]

        [listed] = (await ask(editor, "review/list"))["files"]
        assert (listed["path"], listed["uri"], listed["open"], listed["changes"][0]["runId"]) == ("a.txt", uri, 1, run_id)
        await ask(editor, "hunk/accept", hunkId=second["hunkId"])
        assert await ask(editor, "review/list") == {"files": []}

        await editor.answer(question, "allow_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert [text.count(REJECTED) for text in await told(host)] == [0, 0, 1]
        assert "eighth" not in (await told(host))[-1].partition(REJECTED)[2]


async def test_what_was_decided_and_what_is_open_outlives_the_server(tmp_path: Path) -> None:
    async with aimock(FIXTURES) as host:
        options = settings(host.url, "openai_compatible")
        async with served(with_file(tmp_path), options) as editor:
            run_id = await editor.start("Change it")
            await editor.asked()
            [first, _] = (await edited(editor, run_id))["hunks"]
            await ask(editor, "hunk/reject", hunkId=first["hunkId"])
        async with served(tmp_path, options) as editor:
            [change] = (await ask(editor, "run/get", runId=run_id))["changes"]
            assert [hunk["review"] for hunk in change["hunks"]] == ["rejected", "open"]
            assert (await ask(editor, "review/list", runId=run_id))["files"][0]["open"] == 1
            await ask(editor, "run/resume", runId=run_id)
            await editor.answer(await editor.asked(), "allow_once")
            assert (await editor.ended(run_id))["state"] == "succeeded"
            assert (await told(host))[-1].count(REJECTED) == 1
            assert (await ask(editor, "hunk/reject", runId=run_id, changeIds=[change["changeId"]]))["conflicts"] == []
            assert editor.text("a.txt") == BEFORE
            assert [file["path"] for file in (await ask(editor, "run/diff", runId=run_id))["files"]] == ["made"], "by its command"


async def test_what_the_editor_refused_is_applied_or_dropped(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as (editor, host):
        uri = (editor.project / "a.txt").as_uri()
        buffer = await editor.client.open(uri, BEFORE)
        for number, (verdict, left, state) in enumerate((("accept", AFTER, "applied"), ("reject", BEFORE, "rejected")), 1):
            before = buffer.text
            editor.client.on_apply_edit = lambda _: {"applied": False, "failureReason": "read-only today"}
            run_id = await editor.start("Change it")
            question = await editor.asked(number)
            change = await edited(editor, run_id, "proposed")
            editor.client.on_apply_edit = None
            await editor.client.type(uri, 0, 0, "mine\n")

            answer = await ask(editor, f"hunk/{verdict}", runId=run_id, changeIds=[change["changeId"]])
            assert (answer["changes"][0]["state"], answer["conflicts"]) == (state, [])
            assert buffer.text == "mine\n" + before.replace(BEFORE, left)
            await editor.answer(question, "allow_once")
            assert (await editor.ended(run_id))["state"] == "succeeded"
            heard = (await told(host))[-1]
            assert ("Accepted, and now applied, in a.txt, line" in heard) == (verdict == "accept")
            assert ("Rejected, and not in a.txt any more, line" in heard) == (verdict == "reject")
            assert (await ask(editor, "run/undo", runId=run_id))["conflicts"] == []
            assert buffer.text == "mine\n" + before


async def test_one_hunk_of_a_proposal_is_applied_and_the_other_later(tmp_path: Path) -> None:
    async with reviewing_a_recording(tmp_path) as editor:
        uri = (editor.project / "a.txt").as_uri()
        buffer = await editor.client.open(uri, BEFORE)
        editor.client.on_apply_edit = lambda _: {"applied": False, "failureReason": "read-only today"}
        run_id = await editor.start("Change it")
        await editor.asked()
        first, second = (await edited(editor, run_id, "proposed"))["hunks"]
        [conflict] = (await ask(editor, "hunk/accept", hunkId=second["hunkId"]))["conflicts"]
        assert "read-only today" in conflict["reason"]
        editor.client.on_apply_edit = None
        for hunk, text in ((second, ONLY_SECOND), (first, AFTER)):
            [change] = (await ask(editor, "hunk/accept", hunkId=hunk["hunkId"]))["changes"]
            assert (change["state"], buffer.text) == ("applied", text)
        await ask(editor, "run/cancel", runId=run_id)
        assert (await ask(editor, "run/undo", runId=run_id, scope="hunk", ids=[first["hunkId"]]))["restored"] == ["a.txt"]
        assert buffer.text == ONLY_SECOND


MALFORMED: Mapping[str, Mapping[str, Any]] = {
    "nothing named": {},
    "an empty list": {"runId": "$run", "hunkIds": []},
    "an empty list of changes": {"runId": "$run", "changeIds": []},
    "a number": {"runId": 7},
    "no list": {"runId": "$run", "hunkIds": "hunk"},
}


async def test_what_cannot_be_meant_is_refused_by_its_code(tmp_path: Path) -> None:
    async with reviewing_a_recording(tmp_path) as editor:
        run_id = await editor.start("Change it")
        await editor.asked()
        [first, second] = (await edited(editor, run_id))["hunks"]
        for verdict in ("accept", "reject"):
            for params in MALFORMED.values():
                named = {key: run_id if value == "$run" else value for key, value in params.items()}
                assert await refused(editor, f"hunk/{verdict}", **named) == (-32602, "invalid_params"), params
            assert await refused(editor, f"hunk/{verdict}", runId="nothing") == (-32803, "unknown_run")
            assert await refused(editor, f"hunk/{verdict}", runId=run_id, hunkIds=["nothing"]) == (-32803, "unknown_hunk")
            assert await refused(editor, f"hunk/{verdict}", hunkId="nothing") == (-32803, "unknown_hunk")
            assert await refused(editor, f"hunk/{verdict}", runId=run_id, changeId="nothing") == (-32803, "unknown_change")
        assert await refused(editor, "review/list", runId="nothing") == (-32803, "unknown_run")
        await ask(editor, "hunk/accept", hunkId=first["hunkId"])
        assert await refused(editor, "hunk/reject", hunkId=first["hunkId"]) == (-32803, "already_resolved")
        await ask(editor, "hunk/reject", hunkId=second["hunkId"])
        assert await refused(editor, "hunk/accept", hunkId=second["hunkId"]) == (-32803, "already_resolved")
        assert editor.text("a.txt") == AFTER.replace("eighth", "line 8")


async def test_of_two_editors_the_first_decides_and_both_are_told(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        options = recorded(with_file(tmp_path))
        async with here.editor(tmp_path, options) as one, here.editor(tmp_path, options) as two:
            run_id = await one.start("Change it")
            question = await one.asked()
            [first, _] = (await edited(two, run_id))["hunks"]
            both = (one, "accept"), (two, "reject")
            answers = await asyncio.gather(
                *(ask(editor, f"hunk/{verdict}", hunkId=first["hunkId"]) for editor, verdict in both), return_exceptions=True
            )
            [lost] = [answer for answer in answers if isinstance(answer, ResponseError)]
            assert lost.data["code"] == "already_resolved"
            rejected = isinstance(answers[0], ResponseError)
            assert one.text("a.txt") == (ONLY_SECOND if rejected else AFTER)
            review = "rejected" if rejected else "accepted"
            for editor in (one, two):
                await editor.client.eventually(
                    lambda editor=editor: editor.events(run_id, "change")[-1]["hunks"][0]["review"] == review  # type: ignore[misc]
                )
            await two.answer(question, "reject_once")
            assert (await two.ended(run_id))["state"] == "succeeded"


async def test_a_file_is_told_once_whose_uri_the_editor_spells_in_another_way(tmp_path: Path) -> None:
    lines = [{"path": "a@b.txt", "edits": [{"old": old, "new": new}]} for old, new in (("line 2", "second"), ("line 8", "eighth"))]
    waits = ("execute_command", {"command": "touch made"})
    answers: Sequence[Answer] = ([("edit_file", lines[0])], [waits], [("edit_file", lines[1])], ["Done."])
    (make_project(tmp_path / "project") / "a@b.txt").write_text(BEFORE, encoding="utf-8")
    async with served(tmp_path, playing(record(tmp_path / "cassette.json", {"chat": answers}))) as editor:
        run_id = await editor.start()
        question = await editor.asked()
        spelled = (editor.project / "a@b.txt").as_uri().replace("%40", "@")
        await editor.client.open(spelled, (editor.project / "a@b.txt").read_text(encoding="utf-8"))
        await editor.answer(question, "allow_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        changed = {event["uri"] for event in editor.events(run_id, "change")}
        assert len([uri for uri in changed if uri.endswith("b.txt")]) == 2
        rejected = {"command": "coterie.reject", "arguments": [{"uri": spelled}]}
        assert await editor.client.request("workspace/executeCommand", rejected) == {"restored": ["a@b.txt"], "conflicts": []}
        assert editor.client.buffers[spelled].text == BEFORE
