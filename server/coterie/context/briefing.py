"""How much of rules and notes a conversation begins with: all that was read, and in a small window less. Pure.

They are sent with every call, beside the agent's prompt and its tools, of which nothing can be left out. `agents.beginning` has them
fitted, and `agents.inspection` to show a conversation that has not begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coterie.context.assemble import assemble, head_bytes, system_text
from coterie.context.cutting import bounded, enclosed
from coterie.context.memory import Memory, newest
from coterie.context.rules import Rules
from coterie.context.tokens import Calibration
from coterie.context.window import share
from coterie.domain.messages import ToolSpec
from coterie.domain.model_ports import ModelChoice

LARGEST_PART = 3
"""Prompt, tools, rules and notes have one part in so many of a request: the conversation needs the rest."""
_USUAL = Calibration()
"""What is learned of how a host counts must not change how its conversations begin."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """The rules and notes that a conversation begins with. ``warning`` says to the person what of them is left out."""

    rules: Rules
    memory: Memory
    warning: str | None = None


def briefed(rules: Rules, memory: Memory, choice: ModelChoice, prompt: str, tools: Sequence[ToolSpec], *, limit: int | None) -> Briefing:
    """Fit rules and notes into the requests to a model, beside an agent's prompt and tools; each gives up the same part of it.

    ``limit`` is how many tokens a request may have (see `coterie.context.learned.Learned.usual_limit`).
    """
    if limit is None:
        return Briefing(rules, memory)
    wanted = _USUAL.tokens(sum(map(_size, [*(file.text for file in rules.files), *(file.text for file in memory.files)])))
    room = max(limit // LARGEST_PART - _head(prompt, tools, choice), share("project", limit))
    if wanted <= room:
        return Briefing(rules, memory)
    # As they stand in a system text, so that what is cut says of the same text how long it was as what is not.
    texts = [(file, enclosed(file.text.strip(), "rules")) for file in rules.files]
    kept = Rules(tuple(replace(file, text=bounded(text, len(text) * room // wanted)) for file, text in texts))
    notes = (replace(file, text=newest(file.text, len(file.text) * room // wanted)) for file in memory.files)
    names = ", ".join([*(file.name for file in rules.files), *(file.name for file in memory.files)])
    warning = (
        f"{choice.label} has room for {100 * room // wanted} % of {names}: of rules is sent how they begin, of notes the newest. "
        "Shorten them, or choose a model with a larger window."
    )
    return Briefing(kept, Memory(tuple(file for file in notes if file.text.strip())), warning)


def takes(choice: ModelChoice, system: str, tools: Sequence[ToolSpec], limit: int | None) -> bool:
    """Say whether a model takes what a conversation began with that another model may have had, and has room for the conversation."""
    return limit is None or _head(system, tools, choice) <= limit // 2


def _head(system: str, tools: Sequence[ToolSpec], choice: ModelChoice) -> int:
    """Return how many tokens system text and tools have."""
    request = assemble(system=system_text(system), tools=tools, messages=(), choice=choice, agent="", call=0)
    return _USUAL.tokens(len(head_bytes(request)))


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
