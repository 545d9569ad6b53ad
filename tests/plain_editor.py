"""An editor of today with nothing installed, on the real server: what the tests of zero-plugin mode share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsp_client import PLAIN, LspClient
from served import AGENTS, Served, served, settings

PROMPT = "window/showMessageRequest"


async def command(client: LspClient, name: str, argument: Mapping[str, Any] | None = None) -> Any:
    """Run one of our commands."""
    return await client.request("workspace/executeCommand", {"command": name, "arguments": [] if argument is None else [argument]})


async def progress_ended(client: LspClient) -> str:
    """Wait until a run's progress has ended, and return with what."""
    ended = await client.expect("$/progress", lambda params: params["value"]["kind"] == "end")
    message: str = ended["value"]["message"]
    return message


def priced(url: str, **more: Any) -> dict[str, Any]:
    """Return settings in which every model has its price: else its being unknown is shown."""
    options = settings(url, "openai_compatible", **more)
    options["providers"]["work"]["price"] = {f"{agent}-model": {"input": 1, "output": 2} for agent in (*AGENTS, "chat")}
    return options


@asynccontextmanager
async def plain(tmp_path: Path, url: str, *, introduction: Mapping[str, Any] | None = None, **more: Any) -> AsyncIterator[Served]:
    """Serve a plain editor, whose person answers prompts by hand.

    ``introduction`` is what it says of itself besides, ``more`` goes into the settings.
    """
    options = settings(url, "openai_compatible", **more)
    price = {"input": 1, "output": 2}  # else its being unknown is shown
    options["providers"]["work"]["price"] = {f"{agent}-model": price for agent in (*AGENTS, "chat")}
    async with served(tmp_path, options, capabilities=PLAIN, **(introduction or {})) as editor:
        yield editor
