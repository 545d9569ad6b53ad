"""What an editor offers for a piece of code: the built-in actions and the person's own, each a prompt about a selection.

``lsp.handlers.actions`` lists them with `ActionService.offered` and turns a chosen one into a command with `ActionService.worded`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from coterie.base.errors import RequestError
from coterie.config.schema import Settings
from coterie.domain.actions import Action, is_kind

BUILT_IN: Final = (
    Action(
        action_id="fix",
        title="Fix with Coterie",
        kind="quickfix",
        prompt="Fix these problems at their cause, with the smallest change that does it:",
        for_problems=True,
    ),
    Action(
        action_id="explain",
        title="Explain with Coterie",
        kind="coterie.explain",
        way="ask",
        prompt="Explain this code: what it does, why it is as it is, and what is surprising about it. Change nothing.",
    ),
    Action(
        action_id="refactor",
        title="Refactor with Coterie",
        kind="refactor.rewrite",
        prompt="Refactor this code so that it is easier to read and to change. Its behaviour stays exactly the same.",
    ),
    Action(
        action_id="optimise",
        title="Optimise with Coterie",
        kind="refactor.rewrite",
        prompt="Make this code faster or lighter where that is worth it. Its behaviour stays exactly the same; say what was gained.",
    ),
    Action(
        action_id="test",
        title="Write tests with Coterie",
        kind="refactor.rewrite",
        prompt="Write tests for this code in the project's own style, and run them. Cover its edge cases. Do not change the code.",
    ),
    Action(
        action_id="document",
        title="Document with Coterie",
        kind="refactor.rewrite",
        prompt="Document this code in the project's own style: what it is for, what it takes and gives, what can go wrong.",
    ),
    Action(action_id="ask", title="Ask Coterie…", kind="coterie.ask", way="chat"),
)


class ActionService:
    """Implements `coterie.features.editor_faces.Actions`."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings

    def offered(self, only: Sequence[str] = (), *, problems: bool = False) -> tuple[Action, ...]:
        """Return the actions of the wanted kinds and those below them; no kind wanted: all."""
        return tuple(
            action
            for action in self._all()
            if (problems or not action.for_problems) and (not only or any(is_kind(action.kind, wanted) for wanted in only))
        )

    def worded(self, action_id: str, problems: Sequence[str] = ()) -> Action:
        """Return an action with the prompt for these problems. Raises `RequestError` ``unknown_action``."""
        action = next((each for each in self._all() if each.action_id == action_id), None)
        if action is None:
            raise RequestError(f"There is no action '{action_id}' any more.", code="unknown_action")
        if not (action.for_problems and problems):
            return action
        return replace(action, prompt="\n".join([action.prompt, *(f"- {problem}" for problem in problems)]))

    def _all(self) -> tuple[Action, ...]:
        own = tuple(
            Action(action_id=f"own.{name}", title=each.title or name, kind=each.kind, prompt=each.prompt, agent=each.agent)
            for name, each in self._settings().actions.items()
            if each.prompt
        )
        return (*BUILT_IN, *own)
