"""What a model reads, shown by an editor that has no view of it: as a text of the server's, or as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from coterie.domain.inspection import ContextView
from coterie.domain.wire import from_wire
from coterie.features.context_text import as_markdown
from lsp_client import BOUND_S, PLAIN, LspClient, ResponseError
from model_host import Asked, answer, model_host
from plain_editor import command, priced
from raw_http_server import Reply
from served import ENDED, Served, served

CONTENT = "workspace/textDocumentContent"
READING = {**PLAIN, "workspace": {**PLAIN["workspace"], "textDocumentContent": {}}}
HIDDEN = {**PLAIN, "window": {**PLAIN["window"], "showDocument": {"support": False}}}


def reads_and_answers(asked: Asked) -> Reply:
    """Play a model that looks at a file first."""
    calls = (("read_file", {"path": "calc.py"}),) if asked.number % 2 == 0 else ()
    return answer("openai_compatible", "" if calls else "The sign is wrong.", *calls, number=asked.number)


async def talked(editor: Served, channel_id: str | None = None) -> str:
    """Say something in a channel, or in a new one."""
    client = editor.client
    channel_id = channel_id or (await client.request("agent/channel/open", {"title": "Sums"}))["channelId"]
    posted = await client.request("agent/channel/post", {"channelId": channel_id, "text": "Why?"})

    async def has_ended() -> bool:
        return (await client.request("agent/run/get", {"runId": posted["runId"]}))["state"] in ENDED

    async with asyncio.timeout(BOUND_S):
        while not await has_ended():  # noqa: ASYNC110 - a plain editor hears of no run's end
            await asyncio.sleep(0.02)
    return channel_id


async def inspected(client: LspClient, channel_id: str) -> str:
    """Return the document that the window of now makes."""
    return as_markdown(from_wire(ContextView, await client.request("agent/context/inspect", {"channelId": channel_id})))


def on_disk(uri: str) -> str:
    return Path(unquote(urlsplit(uri).path)).read_text(encoding="utf-8")


def shown(client: LspClient) -> list[str]:
    return [params["uri"] for method, params in client.wanted if method == "window/showDocument"]


async def test_it_is_a_text_that_is_read_anew_where_the_editor_asks_for_texts(tmp_path: Path) -> None:
    async with (
        model_host("openai_compatible", reads_and_answers) as host,
        served(tmp_path, priced(host.url), capabilities=READING) as editor,
    ):
        client, channel_id = editor.client, await talked(editor)
        uri = f"coterie-channel:/{channel_id}/context.md"
        assert await command(client, "coterie.inspectContext", {"channelId": channel_id}) == {"channelId": channel_id, "uri": uri}
        await client.eventually(lambda: shown(client) == [uri])
        text = (await client.request(CONTENT, {"uri": uri}))["text"]
        assert text == await inspected(client, channel_id)
        assert "| `tool:read_file calc.py` |" in text

        await talked(editor, channel_id)
        await command(client, "coterie.inspectContext", {"channelId": channel_id})
        await client.eventually(lambda: (f"{CONTENT}/refresh", {"uri": uri}) in client.wanted)
        again = (await client.request(CONTENT, {"uri": uri}))["text"]
        assert again == await inspected(client, channel_id) != text
        assert not (tmp_path / "home" / "state" / "contexts").exists()
        with pytest.raises(ResponseError) as unknown:
            await client.request(CONTENT, {"uri": "coterie-channel:/none/context.md"})
        assert unknown.value.data["code"] == "unknown_channel"


@pytest.mark.parametrize(("capabilities", "shows"), [(PLAIN, True), (HIDDEN, False)])
async def test_else_it_is_a_file_in_the_state_folder_that_is_written_anew(
    tmp_path: Path, capabilities: Mapping[str, Any], *, shows: bool
) -> None:
    async with (
        model_host("openai_compatible", reads_and_answers) as host,
        served(tmp_path, priced(host.url), capabilities=capabilities) as editor,
    ):
        client = editor.client
        with pytest.raises(ResponseError) as none:
            await command(client, "coterie.inspectContext")
        assert none.value.data["code"] == "unknown_channel"
        channel_id = await talked(editor)
        found = await command(client, "coterie.inspectContext")
        assert found["channelId"] == channel_id, "without a name it is the latest"
        uri = found["uri"]
        assert Path(unquote(urlsplit(uri).path)).is_relative_to(tmp_path / "home")
        first = on_disk(uri)
        assert first == await inspected(client, channel_id)
        await talked(editor, channel_id)
        assert await command(client, "coterie.inspectContext", {"channelId": channel_id}) == found
        assert on_disk(uri) == await inspected(client, channel_id) != first
        if shows:
            await client.eventually(lambda: shown(client) == [uri, uri])
        else:
            await client.expect("window/logMessage", lambda params: uri in params["message"])
            assert shown(client) == []


async def test_a_channel_that_is_not_there_is_no_document(tmp_path: Path) -> None:
    async with model_host("openai_compatible", reads_and_answers) as host, served(tmp_path, priced(host.url), capabilities=PLAIN) as editor:
        with pytest.raises(ResponseError) as unknown:
            await command(editor.client, "coterie.inspectContext", {"channelId": "../../elsewhere"})
        assert unknown.value.data["code"] == "unknown_channel"
