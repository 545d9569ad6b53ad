"""``coterie models``: a list, a search, an installation that is followed, and marks; with a real core and an Ollama on loopback."""

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coterie.app.wiring import Wiring
from coterie.base.errors import RequestError
from coterie.cli import exits
from coterie.cli.arguments import parse
from coterie.cli.models import browse
from coterie.cli.terminal import Streams, output_for
from raw_http_server import Reply, Request, json_reply, raw_http_server
from served import NO_KEYRING

WITHIN_S = 60.0
PULL = [
    {"status": "pulling manifest"},
    *({"status": "pulling a", "digest": "a", "total": 200_000_000, "completed": done * 2_000_000} for done in range(101)),
    {"status": "success"},
]


def ollama(*pull: Any) -> Callable[[Request], Reply]:
    """Return an Ollama with two models, which fetches a third one as ``pull`` says."""
    fetched = []

    def reply(request: Request) -> Reply:
        match request.path:
            case "/api/pull":
                fetched.append(request.json()["model"])
                return Reply(steps=pull, content_type="application/x-ndjson")
            case "/api/tags":
                return json_reply({"models": [{"model": name} for name in ("big:70b", "small:1b", *fetched)]})
            case "/api/show":
                return json_reply({"capabilities": ["completion"], "model_info": {"general.architecture": "x", "x.context_length": 8192}})
            case _:
                return json_reply({})

    return reply


def pulled(*said: Any) -> list[bytes]:
    return [json.dumps(each).encode() + b"\n" for each in said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in tuple(os.environ):
        if name.endswith(("_API_KEY", "_HOST")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COTERIE_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", NO_KEYRING)
    return tmp_path


def configure(home: Path, url: str) -> None:
    """Make an Ollama the one host."""
    (home / "config.toml").write_text(f'discovery = false\n[providers.box]\ntype = "ollama"\nbase_url = "{url}"\n', encoding="utf-8")


async def said(*line: str) -> tuple[list[str], list[str]]:
    """Run a command with a core of its own; return what it put out, and what it told."""
    out, err = io.StringIO(), io.StringIO()
    arguments = parse(["models", *line])
    output = output_for(Streams(stdin=io.StringIO(), stdout=out, stderr=err, environ=dict(os.environ)), machine=arguments.json)
    assert await browse(arguments, Wiring(), output) == 0
    return out.getvalue().splitlines(), err.getvalue().splitlines()


async def test_models_are_listed_searched_and_marked(home: Path) -> None:
    async with raw_http_server(ollama()) as server:
        configure(home, server.url)
        assert await said() == (["  box/big:70b  8k tokens  free", "  box/small:1b  8k tokens  free"], [])
        out, _ = await said("favourite", "box/small:1b", "--json")
        assert json.loads(out[0])["favourite"] is True
        assert (await said("list"))[0][0] == "★ box/small:1b  8k tokens  free", "kept, and listed first"
        assert (await said("search", "small"))[0] == ["★ box/small:1b  8k tokens  free"]
        assert (await said("favourite", "box/small:1b", "--remove"))[0] == ["  box/small:1b  8k tokens  free"]
        assert (await said("search", "nothing like it"))[0] == ["Nothing matches."]
        with pytest.raises(RequestError, match="`box` has no model `gone`") as raised:
            await said("favourite", "box/gone")
        assert exits.of_error(raised.value) == exits.USAGE


async def test_a_host_that_is_down_is_said_to_be(home: Path) -> None:
    async with raw_http_server(lambda _: json_reply({}, status=503)) as server:
        configure(home, server.url)
        out, err = await said()
    assert out == ["No models: `coterie doctor` says more about the hosts."]
    assert "HTTP 503" in err[0]


async def test_an_installation_is_followed(home: Path) -> None:
    async with raw_http_server(ollama(*pulled(*PULL))) as server:
        configure(home, server.url)
        out, err = await said("install", "box/new:4b")
        assert out == ["installed: box/new:4b"]
        assert err[-1] == "success, 200 MB: 100%"
        # Of what comes quickly only the latest is told.
        tenths = ["pulling manifest", *(f"pulling a, 200 MB: {tenth}0%" for tenth in range(11)), "success, 200 MB: 100%"]
        assert err == [line for line in tenths if line in err], "in order, each once"
        values = [json.loads(line) for line in (await said("install", "box/new:4b", "--json"))[0]]
        assert values[-2] == {"progress": {"text": "success", "completed": 200_000_000, "total": 200_000_000}}
        assert values[-1]["model"]["id"] == "box/new:4b"


async def test_ctrl_c_breaks_an_installation_off_at_the_host(home: Path) -> None:
    async with raw_http_server(ollama(*pulled(*PULL[:3]), asyncio.Event())) as server:
        configure(home, server.url)
        program = (sys.executable, "-m", "coterie", "models", "install", "box/new:4b")
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*program, cwd=home, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe)
        try:
            assert process.stderr is not None
            assert (await asyncio.wait_for(process.stderr.readline(), WITHIN_S)).startswith(b"pulling")
            pull = next(exchange for exchange in server.exchanges if exchange.request.path == "/api/pull")
            process.send_signal(signal.SIGINT)
            await asyncio.wait_for(pull.client_closed.wait(), WITHIN_S)
            await asyncio.wait_for(process.communicate(), WITHIN_S)
            assert process.returncode == exits.CANCELLED
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_progress_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stderr = Terminal()
    output = output_for(Streams(stdin=io.StringIO(), stdout=Terminal(), stderr=stderr, environ={}), machine=False)
    for share in (0.1, 0.101, 0.11):
        output.progress({}, "pulling:", share)
    assert stderr.getvalue() == "\r\x1b[Kpulling: 10%\r\x1b[Kpulling: 11%"
    output.result({})
    assert stderr.getvalue().endswith("11%\r\x1b[K"), "nothing of it stays"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["models"], ("list", False, Path())),
        (["models", "--json", "-C", "x", "list"], ("list", True, Path("x"))),
        (["models", "search", "", "--json"], ("search", True, Path())),
    ],
)
def test_what_is_said_before_the_action_holds_for_it(line: list[str], expected: tuple[str, bool, Path]) -> None:
    arguments = parse(line)
    assert (arguments.action, arguments.json, arguments.folder) == expected
