"""A channel is a Markdown document: written in, sent, answered into while the person types, followed over a restart. Real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from lsp_client import LspClient, ResponseError
from model_host import Asked, Wait, answer, model_host
from plain_editor import command, plain, progress_ended
from raw_http_server import Reply
from served import Served

NOWHERE = "http://127.0.0.1:9"
HEADING = "## You\n\n"


def on_disk(uri: str) -> str:
    """Return a file's text."""
    return Path(unquote(urlsplit(uri).path)).read_text(encoding="utf-8")


async def opened(editor: Served, uri: str) -> str:
    """Open a document as an editor does that was asked to show it; returns its URI."""
    shown = ("window/showDocument", {"uri": uri, "external": False, "takeFocus": True})
    await editor.client.eventually(lambda: shown in editor.client.wanted)
    await editor.client.open(uri, on_disk(uri), "markdown")
    return uri


async def lenses(client: LspClient, uri: str) -> dict[str, Any]:
    """Return a document's lenses by title."""
    found = await client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    return {lens["command"]["title"]: lens for lens in found}


def talking(asked: Asked) -> Reply:
    """Answer in words."""
    return answer("openai_compatible", f"Answer {asked.number}.", number=asked.number)


async def test_a_chat_is_written_sent_and_answered_while_the_person_types(tmp_path: Path) -> None:
    hold = Wait()

    def script(asked: Asked) -> Reply:
        return answer("openai_compatible", "First half, second half.", number=asked.number, hold=hold)

    async with model_host("openai_compatible", script) as host, plain(tmp_path, host.url) as editor:
        client = editor.client
        chat = await command(client, "coterie.openChannel", {"title": "Sums"})
        uri = await opened(editor, chat["uri"])
        buffer = client.buffers[uri]
        assert buffer.text.startswith("# Sums\n")
        assert buffer.text.endswith(HEADING)
        with pytest.raises(ResponseError) as empty:
            await command(client, "coterie.send", {"uri": uri})
        assert empty.value.data["code"] == "nothing_to_send"

        await client.type(uri, len(buffer.text), len(buffer.text), "Why does it not add?\n")
        send = (await lenses(client, uri))["Coterie: Send"]
        assert buffer.text.splitlines()[send["range"]["start"]["line"]] == "## You"
        [action] = await client.request(
            "textDocument/codeAction",
            {"textDocument": {"uri": uri}, "range": send["range"], "context": {"diagnostics": []}},
        )
        assert action["command"]["arguments"] == send["command"]["arguments"]
        posted = await client.request("workspace/executeCommand", send["command"])
        await client.eventually(lambda: "## Coterie\n\nFirst half" in buffer.text)
        assert list(await lenses(client, uri)) == ["Coterie: Stop"]

        await client.type(uri, 0, 0, "mine above\n")
        await client.type(uri, len(buffer.text), len(buffer.text), " MINE BELOW\n")
        hold.set()
        await client.eventually(lambda: buffer.text.endswith(HEADING))
        assert buffer.text.startswith("mine above\n# Sums\n")
        assert "## You\n\nWhy does it not add?\n" in buffer.text
        assert "## Coterie\n\nFirst half, second half.\n MINE BELOW\n" in buffer.text
        assert list(await lenses(client, uri)) == ["Coterie: Send"]
        await client.close(uri)
        again = await command(client, "coterie.openChannel", {"channelId": chat["channelId"]})
        assert again["uri"] == uri
        told = "## You\n\nWhy does it not add?\n\n## Coterie\n\nFirst half, second half.\n\n## You\n\n"
        assert on_disk(uri).endswith(told), "what was never saved is written anew"
        run = await client.request("agent/run/get", {"runId": posted["runId"]})
        assert (run["prompt"], run["state"]) == ("Why does it not add?", "succeeded")
        edits = [params for method, params in client.wanted if method == "workspace/applyEdit"]
        assert all(edit["edit"]["documentChanges"][0]["textDocument"]["version"] for edit in edits)


async def test_headings_in_what_is_written_are_sent_with_it_and_answered_below_it(tmp_path: Path) -> None:
    async with model_host("openai_compatible", talking) as host, plain(tmp_path, host.url) as editor:
        client = editor.client
        chat = await command(client, "coterie.openChannel", {"title": "Sums"})
        uri = await opened(editor, chat["uri"])
        buffer = client.buffers[uri]
        drafts = ["Look:\n```\n## You\n```\nMend it.", "As I said:\n## You\n\n## Coterie\n\nAnswer 0.\nWhy?"]
        for number, draft in enumerate(drafts):
            await client.type(uri, len(buffer.text), len(buffer.text), f"{draft}\n")
            send = (await lenses(client, uri))["Coterie: Send"]
            assert buffer.text[: buffer.text.index(draft)].count("\n") == send["range"]["start"]["line"] + 2
            await client.request("workspace/executeCommand", send["command"])
            plainly = draft.replace("## ", "### ")
            answered = f"## You\n\n{plainly}\n\n## Coterie\n\nAnswer {number}.\n\n## You\n\n"
            await client.eventually(lambda answered=answered: buffer.text.endswith(answered))
        said = (await client.request("agent/channel/history", {"channelId": chat["channelId"]}))["messages"]
        assert [each["text"] for each in said if each["role"] == "user"] == drafts


async def test_what_was_sent_is_not_sent_again_before_its_answer_comes(tmp_path: Path) -> None:
    hold = Wait()

    def script(asked: Asked) -> Reply:
        return answer("openai_compatible", "x", number=asked.number, hold=hold)  # holds before the first character

    async with model_host("openai_compatible", script) as host, plain(tmp_path, host.url) as editor:
        client = editor.client
        chat = await command(client, "coterie.openChannel", {"title": "Sums"})
        uri = await opened(editor, chat["uri"])
        buffer = client.buffers[uri]
        await client.type(uri, len(buffer.text), len(buffer.text), "Why?\n")
        await command(client, "coterie.send", {"uri": uri})
        with pytest.raises(ResponseError) as again:
            await command(client, "coterie.send", {"uri": uri})
        assert again.value.data["code"] == "nothing_to_send"
        await client.type(uri, len(buffer.text), len(buffer.text), "And how?\n")
        await command(client, "coterie.send", {"uri": uri})
        hold.set()
        await progress_ended(client)
        said = (await client.request("agent/channel/history", {"channelId": chat["channelId"]}))["messages"]
        assert [each["text"] for each in said if each["role"] == "user"] == ["Why?", "Why?\nAnd how?"]


async def test_a_closed_chat_is_answered_in_its_file_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with model_host("openai_compatible", talking) as host:
        async with plain(tmp_path, host.url) as editor:
            asked = await command(editor.client, "coterie.ask", {"prompt": "Why?"})
            await editor.client.eventually(lambda: any(method == "window/showDocument" for method, _ in editor.client.wanted))
            shown = next(params for method, params in editor.client.wanted if method == "window/showDocument")
            assert shown["takeFocus"] is False
            uri = shown["uri"]
            await progress_ended(editor.client)
            chat = await command(editor.client, "coterie.openChannel", {"channelId": asked["channelId"]})
            assert chat == {"channelId": asked["channelId"], "uri": uri}
            assert on_disk(uri).endswith("## You\n\nWhy?\n\n## Coterie\n\nAnswer 0.\n\n## You\n\n")
        async with plain(tmp_path, host.url) as editor:
            Path(unquote(urlsplit(uri).path)).write_text(f"{on_disk(uri)}And then?\n", encoding="utf-8")
            await command(editor.client, "coterie.send", {"uri": uri})
            await progress_ended(editor.client)
            await command(editor.client, "coterie.openChannel", {"channelId": asked["channelId"]})
            assert on_disk(uri).endswith("Answer 0.\n\n## You\n\nAnd then?\n\n## Coterie\n\nAnswer 1.\n\n## You\n\n")
            listed = await command(editor.client, "coterie.channels")
            assert [channel["channelId"] for channel in listed["channels"]] == [asked["channelId"]]


async def test_half_a_surrogate_pair_names_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    async with plain(tmp_path, NOWHERE) as editor:
        await command(editor.client, "coterie.openChannel", {"title": "half \ud83d"})
        [channel] = (await editor.client.request("agent/channel/list", {"query": "half \udc00"}))["channels"]
        assert channel["title"] == "half \ufffd"
        for ask in (
            editor.client.request("agent/run/get", {"runId": "\ud83d"}),
            command(editor.client, "coterie.undo", {"runId": "\ud83d"}),
        ):
            with pytest.raises(ResponseError) as unknown:
                await ask
            assert unknown.value.data["code"] == "unknown_run"


async def test_a_selection_is_quoted_where_the_person_is_to_write(tmp_path: Path) -> None:
    async with plain(tmp_path, NOWHERE) as editor:
        code = (editor.project / "calc.py").as_uri()
        chosen = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 16}}
        found = await editor.client.request(
            "textDocument/codeAction",
            {"textDocument": {"uri": code}, "range": chosen, "context": {"diagnostics": [], "only": ["coterie.ask"]}},
        )
        [ask] = [await editor.client.request("codeAction/resolve", action) for action in found]
        chat = await editor.client.request("workspace/executeCommand", ask["command"])
        assert "About `calc.py`, lines 1 to 2:\n\n```py\ndef add(a, b):\n    return a - b\n```\n" in on_disk(chat["uri"])


@pytest.mark.parametrize("argument", [{"uri": "file:///etc/passwd"}, {"uri": "file:///etc/channel_1.md"}, {}, {"uri": 1}])
async def test_only_a_chat_document_is_sent(tmp_path: Path, argument: dict[str, Any]) -> None:
    async with plain(tmp_path, NOWHERE) as editor:
        with pytest.raises(ResponseError) as refused:
            await command(editor.client, "coterie.send", argument)
        assert (refused.value.code, refused.value.data["code"]) == (-32602, "invalid_params")


async def test_the_document_of_a_channel_that_is_put_away_says_so_and_that_of_a_deleted_one_sends_nothing(tmp_path: Path) -> None:
    async with plain(tmp_path, NOWHERE) as editor:
        client = editor.client
        chat = await command(client, "coterie.openChannel", {"title": "Sums"})
        uri = await opened(editor, chat["uri"])
        assert list(await lenses(client, uri)) == ["Coterie: Send"]

        def drawn_anew(times: int) -> bool:
            return sum(method == "workspace/codeLens/refresh" for method, _ in client.wanted) == times

        for times, (archived, title) in enumerate([(True, "Coterie: Send, out of the archive"), (False, "Coterie: Send")], start=1):
            await client.request("agent/channel/archive", {"channelId": chat["channelId"], "archived": archived})
            await client.eventually(lambda times=times: drawn_anew(times))
            assert list(await lenses(client, uri)) == [title]

        await client.request("agent/channel/delete", {"channelId": chat["channelId"]})
        await client.eventually(lambda: drawn_anew(3))
        [(title, lens)] = (await lenses(client, uri)).items()
        assert (title, lens["command"]["command"]) == ("Coterie: This chat was deleted. Open a new one", "coterie.openChannel")
        where = {"textDocument": {"uri": uri}, "range": lens["range"], "context": {"diagnostics": []}}
        assert not await client.request("textDocument/codeAction", where)
        with pytest.raises(ResponseError) as refused:
            await command(client, "coterie.send", {"uri": uri})
        assert refused.value.data["code"] == "unknown_channel"
