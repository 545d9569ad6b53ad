"""``coterie keys``: the keys of model hosts in the vault. A value is typed unseen or comes through a pipe, never from the command line."""

from __future__ import annotations

import asyncio
from getpass import getpass

from coterie.base.errors import InvalidParamsError
from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.audience import QueueAudience
from coterie.cli.opening import opened
from coterie.cli.terminal import Output, Streams
from coterie.cli.wiring import Invocation, Wiring
from coterie.cli.wording import Line
from coterie.domain.secrets import SecretName, secret_name
from coterie.domain.wire import to_wire
from coterie.features.protocol_faces import Secrets

_LONGEST = 64 * 1024


async def keep(arguments: Arguments, wiring: Wiring, output: Output, streams: Streams) -> int:
    """List, set, delete or rotate."""
    value = await _value(arguments.name, streams) if arguments.action == "set" else ""
    core = await opened(
        wiring, Invocation(folder=arguments.folder.absolute(), settings={}, audience=QueueAudience(can_answer=False)), output
    )
    try:
        await _do(core.application.secrets, arguments, value, output)
    finally:
        await core.application.aclose()
    return exits.OK


async def _do(secrets: Secrets, arguments: Arguments, value: str, output: Output) -> None:
    match arguments.action:
        case "set":
            reference = await secrets.set(arguments.name, value)
            output.result({"reference": reference}, (Line(f"kept as {reference}", "good"),))
        case "delete":
            name = await secrets.delete(arguments.name)
            output.result({"name": name}, (Line(f"forgotten: {name}", "good"),))
        case "rotate":
            count = await secrets.rotate()
            output.result({"rotated": count}, (Line(f"sealed {count} {'key' if count == 1 else 'keys'} under a new data key", "good"),))
        case _:
            names = await secrets.list()
            lines = tuple(Line(_text(name)) for name in names) or (Line("The vault holds no keys: `coterie keys set PROVIDER`.", "dim"),)
            output.result({"keys": [to_wire(name) for name in names]}, lines)


def _text(name: SecretName) -> str:
    return f"{name.name}  {name.updated_at[:16].replace('T', ' ')}"


async def _value(name: str, streams: Streams) -> str:
    whole = secret_name(name)  # before anything is typed in vain
    if streams.stdin.isatty():
        return await asyncio.to_thread(getpass, f"Key for {whole} (not shown): ")
    text = await asyncio.to_thread(streams.stdin.read, _LONGEST)
    if not text.strip():
        raise InvalidParamsError("There is no key on standard input: pipe it in, or run this in a terminal and type it.")
    return text
