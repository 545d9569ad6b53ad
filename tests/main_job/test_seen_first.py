"""Edits that a person sees before they are made: the real server over pipes, what is on disk, and what the model is really sent."""

from __future__ import annotations

from pathlib import Path

from aimock_server import aimock
from cassettes import Answer, playing, record
from plain_editor import PROMPT, command, plain, progress_ended
from served import BROKEN, FIXED, Served, fixture, make_project, served, settings

TEXT = "".join(f"line {number}\n" for number in range(1, 10))
EDIT = {"path": "a.txt", "edits": [{"old": "line 2", "new": "second"}, {"old": "line 8", "new": "eighth"}]}
SIGN = {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]}
BACK = {"path": "calc.py", "edits": [{"old": "a + b", "new": "a - b"}]}
PART = (
    "The person took a part of this edit.\n"
    "Rejected, and not in a.txt, line 2. Do not make this change again unless they ask for it:\n-line 2\n+second"
)


def with_file(folder: Path) -> Path:
    """Make the project, with the file that is edited."""
    (make_project(folder / "project") / "a.txt").write_text(TEXT, encoding="utf-8")
    return folder


def kinds(editor: Served, run_id: str) -> list[tuple[str, str]]:
    """Return the changes and questions of a run and the states that they were told in, in their order."""
    told = [each["event"] for each in editor.of(run_id)]
    return [(event["kind"], event["state"]) for event in told if event["kind"] in {"change", "approval"}]


async def test_a_person_takes_a_part_of_one_edit_and_nothing_of_the_next(tmp_path: Path) -> None:
    fixtures = [
        fixture("chat-model", 0, calls=[("edit_file", EDIT)]),
        fixture("chat-model", 1, calls=[("move_file", {"path": "a.txt", "to": "b.txt"})]),
        fixture("chat-model", 2, text="As you like."),
    ]
    async with aimock(fixtures) as host:
        options = settings(host.url, "openai_compatible", review={"mode": "before"})
        async with served(with_file(tmp_path), options) as editor:
            uri = (editor.project / "a.txt").as_uri()
            await editor.client.open(uri, TEXT)
            run_id = await editor.start("Change it")
            asked = await editor.asked()
            [change] = editor.events(run_id, "change")
            assert asked["changeIds"] == [change["changeId"]]
            assert (change["state"], [hunk["state"] for hunk in change["hunks"]]) == ("proposed", ["proposed", "proposed"])
            assert editor.client.buffers[uri].text == TEXT
            assert (await editor.client.request("agent/run/get", {"runId": run_id}))["state"] == "waiting"
            [listed] = (await editor.client.request("agent/approval/list", {}))["approvals"]
            assert listed["changeIds"] == asked["changeIds"]

            await editor.client.type(uri, len(TEXT), len(TEXT), "mine\n")
            await editor.client.request("agent/hunk/reject", {"runId": run_id, "hunkIds": [change["hunks"][0]["hunkId"]]})
            await editor.answer(asked, "allow_once")
            move = await editor.asked(2)
            taken = TEXT.replace("line 8", "eighth") + "mine\n"
            assert editor.client.buffers[uri].text == taken
            assert len(move["changeIds"]) == 2
            await editor.client.request("agent/hunk/reject", {"runId": run_id, "changeIds": move["changeIds"][:1]})
            assert (await editor.ended(run_id))["state"] == "succeeded"
            assert editor.text("b.txt") is None
            assert kinds(editor, run_id) == [
                ("change", "proposed"),
                ("approval", "pending"),
                ("change", "proposed"),
                ("approval", "resolved"),
                ("change", "applied"),
                *(("change", "proposed"),) * 2,
                ("approval", "pending"),
                *(("change", "rejected"),) * 2,
                ("approval", "resolved"),
            ]
            decision = editor.events(run_id, "approval")[-1]["decision"]
            assert (decision["kind"], decision["reason"]) == ("reject_once", "reviewed")
        requests = [entry.messages for entry in await host.journal()]
    told = ["\n\n".join(str(message["content"]) for message in messages if message["role"] == "tool") for messages in requests]
    assert told[1] == PART
    assert told[2].startswith(f"{PART}\n\nDenied: the person rejected this edit, and nothing was changed in b.txt and a.txt.")
    assert all(messages[-1]["role"] != "user" for messages in requests[1:]), "nobody said anything"


async def test_a_plain_client_is_told_which_file_and_how_much(tmp_path: Path) -> None:
    fixtures = [fixture("chat-model", 0, calls=[("edit_file", SIGN)]), fixture("chat-model", 1, text="Done.")]
    async with aimock(fixtures) as host, plain(tmp_path, host.url, review={"mode": "before"}) as editor:
        await command(editor.client, "coterie.run", {"prompt": "Change it"})
        prompt, params = await editor.client.question(PROMPT)
        assert params["message"] == "Coterie: edit_file calc.py\ncalc.py: +1 -1 lines"
        assert [action["title"] for action in params["actions"]] == [
            "Apply",
            "Apply all edits of this run",
            "Apply all edits until restart",
            "Reject",
        ]
        assert editor.text("calc.py") == BROKEN
        await editor.client.reply(prompt, {"title": "Apply"})
        await progress_ended(editor.client)
        assert editor.text("calc.py") == FIXED


async def test_who_turns_it_on_or_off_is_followed_but_no_project_that_turns_it_off(tmp_path: Path) -> None:
    answers: list[Answer] = [[("edit_file", SIGN)], [("edit_file", BACK)], [("edit_file", SIGN)], ["Done."]]
    recording = playing(record(tmp_path / "cassette.json", {"chat": answers}))

    async def setting(editor: Served, layer: str, mode: str | None) -> None:
        await editor.client.request("agent/settings/set", {"key": "review.mode", "value": mode, "layer": layer})

    trusting = tmp_path / "home" / "config.toml"
    trusting.parent.mkdir()
    trusting.write_text(f'[trust]\nworkspaces = ["{make_project(tmp_path / "project")}"]\n', encoding="utf-8")
    async with served(tmp_path, recording) as editor:
        for number, layer in enumerate(("project", "user")):
            await setting(editor, layer, "before")
            run_id = await editor.start("Change it")
            asked = await editor.asked(number * 2 + 1)
            await setting(editor, layer, None)
            await editor.answer(asked, "allow_once")
            if layer == "project":
                second = await editor.asked(number * 2 + 2)
                assert editor.text("calc.py") == FIXED
                await editor.answer(second, "allow_run")
            assert (await editor.ended(run_id))["state"] == "succeeded"
            assert editor.text("calc.py") == FIXED
            assert len(editor.events(run_id, "approval")) == (4 if layer == "project" else 2)
            await editor.client.request("agent/run/undo", {"runId": run_id})
