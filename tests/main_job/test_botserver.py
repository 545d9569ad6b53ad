"""A real server with a BotServer in front of its models: runs go there, come back when it fails, and people are told where they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from botserver_peer import ACCEPTED, CLASSIFICATION, STAGES, TASK, Peer, botserver, told
from lsp_client import ResponseError
from model_host import ModelHost, answer, model_host
from raw_http_server import CUT, Reply, Request, Step, json_reply
from served import BROKEN, Served, served, settings

WORDS = "Done from here."
PROMPT = "Build a shop"


def local(host: ModelHost | None, **more: Any) -> dict[str, Any]:
    """Return settings with one model of the usual kind, or with none."""
    if host is not None:
        return settings(host.url, "openai_compatible", **more)
    return {"retry": {"attempts": 2, "baseMs": 10, "maxMs": 50}, **more}


def variables(peer: Peer, **more: str) -> dict[str, str]:
    return {"LLM_PROVIDER": "botserver", "BOTSERVER_URL": peer.url, **more}


def looking(peer: Peer, every_s: float) -> dict[str, Any]:
    """Return the settings of a farm that is looked after so often."""
    return {"botserver": {"type": "botserver", "baseUrl": peer.url, "healthCheckS": every_s}}


async def mode(editor: Served) -> str:
    status = await editor.client.request("agent/status", {})
    where: str = status["mode"]
    return where


def modes(editor: Served) -> list[str]:
    """Return the modes that were told, each once in a row."""
    told_of = [params["mode"] for method, params in editor.client.notifications if method == "agent/status/changed"]
    return [each for number, each in enumerate(told_of) if number == 0 or told_of[number - 1] != each]


def warned(editor: Served, run_id: str) -> list[str]:
    return [event["code"] for event in editor.events(run_id, "warning") if event["code"] != "price_unknown"]


def shown(editor: Served, run_id: str) -> str:
    """Return what was told of the stages; pieces that come at once are told as one."""
    return "".join(event["text"] for event in editor.events(run_id, "thought_delta"))


def spoke(_: Any) -> Reply:
    return answer("openai_compatible", WORDS)


async def test_a_run_goes_to_the_farm_and_changes_no_file(tmp_path: Path) -> None:
    async with (
        botserver() as peer,
        model_host("openai_compatible", spoke) as host,
        served(tmp_path, local(host), env=variables(peer, BOTSERVER_API_KEY="canary-farm-key")) as editor,
    ):
        assert await mode(editor) == "remote"
        run_id, end = await editor.play(PROMPT)
        assert end["state"] == "succeeded", end
        assert peer.asked("classify") == [{"text": PROMPT}], "the person's own words"
        assert {request.headers["authorization"] for request in peer.requests} == {"Bearer canary-farm-key"}
        lines = shown(editor, run_id).splitlines()
        assert [line.partition(":")[0] for line in lines[2:-1]] == list(STAGES[1:])
        [kept] = editor.events(run_id, "artifact")
        assert (kept["type"], kept["value"]["task_id"], kept["value"]["status"]) == ("botserver", TASK, "completed")
        *_, final = editor.events(run_id, "message")
        assert (final["model"], "https://shop.example" in final["text"]) == ("botserver/auto", True)
        assert kept["stepId"] == editor.events(run_id, "step")[0]["stepId"]
        assert warned(editor, run_id) == []
        assert editor.text("calc.py") == BROKEN
        assert editor.events(run_id, "change") == []
        assert await mode(editor) == "remote"
        assert not host.asked
        assert "canary-farm-key" not in str(editor.client.log)


@pytest.mark.parametrize("stage", [0, 4, len(STAGES) - 2])
async def test_a_farm_that_is_cut_off_in_a_run_is_replaced_by_the_model_here(tmp_path: Path, stage: int) -> None:
    steps: tuple[Step, ...] = (*(told(stage=name, status="completed") for name in STAGES[1 : stage + 1]), CUT)
    breaking = json_reply(ACCEPTED) if stage else Reply(steps=(b'{"success":', CUT), content_type="application/json")
    async with (
        botserver(execute=breaking, feed=steps) as peer,
        model_host("openai_compatible", spoke) as host,
        # The farm is well but for the feed: nobody looks and finds it to be there before the test has.
        served(tmp_path, local(host, providers=looking(peer, 3600)), env=variables(peer)) as editor,
    ):
        run_id, end = await editor.play(PROMPT)
        assert end["state"] == "succeeded", end
        assert warned(editor, run_id) == ["fallback"], "told once, and tried once"
        assert peer.asked("execute") == [CLASSIFICATION], "nothing is begun twice"
        assert await mode(editor) == "fallback"
        assert modes(editor)[-1] == "fallback"
        [asked] = host.asked
        assert sum(PROMPT in message.text for message in asked.messages) == 1, "the person's words stand there once"
        *_, final = editor.events(run_id, "message")
        assert (final["text"], final["model"]) == (WORDS, "work/chat-model")
        kept = [event["value"] for event in editor.events(run_id, "artifact")]
        assert [(value["status"], value["task_id"]) for value in kept] == ([("lost", TASK)] if stage else [])
        [said] = [event["text"] for event in editor.events(run_id, "warning") if event["code"] == "fallback"]
        assert "Going on with work/chat-model." in said
        for name in STAGES[1 : stage + 1]:
            assert name in said, "what was seen is still there"
        told_first = [event["messageId"] for event in editor.events(run_id, "thought_delta")]
        assert {event["messageId"] for event in editor.events(run_id, "message_discarded")} == set(told_first)


async def test_who_has_no_model_here_is_told_what_happened(tmp_path: Path) -> None:
    async with (
        botserver(feed=(told(stage="plan", status="done"), CUT)) as peer,
        model_host("openai_compatible", spoke) as host,
        served(tmp_path, local(host), env=variables(peer, FALLBACK_TO_LOCAL="false")) as editor,
    ):
        run_id, end = await editor.play(PROMPT)
        assert (end["state"], end["reason"]) == ("failed", "provider_failed")
        assert f"task {TASK}, behind classify, plan" in end["text"]
        assert "when the run is resumed" in end["text"]
        assert [event["value"]["status"] for event in editor.events(run_id, "artifact")] == ["lost"]
        assert (len(peer.asked("execute")), len(host.asked)) == (1, 0)
        await editor.client.request("agent/run/resume", {"runId": run_id})
        await editor.client.eventually(lambda: len([e for e in editor.events(run_id, "run") if e["state"] == "failed"]) == 2)
        assert len(peer.asked("execute")) == 2, "only because a person wanted it"


async def test_a_farm_that_recovers_is_used_by_the_next_run(tmp_path: Path) -> None:
    ill = True

    def health(_: Request) -> Reply:
        return json_reply({}, status=503) if ill else json_reply({"status": "ok"})

    async with (
        botserver(classify=lambda request: health(request) if ill else json_reply(CLASSIFICATION), health=health) as peer,
        model_host("openai_compatible", spoke) as host,
        served(tmp_path, local(host, providers=looking(peer, 0.05)), env=variables(peer)) as editor,
    ):
        for _ in range(2):
            run_id, end = await editor.play(PROMPT)
            assert end["state"] == "succeeded", end
            assert editor.events(run_id, "message")[-1]["model"] == "work/chat-model"
        assert await mode(editor) == "fallback"
        ill = False
        await editor.client.eventually(lambda: modes(editor)[-1] == "remote")
        run_id, end = await editor.play(PROMPT)
        assert end["state"] == "succeeded", end
        assert editor.events(run_id, "message")[-1]["model"] == "botserver/auto"
        assert modes(editor)[-2:] == ["fallback", "remote"]


async def test_a_farm_that_falls_ill_while_nothing_runs_is_known_to_be(tmp_path: Path) -> None:
    ill = False

    def health(_: Request) -> Reply:
        return json_reply({}, status=503) if ill else json_reply({"status": "ok"})

    async with (
        botserver(health=health) as peer,
        served(tmp_path, local(None, providers=looking(peer, 0.05)), env=variables(peer)) as editor,
    ):
        _, end = await editor.play(PROMPT)
        assert end["state"] == "succeeded", end
        ill = True
        await editor.client.eventually(lambda: modes(editor)[-1:] == ["fallback"])


async def test_cancelling_hangs_up_on_the_farm_at_once(tmp_path: Path) -> None:
    never = asyncio.Event()
    async with (
        botserver(feed=(told(stage="plan"), never)) as peer,
        served(tmp_path, local(None), env=variables(peer)) as editor,
    ):
        run_id = await editor.start(PROMPT)
        hung_up = await peer.watched()
        await editor.client.eventually(lambda: "plan" in shown(editor, run_id))
        assert (await editor.client.request("agent/run/cancel", {"runId": run_id}))["state"] == "cancelled"
        await asyncio.wait_for(hung_up.wait(), 60)
        assert [event["state"] for event in editor.events(run_id, "step")] == ["running", "failed"]
        assert await mode(editor) == "remote", "who leaves says nothing against the farm"


@pytest.mark.parametrize(
    ("env", "where", "asks_farm"),
    [
        ({"ENABLE_BOTSERVER_FACADE": "true"}, "remote", True),
        ({}, "local", False),
    ],
)
async def test_the_variables_decide_who_does_the_work(tmp_path: Path, env: Mapping[str, str], where: str, asks_farm: bool) -> None:  # noqa: FBT001
    async with (
        botserver() as peer,
        model_host("openai_compatible", spoke) as host,
        served(tmp_path, local(host), env={"BOTSERVER_URL": peer.url, **env}) as editor,
    ):
        assert await mode(editor) == where
        _, end = await editor.play(PROMPT)
        assert end["state"] == "succeeded", end
        assert (bool(peer.requests), bool(host.asked)) == (asks_farm, not asks_farm)


async def test_an_agent_of_the_farm_answers_a_query_in_a_channel_of_its_own(tmp_path: Path) -> None:
    async with botserver() as peer, served(tmp_path, local(None), env=variables(peer)) as editor:
        channel = await editor.client.request("agent/channel/open", {"model": "botserver/coverage"})
        posted = await editor.client.request("agent/channel/post", {"channelId": channel["channelId"], "text": "How much is covered?"})
        assert (await editor.ended(posted["runId"]))["state"] == "succeeded"
        assert peer.paths == ["/api/botcoder/test/query"]
        assert peer.asked("query") == [{"query": "How much is covered?"}]
        assert editor.events(posted["runId"], "message")[-1]["text"] == "All is well."


async def test_a_team_is_of_models_and_not_of_farms(tmp_path: Path) -> None:
    async with botserver() as peer, served(tmp_path, local(None), env=variables(peer)) as editor:
        with pytest.raises(ResponseError, match="does whole tasks") as refused:
            await editor.start(PROMPT, workflow="team")
        assert refused.value.data["code"] == "no_team_model"
        assert not peer.requests


async def test_an_editor_without_a_folder_works_in_the_one_of_the_variable(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "only_here.py").write_text("", encoding="utf-8")
    (tmp_path / "project").mkdir()

    async with model_host("openai_compatible", spoke) as host:
        env = {"PROJECT_PATH": str(tmp_path / "elsewhere")}
        async with served(tmp_path, local(host), env=env, workspaceFolders=None) as editor:
            _, end = await editor.play("What is here?")
            assert end["state"] == "succeeded", end
            assert "only_here.py" in host.asked[0].prompt
