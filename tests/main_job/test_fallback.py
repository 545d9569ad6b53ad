"""Two real hosts of different kinds, one of them dead, busy or strict: runs go on, and clients are told how."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from model_host import Asked, answer, model_host
from raw_http_server import Reply, json_reply
from served import FIXED, Served, served, settings

WORDS = "It subtracts where it should add."
EDIT = ("edit_file", {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]})


def two_hosts(dead: str, alive: str, **more: Any) -> dict[str, Any]:
    """Return settings whose first host speaks the one wire and whose second speaks the other."""
    options = settings(dead, "openai_compatible", **more)
    options["providers"]["spare"] = {"type": "anthropic", "baseUrl": alive, "apiKey": "env:WORK_KEY"}
    return {**options, "fallbacks": ["spare/spare-model"]}


def warnings(editor: Served, run_id: str) -> list[str]:
    return [event["code"] for event in editor.events(run_id, "warning") if event["code"] != "price_unknown"]


async def rows(editor: Served, by: str) -> dict[str, Any]:
    usage = await editor.client.request("agent/usage", {"by": by})
    return {row["key"]: (row["input"], row["output"], row["attempts"], row["failed"]) for row in usage["rows"]}


async def test_a_dead_host_costs_four_attempts_once_and_the_run_goes_on_with_the_other(tmp_path: Path) -> None:
    def script(asked: Asked) -> Reply:
        return answer("anthropic", "", EDIT) if asked.number == 0 else answer("anthropic", "Mended.")

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with model_host("anthropic", script) as host, served(tmp_path, two_hosts(dead, host.url)) as editor:
            run_id, end = await editor.play()
            assert end["state"] == "succeeded", end
            assert editor.text("calc.py") == FIXED
            assert [asked.model for asked in host.asked] == ["spare-model"] * 2
            warned = warnings(editor, run_id)
            assert warned[:4] == ["transient"] * 3 + ["fallback"]
            # A machine that takes half a minute from one call to the next lets one more try the dead host.
            assert set(warned[4:]) <= {"breaker_open", "fallback"}
            told = next(event["text"] for event in editor.events(run_id, "warning") if event["code"] == "fallback")
            assert f"Nothing listens at {dead}" in told
            assert "spare/spare-model" in told
            assert {event["model"] for event in editor.events(run_id, "message") if event["role"] == "assistant"} == {"spare/spare-model"}
            run = await editor.client.request("agent/run/get", {"runId": run_id})
            assert [step["model"] for step in run["steps"]] == ["spare/spare-model"]
            assert (run["usage"]["input"], run["usage"]["output"]) == (200, 20), "who was never reached has used nothing"
            tried = 3 + warned.count("fallback")
            assert await rows(editor, "provider") == {"work": (0, 0, tried, tried), "spare": (200, 20, 2, 0)}
            assert set(await rows(editor, "model")) == {"work/chat-model", "spare/spare-model"}
            caught_up = (await editor.client.request("agent/run/events", {"runId": run_id, "after": 0}))["events"]
            void = {event["event"]["messageId"] for event in caught_up if event["event"]["kind"] == "message_discarded"}
            assert len(void) == tried


async def test_an_answer_that_breaks_off_is_void_and_the_other_host_gets_a_conversation_that_it_understands(tmp_path: Path) -> None:
    def breaking(asked: Asked) -> Reply:
        return answer("openai_compatible", "", ("read_file", {"path": "calc.py"})) if asked.number == 0 else half

    half = answer("openai_compatible", WORDS, EDIT, cut=True)
    async with (
        model_host("openai_compatible", breaking) as first,
        model_host("anthropic", lambda _: answer("anthropic", WORDS)) as spare,
        served(tmp_path, two_hosts(first.url, spare.url, retry={"attempts": 2})) as editor,
    ):
        run_id, end = await editor.play("What does add do?")
        assert end["state"] == "succeeded", end
        assert (len(first.asked), len(spare.asked)) == (3, 1)
        void = [event["messageId"] for event in editor.events(run_id, "message_discarded")]
        told = [event["messageId"] for event in editor.events(run_id, "message_delta")]
        assert len(void) == 2
        assert set(void) <= set(told), "it had begun to show"
        *_, final = editor.events(run_id, "message")
        assert (final["text"], final["model"]) == (WORDS, "spare/spare-model")
        assert final["messageId"] not in void
        assert {call["tool"] for call in editor.events(run_id, "tool_call")} == {"read_file"}, "nothing of a void answer is done"
        [asked] = spare.asked
        assert [bool(message.calls) for message in asked.messages] == [False, True, False]


async def test_a_storm_of_refusals_is_weathered_by_all_runs(tmp_path: Path) -> None:
    refused: list[int] = []

    def strict(asked: Asked) -> Reply:
        if len(refused) < 12:
            refused.append(asked.number)
            return json_reply({"error": {"message": "slow down", "type": "rate_limit_error"}}, status=429, headers={"retry-after": "0"})
        return answer("openai_compatible", WORDS)

    async with (
        model_host("openai_compatible", strict) as host,
        served(tmp_path, settings(host.url, "openai_compatible", retry={"attempts": 20})) as editor,
    ):
        runs = [await editor.start(f"Question {number}") for number in range(8)]
        for run_id in runs:
            assert (await editor.ended(run_id))["state"] == "succeeded"
            *_, final = editor.events(run_id, "message")
            assert final["text"] == WORDS
        assert len(host.asked) == 12 + 8, "each was answered once"
        assert (await rows(editor, "provider"))["work"] == (800, 80, 20, 12)


async def test_what_a_host_says_to_be_left_is_kept_to_and_the_wait_is_told_and_can_be_cancelled(tmp_path: Path) -> None:
    def counted(_: Asked) -> Reply:
        left = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m0s"}
        return Reply(steps=answer("openai_compatible", WORDS).steps, headers=left)

    async with model_host("openai_compatible", counted) as host, served(tmp_path, settings(host.url, "openai_compatible")) as editor:
        first, _ = await editor.play("One")
        assert warnings(editor, first) == []
        second = await editor.start("Two")
        await editor.client.eventually(lambda: "rate_limited" in warnings(editor, second))
        assert (await editor.client.request("agent/run/cancel", {"runId": second}))["state"] == "cancelled"
        assert len(host.asked) == 1


async def test_an_answer_that_was_kept_is_given_again_marked_and_free(tmp_path: Path) -> None:
    async with model_host("openai_compatible", lambda _: answer("openai_compatible", WORDS)) as host:
        options = settings(host.url, "openai_compatible", cache={"enabled": True})
        options["providers"]["work"]["temperature"] = 0
        async with served(tmp_path, options) as editor:
            runs = [(await editor.play("What does add do?"))[0] for _ in range(2)]
            assert len(host.asked) == 1
            marks = [editor.events(run_id, "message")[-1]["reused"] for run_id in runs]
            assert marks == [None, "cache"]
            used = [(await editor.client.request("agent/run/get", {"runId": run_id}))["usage"]["output"] for run_id in runs]
            assert used == [10, 0]
