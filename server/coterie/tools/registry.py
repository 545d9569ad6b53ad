"""The tools of one agent. ``agents`` asks for a `Toolbox` by the names that a step may use; the model sees its `specs`.

The list is frozen for a conversation, so that a provider's prompt cache holds: what is denied later is answered, not hidden.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from coterie.base.errors import ModelMistakeError
from coterie.domain.messages import Message, ToolSpec
from coterie.domain.wire import Json
from coterie.tools.ask_user import AskUser
from coterie.tools.delete_file import DeleteFile
from coterie.tools.edit_file import EditFile
from coterie.tools.execute_command import ExecuteCommand
from coterie.tools.git_operation import GitOperation
from coterie.tools.list_files import ListFiles
from coterie.tools.move_file import MoveFile
from coterie.tools.read_file import ReadFile
from coterie.tools.recall import recall
from coterie.tools.remember import Remember
from coterie.tools.rules import Policy
from coterie.tools.run_tests import RunTests
from coterie.tools.search import Search
from coterie.tools.submit import Submit
from coterie.tools.symbols import Symbols
from coterie.tools.tool import Place, Tool
from coterie.tools.write_file import WriteFile

READ_ONLY = ("read_file", "list_files", "search", "symbols")
"""The tools that change nothing."""

BUILTIN = (
    *READ_ONLY,
    *("edit_file", "write_file", "move_file", "delete_file"),
    *("execute_command", "run_tests", "git_operation", "ask_user", "remember"),
)
"""Every built-in tool but ``submit``, which a step has when it makes an artifact."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one conversation. ``hidden`` gives the reason for each tool that a deny rule keeps from the model."""

    tools: Mapping[str, Tool]
    hidden: Mapping[str, str]

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told, always in the same order."""
        return tuple(tool.spec for name, tool in self.tools.items() if name not in self.hidden)

    def get(self, name: str) -> Tool:
        """Return the tool; one that is hidden too: its calls are denied with their reason. Raises `ModelMistakeError`."""
        if (tool := self.tools.get(name)) is not None:
            return tool
        there = ", ".join(name for name in self.tools if name not in self.hidden)
        raise ModelMistakeError(f"There is no tool named {name!r} here. The tools are: {there}.")


def toolbox(
    place: Place,
    policy: Policy,
    *,
    names: Collection[str] = BUILTIN,
    artifact: Mapping[str, Json] | None = None,
    heard: Iterable[Message] = (),
) -> Toolbox:
    """Build the tools called ``names``; with ``artifact``, the JSON Schema of a step's artifact, also ``submit``.

    ``heard`` is what was said already in the conversation that these tools are for.
    """
    seen = recall(heard, place)
    every: tuple[Tool, ...] = (
        ReadFile(place, seen),
        ListFiles(place),
        Search(place, policy),
        *((Symbols(place, policy, place.index),) if place.index is not None else ()),
        EditFile(place, seen),
        WriteFile(place, seen),
        MoveFile(place),
        DeleteFile(place),
        ExecuteCommand(place),
        RunTests(place),
        GitOperation(place),
        AskUser(place),
        Remember(place),
    )
    tools = {tool.spec.name: tool for tool in every if tool.spec.name in names}
    if artifact is not None:
        tools["submit"] = Submit(artifact)
    hidden = {name: reason for name, tool in tools.items() if (reason := policy.hides(tool.kinds)) is not None}
    return Toolbox(tools, hidden)
