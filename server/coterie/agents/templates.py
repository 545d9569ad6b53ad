"""The built-in agents: which prompt, which tools, which artifact. Models and budgets come from the settings, ``[agents.X]``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from coterie.agents.artifacts import ArtifactType

_READING = ("read_file", "list_files", "search", "symbols")
_WRITING = ("edit_file", "write_file")
_MOVING = ("move_file", "delete_file")
_RUNNING = ("execute_command", "run_tests")
_DOING = (*_READING, *_WRITING, *_MOVING, *_RUNNING, "git_operation", "ask_user")


@dataclass(frozen=True, slots=True)
class AgentTemplate:
    """An agent; ``doc`` says in a sentence what it does.

    ``tools`` are what its model is shown, in this order; ``submit`` is added where it makes an artifact.

    One that ``finds_its_way`` begins with a map of the project and the code that fits the request; others work with what was handed on.
    """

    agent_id: str
    doc: str
    tools: tuple[str, ...]
    artifact: ArtifactType | None = None
    finds_its_way: bool = False

    @property
    def prompt(self) -> str:
        """The system prompt, from ``prompts/<agent_id>.md``."""
        return _prompt(self.agent_id)


@cache
def _prompt(agent_id: str) -> str:
    return resources.files("coterie.agents").joinpath("prompts", f"{agent_id}.md").read_text(encoding="utf-8").strip()


TEMPLATES = {
    template.agent_id: template
    for template in (
        AgentTemplate("chat", "Answers, looks around, edits, and runs commands and tests.", (*_DOING, "remember"), finds_its_way=True),
        AgentTemplate(
            "planner", "Works out what is to be done: goal, criteria, files and steps.", (*_READING, "ask_user"), "plan", finds_its_way=True
        ),
        AgentTemplate("coder", "Makes the changes of a plan.", _DOING, "patch", finds_its_way=True),
        AgentTemplate("reviewer", "Reads what was changed and says what is wrong with it.", _READING, "findings"),
        AgentTemplate("tester", "Runs the project's tests and says what fails.", (*_READING, *_RUNNING), "testrun"),
        AgentTemplate("documenter", "Brings the documentation up to date.", (*_READING, *_WRITING), "docs"),
    )
}
