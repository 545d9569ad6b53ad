"""Says to the person what of the files that they pointed at their agent does not get: what was cut, and what could not be read.

`agents.loop` and `agents.external` ask when they journal a message of the person's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from coterie.base.legible import in_one_line, visible
from coterie.context.admitting import Cut, cuts_in
from coterie.context.attaching import Unread, unread_in
from coterie.context.compaction import UNKNOWN_WINDOW
from coterie.domain.events import WarningEvent
from coterie.domain.messages import UserMessage
from coterie.domain.model_ports import ModelChoice

MOST_NAMED = 5


async def losses(messages: Sequence[UserMessage], choice: ModelChoice) -> Sequence[WarningEvent]:
    """Return what to tell of messages as they are sent to a model."""
    return await asyncio.to_thread(_losses, messages, choice)  # a large message takes a while to be taken apart


def _losses(messages: Sequence[UserMessage], choice: ModelChoice) -> Sequence[WarningEvent]:
    told: list[WarningEvent] = []
    if unread := unread_in(messages):
        told.append(WarningEvent(code="attachment_unread", text=_of_unread(unread)))
    if cuts := cuts_in(messages):
        told.append(WarningEvent(code="attachment_cut", text=_of_cuts(cuts, choice)))
    return told


def _of_unread(unread: Sequence[Unread]) -> str:
    shown = " ".join(f"{in_one_line(visible(each.name))}: {in_one_line(visible(each.why))}" for each in unread[:MOST_NAMED])
    more = f" The same goes for {len(unread) - MOST_NAMED} more." if len(unread) > MOST_NAMED else ""
    begins = (
        "This cannot be read, so the agent gets nothing of it." if len(unread) == 1 else "These cannot be read, so the agent gets none."
    )
    return f"{begins} {shown}{more}"


def _of_cuts(cuts: Sequence[Cut], choice: ModelChoice) -> str:
    shown = ", ".join(f"{cut.name} ({cut.shown:,} of {cut.of:,} characters)" for cut in cuts)
    text = f"Only how it begins is sent of {shown}; the agent can read on by itself."
    if choice.context_tokens is not None:
        return text
    host = choice.id.partition("/")[0]
    return (
        f"{text} How much {choice.label} takes is not known, so what goes along is planned for {UNKNOWN_WINDOW:,} tokens: "
        f"`context_tokens` of the provider {host} says how many they are."
    )
