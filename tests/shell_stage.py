"""Real commands on a stage: what the tests of what commands change share."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent_stage import FakeSandbox, Stage, Turn, answering, calls, says, staged
from coterie.domain.events import ToolCallEvent
from coterie.domain.workspace_ports import Command, CommandResult
from hunk_stage import project

SETTINGS: Mapping[str, Any] = {"permissions": {"allow": ["exec(**)"]}}


def really(command: Command) -> CommandResult:
    """Run a command as it is."""
    ended = subprocess.run(command.argv, cwd=command.cwd, capture_output=True, text=True, check=False)
    output = ended.stdout + ended.stderr
    return CommandResult(exit_code=ended.returncode, output=output, full_output=output)


def running(*lines: str) -> Sequence[Turn]:
    """Return the turns of an agent that runs these commands, one after the other."""
    return (*(calls(("execute_command", {"command": line})) for line in lines), says("Done."))


def files_of(root: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def contents_of(*folders: Path) -> dict[str, bytes]:
    """Return every file and link of some folders, but for what git keeps."""
    found = dict[str, bytes]()
    for folder in folders:
        for path in folder.rglob("*"):
            if ".git" not in path.parts and (path.is_symlink() or path.is_file()):
                found[str(path)] = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    return found


@asynccontextmanager
async def played(
    tmp_path: Path,
    *lines: str,
    answer: Callable[[Command], CommandResult] = really,
    files: Mapping[str, str | bytes] | None = None,
    ready: Callable[[Path], None] = lambda _: None,
) -> AsyncIterator[tuple[Stage, str]]:
    """Play a run that runs commands in a project with ``files``, which ``ready`` may change before; gives its stage and its id."""
    root = project(tmp_path / "project")
    for path, content in (files or {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode() if isinstance(content, str) else content)
    ready(root)
    async with staged(tmp_path / "home", root, {"chat": running(*lines)}, sandbox=FakeSandbox(answer=answer), settings=SETTINGS) as stage:
        answering(stage, "allow_once")
        run_id = await stage.begin()
        assert (await stage.ended()).state == "succeeded"
        yield stage, run_id


def output(stage: Stage) -> str:
    """Return what the model was told of its latest command."""
    ended = [event for event in stage.listener.of(ToolCallEvent) if event.output is not None]
    return str(ended[-1].output)
