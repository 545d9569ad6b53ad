"""Code actions: what can be done about a piece of code. ``features.actions`` has them, ``lsp`` shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Way = Literal["run", "ask", "chat"]
"""What an action starts: a run that may edit, a question whose answer is shown, or a chat that the person begins to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action. ``kind`` is LSP's hierarchical kind; ``for_problems`` says that it is offered only where there are some."""

    action_id: str
    title: str
    kind: str
    way: Way = "run"
    prompt: str = ""
    agent: str | None = None
    for_problems: bool = False


def is_kind(kind: str, wanted: str) -> bool:
    """Say whether a kind is another one or below it: ``refactor.rewrite`` is a ``refactor``."""
    return not wanted or kind == wanted or kind.startswith(wanted + ".")
