"""The Claude Code command line, for tests: the real one, and one that plays a script.

`REAL` is the program from npm, installed by `scripts/test_requirements.py`. npm has it for each platform in a package of its own, and the
lock names the one for Linux on x64 with glibc: there it must be, elsewhere tests with it are skipped. `scripted` writes a program that
speaks as the real one does and then plays its steps: for what an honest CLI would not do.
"""

import json
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aimock_server import NODE_MODULES

REAL = NODE_MODULES / "@anthropic-ai" / "claude-code-linux-x64" / "claude"
HAS_REAL = (sys.platform, platform.machine()) == ("linux", "x86_64") and platform.libc_ver()[0] == "glibc"
with_real = pytest.mark.skipif(not HAS_REAL, reason="the lock has the Claude Code command line for Linux on x64 with glibc alone")

LOGGED_IN = {"loggedIn": True, "authMethod": "claude.ai", "email": "someone@example.org"}

_PROGRAM = """#!{python}
import json, os, signal, sys
script = json.loads({script!r})
if "--version" in sys.argv:
    print(script["version"])
    sys.exit()
if "auth" in sys.argv:
    print(json.dumps(script["auth"]))
    sys.exit(0 if script["auth"].get("loggedIn") else 1)

def tell(message):
    sys.stdout.write(message if isinstance(message, str) else json.dumps(message) + chr(10))
    sys.stdout.flush()

steps = iter(script["steps"])
with open(script["log"], "a") as log:
    log.write(json.dumps({{"pid": os.getpid(), "argv": sys.argv[1:], "env": dict(os.environ)}}) + chr(10))
for line in sys.stdin:
    with open(script["log"], "a") as log:
        log.write(line)
    said = json.loads(line)
    if said["type"] == "control_request":
        answer = {{"session": {{"total_cost_usd": 0.5}}}} if said["request"]["subtype"] == "get_usage" else {{}}
        tell({{"type": "control_response", "response": {{"subtype": "success", "request_id": said["request_id"], "response": answer}}}})
        continue
    for step, value in steps:
        if step == "tell":
            tell(value)
        elif step == "bytes":
            sys.stdout.buffer.write(bytes.fromhex(value))
            sys.stdout.buffer.flush()
        elif step == "stderr":
            sys.stderr.write(value)
        elif step == "hear":
            break
        elif step == "exit":
            sys.exit(value)
        elif step == "die":
            os.kill(os.getpid(), value)
"""


class Scripted:
    """A scripted CLI: ``command`` is its program."""

    def __init__(self, folder: Path) -> None:
        self.command = str(folder / "claude")
        self._log = folder / "claude.log"

    @property
    def heard(self) -> list[dict[str, Any]]:
        """What it was told so far: first, for each process, its arguments, environment and id."""
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []


def scripted(
    folder: Path, *steps: tuple[str, Any], auth: Mapping[str, Any] = LOGGED_IN, version: str = "2.1.330 (Claude Code)"
) -> Scripted:
    """Write a CLI that answers a message of the person with ``steps``.

    A step is ``("tell", message or text)``, ``("bytes", hexadecimal)``, ``("stderr", text)``, ``("hear", None)`` (wait for the next
    message), ``("exit", code)`` or ``("die", signal)``; behind the last one it waits until its input ends.
    """
    made = Scripted(folder)
    script = {"steps": steps, "auth": dict(auth), "version": version, "log": str(folder / "claude.log")}
    program = Path(made.command)
    program.write_text(_PROGRAM.format(python=sys.executable, script=json.dumps(script)), encoding="utf-8")
    program.chmod(0o755)
    return made


def event(**data: Any) -> dict[str, Any]:
    """Return a piece of a streamed message."""
    return {"type": "stream_event", "event": data, "parent_tool_use_id": None}


def message(*blocks: tuple[dict[str, Any], dict[str, Any]], reason: str = "end_turn", output: int = 7) -> list[tuple[str, Any]]:
    """Return the steps that stream a message: of each block its beginning and its one delta."""
    told = [event(type="message_start", message={"id": "msg_1", "usage": {"input_tokens": 5, "output_tokens": 1}})]
    for index, (begin, delta) in enumerate(blocks):
        told.append(event(type="content_block_start", index=index, content_block=begin))
        told.append(event(type="content_block_delta", index=index, delta=delta))
        told.append(event(type="content_block_stop", index=index))
    told.append(event(type="message_delta", delta={"stop_reason": reason}, usage={"output_tokens": output}))
    told.append(event(type="message_stop"))
    return [("tell", each) for each in told]


def words(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a block of text."""
    return {"type": "text", "text": ""}, {"type": "text_delta", "text": text}


def result(**fields: Any) -> tuple[str, Any]:
    """Return the step that ends a turn."""
    usage = {"input_tokens": 5, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 7}
    return "tell", {"type": "result", "subtype": "success", "is_error": False, "total_cost_usd": 0.75, "usage": usage, **fields}
