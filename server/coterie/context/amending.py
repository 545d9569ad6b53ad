"""Tells a conversation that goes on which rules have changed since it was told them, or were cut for a smaller window. Pure.

The system text of a conversation stays as it is: all that was said stands behind it in the hosts' prompt caches. So what has changed
goes along with the person's next message, as ``task`` words it; `agents.beginning` asks when a run begins. Behind a compaction it has the
conversation begin with the rules as they are instead.
"""

from __future__ import annotations

from collections.abc import Iterable

from coterie.context.assemble import rules_in
from coterie.context.cutting import cut_of, enclosed, has_changed
from coterie.context.elements import elements_of
from coterie.context.marking import GONE
from coterie.context.rules import Rules
from coterie.context.task import Excerpt
from coterie.domain.messages import Message, UserMessage

CHANGED = "it has changed: this replaces what it said before"
WHOLE = "this is all of it: only how it begins was shown before"
ADDED = "it holds from now on"
REMOVED = "it is not there any more: what it said before does not hold"


def amendments(rules: Rules, system: str, messages: Iterable[Message]) -> tuple[Excerpt, ...]:
    """Return what has changed in ``rules`` since a conversation of ``messages`` began with ``system``.

    What the person has left out of it is left out.
    """
    told = rules_in(system)
    for message in messages:
        if isinstance(message, UserMessage):
            told |= {each.attributes.get("path", ""): each.shown for each in elements_of(message.text) if each.kind == "rules"}
    now = {file.name: enclosed(file.text.strip(), "rules") for file in rules.files}
    news = {name: _news(told.get(name), text) for name, text in now.items()}
    changed = [Excerpt(now[name], name, reason=reason) for name, reason in news.items() if reason is not None]
    gone = [Excerpt("", name, reason=REMOVED) for name, text in told.items() if name not in now and text not in {"", GONE}]
    return (*changed, *gone)


def _news(told: str | None, text: str) -> str | None:
    """Say what is new in a rule; of either text only the beginning may be shown, as a model's window has room for it."""
    if not told:
        return ADDED
    if told == GONE:
        return None
    if has_changed(told, text):
        return CHANGED
    return WHOLE if cut_of(told) is not None and cut_of(text) is None else None
