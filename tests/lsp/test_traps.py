"""Whatever a client sends gets the answer that the specification names, once; each trap of pygls' own pump has its test here.

The server runs in this process, its queue replaced by a list: what comes in is bytes, what comes out is messages.
"""

import asyncio
import inspect
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from coterie.lsp.capabilities import METHODS
from coterie.lsp.command_names import CommandName
from coterie.lsp.commands import COMMANDS
from coterie.lsp.framing import LONGEST_BODY, LONGEST_HEADER, BadFrame, Decoder, encode
from coterie.lsp.handlers import AGENT, STANDARD
from coterie.lsp.lifecycle import HANDLERS as LIFECYCLE
from coterie.lsp.protocol import REQUESTS
from lsp_fake_core import CANARY, FakeDocuments
from lsp_pump import BOUND_S, Pump, settle


@pytest.mark.parametrize(
    ("body", "msg_id", "code"),
    [
        (b'{"jsonrpc": "2.0", "id": 1, "method"', None, -32700),
        (b"\xff\xfe", None, -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/status", "params": {"x": NaN}}', None, -32700),
        (b"[" * 100_000, None, -32700),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "agent/status"}]', None, -32600),
        (b"5", None, -32600),
        (b'{"id": 1, "method": "agent/status"}', 1, -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "agent/status"}', 1, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', 1, -32600),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "agent/status"}', None, -32600),
        (b'{"jsonrpc": "2.0", "id": 1}', 1, -32600),
        (b'{"jsonrpc": "2.0", "params": {}}', None, -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "agent/status"}', None, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/nothing"}', 1, -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "$/nothing"}', 1, -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "textDocument/foldingRange", "params": {}}', 1, -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "workspace/executeCommand", "params": {"command": "rm"}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "workspace/executeCommand", "params": null}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/get"}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/get", "params": {"runId": 5}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/get", "params": ["run_1"]}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/list", "params": {"limit": 0}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/get", "params": {"runId": null}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/events", "params": {"runId": "r", "after": 1e30}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/list", "params": {"limit": true}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/list", "params": {"limit": "5"}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/list", "params": {"limit": 5.5}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/channel/archive", "params": {"channelId": "c", "archived": "yes"}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/suggestion/snooze", "params": {"minutes": "5"}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/start", "params": {"prompt": "x", "budget": {"usd": -1}}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/start", "params": {"prompt": "x", "budget": {"tokens": 0}}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "agent/run/start", "params": {"prompt": "x", "budget": {"wallS": 0}}}', 1, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}', 1, -32600),
    ],
)
async def test_bad_input_gets_its_code_and_the_next_request_is_served(pump: Pump, body: bytes, msg_id: object, code: int) -> None:
    pump.write(encode(body))
    assert await pump.code(msg_id) == code
    pump.ask("after", "agent/status")
    assert (await pump.answer("after"))["result"]["mode"] == "local"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"id": 1,', "Expecting property name enclosed in double quotes: line 1 column 10 (char 9)"),
        (b'{"id": "\xff"}', "byte 8 is no UTF-8"),
        (b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is nested too deeply"),
        (b'{"id": ' + b"9" * 5_000 + b"}", "a number has too many digits"),
    ],
    ids=["cut off", "no UTF-8", "nested", "digits"],
)
async def test_what_is_no_json_is_told_in_plain_words(pump: Pump, body: bytes, says: str) -> None:
    pump.write(encode(body))
    assert (await pump.answer(None))["error"]["message"] == f"Not JSON: {says}."


async def test_an_id_is_one_kind_of_number_too(pump: Pump) -> None:
    pump.ask(7.0, "agent/status")
    assert "result" in await pump.answer(7)
    pump.ask(8.0, "agent/run/start", {"prompt": "hang"})
    pump.tell("$/cancelRequest", {"id": 8.0})
    assert await pump.code(8) == -32800


async def test_params_that_do_not_fit_are_answered_with_the_field(pump: Pump) -> None:
    pump.ask(1, "agent/run/start", {"prompt": "x", "selection": {"uri": "file:///a", "range": {"start": {"line": "a"}}}})
    error = (await pump.answer(1))["error"]
    assert error["code"] == -32602
    assert error["message"].startswith("selection.range.start.line: ")
    assert error["data"] == {"code": "invalid_params"}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("agent/run/diff", {"runId": "run_1", "paths": None}),
        ("workspace/executeCommand", {"command": "coterie.undo", "arguments": [{"runId": "run_7", "scope": None, "ids": None}]}),
        ("workspace/executeCommand", {"command": "coterie.channels", "arguments": [None]}),
        ("workspace/executeCommand", {"command": "coterie.channels", "arguments": None}),
    ],
)
async def test_null_stands_for_what_is_not_set(pump: Pump, method: str, params: object) -> None:
    pump.ask(1, method, params)
    assert "result" in await pump.answer(1)


async def test_unknown_fields_are_ignored_and_ids_may_be_strings(pump: Pump) -> None:
    pump.ask("ä", "agent/run/get", {"runId": "run_1", "ofTomorrow": {"class": 1}})
    assert (await pump.answer("ä"))["result"]["plan"] == {"snake_case": ["stays"]}


async def test_a_nested_jsonrpc_key_is_data(pump: Pump) -> None:
    relayed = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"class": "kept", "def": 1}}
    answer = {"approvalId": "a", "optionId": "o", "plan": relayed}
    pump.ask(1, "agent/approval/answer", answer)
    assert (await pump.answer(1))["result"]["decision"]["reason"] == f"a None {relayed}"


async def test_a_defect_is_answered_without_the_servers_inside(pump: Pump, caplog: pytest.LogCaptureFixture) -> None:
    pump.ask(1, "agent/run/start", {"prompt": "crash"})
    answer = await pump.answer(1)
    assert answer["error"]["code"] == -32603
    assert CANARY not in json.dumps(answer)
    assert "Traceback" not in json.dumps(answer)
    assert CANARY in caplog.text


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "refuse",
            {"code": -32803, "message": "There is no agent of that name.", "data": {"code": "unknown_agent", "action": "coterie.run"}},
        ),
        ("both", {"code": -32602, "message": "A run has a workflow or an agent, not both.", "data": {"code": "invalid_params"}}),
    ],
)
async def test_refusals_carry_a_stable_code_and_a_sentence(pump: Pump, prompt: str, expected: object) -> None:
    pump.ask(1, "agent/run/start", {"prompt": prompt})
    assert (await pump.answer(1))["error"] == expected


async def test_values_that_equal_a_default_and_null_are_on_the_wire(pump: Pump) -> None:
    pump.ask(1, "agent/provider/list")
    (provider,) = (await pump.answer(1))["result"]["providers"]
    assert provider["error"] is None
    assert provider["capabilities"]["streaming"] is True
    pump.write(encode(b"{"))
    assert "id" in (await pump.answer(None))


async def test_half_a_surrogate_pair_is_answered(pump: Pump) -> None:
    pump.write(encode(rb'{"jsonrpc": "2.0", "id": "\ud83d", "method": "agent/status"}'))
    assert "result" in await pump.answer("\ud83d")


async def test_params_that_are_nested_without_end_are_refused(pump: Pump) -> None:
    pump.ask(1, "agent/approval/answer", {"approvalId": "a", "optionId": "o", "plan": json.loads('{"a":' * 900 + "1" + "}" * 900)})
    assert (await pump.answer(1))["error"]["code"] == -32602


async def test_requests_around_the_lifecycle(raw: Pump) -> None:
    raw.ask(1, "agent/status")
    assert await raw.code(1) == -32002
    raw.ask(2, "initialize", {"capabilities": {}})
    raw.ask(3, "agent/status")  # in the same breath: the server is not initialized yet
    assert await raw.code(3) == -32002
    assert "result" in await raw.answer(2)
    raw.ask(4, "agent/status")
    assert "result" in await raw.answer(4)
    core = raw.core
    raw.ask(5, "shutdown")
    raw.ask(6, "agent/status")
    assert (await raw.answer(5))["result"] is None
    assert await raw.code(6) == -32600
    assert core.closed == 1


@pytest.mark.parametrize("params", [None, [], 5])
async def test_initialize_with_no_object_is_refused_and_may_be_tried_again(raw: Pump, params: object) -> None:
    raw.ask(1, "initialize", params)
    assert await raw.code(1) == -32602
    raw.ask(2, "initialize", {"capabilities": {}})
    assert "result" in await raw.answer(2)


async def test_a_core_that_cannot_be_built_is_said_in_words(raw: Pump) -> None:
    raw.ask(1, "initialize", {"capabilities": {}, "initializationOptions": {"fail": True}})
    assert "result" in await raw.answer(1)
    raw.tell("initialized", {})
    raw.ask(2, "agent/status")
    assert (await raw.answer(2))["error"] == {"code": -32803, "message": "The disk is full.", "data": {"code": "storage_failed"}}
    (shown,) = [each["params"] for each in raw.sent.messages if each.get("method") == "window/showMessage"]
    assert shown == {"type": 1, "message": "The disk is full."}


@pytest.mark.parametrize("steps", range(6))
async def test_what_comes_while_the_core_is_built_waits_in_its_order(raw: Pump, steps: int) -> None:
    def change(version: int) -> None:
        params = {"textDocument": {"uri": "file:///a", "version": version}, "contentChanges": [{"text": str(version)}]}
        raw.tell("textDocument/didChange", params)

    raw.may_build.clear()
    raw.ask(1, "initialize", {"capabilities": {}})
    assert "result" in await raw.answer(1), "the answer does not wait for the core"
    raw.tell("textDocument/didOpen", {"textDocument": {"uri": "file:///a", "languageId": "text", "version": 1, "text": "1"}})
    change(2)
    await settle()
    raw.may_build.set()
    await settle(steps)  # the last change comes at each moment between the end of the build and the turn of those who wait
    change(3)
    raw.ask(2, "agent/status")
    assert "result" in await raw.answer(2)
    assert raw.core.documents.text("file:///a") == "3"


@pytest.mark.parametrize("cancel", ["$/cancelRequest", "shutdown"])
async def test_a_request_that_waits_for_the_core_can_be_cancelled(raw: Pump, cancel: str) -> None:
    raw.may_build.clear()
    raw.ask(1, "initialize", {"capabilities": {}})
    assert "result" in await raw.answer(1)
    raw.ask(2, "agent/status")
    raw.ask(3, "agent/status")
    await settle()
    if cancel == "shutdown":
        raw.ask(4, "shutdown")
        assert await raw.code(3) == -32800
        assert (await raw.answer(4))["result"] is None
    else:
        raw.tell(cancel, {"id": 2})
        raw.may_build.set()
        assert "result" in await raw.answer(3)
    assert await raw.code(2) == -32800


async def test_a_newer_client_is_let_in(raw: Pump) -> None:
    newer = {"workspace": {"workspaceEdit": {"resourceOperations": ["teleport"]}}, "general": {"positionEncodings": ["utf-9", 5]}}
    raw.ask(1, "initialize", {"capabilities": newer, "processId": "?", "workspaceFolders": [{"uri": 5}, None], "trace": "loud"})
    assert (await raw.answer(1))["result"]["capabilities"]["positionEncoding"] == "utf-16"


@pytest.mark.parametrize("cancel", ["$/cancelRequest", "shutdown"])
async def test_a_cancelled_request_is_answered_once(pump: Pump, cancel: str) -> None:
    pump.ask(1, "agent/run/start", {"prompt": "hang"})
    await asyncio.wait_for(pump.core.started.wait(), BOUND_S)
    pump.ask(2, "agent/status")
    assert "result" in await pump.answer(2)
    if cancel == "shutdown":
        pump.ask(3, "shutdown")
    else:
        pump.say({"jsonrpc": "2.0", "method": cancel, "params": {"id": 1}})
        pump.say({"jsonrpc": "2.0", "method": cancel, "params": {"id": 1}})
        pump.say({"jsonrpc": "2.0", "method": cancel, "params": {"id": 99}})
        pump.say({"jsonrpc": "2.0", "method": cancel})
    assert await pump.code(1) == -32800


async def test_an_id_that_is_still_in_use_is_refused(pump: Pump) -> None:
    pump.ask(1, "agent/run/start", {"prompt": "hang"})
    await asyncio.wait_for(pump.core.started.wait(), BOUND_S)
    pump.ask(1, "agent/status")
    (refused,) = await pump.answers(1)
    assert refused["error"]["code"] == -32600
    pump.say({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}})
    assert [each["error"]["code"] for each in await pump.answers(1, count=2)] == [-32600, -32800]


async def test_answers_of_the_client_that_nobody_waits_for_are_ignored(pump: Pump) -> None:
    with pytest.raises(TimeoutError):
        await pump.server.protocol.ask("workspace/configuration", {}, within_s=0)
    asked = pump.sent.messages[-1]["id"]
    pump.say({"jsonrpc": "2.0", "id": asked, "result": []})
    pump.say({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "what?"}})
    pump.ask(1, "agent/status")
    assert "result" in await pump.answer(1)


async def test_a_notification_that_fails_is_logged_in_the_editor(pump: Pump) -> None:
    pump.say({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///a"}}})
    pump.ask(1, "agent/status")
    await pump.answer(1)
    (told,) = [each["params"] for each in pump.sent.messages if each.get("method") == "window/logMessage"]
    assert told["type"] == 1
    assert told["message"] == (
        "textDocument/didOpen: The params of textDocument/didOpen do not fit: `textDocument.text` is missing. "
        "Nothing of it was taken over: Coterie has the document as it was told of it before."
    )


@pytest.mark.parametrize(
    ("position", "says"),
    [
        ({"line": 0}, "`position.character` is missing"),
        ({"line": -1, "character": 0}, "Position.line should be in range [0:2147483647], but was -1"),
    ],
)
async def test_params_of_lsp_that_do_not_fit_are_answered_with_what_is_wrong(pump: Pump, position: object, says: str) -> None:
    params = {"textDocument": {"uri": "file:///a"}, "position": position, "context": {"triggerKind": 1}}
    pump.ask(1, "textDocument/inlineCompletion", params)
    error = (await pump.answer(1))["error"]
    assert error["message"] == f"The params of textDocument/inlineCompletion do not fit: {says}."


@pytest.mark.parametrize("number", [5, 5.0])
async def test_json_has_one_kind_of_number(pump: Pump, number: float) -> None:
    pump.ask(1, "agent/run/list", {"limit": number})
    assert "result" in await pump.answer(1)


CELL = "vscode-notebook-cell:/a.ipynb#1"


@pytest.mark.parametrize("nothing", [{}, {"version": None, "languageId": None}, {"version": 2**31}], ids=["absent", "null", "too large"])
@pytest.mark.parametrize("kind", ["document", "cell"])
async def test_what_a_client_leaves_out_of_a_document_loses_no_text(pump: Pump, kind: str, nothing: dict[str, Any]) -> None:
    documents = cast("FakeDocuments", pump.core.documents)
    opened, changed = {"uri": CELL, "text": "a = 1\n", **nothing}, {"uri": CELL, **nothing}
    changes = [
        {"text": "b = 1\n", "range": None},
        {"text": "c", "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}},
    ]
    if kind == "document":
        pump.tell("textDocument/didOpen", {"textDocument": opened})
        pump.tell("textDocument/didChange", {"textDocument": changed, "contentChanges": changes})
    else:
        notebook = {"uri": "file:///a.ipynb", "notebookType": "jupyter-notebook", "cells": [{"kind": 2, "document": CELL}], **nothing}
        pump.tell("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": [opened]})
        cells = {"textContent": [{"document": changed, "changes": changes}]}
        pump.tell("notebookDocument/didChange", {"notebookDocument": notebook, "change": {"cells": cells}})
    pump.ask(1, "agent/status")
    await pump.answer(1)
    assert (documents.texts, documents.languages, documents.versions) == ({CELL: "c = 1\n"}, {CELL: ""}, {CELL: None})


def test_every_handler_is_async() -> None:
    assert [method for method, handler in {**LIFECYCLE, **STANDARD, **AGENT}.items() if not inspect.iscoroutinefunction(handler)] == []


def test_what_is_announced_before_the_handlers_are_loaded_is_what_they_serve() -> None:
    assert list(METHODS) == list(STANDARD)
    assert list(CommandName) == list(COMMANDS)
    assert set(REQUESTS) == set(AGENT)


# Framing

LOWER = b"content-length: 2\r\ncontent-type: x\r\n\r\n{}"


@pytest.mark.parametrize("cut", [1, 7, len(LOWER), 10_000])
def test_frames_are_found_however_the_bytes_are_cut_and_headers_spelled(cut: int) -> None:
    stream = LOWER + encode("ä".encode()) + b"CONTENT-LENGTH:1\r\n\r\n5" + encode(b"")
    decoder = Decoder()
    frames = [frame for start in range(0, len(stream), cut) for frame in decoder.feed(stream[start : start + cut])]
    assert frames == [b"{}", "ä".encode(), b"5", b""]


@pytest.mark.parametrize(
    "bad",
    [
        lambda: b"Content-Type: x\r\n\r\n",
        lambda: b"Content-Length: many\r\n\r\n",
        lambda: b"Content-Length: -1\r\n\r\n",
        lambda: b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        lambda: b"x" * (LONGEST_HEADER + 1),
    ],
)
def test_a_bad_header_does_not_end_the_conversation(bad: Callable[[], bytes]) -> None:
    decoder = Decoder()
    first = list(decoder.feed(bad()))
    assert [type(frame) for frame in first] == [BadFrame]
    assert list(decoder.feed(encode(b"{}"))) == [b"{}"]


def test_a_message_that_is_too_long_is_skipped_without_being_held() -> None:
    decoder = Decoder()
    (refused,) = decoder.feed(b"Content-Length: %d\r\n\r\n" % (LONGEST_BODY + 3))
    assert isinstance(refused, BadFrame)
    piece = bytes(64 * 1024 * 1024)
    assert [frame for _ in range(4) for frame in decoder.feed(piece)] == []
    assert list(decoder.feed(b"xyz" + encode(b"{}"))) == [b"{}"]
