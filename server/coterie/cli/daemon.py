"""``coterie daemon status|stop``: what the shared server of all editors does, and its end."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.terminal import Output
from coterie.cli.wording import Line
from coterie.relay.greeting import receive, send
from coterie.relay.places import rendezvous

ANSWER_S = 10.0


async def speak(arguments: Arguments, output: Output) -> int:
    """Ask the daemon, or tell it to end. Nothing is started for it."""
    try:
        answer = await asyncio.to_thread(_ask, arguments.action)
    except OSError:
        output.result({"running": False}, (Line("No shared server is running."),))
        return exits.OK
    if arguments.action == "stop":
        output.result({"running": False, **answer}, (Line(f"The shared server (process {answer['stopping']}) is ending."),))
        return exits.OK
    text = (
        f"The shared server {answer['version']} is running as process {answer['pid']}: {answer['editors']} editors, {answer['runs']} runs."
    )
    output.result({"running": True, **answer}, (Line(text),))
    return exits.OK


def _ask(kind: str) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_S)
        connection.connect(str(rendezvous(os.environ).socket))
        send(connection, {"kind": kind})
        return receive(connection)
