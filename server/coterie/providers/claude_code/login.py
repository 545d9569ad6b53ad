"""How the login of a CLI stands: ``claude auth status`` knows, and asks no model."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from tempfile import gettempdir

from coterie.base.errors import ProviderError
from coterie.providers import failures
from coterie.providers.claude_code import binary, endings
from coterie.providers.claude_code.cli import Exit
from coterie.providers.failures import Host
from coterie.providers.fields import parse_object, text

OLDEST = (2, 1)
"""The first version that does all that is asked of it."""
_PATIENCE_S = 20.0
_VERSION = re.compile(r"(\d+)\.(\d+)[.\d]*")


async def look(program: str, environment: Mapping[str, str], host: Host) -> str:
    """Return in words which CLI it is and who is logged in. Raises `ProviderError`."""
    said = await _said((program, "--version"), environment, host)
    version = _VERSION.search(said.words)
    if version is None:
        raise endings.crashed(host, said)
    if (int(version[1]), int(version[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ProviderError(
            f"The `claude` command line of {host.name} is too old: version {version[0]}, and {oldest} is needed. Run `claude update`.",
            kind="auth_required",
            code=binary.TOO_OLD,
        )
    said = await _said((program, "auth", "status"), environment, host)
    status = parse_object(said.words)
    if status is None:
        raise endings.crashed(host, said)
    if status.get("loggedIn") is not True:
        raise endings.logged_out(host)
    return f"`{host.provider}` is ready: Claude Code {version[0]}, logged in by {_way(text(status, 'authMethod'), text(status, 'email'))}."


def _way(method: str, email: str) -> str:
    ways = {"api_key": "the key of its entry", "claude.ai": "a claude.ai account", "oauth_token": "a token of the environment"}
    way = ways.get(method, method.replace("_", " ") or "a way that it does not name")
    return f"{way} ({email})" if email else way


async def _said(argv: tuple[str, ...], environment: Mapping[str, str], host: Host) -> Exit:
    """Run the CLI to its end; its words are those of both streams."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=dict(environment),
            cwd=gettempdir(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as failure:
        raise endings.cannot_start(host, failure) from failure
    try:
        async with asyncio.timeout(_PATIENCE_S):
            output, _ = await process.communicate()
    except TimeoutError:
        raise failures.no_answer_within(host, _PATIENCE_S) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Exit(process.returncode or 0, output.decode(errors="replace").strip())
