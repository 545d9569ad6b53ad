"""Ollama's own wire: windows are asked for and looked at, a prompt that was cut is said, models are fetched with progress."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from aimock_server import StartAimock
from coterie.base.errors import ProviderError
from coterie.domain.messages import (
    AssistantMessage,
    Finished,
    ThoughtDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallStarted,
    ToolMessage,
    ToolResult,
    UsageReported,
    UserMessage,
)
from coterie.domain.suggestions import FillRequest
from coterie.domain.usage import Usage
from coterie.providers.config import FREE, Timeouts
from coterie.providers.registry import ProviderRegistry
from provider_calls import REQUEST, gather, host, provider_of, words
from raw_http_server import CUT, RawHttpServer, Reply, Request, json_reply, raw_http_server

DONE = {"model": "one", "done": True, "done_reason": "stop", "prompt_eval_count": 26, "eval_count": 8}
SHOWN = {
    "capabilities": ["completion", "tools", "insert"],
    "model_info": {"general.architecture": "qwen2", "qwen2.context_length": 131072, "general.context_length": 1},
}
TAGS = {"models": [{"name": "one:latest", "model": "one:latest"}, {"name": "embed:latest", "model": "embed:latest"}]}
GAP = FillRequest(model="one", prefix="def add(a, b):\n    return ", suffix="\n", max_tokens=64, stop=("\n\n",))


def ndjson(*lines: Mapping[str, Any]) -> Reply:
    """Answer with lines, each in a chunk of its own."""
    return Reply(steps=tuple(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines), content_type="application/x-ndjson")


def spoken(*pieces: Mapping[str, Any], done: Mapping[str, Any] = DONE) -> Reply:
    """Answer with the pieces of a message."""
    return ndjson(*({"model": "one", "message": {"role": "assistant", **piece}, "done": False} for piece in pieces), done)


def ollama(
    chat: Reply | None = None, *, shown: Mapping[str, Any] = SHOWN, loaded: int | None = None, **paths: Reply
) -> Callable[[Request], Reply]:
    """Return a host that has one model; ``loaded`` is the window that it has in memory."""
    running = [] if loaded is None else [{"name": "one:latest", "model": "one:latest", "context_length": loaded, "size_vram": 1}]

    def reply(request: Request) -> Reply:
        match request.path:
            case "/api/show":
                name = request.json()["model"]
                return json_reply({"capabilities": ["embedding"]} if name.startswith("embed") else shown)
            case "/api/ps":
                return json_reply({"models": running})
            case "/api/tags":
                return json_reply(TAGS)
            case "/api/chat" if chat is not None:
                return chat
            case path:
                return paths[path.rpartition("/")[2]]

    return reply


def bodies(server: RawHttpServer, path: str) -> list[Any]:
    """Return what was sent to a path."""
    return [exchange.request.json() for exchange in server.exchanges if exchange.request.path == path]


async def test_an_answer_with_thoughts_and_calls() -> None:
    call = {"function": {"name": "edit_file", "arguments": {"path": "é😀\u2028"}}}
    answer = spoken({"thinking": "Hm. "}, {"content": "I "}, {"content": "will."}, {"tool_calls": [call, {"function": {"name": "look"}}]})
    async with raw_http_server(ollama(answer)) as server, provider_of(host("ollama", server.url)) as provider:
        events = await gather(provider)
    assert words(events) == "I will."
    assert [event.text for event in events if isinstance(event, ThoughtDelta)] == ["Hm. "]
    started = [event for event in events if isinstance(event, ToolCallStarted)]
    assert [event.tool for event in started] == ["edit_file", "look"]
    assert len({event.call_id for event in started}) == 2
    assert [event.text for event in events if isinstance(event, ToolCallArguments)] == ['{"path":"é😀\u2028"}', "{}"]
    assert [event.usage for event in events if isinstance(event, UsageReported)] == [Usage(input=26, cache_read=0, cache_write=0, output=8)]
    assert events[-1] == Finished("tool_calls")


async def test_what_is_sent() -> None:
    conversation = replace(
        REQUEST,
        max_output_tokens=100,
        temperature=0.5,
        extra={"keep_alive": "1h", "options": {"num_gpu": 3}},
        messages=(
            UserMessage(text="look"),
            AssistantMessage(text="I look.", tool_calls=(ToolCall(call_id="c", tool="read_file", arguments={"path": "a"}),)),
            ToolMessage(results=(ToolResult(call_id="c", tool="read_file", output="text"),)),
        ),
    )
    async with raw_http_server(ollama(spoken({"content": "Yes."}))) as server, provider_of(host("ollama", server.url)) as provider:
        await gather(provider, conversation)
        await gather(provider, conversation)
        [sent, again] = bodies(server, "/api/chat")
        assert len(bodies(server, "/api/show")) == 1, "asked once"
        assert server.exchanges[-1].request.headers["authorization"] == "Bearer canary-key-1234"
    assert again == sent
    assert sent["options"] == {"num_ctx": 32_768, "num_predict": 100, "temperature": 0.5, "num_gpu": 3}
    assert (sent["model"], sent["stream"], sent["keep_alive"]) == ("one", True, "1h")
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["edit_file"]
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": "I look.", "tool_calls": [{"function": {"name": "read_file", "arguments": {"path": "a"}}}]},
        {"role": "tool", "tool_name": "read_file", "content": "text"},
    ]


@pytest.mark.parametrize(
    ("settings", "largest", "asked"),
    [({}, 131_072, 32_768), ({}, 8_192, 8_192), ({"context_tokens": 65_536}, 131_072, 65_536), ({}, None, 32_768)],
)
async def test_the_window_that_is_asked_for(settings: dict[str, Any], largest: int | None, asked: int) -> None:
    shown = {"model_info": {"general.architecture": "qwen2", "qwen2.context_length": largest}}
    answer = ollama(spoken({"content": "Yes."}), shown=shown)
    async with raw_http_server(answer) as server, provider_of(host("ollama", server.url, **settings)) as provider:
        await gather(provider)
        assert bodies(server, "/api/chat")[0]["options"]["num_ctx"] == asked
        [model] = await provider.installed_models() if largest else [None]
        assert model is None or model.context_tokens == asked


@pytest.mark.parametrize("path", ["/", "/v1", "/api/"])
async def test_an_address_may_have_the_path_of_one_of_its_interfaces(path: str) -> None:
    async with raw_http_server(ollama(spoken({"content": "Hi."}))) as server, provider_of(host("ollama", server.url + path)) as provider:
        assert words(await gather(provider)) == "Hi."


@pytest.mark.proves("ollama", "models")
async def test_the_models_that_are_there() -> None:
    async with raw_http_server(ollama(loaded=4_096)) as server:
        registry = ProviderRegistry([host("ollama", server.url)])
        try:
            [model] = await registry.models()
            choice = registry.choose(model.id)
        finally:
            await registry.aclose()
    assert (model.id, model.state, model.context_tokens) == ("work/one:latest", "loaded", 4_096)
    assert (model.capabilities.tools, model.capabilities.fim, model.capabilities.vision) == (True, True, False)
    assert (choice.context_tokens, choice.price) == (4_096, FREE), "what it really has, and for nothing"


LONG = replace(REQUEST, messages=(UserMessage(text="word " * 20_000),))


@pytest.mark.parametrize(
    ("loaded", "read", "cut"),
    [
        (4_096, 4_000, True),
        (4_096, 2_100, True),
        (4_096, None, True),
        (32_768, 25_000, False),
        (32_768, 0, False),
        (None, 4_000, False),
    ],
    ids=["full", "half", "not told", "whole", "from the cache", "no window told"],
)
async def test_a_prompt_that_was_cut_is_no_prompt(loaded: int | None, read: int | None, *, cut: bool) -> None:
    done = {**DONE, "prompt_eval_count": read}
    answer = ollama(spoken({"content": "Yes."}, done=done), loaded=loaded)
    async with raw_http_server(answer) as server, provider_of(host("ollama", server.url)) as provider:
        if not cut:
            assert words(await gather(provider, LONG)) == "Yes."
            return
        with pytest.raises(ProviderError) as overflow:
            await gather(provider, LONG)
    assert overflow.value.kind == "context_overflow"
    assert "4096 tokens" in overflow.value.message
    assert "`context_tokens`" in overflow.value.message


async def test_earlier_prompts_tell_how_many_bytes_a_token_has() -> None:
    middling = replace(REQUEST, messages=(UserMessage(text="word " * 4_000),))
    counts = iter([20, 2_900])

    def reply(request: Request) -> Reply:
        if request.path == "/api/chat":
            return spoken({"content": "Yes."}, done={**DONE, "prompt_eval_count": next(counts)})
        return ollama(loaded=4_096)(request)

    async with raw_http_server(reply) as server, provider_of(host("ollama", server.url)) as provider:
        size = await _size_of_first_request(server, provider)
        assert size / 20 > 8, "the small prompt was mostly in the host's cache, which teaches nothing"
        assert words(await gather(provider, middling)) == "Yes."


async def _size_of_first_request(server: RawHttpServer, provider: Any) -> int:
    await gather(provider)
    return next(len(exchange.request.body) for exchange in server.exchanges if exchange.request.path == "/api/chat")


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (json_reply({"error": "model 'one' not found"}, status=404), "bad_request", "not found"),
        (json_reply({"error": "registry.ollama.ai/one does not support tools"}, status=400), "bad_request", "does not support tools"),
        (spoken({"content": "I "}, done={"error": "an error was encountered while running the model"}), "transient", "encountered"),
        (Reply(steps=(b"<html>Log in</html>",), content_type="text/html"), "transient", ""),
        (Reply(steps=(b'{"message": {"content": "I ',)), "transient", ""),
        (Reply(steps=(b'{"message": {"content": "I "}}\n', CUT)), "transient", ""),
        (spoken({"content": "I "}, done={"message": {}}), "transient", "middle"),
        (spoken(), "transient", "nothing"),
        (Reply(steps=()), "transient", "nothing"),
        (Reply(steps=(b'{"message": {"content": "I "}}\n', asyncio.Event())), "transient", "0.05 s"),
        (Reply(steps=(asyncio.Event(),)), "transient", "0.1 s"),
    ],
    ids=[
        "no model",
        "no tools",
        "in mid-stream",
        "a page",
        "half a line",
        "reset",
        "no end",
        "nothing said",
        "nothing",
        "stall",
        "silence",
    ],
)
async def test_failures(answer: Reply, kind: str, says: str) -> None:
    quick = Timeouts(first_token_s=0.1, idle_s=0.05) if asyncio.Event in map(type, answer.steps) else Timeouts()
    async with raw_http_server(ollama(answer)) as server, provider_of(host("ollama", server.url, timeouts=quick)) as provider:
        with pytest.raises(ProviderError) as failure:
            await gather(provider)
    assert failure.value.kind == kind
    assert says in failure.value.message


async def test_a_character_may_be_cut_anywhere() -> None:
    whole = json.dumps({"message": {"content": "naïve 😀\u0085\u2028"}}, ensure_ascii=False).encode() + b"\n" + json.dumps(DONE).encode()
    answer = Reply(steps=tuple(whole[i : i + 1] for i in range(len(whole))))
    async with raw_http_server(ollama(answer)) as server, provider_of(host("ollama", server.url)) as provider:
        assert words(await gather(provider)) == "naïve 😀\u0085\u2028"


async def test_who_gives_up_closes_the_connection() -> None:
    answer = Reply(steps=(b'{"message": {"content": "I "}}\n', asyncio.Event()))
    async with raw_http_server(ollama(answer)) as server, provider_of(host("ollama", server.url)) as provider:
        async with aclosing(provider.stream(REQUEST)) as events:  # type: ignore[type-var]
            async for _ in events:
                break
        exchange = next(exchange for exchange in server.exchanges if exchange.request.path == "/api/chat")
        await exchange.client_closed.wait()


@pytest.mark.proves("ollama", "fim")
async def test_a_gap_is_filled_by_models_that_can() -> None:
    answer = ndjson({"response": "a + ", "done": False}, {"response": "b", "done": False}, {"response": "", **DONE})
    async with raw_http_server(ollama(generate=answer)) as server, provider_of(host("ollama", server.url)) as provider:
        assert provider.capabilities.fim
        assert words([event async for event in provider.fill(GAP)]) == "a + b"
        [sent] = bodies(server, "/api/generate")
    assert (sent["prompt"], sent["suffix"]) == (GAP.prefix, GAP.suffix)
    assert sent["options"] == {"num_ctx": 32_768, "num_predict": 64, "temperature": 0, "stop": ["\n\n"]}


async def test_a_model_that_fills_no_gaps_says_so_before_it_is_asked() -> None:
    only_chat = {**SHOWN, "capabilities": ["completion"]}
    async with raw_http_server(ollama(shown=only_chat)) as server, provider_of(host("ollama", server.url)) as provider:
        with pytest.raises(ProviderError) as refused:
            await anext(aiter(provider.fill(GAP)))
    assert refused.value.code == "no_fim"


async def test_a_model_of_which_nothing_is_told_says_so_when_it_is_asked() -> None:
    refusal = json_reply({"error": "registry.ollama.ai/one does not support insert"}, status=400)
    async with raw_http_server(ollama(shown={}, generate=refusal)) as server, provider_of(host("ollama", server.url)) as provider:
        with pytest.raises(ProviderError) as refused:
            await anext(aiter(provider.fill(GAP)))
    assert refused.value.code == "no_fim"


async def test_a_model_whose_template_only_converses_is_asked_by_the_tokens_of_its_family() -> None:
    only_chat = {**SHOWN, "capabilities": ["completion"]}
    answer = ndjson({"response": "a + b<|endoftext|>", "done": False}, {"response": "", **DONE})
    gap = replace(GAP, model="qwen2.5-coder:7b", prefix="return <|fim_middle|>")
    async with raw_http_server(ollama(shown=only_chat, generate=answer)) as server, provider_of(host("ollama", server.url)) as provider:
        assert words([event async for event in provider.fill(gap)]) == "a + b"
        [sent] = bodies(server, "/api/generate")
    assert sent["raw"] is True
    assert sent["prompt"] == f"<|fim_prefix|>return < |fim_middle|><|fim_suffix|>{GAP.suffix}<|fim_middle|>"
    assert "suffix" not in sent
    assert sent["options"]["stop"] == ["\n\n", "<|endoftext|>", "<|file_sep|>", "<|fim_pad|>"]


async def test_a_family_that_the_settings_name_comes_before_the_hosts_own_template() -> None:
    answer = ndjson({"response": "a + b", "done": False}, {"response": "", **DONE})
    config = host("ollama", "", fim="codellama")
    async with raw_http_server(ollama(generate=answer)) as server, provider_of(replace(config, base_url=server.url)) as provider:
        assert words([event async for event in provider.fill(GAP)]) == "a + b"
        [sent] = bodies(server, "/api/generate")
    assert sent["prompt"] == f"<PRE> {GAP.prefix} <SUF>{GAP.suffix} <MID>"


@pytest.mark.proves("ollama", "install")
async def test_a_model_is_fetched_with_progress() -> None:
    answer = ndjson(
        {"status": "pulling manifest"},
        {"status": "pulling aa", "digest": "sha256:aa", "total": 100},
        {"status": "pulling aa", "digest": "sha256:aa", "total": 100, "completed": 60},
        {"status": "pulling bb", "digest": "sha256:bb", "total": 50, "completed": 50},
        {"status": "verifying sha256 digest"},
        {"status": "success"},
    )
    async with raw_http_server(ollama(pull=answer)) as server, provider_of(host("ollama", server.url)) as provider:
        assert provider.capabilities.install
        told = [(progress.text, progress.completed, progress.total) async for progress in provider.install_model("qwen3:4b")]
        assert bodies(server, "/api/pull") == [{"model": "qwen3:4b", "stream": True}]
    assert told[0] == ("pulling manifest", None, None)
    assert told[1:4] == [("pulling aa", 0, 100), ("pulling aa", 60, 100), ("pulling bb", 110, 150)]
    assert told[-1] == ("success", 110, 150)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (ndjson({"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}), "file does not exist"),
        (ndjson({"status": "pulling manifest"}), "middle"),
        (ndjson({"status": "pulling aa", "digest": "sha256:aa", "total": 100, "completed": 100}), "middle"),
    ],
)
async def test_a_model_that_could_not_be_fetched(answer: Reply, says: str) -> None:
    async with raw_http_server(ollama(pull=answer)) as server, provider_of(host("ollama", server.url)) as provider:
        with pytest.raises(ProviderError, match=says):
            _ = [progress async for progress in provider.install_model("nobody")]


async def test_a_fetch_that_is_given_up_stops_at_the_host() -> None:
    answer = Reply(steps=(b'{"status": "pulling manifest"}\n', asyncio.Event()))
    async with raw_http_server(ollama(pull=answer)) as server, provider_of(host("ollama", server.url)) as provider:
        async with aclosing(provider.install_model("big")) as progress:  # type: ignore[type-var]
            await anext(aiter(progress))
        await server.exchanges[0].client_closed.wait()


@pytest.mark.proves("ollama", "unload")
async def test_a_model_is_unloaded() -> None:
    async with raw_http_server(ollama(generate=json_reply({"done": True}))) as server, provider_of(host("ollama", server.url)) as provider:
        await provider.unload_model("one")
        assert bodies(server, "/api/generate") == [{"model": "one", "keep_alive": 0, "stream": False}]


async def test_a_host_that_is_down_says_how_to_start_it() -> None:
    async with raw_http_server([]) as server:
        url = server.url
    async with provider_of(host("ollama", url)) as provider:
        check = await provider.check()
    assert (check.state, provider.is_connected) == ("down", False)
    assert url in check.text


async def test_the_real_wire_of_aimock(start_aimock: StartAimock) -> None:
    fixtures: list[Mapping[str, Any]] = [
        {"match": {"hasToolResult": True}, "response": {"content": "All done."}},
        {"match": {"userMessage": "edit"}, "response": {"toolCalls": [{"name": "edit_file", "arguments": {"path": "a.py"}}]}},
        {"match": {"userMessage": "hello"}, "response": {"content": "Hello there."}},
    ]
    async with start_aimock(fixtures, chunk_size=3) as server, provider_of(host("ollama", server.url)) as provider:
        assert words(await gather(provider)) == "Hello there."
        events = await gather(provider, replace(REQUEST, messages=(UserMessage(text="edit it"),)))
        [started] = [event for event in events if isinstance(event, ToolCallStarted)]
        call = ToolCall(call_id=started.call_id, tool="edit_file", arguments={"path": "a.py"})
        answered = ToolMessage(results=(ToolResult(call_id=started.call_id, tool="edit_file", output="edited"),))
        conversation = (UserMessage(text="edit it"), AssistantMessage(text="", tool_calls=(call,)), answered)
        assert words(await gather(provider, replace(REQUEST, messages=conversation))) == "All done."
