"""What hosts do that should not, on any wire: for the tests of providers and of the runs that have to get over it."""

import asyncio
from collections.abc import Callable, Mapping

from coterie.providers.config import ProviderConfig, Timeouts
from provider_calls import host
from raw_http_server import CUT, Reply, json_reply
from wires import HostWire

WITHIN_S = 60.0
STALLED_S = 0.3
BEGUN = "Half an ans"

Misbehaviour = Callable[[HostWire], Reply]
BAD: Mapping[str, Misbehaviour] = {
    "garbage": lambda wire: wire.reply(bytes(range(128, 256)) * 4 + b"\n\n"),
    "garbage amid the answer": lambda wire: wire.reply(*wire.opening, wire.text(BEGUN), b"data: {\xff\xfe\n\n{\xff\n", wire.finish("stop")),
    "an empty stream": lambda wire: wire.reply(),
    "no finish reason": lambda wire: wire.reply(*wire.opening, wire.text(BEGUN)),
    "a stall before the first word": lambda wire: wire.reply(asyncio.Event()),
    "a stall amid the answer": lambda wire: wire.reply(*wire.opening, wire.text(BEGUN), asyncio.Event()),
    "half an event, then nothing": lambda wire: wire.reply(*wire.opening, wire.text(BEGUN)[:-9]),
    "half a character, then nothing": lambda wire: wire.reply(*wire.opening, wire.text("😀").partition("😀".encode()[2:])[0]),
    "a reset": lambda wire: wire.reply(CUT),
    "a reset amid the answer": lambda wire: wire.reply(*wire.opening, wire.text(BEGUN), CUT),
    "a web page": lambda _: Reply(steps=(b"<!DOCTYPE html><html><body>Log in",), content_type="text/html"),
    "a web page that calls itself a stream": lambda wire: wire.reply(b"<html>Bad gateway</html>"),
    "an error with the status 200": lambda _: json_reply({"error": {"type": "server_error", "message": "it broke"}}),
    "a JSON that is no answer": lambda _: json_reply({"hello": "world"}),
    "a list": lambda _: Reply(steps=(b"[1, 2]",), content_type="application/json"),
}
"""What hosts do that should not, each worth another attempt."""
WORSE: Mapping[str, Misbehaviour] = {**BAD, "a whole answer with nothing in it": lambda wire: wire.answer()}
"""What a run has to get over: well-formed nothing is judged there, since a gap may well be filled with it."""


def config_of(wire: HostWire, url: str, *, patience_s: float = WITHIN_S) -> ProviderConfig:
    return host(wire.kind, url, timeouts=Timeouts(connect_s=WITHIN_S, first_token_s=patience_s, idle_s=patience_s))


def patience(bad: str, wire: HostWire) -> float:
    """Return how long a host may be silent: only one that is for ever is given up soon, and later where another process speaks to it."""
    if "stall" not in bad:
        return WITHIN_S
    return 10 * STALLED_S if wire.kind == "litellm" else STALLED_S
