"""A person types 2,000 keys while a slow model tries to keep up: is everything answered, how often is the model called, what is left open?

The project knows something, too: its other files are written alike, so that the predictor often answers and the model need not.

The rhythm is a person's, compressed, and so is the slowness of the model (`PACE`): the whole takes two minutes and not eight. The model is
an HTTP host in this process, which knows when the server hangs up on it; the server is the real one on pipes. The storm is the one that
`tests/suggestions/test_storm` plays in virtual time.
"""

import asyncio
import contextlib
import json
import tempfile
import time
from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.client import PATIENCE_S, Client, connect
from benchmarks.report import Measurement, quantile
from benchmarks.startup import COTERIE
from storm import KEYS, SOURCE, neighbours, pauses, rest_of_line

PACE = 4.0
LATENCY_S = 0.9 / PACE
HOW = f"{KEYS:,} keys at a human rhythm and a model that needs 0.9 s, both {PACE:g} times as fast; real server on pipes, real HTTP"


class SlowHost:
    """Fills gaps over ``/v1/completions``, each after a while.

    ``finished`` says how many calls were answered so far, ``given_up`` when each of the others came and when it was hung up on.
    """

    def __init__(self) -> None:
        self.calls = self.finished = 0
        self.given_up: list[tuple[float, float]] = []

    @property
    def open(self) -> int:
        """How many calls have neither been answered nor given up."""
        return self.calls - self.finished - len(self.given_up)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection, one after the other."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                prompt = json.loads(await reader.readexactly(length))["prompt"]
                self.calls += 1
                if not await self._answer(prompt.rpartition("\n")[2], reader, writer):
                    break
        writer.close()

    async def _answer(self, line_before: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer after a while, unless the client hangs up meanwhile; say whether it was answered."""
        came = time.monotonic()
        try:
            # The client sends nothing before it has its answer: what can be read is its end.
            async with asyncio.timeout(LATENCY_S):
                await reader.read(1)
        except TimeoutError:
            self.finished += 1
        except ConnectionError:
            self.given_up.append((came, time.monotonic()))
            return False
        else:
            self.given_up.append((came, time.monotonic()))
            return False
        choice = {"choices": [{"index": 0, "text": rest_of_line(line_before), "finish_reason": "stop"}]}
        body = b"data: %b\n\ndata: [DONE]\n\n" % json.dumps(choice).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        return True


@contextlib.asynccontextmanager
async def slow_host() -> AsyncIterator[tuple[SlowHost, str]]:
    """Serve on a free loopback port."""
    host = SlowHost()
    async with await asyncio.start_server(host.serve, "127.0.0.1", 0) as listener:
        yield host, f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"


@dataclass
class Asked:
    """One request; times are monotonic seconds."""

    at: float
    answered: float = 0.0
    text: str | None = None
    suggestion_id: str | None = None
    source: str | None = None


async def measure_suggestions() -> list[Measurement]:
    """Type the storm, and count."""
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as place:
        folder = Path(place, "workspace")
        folder.mkdir()
        for name, text in neighbours():
            (folder / name).write_text(text, encoding="utf-8")
        async with slow_host() as (host, url), connect(COTERIE, home=Path(place, "home")) as client:
            provider = {"type": "openai_compatible", "base_url": url, "models": ["fill"], "fim": True}
            await client.initialize(folder=folder, settings={"completion_model": "bench/fill", "providers": {"bench": provider}})
            await client.request("agent/status", {})  # how long the server takes to start is measured elsewhere
            asked = await type_storm(client, (folder / "storm.py").as_uri())
            async with asyncio.timeout(PATIENCE_S):
                while host.open:  # noqa: ASYNC110 - a connection tells nobody that it has ended
                    await asyncio.sleep(0.01)
            return measurements(host, asked)


async def type_storm(client: Client, uri: str) -> list[Asked]:
    """Type, and ask after each key as editors do; every request is answered when this returns."""
    opened = {"uri": uri, "languageId": "python", "version": 1, "text": ""}
    client.notify("textDocument/didOpen", {"textDocument": opened})
    asked: list[Asked] = []
    line = character = 0
    async with asyncio.TaskGroup() as group:
        for version, (key, pause) in enumerate(zip(SOURCE, pauses(), strict=False), start=2):
            here = {"line": line, "character": character}
            change = {"range": {"start": here, "end": here}, "text": key}
            client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]})
            line, character = (line + 1, 0) if key == "\n" else (line, character + 1)
            request = Asked(time.monotonic())
            asked.append(request)
            group.create_task(ask(client, uri, {"line": line, "character": character}, request))
            await asyncio.sleep(pause / PACE)
    return asked


async def ask(client: Client, uri: str, position: dict[str, int], request: Asked) -> None:
    """Ask for a suggestion and keep the answer."""
    params = {"textDocument": {"uri": uri}, "position": position, "context": {"triggerKind": 2}}
    items: list[dict[str, Any]] = (await client.request("textDocument/inlineCompletion", params))["items"]
    request.answered = time.monotonic()
    if items:
        request.text = items[0]["insertText"]
        [argument] = items[0]["command"]["arguments"]
        request.suggestion_id, request.source = argument["suggestionId"], argument["source"]


def flickers(asked: list[Asked]) -> int:
    """Count the keys that were typed as suggested and did not leave the rest of the suggestion standing, under its own id."""
    count = 0
    for number, (request, later) in enumerate(pairwise(asked)):
        key = SOURCE[number + 1]
        was_superseded = number + 2 < len(asked) and later.answered > asked[number + 2].at
        if request.text is None or request.answered > later.at or was_superseded:
            continue
        rest = request.text.removeprefix(key)
        if rest and rest != request.text:
            count += (later.text, later.suggestion_id) != (rest, request.suggestion_id)
    return count


def _first(predicted: list[Asked]) -> list[float]:
    """Return the milliseconds until the first answer with each suggestion."""
    first = {request.suggestion_id: request for request in reversed(predicted)}
    return [1000 * (request.answered - request.at) for request in first.values()]


def measurements(host: SlowHost, asked: list[Asked]) -> list[Measurement]:
    """Say what the storm has shown."""
    # What waits when the next key comes is answered because of it.
    after_key = [1000 * (request.answered - later.at) for request, later in pairwise(asked) if request.answered > later.at]
    all_ms = [1000 * (request.answered - request.at) for request in asked]
    offered = sum(request.text is not None for request in asked)
    predicted = [request for request in asked if request.source == "predictor"]
    keys = [request.at for request in asked]
    # Nothing else than the next key ends a call, but for the end of the storm.
    hung_up = [1000 * (ended - keys[after]) for came, ended in host.given_up if (after := bisect_right(keys, came)) < len(keys)]
    return [
        Measurement(
            "typing storm: keystrokes → requests answered → suggestions",
            f"{len(asked):,} → {sum(request.answered > 0 for request in asked):,} → {offered:,}",
            "every request answered",
            HOW,
        ),
        Measurement(
            "typing storm: calls of the model, of which given up, still open at the end",
            f"{host.calls:,} ({host.calls / len(asked):.0%} of the keystrokes), {len(host.given_up):,}, {host.open}",
            "≤ 20 %, 0 open",
            "counted by the host, which sees each hang-up",
        ),
        Measurement(
            "typing storm: next key → the call of the model is hung up on",
            f"p50 {quantile(hung_up, 50):.1f} ms, p99 {quantile(hung_up, 99):.1f} ms",
            "p99 ≤ 50 ms",
            f"{len(hung_up):,} calls, from the write of the request that supersedes them to the host's end of file",
        ),
        Measurement(
            "typing storm: suggestions from the project itself",
            f"{len(predicted):,} of {offered:,}, first ones after p50 {quantile(_first(predicted), 50):.1f} ms",
            "p50 ≤ 15 ms",
            "the first answer with each suggestion of the predictor, from its request; the others are its rest as it is typed",
        ),
        Measurement(
            "typing storm: request superseded by the next key → its answer",
            f"p50 {quantile(after_key, 50):.1f} ms, p99 {quantile(after_key, 99):.1f} ms",
            "p99 ≤ 20 ms",
            f"{len(after_key):,} requests that waited when the next key came, from its write to the read of the answer",
        ),
        Measurement(
            "typing storm: request → answer",
            f"p50 {quantile(all_ms, 50):.1f} ms, p99 {quantile(all_ms, 99):.1f} ms",
            "",
            "all requests; most wait for the next key, as they should",
        ),
        Measurement(
            "typing storm: flickers",
            str(flickers(asked)),
            "0",
            "keys typed as suggested after which the rest of the suggestion did not stand there under the same id",
        ),
    ]
