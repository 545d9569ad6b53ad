"""On the command line nobody keeps the index up to date: a request is shown the project all the same, once a cache is there."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from agent_scripts import project
from raw_http_server import Reply, Request, raw_http_server, sse

PATIENCE_S = 60.0
PROMPT = "Make test_add pass"


def answering(request: Request) -> Reply:
    """Answer whatever is asked."""
    del request
    delta = {"role": "assistant", "content": "Yes."}
    chunks = [{"index": 0, "delta": delta, "finish_reason": None}], [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return Reply(steps=(*(sse({**head, "choices": chunk}) for chunk in chunks), sse("[DONE]")))


async def test_a_request_from_the_command_line_brings_the_map_and_the_code_that_fits(tmp_path: Path) -> None:
    folder, home = project(tmp_path / "project"), tmp_path / "home"
    home.mkdir()
    async with raw_http_server(answering) as server:
        provider = f'{{ type = "openai_compatible", base_url = "{server.url}/v1", models = ["m"] }}'
        (home / "config.toml").write_text(f'model = "bench/m"\nproviders.bench = {provider}\n', encoding="utf-8")
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COTERIE_")}
        environ |= {"COTERIE_HOME": str(home), "COTERIE_DISCOVERY": "false"}

        async def asked() -> str:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "coterie",
                "ask",
                PROMPT,
                cwd=folder,
                env=environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            output, complaints = await process.communicate()
            assert (process.returncode, b"Yes." in output) == (0, True), complaints
            return str(server.exchanges[-1].request.json()["messages"][-1]["content"])

        # A machine that is busy may not have read the folder in the time that a command waits: then the next one finds more.
        async with asyncio.timeout(PATIENCE_S):
            while not ("<map>" in (text := await asked()) and "<code" in text):
                assert text.startswith('<folder name="project">')
                assert text.endswith(PROMPT)
        assert "calc.py: add" in text
        assert '<code path="tests/test_calc.py"' in text
