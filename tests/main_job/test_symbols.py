"""An agent asks the index, in the real server: the project is indexed on first need, and the process is gone with the server."""

from pathlib import Path

import psutil

from killing import check_nothing_runs
from model_host import Asked, answer, model_host
from raw_http_server import Reply
from served import served, settings


def asks(asked: Asked) -> Reply:
    """Play a model that asks twice, and ends its turn then."""
    if asked.number < 2:
        return answer("openai_compatible", "", ("symbols", {"query": "add"}), number=asked.number)
    return answer("openai_compatible", "Found.")


async def test_an_agent_finds_where_a_name_is_defined(tmp_path: Path) -> None:
    async with model_host("openai_compatible", asks) as host:
        async with served(tmp_path, settings(host.url, "openai_compatible")) as editor:
            _, end = await editor.play("Where is add?")
            assert end["state"] == "succeeded", end
            answers = [output for asked in host.asked[1:] for _, output in asked.last.answers]
            indexes = [process.pid for process in psutil.process_iter(["cmdline"]) if _is_index_of(process, tmp_path)]
        assert len(answers) == 2
        for output in answers:
            assert output.startswith("calc.py:1-2 function add\n")
            assert "\ncalc.py:1-2 (" in output
        assert len(indexes) == 1
    await check_nothing_runs(tmp_path)


def _is_index_of(process: psutil.Process, folder: Path) -> bool:
    line = process.info["cmdline"] or []
    return "coterie.index" in line and any(str(folder) in word for word in line)
