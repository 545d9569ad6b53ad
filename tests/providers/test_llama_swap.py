"""llama-swap: what is told without loading anything, a model that must be loaded first, and the text that is no thought."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from coterie.base.errors import ProviderError
from coterie.domain.messages import Finished, ThoughtDelta, Waiting
from coterie.domain.model_ports import Provider
from coterie.domain.suggestions import FillRequest
from coterie.providers.config import Timeouts
from coterie.providers.loading_text import LoadingText
from coterie.providers.registry import ProviderRegistry
from provider_calls import REQUEST, gather, host, provider_of, words
from raw_http_server import Reply, json_reply, raw_http_server, sse
from swap_box import NOT_FOUND, Box, chunk, row, said, swap_box

BAR = "━━━━━"


def own(text: str) -> bytes:
    """Return an event as llama-swap writes it itself while it loads."""
    return sse({"choices": [{"delta": {"reasoning_content": text}}]})


def loading(model: str = "one", *, done: bool = True) -> list[str]:
    """Return what llama-swap says while it loads, in the pieces in which it says it."""
    pieces = [BAR, "\n"]
    line = f"llama-swap loading model: {model}"
    pieces += [line[at : at + 5] for at in range(0, len(line), 5)] + ["\n", ".", ".", "\n", "Retic", "ulati", "ng sp", "lines", " ", "."]
    return [*pieces, "\n", "Done!", " (4.2", "1s)", "\n", BAR, "\n", " ", "\n"] if done else pieces


def thoughts(events: list[Any]) -> str:
    """Return what the model thought."""
    return "".join(event.text for event in events if isinstance(event, ThoughtDelta))


def waits(events: list[Any]) -> list[str]:
    """Return what was said about waiting."""
    return [event.code for event in events if isinstance(event, Waiting)]


async def test_several_boxes_are_one_catalogue_with_a_window_for_each_box_and_model() -> None:
    big = Box([row("coder", status="loaded"), row("small")], {"coder": "ready"}, {"coder": 65_536})
    little = Box([row("coder", context_length=8_192), row("talker")])
    async with swap_box(big), swap_box(little):
        hosts = [
            host("llama_swap", big.server.url, id="big", context_tokens=4_096),
            host("llama_swap", f"{little.server.url}/v1", id="little"),
        ]
        registry = ProviderRegistry(hosts)
        views = await registry.models()
        await registry.aclose()
    assert [(view.id, view.context_tokens, view.state) for view in views] == [
        ("big/coder", 65_536, "loaded"),
        ("big/small", 4_096, "available"),
        ("little/coder", 8_192, "available"),
        ("little/talker", None, "available"),
    ]
    assert all(view.capabilities.local and view.capabilities.fim and view.price is not None for view in views)
    assert big.asked.count("/props?model=coder") == 1
    assert not any("/props" in path for path in little.asked), "to ask would have loaded a model"


async def test_a_box_that_goes_down_keeps_its_models_and_the_other_box_answers() -> None:
    async with swap_box(Box([row("b")])) as up:
        async with swap_box(Box([row("a")])) as gone:
            registry = ProviderRegistry([host("llama_swap", gone.server.url, id="gone"), host("llama_swap", up.server.url, id="up")])
            before = await registry.models()
        after = await registry.models()
        states = {view.id: view.state for view in registry.list()}
        await registry.aclose()
    assert [(view.id, view.state) for view in before] == [("gone/a", "available"), ("up/b", "available")]
    assert [(view.id, view.state) for view in after] == [("gone/a", "down"), ("up/b", "available")]
    assert states == {"gone": "down", "up": "ready"}


@pytest.mark.proves("llama_swap", "models")
async def test_the_states_of_models_and_what_cannot_converse() -> None:
    box = Box(
        [
            row("one"),
            row("two", status="loaded"),
            row("nick", kind="alias", about={"modelID": "two"}),
            row("ranks", capabilities={"reranker": True}),
            row("paints", architecture={"output_modalities": ["image"]}),
            row("sees", capabilities={"vision": True}, architecture={"output_modalities": ["text"]}),
        ],
        {"one": "starting", "two": "ready"},
        {"two": 1_024},
    )
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        views = await provider.installed_models()
    assert [(view.id, view.state, view.context_tokens, view.capabilities.vision) for view in views] == [
        ("work/one", "loading", None, False),
        ("work/two", "loaded", 1_024, False),
        ("work/nick", "loaded", 1_024, False),
        ("work/sees", "available", None, True),
    ]


async def test_a_window_stays_known_when_the_model_is_gone_and_is_looked_at_anew_when_it_is_back() -> None:
    box = Box([row("one")], {"one": "ready"}, {"one": 4_096})
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:

        async def window() -> int | None:
            [view] = await provider.installed_models()
            return view.context_tokens

        assert [await window(), await window()] == [4_096, 4_096]
        assert box.asked.count("/props?model=one") == 1, "each question would keep the model from being unloaded"
        box.running.clear()
        assert await window() == 4_096
        box.running["one"], box.windows = "ready", {"one": 8_192}
        assert await window() == 8_192


async def test_an_old_box_that_tells_no_states_still_lists_and_answers() -> None:
    box = Box([{"id": "one"}], replies={"/running": NOT_FOUND})
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        [view] = await provider.installed_models()
        events = await gather(provider)
    assert (view.id, view.state) == ("work/one", "available")
    assert (words(events), waits(events)) == ("I am one.", [])


@pytest.mark.parametrize(
    ("running", "listed", "told"),
    [
        ({"one": "ready"}, [row("one")], False),
        ({"one": "starting"}, [row("one")], True),
        ({"two": "ready"}, [row("one")], True),
        ({"real": "ready"}, [row("real", about={"aliases": ["one"]})], False),
        ({}, [row("real", about={"aliases": ["one"]})], True),
        ({}, [row("one", kind="peer")], False),
        ({}, [], False),
    ],
    ids=["ready", "starting", "another one", "by a nickname", "nickname of none", "another machine's", "not listed"],
)
async def test_a_model_that_must_be_loaded_first_is_told(running: dict[str, str], listed: list[dict[str, Any]], *, told: bool) -> None:
    box = Box(listed, dict(running), dict.fromkeys(running, 1_024))
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        events = await gather(provider)
    assert waits(events) == ["loading"] * told
    assert words(events) == "I am one."


async def test_the_loading_text_is_told_as_loading_and_the_models_thoughts_stay() -> None:
    real = (chunk({"reasoning_content": "\nHm. "}), chunk({"reasoning_content": f"{BAR}\nDone!"}))
    box = Box([row("one")], answers={"one": said("Hello.", *map(own, loading()), *real)})
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        events = await gather(provider)
    assert waits(events) == ["loading"], "said once"
    assert thoughts(events) == f"\nHm. {BAR}\nDone!"
    assert words(events) == "Hello."


async def test_a_box_that_says_so_only_in_its_answer_is_heard() -> None:
    box = Box([row("one")], {"one": "ready"}, answers={"one": said("Hello.", *map(own, loading()))})
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        events = await gather(provider)
    assert (waits(events), thoughts(events), words(events)) == (["loading"], "", "Hello.")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize("done", [True, False], ids=["to its end", "broken off"])
def test_the_loading_text_in_any_pieces(size: int, *, done: bool) -> None:
    text, whole = LoadingText(), "".join(loading(done=done))
    left = "".join(text.thought(whole[at : at + size], is_own=True) for at in range(0, len(whole), size))
    left += text.thought("I think.", is_own=False)
    assert left == "I think."


@pytest.mark.parametrize("thought", ["━━━━━", "━━━━━\nllama-swap", "━━━━━\nllama-swap loading dock", "\n", "Hm. ━━━━━"])
async def test_a_thought_that_only_begins_like_it_is_a_thought(thought: str) -> None:
    box = Box([row("one")], answers={"one": said("Hello.", *(chunk({"reasoning_content": letter}) for letter in thought))})
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        assert thoughts(await gather(provider)) == thought


@pytest.mark.parametrize(
    "last",
    [
        [b'{"src":"llama-swap","error":{"message":"upstream command exited prematurely"}}'],
        [sse({"error": {"message": "unable to start process", "code": 500}})],
        [],
    ],
    ids=["an error behind it", "an event of an error", "nothing"],
)
async def test_a_model_that_could_not_be_loaded(last: list[bytes]) -> None:
    box = Box([row("one")], answers={"one": Reply(steps=(*map(own, loading()), *last))})
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        with pytest.raises(ProviderError) as failure:
            await gather(provider)
    assert failure.value.kind == "transient"
    assert "`work/one`" in failure.value.message


async def test_a_box_that_loads_for_ever_is_given_up() -> None:
    box = Box([row("one")], {"one": "starting"}, answers={"one": Reply(steps=(own(BAR), asyncio.Event()))})
    impatient = Timeouts(first_token_s=60, idle_s=0.05)
    async with swap_box(box), provider_of(host("llama_swap", box.server.url, timeouts=impatient)) as provider:
        with pytest.raises(ProviderError) as failure:
            await gather(provider)
        await box.server.exchanges[-1].client_closed.wait()
    assert failure.value.kind == "transient"


@pytest.mark.proves("llama_swap", "fim")
async def test_a_gap_is_filled_by_the_models_server() -> None:
    last = {"content": "", "stop": True, "tokens_evaluated": 20, "tokens_predicted": 3}
    box = Box([row("one")], answers={"one": Reply(steps=(sse({"content": "a + b", "stop": False}), sse(last)))})
    gap = FillRequest(model="one", prefix="return ", suffix="\n", max_tokens=64)
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        events = [event async for event in provider.fill(gap)]
        sent = box.server.exchanges[0].request
    assert words(events) == "a + b"
    assert events[-1] == Finished("stop")
    assert (sent.path, sent.json()["model"], sent.json()["input_prefix"]) == ("/infill", "one", "return ")


async def unload(provider: Provider, box: Box) -> list[str]:
    """Unload a model and return what was asked for."""
    await provider.unload_model("a/one")
    return box.asked


@pytest.mark.proves("llama_swap", "unload")
async def test_a_model_is_unloaded() -> None:
    box = Box(
        running={"a/one": "ready", "two": "ready"}, replies={"/api/models/unload/a/one": Reply(steps=(b"OK",), content_type="text/plain")}
    )
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        assert await unload(provider, box) == ["/api/models/unload/a/one"]
        assert box.server.exchanges[0].request.method == "POST"


@pytest.mark.parametrize("others", [{}, {"two": "ready"}], ids=["alone", "beside another"])
async def test_an_old_box_unloads_everything_or_nothing(others: dict[str, str]) -> None:
    box = Box(running={"a/one": "ready", **others}, replies={"/api/models/unload/a/one": NOT_FOUND})
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        if others:
            with pytest.raises(ProviderError):
                await unload(provider, box)
            assert box.running == {"a/one": "ready", "two": "ready"}
        else:
            assert (await unload(provider, box))[-1] == "/unload"
            assert not box.running


@pytest.mark.proves("llama_swap", "count_tokens")
async def test_tokens_are_counted_where_that_loads_nothing() -> None:
    box = Box(
        [row("one")],
        replies={
            "/upstream/one/apply-template": json_reply({"prompt": "<|user|>say hello"}),
            "/upstream/one/tokenize": json_reply({"tokens": [1, 2, 3]}),
        },
    )
    async with swap_box(box), provider_of(host("llama_swap", box.server.url)) as provider:
        assert await provider.count_tokens(REQUEST) is None
        box.running["one"] = "ready"
        assert await provider.count_tokens(REQUEST) == 3


@pytest.mark.parametrize(
    "reply",
    [json_reply({"data": "none"}), Reply(steps=(b"<html>",), content_type="text/html"), json_reply({"error": "no"}, status=500)],
    ids=["no list", "a web page", "an error"],
)
async def test_what_is_no_box(reply: Reply) -> None:
    async with raw_http_server(lambda _: reply) as server, provider_of(host("llama_swap", server.url)) as provider:
        with pytest.raises(ProviderError) as failure:
            await provider.installed_models()
    assert "work" in failure.value.message


def test_an_event_of_its_own_looks_as_expected() -> None:
    assert json.loads(own("x").removeprefix(b"data: "))["choices"][0]["delta"] == {"reasoning_content": "x"}
