"""Real commands on a stage: what the tests of what commands change share."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_stage import Turn, calls, says
from coterie.domain.workspace_ports import Command, CommandResult

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
