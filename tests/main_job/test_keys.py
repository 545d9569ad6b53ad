"""The vault, as a client and its provider see it: a key that is set works at once, and is nowhere but in the call that needs it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from lsp_client import ResponseError
from model_host import Asked, answer, model_host
from raw_http_server import Reply, json_reply
from served import NO_KEYRING, Served, Wire, served, settings

CANARY = "sk-canary-of-the-vault-91c2"
NAME = "work/api_key"
REFERENCE = f"vault://{NAME}"
ENVIRONMENT = "sk-canary-of-the-environment-7b"
WIRES = pytest.mark.parametrize("wire", ["openai_compatible", "anthropic"])


def keyless(url: str, wire: Wire) -> dict[str, Any]:
    """Return settings whose host names no key."""
    made = settings(url, wire)
    del made["providers"]["work"]["apiKey"]
    made["permissions"]["allow"] += ["exec(env)"]
    return made


def sent_key(headers: dict[str, str], wire: Wire) -> str | None:
    """Return the key of a request."""
    return headers.get("authorization", "").removeprefix("Bearer ") or None if wire == "openai_compatible" else headers.get("x-api-key")


def files_with(words: str, folder: Path) -> list[Path]:
    """Return the files that hold words."""
    return [path for path in folder.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]


async def provider_state(editor: Served) -> str:
    """Return what the server thinks of the host."""
    rows = (await editor.client.request("agent/provider/list", {}))["providers"]
    return next(str(row["state"]) for row in rows if row["id"] == "work")


@WIRES
async def test_a_key_that_is_set_works_at_once_and_is_nowhere_to_be_read(
    tmp_path: Path, wire: Wire, capfd: pytest.CaptureFixture[str]
) -> None:
    def script(asked: Asked) -> Reply:
        match asked.number:
            case 0:
                return json_reply({"error": {"message": "no key, no answer", "type": "authentication_error"}}, status=401)
            case 1:
                return answer(wire, "I look around.", ("execute_command", {"command": "env"}), number=1)
            case 2:  # some hosts quote keys in their complaints
                said = f"{asked.headers.get('authorization')} {asked.headers.get('x-api-key')} {CANARY}"
                return json_reply({"error": {"message": f"overloaded: {said}"}}, status=503)
            case _:
                return answer(wire, "Nothing to be seen.")

    cassette = tmp_path / "recording.json"
    environment = {"OTHER_KEY": ENVIRONMENT, "COTERIE_RECORD": str(cassette)}
    async with model_host(wire, script) as host, served(tmp_path, keyless(host.url, wire), env=environment) as editor:
        _, end = await editor.play("Look around")
        assert end["state"] == "failed"
        assert await provider_state(editor) == "auth_required"

        kept = await editor.client.request("agent/key/set", {"name": "work", "value": f"{CANARY}\n"})
        assert kept == {"name": "work/api_key", "provider": "work", "reference": REFERENCE}
        assert await provider_state(editor) == "unknown", "nobody knows yet whether the host likes it"
        run_id, end = await editor.play("Look around")
        assert end["state"] == "succeeded", end
        assert [sent_key(dict(request.headers), wire) for request in host.asked] == [None, *[CANARY] * 3]

        names = (await editor.client.request("agent/key/list", {}))["keys"]
        assert [(name["name"], name["provider"]) for name in names] == [("work/api_key", "work")]
        [ran] = [call for call in editor.events(run_id, "tool_call") if call["state"] == "succeeded"]
        assert "PATH=" in ran["output"], "the command saw an environment"
        said = [exchange.request.body for exchange in host.server.exchanges]
        told = json.dumps([editor.client.notifications, await editor.client.request("agent/run/events", {"runId": run_id})])
        log = "".join(line for line in editor.client.log if "agent/key/set" not in line)
    printed = "".join(capfd.readouterr())
    assert cassette.exists()
    for canary in (CANARY, ENVIRONMENT):
        assert canary not in told
        assert canary not in log
        assert canary not in printed
        assert not any(canary.encode() in body for body in said)
        assert files_with(canary, tmp_path) == []


async def test_a_key_that_is_deleted_is_not_sent_any_more(tmp_path: Path) -> None:
    wire: Wire = "openai_compatible"
    async with (
        model_host(wire, lambda _: answer(wire, "Hello.")) as host,
        served(tmp_path, keyless(host.url, wire)) as editor,
    ):
        for params in (
            {"name": REFERENCE},
            {"provider": "work"},
            {"provider": "work", "key": "api_key"},
            {"name": "work/api_key"},
        ):
            await editor.client.request("agent/key/set", {**params, "value": CANARY})
        await editor.play("Say hello")
        assert await editor.client.request("agent/key/delete", {"name": "work"}) == {"name": "work/api_key"}
        await editor.play("Say hello")
        assert [sent_key(dict(request.headers), wire) for request in host.asked] == [CANARY, None]
        with pytest.raises(ResponseError) as unknown:
            await editor.client.request("agent/key/delete", {"name": "work"})
        assert (unknown.value.code, unknown.value.data["code"]) == (-32803, "unknown_key")


@pytest.mark.parametrize(
    "params",
    [
        {"value": CANARY},
        {"name": "a/b/c", "value": CANARY},
        {"name": "", "value": CANARY},
        {"name": "work", "value": ""},
        {"name": "work", "value": f"{CANARY}\nand more"},
        {"name": "work", "value": [CANARY]},
        {"name": "work", "value": {"key": CANARY}},
        {"name": 7, "value": CANARY},
        {"name": "work", "key": CANARY * 9, "value": None},
        {"name": "work"},
    ],
)
async def test_what_is_no_key_is_refused_without_quoting_it(tmp_path: Path, params: dict[str, Any]) -> None:
    async with served(tmp_path, {}) as editor:
        with pytest.raises(ResponseError) as refused:
            await editor.client.request("agent/key/set", params)
        assert refused.value.code == -32602
        assert "canary" not in json.dumps([str(refused.value), refused.value.data])
        assert await editor.client.request("agent/key/list", {}) == {"keys": []}


async def test_a_key_that_another_process_sets_is_found_without_a_restart(tmp_path: Path) -> None:
    wire: Wire = "openai_compatible"
    async with (
        model_host(wire, lambda _: answer(wire, "Hello.")) as host,
        served(tmp_path, keyless(host.url, wire)) as editor,
    ):
        await editor.play("Say hello")
        before = len(editor.client.notifications)
        await coterie(tmp_path / "home", "keys", "set", "work", typed=CANARY)
        told = editor.client.notifications
        await editor.client.eventually(lambda: any(method == "agent/status/changed" for method, _ in told[before:]))
        await editor.play("Say hello")
        assert [sent_key(dict(request.headers), wire) for request in host.asked] == [None, CANARY]


async def test_a_key_in_the_open_moves_into_the_vault_once_and_works_all_the_while(tmp_path: Path) -> None:
    wire: Wire = "openai_compatible"
    async with model_host(wire, lambda _: answer(wire, "Hello.")) as host:
        file = tmp_path / "home" / "config.toml"
        file.parent.mkdir()
        file.write_text(f'# mine\n[providers.work]\nbase_url = "{host.url}/v1"\napi_key = "{CANARY}" # secret\n', encoding="utf-8")
        file.chmod(0o640)
        async with served(tmp_path, {"model": "work/m"}) as editor:
            told = await editor.client.expect("window/showMessage")
            assert "in the vault now" in told["message"]
            await editor.play("Say hello")
        async with served(tmp_path, {"model": "work/m"}) as editor:  # says nothing: once is enough
            await editor.play("Say hello")
        assert [sent_key(dict(request.headers), wire) for request in host.asked] == [CANARY, CANARY]
        assert file.read_text(encoding="utf-8").splitlines()[-1] == f'api_key = "{REFERENCE}" # secret'
        assert file.stat().st_mode & 0o777 == 0o640
        assert files_with(CANARY, tmp_path) == []


async def coterie(home: Path, *argv: str, typed: str) -> str:
    """Run a command with words on its standard input, and return what it says."""
    environment = {**os.environ, "COTERIE_HOME": str(home), "PYTHON_KEYRING_BACKEND": NO_KEYRING}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "coterie", *argv, env=environment, stdin=pipe, stdout=pipe)
    said, _ = await process.communicate(typed.encode())
    assert process.returncode == 0
    return said.decode()
