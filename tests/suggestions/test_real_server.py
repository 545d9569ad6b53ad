"""Ghost text end to end: an editor on the pipes of the real server, and a model host whose connections are watched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coterie.app.sole import sole_core
from coterie.features.attachment import Attached, Attachment
from coterie.features.suggestions import filling
from lsp_client import BARE, BOUND_S, LspClient, ResponseError
from lsp_editor import editor
from raw_http_server import RawHttpServer, Reply, Request, json_reply, raw_http_server, sse
from served import make_project, served

INVOKED, AUTOMATIC = 1, 2


def filled(text: str) -> Reply:
    """Answer a gap."""
    return Reply(steps=(sse({"choices": [{"text": text, "finish_reason": "stop"}]}), sse("[DONE]")))


def stalled(text: str) -> Reply:
    """Begin an answer and never end it."""
    return Reply(steps=(sse({"choices": [{"text": text}]}), asyncio.Event()))


def options(host: RawHttpServer, **suggestions: Any) -> dict[str, Any]:
    """Return the editor's settings: one host, which fills gaps."""
    return {
        "completionModel": "work/coder",
        "providers": {"work": {"type": "openai_compatible", "baseUrl": f"{host.url}/v1", "fim": True}},
        "suggestions": suggestions,
    }


@asynccontextmanager
async def writing(tmp_path: Path, replies: list[Reply]) -> AsyncIterator[tuple[LspClient, RawHttpServer]]:
    """Open an editor that knows nothing of ``agent/*``, with the real core behind its pipes, in this process."""
    project = make_project(tmp_path / "project")

    async def build(attachment: Attachment) -> Attached:
        environment = {"COTERIE_HOME": str(tmp_path / "home")}
        return sole_core(environment, attachment.folders, attachment.audience, editor=attachment.editor, editor_options=attachment.options)

    async with raw_http_server(replies) as host, editor(build) as client:
        await client.initialize(BARE, folders=[project], initializationOptions=options(host))
        yield client, host


def uri_of(tmp_path: Path, name: str = "calc.py") -> str:
    """Return a project file's URI."""
    return (tmp_path / "project" / name).as_uri()


def params(client: LspClient, uri: str, kind: int = AUTOMATIC) -> Any:
    """Return the request at the end of a buffer."""
    text = client.buffers[uri].text
    return {"textDocument": {"uri": uri}, "position": client.position(text, len(text)), "context": {"triggerKind": kind}}


async def test_a_suggestion_is_shown_and_accepted(tmp_path: Path) -> None:
    async with writing(tmp_path, [filled("state.total + 1")]) as (client, host):
        uri = uri_of(tmp_path)
        await client.open(uri, "def total(state):\n    return ")
        [item] = (await client.request("textDocument/inlineCompletion", params(client, uri)))["items"]
        assert item["insertText"] == "state.total + 1"
        assert item["range"] == {"start": {"line": 1, "character": 11}, "end": {"line": 1, "character": 11}}
        assert host.exchanges[0].request.path == "/v1/completions"
        assert host.exchanges[0].request.json()["prompt"] == "def total(state):\n    return "

        await client.type(uri, 29, 29, "state.")
        [rest] = (await client.request("textDocument/inlineCompletion", params(client, uri)))["items"]
        assert rest["insertText"] == "total + 1"
        assert rest["command"] == item["command"]
        taken = {key: rest["command"][key] for key in ("command", "arguments")}
        suggestion_id = rest["command"]["arguments"][0]["suggestionId"]
        assert await client.request("workspace/executeCommand", taken) == {"suggestionId": suggestion_id, "state": "accepted"}
        explained = await client.request("agent/suggestion/explain", {"uri": uri})
        assert (explained["stage"], explained["suggestionId"]) == ("offered", suggestion_id)
        assert len(host.exchanges) == 1


@pytest.mark.parametrize(
    ("marked", "kind", "said", "suggested"),
    [
        pytest.param("x = |", AUTOMATIC, "compute(1)\n", "compute(1)", id="the line's end"),
        pytest.param("x = |", AUTOMATIC, "compute(1)<|endoftext|>", "compute(1)", id="a token that says so"),
        pytest.param("call(one, |, three)", AUTOMATIC, "two, three)", "two", id="the rest of the line"),
        pytest.param("x = sum(|", AUTOMATIC, "values))", "values)", id="a bracket that closes nothing"),
        pytest.param("x = 1\n|\nprint(x)", INVOKED, "y = 2\nprint(x)\n", "y = 2", id="the next line"),
        pytest.param("def f(a):|", AUTOMATIC, "\n    return a\nb = 1\n", "\n    return a", id="the end of the block"),
        pytest.param("def f(a):|", AUTOMATIC, "\n    a()\n    a()\n    a()\n", "\n    a()", id="a line three times"),
    ],
)
async def test_a_model_that_has_said_enough_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, marked: str, kind: int, said: str, suggested: str
) -> None:
    monkeypatch.setattr(filling, "REST_OF_BLOCK_S", {"automatic": 600, "manual": 600})  # it is not for the wait that the call ends
    async with writing(tmp_path, [stalled(said)]) as (client, host):
        items = await suggested_at(client, uri_of(tmp_path), marked, kind)
        assert items[:1] == [suggested]
        await asyncio.wait_for(host.exchanges[0].client_closed.wait(), BOUND_S)


async def test_the_rest_of_a_block_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "REST_OF_BLOCK_S", {"automatic": 0.01, "manual": 600})
    async with writing(tmp_path, [stalled("\n    b = a\n    retu")]) as (client, host):
        assert await suggested_at(client, uri_of(tmp_path), "def f(a):|", AUTOMATIC) == ["\n    b = a"]
        await asyncio.wait_for(host.exchanges[0].client_closed.wait(), BOUND_S)


async def suggested_at(client: LspClient, uri: str, marked: str, kind: int) -> list[str]:
    """Open a document and return what is suggested at the bar in it."""
    before, _, after = marked.partition("|")
    await client.open(uri, before + after)
    place = {"textDocument": {"uri": uri}, "position": client.position(before + after, len(before)), "context": {"triggerKind": kind}}
    return [item["insertText"] for item in (await client.request("textDocument/inlineCompletion", place))["items"]]


@pytest.mark.parametrize("how", ["superseded", "cancelled"])
async def test_a_request_that_is_given_up_is_answered_and_closed_at_the_host(tmp_path: Path, how: str) -> None:
    async with writing(tmp_path, [stalled("alpha"), filled("beta")]) as (client, host):
        uri = uri_of(tmp_path)
        await client.open(uri, "x = ")
        first = await client.ask("textDocument/inlineCompletion", params(client, uri))
        exchange = await host.wait_for_exchange(0)
        if how == "cancelled":
            await client.notify("$/cancelRequest", {"id": first})
            with pytest.raises(ResponseError) as cancelled:
                await client.result(first)
            assert cancelled.value.code == -32800
        else:
            await client.type(uri, 4, 4, "y + ")
            second = await client.ask("textDocument/inlineCompletion", params(client, uri))
            assert (await client.result(first))["items"] == []
            [item] = (await client.result(second))["items"]
            assert item["insertText"] == "beta"
        await asyncio.wait_for(exchange.client_closed.wait(), BOUND_S)


async def test_a_model_that_turns_out_to_fill_no_gaps_is_asked_in_words(tmp_path: Path) -> None:
    done = {"done": True, "done_reason": "stop"}

    def ollama(request: Request) -> Reply:
        if request.path == "/api/chat":
            return json_lines({"message": {"content": "state.total"}}, done)
        return json_reply({"capabilities": ["completion"]} if request.path == "/api/show" else {"models": []})

    async with raw_http_server(ollama) as host:
        settings = {"completionModel": "box/one", "providers": {"box": {"type": "ollama", "baseUrl": host.url}}}
        async with served(tmp_path, settings, capabilities=BARE) as editor:
            for name in ("one.py", "two.py"):
                uri = uri_of(tmp_path, name)
                await editor.client.open(uri, "def total(state):\n    return ")
                answer = await editor.client.request("textDocument/inlineCompletion", params(editor.client, uri))
                assert [item["insertText"] for item in answer["items"]] == ["state.total"]
        asked = [exchange.request.path for exchange in host.exchanges if exchange.request.path != "/api/ps"]
    assert asked == ["/api/show", "/api/chat", "/api/chat"], "known from then on"


def json_lines(*lines: Mapping[str, Any]) -> Reply:
    """Answer with newline-delimited JSON."""
    return Reply(steps=tuple(json.dumps(line).encode() + b"\n" for line in lines), content_type="application/x-ndjson")


async def test_a_typing_storm_leaves_nothing_open(tmp_path: Path) -> None:
    """Every tenth key asks by hand, which calls the host at once; no other request outlives the next key."""
    source = "def step(state, order):\n    total = state.total + order.amount\n    return state.with_total(total)\n"
    asked: list[int | str] = []
    async with (
        raw_http_server(lambda _: stalled("alpha")) as host,
        served(tmp_path, options(host, minDelayMs=600_000), capabilities=BARE) as place,
    ):
        client, uri = place.client, uri_of(tmp_path)
        await client.open(uri, "")
        for number, key in enumerate(source):
            await client.type(uri, number, number, key)
            by_hand = number % 10 == 9
            asked.append(await client.ask("textDocument/inlineCompletion", params(client, uri, INVOKED if by_hand else AUTOMATIC)))
            if by_hand:
                await host.wait_for_exchange(number // 10)
        last = asked.pop()
        for request in asked:
            assert (await client.result(request))["items"] == []
        await client.notify("$/cancelRequest", {"id": last})
        with pytest.raises(ResponseError):
            await client.result(last)
        assert len(host.exchanges) == len(source) // 10
        for exchange in host.exchanges:
            await asyncio.wait_for(exchange.client_closed.wait(), BOUND_S)


async def test_leaving_amid_a_call_closes_it(tmp_path: Path) -> None:
    async with writing(tmp_path, [stalled("alpha")]) as (client, host):
        uri = uri_of(tmp_path)
        await client.open(uri, "x = ")
        request = await client.ask("textDocument/inlineCompletion", params(client, uri))
        exchange = await host.wait_for_exchange(0)
        await client.leave()
        with pytest.raises(ResponseError):
            await client.result(request)
        await asyncio.wait_for(exchange.client_closed.wait(), BOUND_S)


async def test_each_call_is_in_the_books_for_its_provider_and_day(tmp_path: Path) -> None:
    usage = sse({"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 4}})
    told = Reply(steps=(sse({"choices": [{"text": "alpha", "finish_reason": "stop"}]}), usage, sse("[DONE]")))
    async with writing(tmp_path, [told, stalled("be")]) as (client, host):
        uri = uri_of(tmp_path)
        await client.open(uri, "x = ")
        await client.request("textDocument/inlineCompletion", params(client, uri))
        [row] = (await client.request("agent/usage", {"by": "provider"}))["rows"]
        assert (row["key"], row["input"], row["output"], row["estimated"]) == ("work", 30, 4, False)

        await client.type(uri, 4, 4, "y + ")
        given_up = await client.ask("textDocument/inlineCompletion", params(client, uri, INVOKED))
        await host.wait_for_exchange(1)
        await client.notify("$/cancelRequest", {"id": given_up})
        with pytest.raises(ResponseError):
            await client.result(given_up)

        async with asyncio.timeout(BOUND_S):
            while not row["estimated"]:
                [row] = (await client.request("agent/usage", {"by": "day"}))["rows"]
        assert row["input"] > 30
        by_run = await client.request("agent/usage", {"by": "run"})
        assert by_run["rows"] == []
        assert by_run["total"]["input"] > 30


async def test_trouble_is_shown_once_and_explained(tmp_path: Path) -> None:
    async with writing(tmp_path, [json_reply({"error": {"message": "no"}}, status=401)]) as (client, host):
        uri = uri_of(tmp_path)
        await client.open(uri, "x = ")
        for key in "abc":
            end = len(client.buffers[uri].text)
            await client.type(uri, end, end, key + " + ")
            assert (await client.request("textDocument/inlineCompletion", params(client, uri)))["items"] == []
        told = await client.expect("window/showMessage")
        explained = await client.request("agent/suggestion/explain", {})
        assert (explained["stage"], explained["reason"]) == ("provider", "auth_required")
        assert explained["text"] in told["message"]
        assert len(host.exchanges) == 1


@pytest.mark.parametrize("name", [".env", "ignored/a.py"])
async def test_no_host_sees_a_secret_or_an_ignored_file(tmp_path: Path, name: str) -> None:
    async with writing(tmp_path, []) as (client, host):
        (tmp_path / "project" / ".gitignore").write_text("ignored/\n", encoding="utf-8")
        uri = uri_of(tmp_path, name)
        await client.open(uri, "KEY=canary\nOTHER=")
        answer = await client.request("textDocument/inlineCompletion", params(client, uri, INVOKED))
        assert answer["items"] == []
        assert host.exchanges == []
