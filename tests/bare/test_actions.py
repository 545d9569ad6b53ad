"""Code actions: the right ones at the right place, resolved to commands that run. Real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from lsp_client import BARE, LspClient, ResponseError
from model_host import Asked, answer, model_host
from plain_editor import plain, progress_ended
from raw_http_server import Reply
from served import BROKEN, served, settings

NOWHERE = "http://127.0.0.1:9"
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
POINT = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 4}}
PROBLEM = {"range": WHOLE, "message": "Incompatible return value", "severity": 1, "source": "checker", "data": {"kept": True}}
OWN = {"haiku": {"title": "Write a haiku", "prompt": "Write a haiku about this code.", "kind": "source.fun", "agent": "coder"}, "empty": {}}


async def offered(client: LspClient, uri: str, place: Any = WHOLE, **context: Any) -> dict[str, Any]:
    """Return the actions by title."""
    params = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": [], **context}}
    found = await client.request("textDocument/codeAction", params)
    return {action["title"]: action for action in found}


async def test_actions_have_their_kinds_and_are_resolved_when_they_are_chosen(tmp_path: Path) -> None:
    async with plain(tmp_path, NOWHERE, actions=OWN) as editor:
        uri = (editor.project / "calc.py").as_uri()
        found = await offered(editor.client, uri, diagnostics=[PROBLEM])
        assert {title: action["kind"] for title, action in found.items()} == {
            "Fix with Coterie": "quickfix",
            "Explain with Coterie": "coterie.explain",
            "Refactor with Coterie": "refactor.rewrite",
            "Optimise with Coterie": "refactor.rewrite",
            "Write tests with Coterie": "refactor.rewrite",
            "Document with Coterie": "refactor.rewrite",
            "Ask Coterie…": "coterie.ask",
            "Write a haiku": "source.fun",
        }
        assert not any("command" in action or "edit" in action for action in found.values())
        assert found["Fix with Coterie"]["diagnostics"] == [PROBLEM]

        fix = (await editor.client.request("codeAction/resolve", found["Fix with Coterie"]))["command"]
        assert fix["command"] == "coterie.run"
        [argument] = fix["arguments"]
        assert argument["prompt"].endswith("\n- line 1: Incompatible return value")
        assert argument["selection"] == {"uri": uri, "range": WHOLE}
        own = (await editor.client.request("codeAction/resolve", found["Write a haiku"]))["command"]
        assert own["arguments"] == [
            {
                "action": "own.haiku",
                "prompt": "Write a haiku about this code.",
                "selection": {"uri": uri, "range": WHOLE},
                "agent": "coder",
            }
        ]
        explain = (await editor.client.request("codeAction/resolve", found["Explain with Coterie"]))["command"]
        assert explain["command"] == "coterie.ask"


async def test_a_resolved_action_says_in_its_command_which_one_it_is_and_the_command_takes_that(tmp_path: Path) -> None:
    """VS Code hands out an action's title, kind and command, and nothing else."""
    async with plain(tmp_path, NOWHERE, actions=OWN) as editor:
        uri = (editor.project / "calc.py").as_uri()
        found = await offered(editor.client, uri, diagnostics=[PROBLEM])
        resolved = [await editor.client.request("codeAction/resolve", action) for action in found.values()]
        said = [action["command"]["arguments"][0]["action"] for action in resolved]
        assert said == ["fix", "explain", "refactor", "optimise", "test", "document", "ask", "own.haiku"]
        for action in resolved:
            arguments = [{**action["command"]["arguments"][0], "agent": "nobody", "channelId": "none"}]
            with pytest.raises(ResponseError) as refused:
                await editor.client.request("workspace/executeCommand", {**action["command"], "arguments": arguments})
            assert refused.value.data["code"] in {"unknown_agent", "unknown_channel"}, "the fields were read"


@pytest.mark.parametrize(
    ("only", "titles"),
    [
        (["quickfix"], {"Fix with Coterie"}),
        (["refactor"], {f"{verb} with Coterie" for verb in ("Refactor", "Optimise", "Write tests", "Document")}),
        (["refactor.extract", "source"], set()),
        (["coterie"], {"Explain with Coterie", "Ask Coterie…"}),
    ],
)
async def test_only_the_wanted_kinds_are_offered(tmp_path: Path, only: list[str], titles: set[str]) -> None:
    async with plain(tmp_path, NOWHERE) as editor:
        uri = (editor.project / "calc.py").as_uri()
        assert set(await offered(editor.client, uri, only=only, diagnostics=[PROBLEM])) == titles
        assert "Fix with Coterie" not in await offered(editor.client, uri, only=only)


@pytest.mark.parametrize(
    "data",
    [
        {"action": "fix"},
        {"action": ["fix"], "uri": "file:///a", "range": WHOLE},
        {"action": "explain", "uri": 3, "range": WHOLE},
        {"action": "ask", "uri": "file:///a", "range": {"start": None, "end": None}},
        {"action": "fix", "uri": "file:///a", "range": WHOLE, "problems": 7},
    ],
)
async def test_data_that_is_not_ours_is_refused_by_its_field(tmp_path: Path, data: Any) -> None:
    async with plain(tmp_path, NOWHERE) as editor:
        with pytest.raises(ResponseError) as refused:
            await editor.client.request("codeAction/resolve", {"title": "Fix", "data": data})
        assert (refused.value.code, refused.value.data["code"]) == (-32602, "invalid_params")


async def test_an_editor_that_resolves_nothing_gets_the_commands_at_once(tmp_path: Path) -> None:
    async with served(tmp_path, settings(NOWHERE, "openai_compatible"), capabilities=BARE) as editor:
        found = await offered(editor.client, (editor.project / "calc.py").as_uri(), POINT)
        assert found["Refactor with Coterie"]["command"]["command"] == "coterie.run"
        assert "line 2" in found["Refactor with Coterie"]["command"]["arguments"][0]["prompt"]
        with pytest.raises(ResponseError) as gone:
            await editor.client.request(
                "codeAction/resolve", {"title": "x", "data": {"action": "gone", "uri": "file:///x", "range": POINT}}
            )
        assert gone.value.data["code"] == "unknown_action"


async def test_an_action_runs_to_its_edit_of_the_unsaved_buffer(tmp_path: Path) -> None:
    edit = ("edit_file", {"path": "calc.py", "edits": [{"old": "a - b", "new": "a + b"}]})

    def script(asked: Asked) -> Reply:
        return answer("openai_compatible", "Done.", *(() if asked.last.answers else (edit,)), number=asked.number)

    async with model_host("openai_compatible", script) as host, plain(tmp_path, host.url) as editor:
        uri = (editor.project / "calc.py").as_uri()
        buffer = await editor.client.open(uri, f"# unsaved\n{BROKEN}")
        place = {"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 16}}
        found = await offered(editor.client, uri, place)
        chosen = await editor.client.request("codeAction/resolve", found["Refactor with Coterie"])
        await editor.client.request("workspace/executeCommand", chosen["command"])
        assert await progress_ended(editor.client) == "succeeded"
        assert buffer.text == f"# unsaved\n{BROKEN.replace('-', '+')}"
        assert '<selection path="calc.py" lines="2-3">\ndef add(a, b):\n    return a - b\n</selection>' in host.asked[0].last.text


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "vscode-notebook-cell:/w/one.ipynb#W0"])
async def test_a_document_that_is_no_file_is_shown_as_the_editor_has_it(tmp_path: Path, uri: str) -> None:
    def script(asked: Asked) -> Reply:
        return answer("openai_compatible", "It counts.", number=asked.number)

    async with model_host("openai_compatible", script) as host, plain(tmp_path, host.url) as editor:
        client = editor.client
        await client.open(uri, "count = 4711\nprint(count)\n")
        found = await offered(client, uri, POINT)
        explain = (await client.request("codeAction/resolve", found["Explain with Coterie"]))["command"]
        await client.request("workspace/executeCommand", explain)
        await progress_ended(client)
        assert "count = 4711\nprint(count)" in host.asked[0].prompt
        ask = (await client.request("codeAction/resolve", found["Ask Coterie…"]))["command"]
        chat = await client.request("workspace/executeCommand", ask)
        assert "```\ncount = 4711\nprint(count)\n```" in Path(unquote(urlsplit(chat["uri"]).path)).read_text(encoding="utf-8")
        await client.request("agent/run/start", {"prompt": "Look", "attachments": [{"uri": uri}]})
        await progress_ended(client)
        assert "count = 4711\nprint(count)" in host.asked[1].prompt
