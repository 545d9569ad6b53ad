"""What the tools of somebody else's agent do, in our words: the effects that are judged before each of its calls.

``agents.external`` asks with the copy of the workspace as its `Place`, so that paths inside mean the workspace's own. The tools are those
of the Claude Code command line; of one that is not known nobody can say what it does.
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from coterie.base.errors import ModelMistakeError
from coterie.domain.permissions import Effect
from coterie.domain.wire import Json
from coterie.tools.command_line import line_effects
from coterie.tools.rules import named_effect, path_effect
from coterie.tools.tool import Place

_PATHS = ("file_path", "notebook_path", "path")


def foreign_effects(tool: str, arguments: Mapping[str, Json], place: Place) -> tuple[Effect, ...]:  # noqa: PLR0911 - one arm for each kind
    """Return the effects of a call. Raises `ModelMistakeError`, worded for the agent, for a tool that is not known."""
    match tool:
        case "Read" | "Glob" | "Grep":
            return (_path("read", arguments, place),)
        case "Edit" | "Write" | "NotebookEdit":
            return (_path("write", arguments, place),)
        case "Bash":
            return line_effects(str(arguments.get("command") or ""), place, place.root)
        case "WebFetch":
            return (named_effect("net", urlsplit(str(arguments.get("url") or "")).hostname or "unknown"),)
        case "WebSearch":
            return (named_effect("net", "web-search"),)
        case "Task" | "Agent":
            return (named_effect("spawn", str(arguments.get("subagent_type") or "general-purpose")),)
        case _ if tool.startswith("mcp__"):
            server, _, name = tool.removeprefix("mcp__").partition("__")
            return (named_effect("mcp", f"{server}.{name}"),)
        case _:
            raise ModelMistakeError(f"Denied: Coterie does not know what {tool} does. Do it with another tool.")


def _path(kind: Literal["read", "write"], arguments: Mapping[str, Json], place: Place) -> Effect:
    given = next((str(arguments[name]) for name in _PATHS if arguments.get(name)), ".")
    absolute = os.path.realpath(place.root / os.path.expanduser(given))  # noqa: PTH111 - Path.expanduser raises for unknown users
    if absolute == os.path.realpath(place.root):
        return path_effect(kind, ".")
    try:
        (effect,) = place.path_effects(kind, absolute)
    except ModelMistakeError:
        return path_effect(kind, absolute)
    return effect


def foreign_title(tool: str, arguments: Mapping[str, Json], place: Place) -> str:
    """Return a call in a few words, for the person."""
    about = next((str(arguments[name]) for name in ("command", *_PATHS, "url", "query", "description") if arguments.get(name)), "")
    inside = f"{Path(os.path.realpath(place.root))}{os.sep}"
    return f"{tool} {about.removeprefix(inside)}".strip()
