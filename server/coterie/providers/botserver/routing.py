"""Which of BotServer's agents a model's name means. Pure.

The farm numbers its agents: 1 to 4 (planner, builder, reviewer, deployer) work on tasks together, 5 to 12 answer queries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

BUILDER = 2
"""Takes every task that no other agent is named for, through all stages."""
QUERY_AGENTS: Mapping[int, str] = {
    5: "editor",
    6: "database",
    7: "git",
    8: "test",
    9: "browser",
    10: "terminal",
    11: "docs",
    12: "security",
}
"""The agents that answer queries, as they are called in addresses."""
MODELS = ("auto", *QUERY_AGENTS.values())
"""The models that are listed; other names are understood as names of tools."""

_WORDS: Mapping[int, str] = {
    5: "editor refactor refactoring syntax",
    6: "database query queries schema",
    7: "git commit branch branches merge",
    8: "test testing coverage",
    9: "browser",
    10: "terminal shell docker",
    11: "doc documentation",
    12: "security scan",
}
_AGENT_OF = {word: number for number, words in _WORDS.items() for word in words.split()}


def route(name: str) -> int:
    """Return the number of the agent for a tool's name: ``run_tests`` → 8. The first word that says anything decides."""
    for word in re.findall("[a-z]+", re.sub("(?<=[a-z])(?=[A-Z])", " ", name).lower()):
        number = _AGENT_OF.get(word) or _AGENT_OF.get(word.removesuffix("s"))
        if number is not None:
            return number
    return BUILDER
