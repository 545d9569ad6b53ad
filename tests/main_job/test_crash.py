"""The real server is killed (SIGKILL) at its journal's records, restarted on the same home, resumed, and comes to the same final bytes.

`tests/agents/test_crash.py` tries every single point within one process; here the deaths are real, at a spread of points, and at all of
them when the environment says ``EVERY_CRASH=1``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import mortal_server
from cassettes import README, TEAM, playing, record
from killing import check_nothing_runs, killed
from served import BROKEN, FIXED, TESTS, Served, served

SPREAD = 12
AT_ONCE = 2
END = {"calc.py": FIXED, "test_calc.py": TESTS, "README.md": README}


def mortal(folder: Path, at: int, moment: str) -> Sequence[str]:
    """Return the command of a server that dies at its ``at``-th append."""
    return (sys.executable, mortal_server.__file__, str(folder / "appends"), str(at), moment)


def texts(project: Path) -> dict[str, str]:
    """Return the project's files, hidden and temporary ones too, without what Python compiled."""
    files = [path for path in project.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(project)): path.read_text(encoding="utf-8") for path in files}


def told(editor: Served) -> list[dict[str, Any]]:
    """Return the events that an editor was told of any run."""
    return [params for method, params in editor.client.notifications if method == "agent/event"]


def journalled(events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the events that are kept."""
    return [each for each in events if each["event"]["kind"] not in {"message_delta", "thought_delta"}]


async def messages_of(editor: Served, channel_id: str) -> list[tuple[str, str]]:
    """Return a channel's whole messages."""
    history = await editor.client.request("agent/channel/history", {"channelId": channel_id})
    return [(message["role"], message["text"]) for message in history["messages"] if not message["partial"]]


async def check_death(folder: Path, at: int, moment: str) -> None:
    """Kill the server at one point, and go on with another."""
    options = playing(record(folder / "cassette.json", TEAM))
    async with served(folder, options, argv=mortal(folder, at, moment)) as first:
        await first.client.ask("agent/run/start", {"prompt": "Make test_add pass", "workflow": "team"})
        await killed(first.client)
    async with served(folder, options) as second:
        [listed] = (await second.client.request("agent/run/list", {}))["runs"]
        run_id = listed["runId"]
        before = (await second.client.request("agent/run/events", {"runId": run_id, "after": 0}))["events"]
        said = await messages_of(second, listed["channelId"])
        if listed["state"] != "succeeded":
            assert listed["state"] == "interrupted"
            assert before[-1]["event"] | {"text": ""} == {"kind": "run", "state": "interrupted", "reason": "server_stopped", "text": ""}
            await second.client.request("agent/run/resume", {"runId": run_id})
            end = await second.ended(run_id)
            assert end["state"] == "succeeded", end
        assert texts(second.project) == END

        after = await second.client.request("agent/run/events", {"runId": run_id, "after": 0})
        assert after["events"][: len(before)] == before
        check_numbers(first, second, after["events"])
        assert after["last"] >= after["events"][-1]["seq"]
        heard = [each["event"] for each in journalled(told(first)) if each["event"]["kind"] == "message"]
        assert {(message["role"], message["text"]) for message in heard} <= set(said), "what was shown as complete is kept"
        assert (await messages_of(second, listed["channelId"]))[: len(said)] == said

        undone = await second.client.request("agent/run/undo", {"runId": run_id})
        assert (sorted(undone["restored"]), undone["conflicts"]) == (["README.md", "calc.py"], [])
        assert texts(second.project) == {"calc.py": BROKEN, "test_calc.py": TESTS}
    await check_nothing_runs(folder)


def check_numbers(first: Served, second: Served, events: Sequence[Mapping[str, Any]]) -> None:
    """Check that catching up gives what was told live, once and in order, and that no number was ever given twice."""
    numbers = [each["seq"] for each in events]
    assert numbers == sorted(set(numbers))
    live = [*told(first), *told(second)]
    assert len({each["seq"] for each in live}) == len(live)
    known = {each["seq"]: each for each in events}
    assert [known.get(each["seq"]) for each in journalled(live)] == journalled(live)


@pytest.mark.timeout(1800 if os.environ.get("EVERY_CRASH") else 300)
async def test_a_killed_servers_run_is_resumed_to_the_same_bytes(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    async with served(whole, playing(record(whole / "cassette.json", TEAM)), argv=mortal(whole, 0, "")) as editor:
        assert (await editor.play(workflow="team"))[1]["state"] == "succeeded"
        assert texts(editor.project) == END
    appends = (whole / "appends").stat().st_size
    points = [(at, moment) for at in range(1, appends + 1) for moment in ("before", "after")]
    if not os.environ.get("EVERY_CRASH"):
        # An odd step takes turns between the two moments.
        points = points[:: len(points) // SPREAD | 1]
    some = asyncio.Semaphore(AT_ONCE)

    async def check(at: int, moment: str) -> None:
        folder = tmp_path / f"{at:03}-{moment}"
        folder.mkdir()
        async with some:
            try:
                await check_death(folder, at, moment)
            except BaseException as failure:
                failure.add_note(f"died {moment} append {at} of {appends}")
                raise

    async with asyncio.TaskGroup() as deaths:
        for at, moment in points:
            deaths.create_task(check(at, moment))


MINE = "# my own notes\n\n\n"
TYPED = "# typed while no server was there\n"


@pytest.mark.parametrize(
    ("applied", "typed_at", "typed", "undone"),
    [
        pytest.param(True, 0, TYPED, MINE + BROKEN, id="applied, typed elsewhere"),
        pytest.param(False, 0, TYPED, MINE + BROKEN, id="not applied, typed elsewhere"),
        pytest.param(True, len(MINE + FIXED) - 1, "  # sum", MINE + FIXED, id="applied, typed into the edit"),
    ],
)
async def test_an_unsaved_buffer_outlives_the_server(tmp_path: Path, applied: bool, typed_at: int, typed: str, undone: str) -> None:  # noqa: FBT001
    """The server dies while the editor has its edit; the person types on; the editor opens the buffer in the next server."""
    options = playing(record(tmp_path / "cassette.json", TEAM))
    async with served(tmp_path, options) as first:
        client = first.client
        buffer = await client.open((first.project / "calc.py").as_uri(), MINE + BROKEN)
        edits: list[Any] = []

        def kill(params: Any) -> Any:
            assert client.process is not None
            client.process.kill()
            edits.append(params["edit"])
            return {"applied": False}

        client.on_apply_edit = kill
        run_id = await first.start(workflow="team")
        await killed(client)
        if applied:
            await client._apply(edits[0])
            assert buffer.text == MINE + FIXED
        await client.type(buffer.uri, typed_at, typed_at, typed)
    async with served(tmp_path, options) as second:
        resumed = await second.client.open(buffer.uri, buffer.text)
        await second.client.request("agent/run/resume", {"runId": run_id})
        end = await second.ended(run_id)
        assert end["state"] == "succeeded", end
        assert resumed.text == (MINE + FIXED)[:typed_at] + typed + (MINE + FIXED)[typed_at:]
        assert second.text("calc.py") == BROKEN, "it is the person who saves"

        result = await second.client.request("agent/run/undo", {"runId": run_id})
        assert result["conflicts"] == []
        assert resumed.text == undone[:typed_at] + typed + undone[typed_at:]
