"""Which models a CLI offers to whoever is logged in, asked of it without asking a model."""

from __future__ import annotations

from coterie.providers import failures
from coterie.providers.claude_code import endings
from coterie.providers.claude_code.cli import Cli, UnreadableLineError
from coterie.providers.failures import Host
from coterie.providers.fields import record, records, text


async def listed_models(cli: Cli, host: Host) -> tuple[str, ...]:
    """Return the names of the models. Raises `ProviderError`."""
    asked = cli.ask({"subtype": "initialize"})
    while True:
        try:
            message = await cli.receive()
        except UnreadableLineError as line:
            raise failures.malformed(host, str(line)) from line
        if message is None:
            raise endings.crashed(host, await cli.ended())
        response = record(message, "response")
        if text(response, "request_id") == asked:
            names = [text(model, "value") for model in records(record(response, "response"), "models")]
            return tuple(name for name in names if name)
