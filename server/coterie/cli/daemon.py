"""``coterie daemon status|stop``: what the shared server of all editors does, and its end."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.terminal import Output
from coterie.cli.wording import Line
from coterie.relay.greeting import greet, receive
from coterie.relay.places import rendezvous

ANSWER_S = 60.0


async def speak(arguments: Arguments, output: Output) -> int:
    """Ask the daemon, or tell it to end and wait for that. Nothing is started for it."""
    try:
        answer = await asyncio.to_thread(_stop if arguments.action == "stop" else ask_status)
    except (FileNotFoundError, ConnectionRefusedError):
        output.result({"running": False}, (Line("No shared server is running."),))
        return exits.OK
    except OSError as reason:
        output.result({"running": None, "error": str(reason)}, (Line(f"The shared server cannot be asked: {reason}."),))
        return exits.FAILED
    if arguments.action == "stop":
        output.result({"running": False, **answer}, (Line(f"The shared server (process {answer['stopping']}) has ended."),))
        return exits.OK
    text = f"The shared server {answer['version']} is running as process {answer['pid']}."
    output.result({"running": True, **answer}, (Line(text), Line(f"Editors: {answer['editors']}. Runs: {answer['runs']}.")))
    return exits.OK


def ask_status() -> dict[str, Any]:
    """Ask the daemon how it is. Blocks; raises `OSError` where there is none, or none is possible."""
    with rendezvous(os.environ).dial() as connection:
        connection.settimeout(ANSWER_S)
        greet(connection, "status")
        return receive(connection)


def _stop() -> dict[str, Any]:
    with rendezvous(os.environ).dial() as connection:
        connection.settimeout(ANSWER_S)
        greet(connection, "stop")
        answer = receive(connection)
        connection.recv(1)  # its end is the daemon's
        return answer
