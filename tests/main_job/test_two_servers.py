"""Two servers on one home, each with a live run: each leaves the other's alone, and the run of a dead one is there to be resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cassettes import EDIT, TEAM, playing, record
from killing import killed
from lsp_client import ResponseError
from served import BROKEN, FIXED, Served, served

CHAT = ([("execute_command", {"command": "touch made"})], ["It is made."])
ASKING = {"permissions": {"allow": ["exec(python3 -m unittest *)"]}}


async def states(editor: Served) -> dict[str, str]:
    """Return the states of the runs that an editor is shown."""
    return {run["runId"]: run["state"] for run in (await editor.client.request("agent/run/list", {}))["runs"]}


async def code_of(editor: Served, method: str, run_id: str) -> str:
    """Return the code with which a request is refused."""
    with pytest.raises(ResponseError) as refused:
        await editor.client.request(method, {"runId": run_id})
    code: str = refused.value.data["code"]
    return code


async def test_an_editor_that_has_a_folder_around_the_runs_own_resumes_and_undoes_it(tmp_path: Path) -> None:
    chat = ([("edit_file", EDIT)], *CHAT)
    options = playing(record(tmp_path / "cassette.json", {"chat": chat}), **ASKING)
    async with served(tmp_path, options) as editor:
        run_id = await editor.start("Make it")
        await editor.asked()
    around = {"uri": tmp_path.as_uri(), "name": "around"}
    elsewhere = {"uri": (tmp_path / "home").as_uri(), "name": "elsewhere"}
    own = {"uri": editor.project.as_uri(), "name": "project"}
    async with served(tmp_path, options) as editor:

        async def have_open(added: dict[str, str], removed: dict[str, str]) -> None:
            event = {"added": [added], "removed": [removed]}
            await editor.client.notify("workspace/didChangeWorkspaceFolders", {"event": event})

        await have_open(elsewhere, own)
        assert await code_of(editor, "agent/run/resume", run_id) == "folder_not_open"
        await have_open(around, elsewhere)
        assert (await editor.client.request("agent/run/resume", {"runId": run_id}))["state"] == "running"
        await editor.answer(await editor.asked(), "allow_once")
        assert (await editor.ended(run_id))["state"] == "succeeded"
        assert (editor.text("made"), (tmp_path / "made").exists()) == ("", False), "the command ran where the run is at home"
        assert editor.text("calc.py") == FIXED
        undone = await editor.client.request("agent/run/undo", {"runId": run_id})
        assert Path(undone.pop("keptIn")).is_dir()
        assert undone == {
            "restored": ["calc.py", "project/made"],
            "conflicts": [],
        }, "the command's file is named as the editor has it"
        assert editor.text("calc.py") == BROKEN
        assert not (editor.project / "made").exists()


async def test_each_server_leaves_the_others_runs_alone_while_it_lives(tmp_path: Path) -> None:
    options = playing(record(tmp_path / "cassette.json", {**TEAM, "chat": CHAT}), **ASKING)
    async with served(tmp_path, options) as survivor:
        async with served(tmp_path, options) as mortal:
            own, theirs = await survivor.start("Make it"), await mortal.start(workflow="team")
            question, _ = await survivor.asked(), await mortal.asked()
            for editor, other in ((survivor, theirs), (mortal, own)):
                assert await states(editor) == {own: "waiting", theirs: "waiting"}
                channels = (await editor.client.request("agent/channel/list", {}))["channels"]
                assert [channel["state"] for channel in channels] == ["active", "active"]
                for asked in ("resume", "undo", "cancel", "interrupt"):
                    assert await code_of(editor, f"agent/run/{asked}", other) == "run_active"
                with pytest.raises(ResponseError) as elsewhere:
                    await editor.client.request("agent/run/steer", {"runId": other, "text": "Quick."})
                assert elsewhere.value.data["code"] == "run_active"
            assert mortal.client.process is not None
            mortal.client.process.kill()
            await killed(mortal.client)

        assert await states(survivor) == {own: "waiting", theirs: "interrupted"}
        run: Any = await survivor.client.request("agent/run/get", {"runId": theirs})
        assert run["error"]["code"] == "server_stopped"
        await survivor.client.request("agent/run/resume", {"runId": theirs})
        await survivor.answer(await survivor.asked(2), "approve")
        assert (await survivor.ended(theirs))["state"] == "succeeded"
        assert survivor.text("calc.py") == FIXED
        numbers = [each["seq"] for each in [*mortal.of(theirs), *survivor.of(theirs)]]
        assert numbers == sorted(set(numbers))

        assert (await states(survivor))[own] == "waiting", "the survivor's own run has not noticed any of it"
        await survivor.answer(question, "allow_once")
        assert (await survivor.ended(own))["state"] == "succeeded"
        assert survivor.text("made") == ""
    async with served(tmp_path, options) as later:
        assert await states(later) == {own: "succeeded", theirs: "succeeded"}


async def test_what_another_server_does_to_channels_is_told_to_who_has_the_list(tmp_path: Path) -> None:
    options = playing(record(tmp_path / "cassette.json", {"chat": ([], ["It is made."])}))
    async with served(tmp_path, options) as listing, served(tmp_path, options) as other:
        assert (await listing.client.request("agent/channel/list", {})) == {"channels": []}

        async def told(channel_id: str, **fields: Any) -> dict[str, Any]:
            def fits(params: Any) -> bool:
                said = {"change": params["change"], **(params["channel"] or {})}
                return params["channelId"] == channel_id and fields.items() <= said.items()

            found: dict[str, Any] = await listing.client.expect("agent/channel/changed", fits)
            return found

        request = other.client.request
        channel_id = (await request("agent/channel/open", {"title": "Theirs"}))["channelId"]
        await told(channel_id, change="created", title="Theirs", state="idle", folder="chats")
        await request("agent/channel/rename", {"channelId": channel_id, "title": "Still theirs"})
        await told(channel_id, change="updated", title="Still theirs")
        run_id = (await request("agent/channel/post", {"channelId": channel_id, "text": "Make it"}))["runId"]
        await other.ended(run_id)
        before = (await request("agent/channel/history", {"channelId": channel_id}))["messages"][-1]["at"]
        assert (await told(channel_id, change="updated", state="idle", updatedAt=before))["channel"]["title"] == "Still theirs"
        await request("agent/channel/delete", {"channelId": channel_id})
        await told(channel_id, change="deleted")
