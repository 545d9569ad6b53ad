"""What an agent that has to find its way is shown before it asks: a map of the project, and the code that fits the request.

`agents.beginning` asks once for each conversation and turn. Rules hold here as for the tools: what may not be read unasked is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from coterie.base.errors import RequestError
from coterie.base.tasks import side_by_side
from coterie.config.schema import ContextSettings
from coterie.context import collect
from coterie.context.collect import Limits, Listing
from coterie.context.retrieved import shown_before
from coterie.context.task import Excerpt
from coterie.context.window import share
from coterie.domain.code_ports import Index
from coterie.domain.messages import Message
from coterie.domain.retrieval import Question
from coterie.domain.runs import RunRequest
from coterie.domain.window import Segment
from coterie.tools.rules import Policy, evaluate, path_effect
from coterie.tools.tool import Place

_OF_SHARE = 2
"""Of its segment's share each of the two takes a half at most: rules, notes and the request itself come first."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """The map, empty where there is none, and pieces of code. ``missing`` says why there is neither, to who might have expected them."""

    map: str = ""
    code: tuple[Excerpt, ...] = field(default=())
    missing: str | None = None


async def orientation(
    place: Place,
    request: RunRequest,
    listing: Listing | None,
    *,
    policy: Policy,
    settings: ContextSettings,
    limit: int | None,
    prior: Sequence[Message],
) -> Orientation:
    """Ask the index of the place, if it is at hand.

    ``listing`` is None in a conversation that has a map already, ``limit`` is how many tokens a request may have, None: nobody knows.
    """
    wants = settings.code_tokens or (settings.map_tokens and listing is not None)
    if place.index is None or not wants:
        return Orientation()
    try:
        await collect.have_at_hand(place.workspace, place.index, request.folder, place.index_wait_s)
    except RequestError as why:
        # Who keeps the index up to date is shown how it stands anyway.
        return Orientation(missing=None if place.index_wait_s is None else why.message)

    def may_read(path: str) -> bool:
        return evaluate([path_effect("read", path)], policy).verdict == "allow"

    def limits(tokens: int, segment: Segment) -> Limits:
        room = tokens if limit is None else min(tokens, share(segment, limit) // _OF_SHARE)
        return Limits(tokens=room, may_read=may_read, patience_s=place.index_wait_s or collect.PATIENCE_S)

    def ask(text: str, limit: int, folder: str) -> Question:
        return place.question(text, limit, folder=folder)

    async def mapped(index: Index) -> Orientation:
        if listing is None:
            return Orientation()
        return Orientation(map=await collect.map_of(listing, index, limits(settings.map_tokens, "project")))

    async def coded(index: Index) -> Orientation:
        of_code, shown = limits(settings.code_tokens, "task"), shown_before(prior)
        return Orientation(code=await collect.code_for(place.workspace, index, request, of_code, ask=ask, shown=shown))

    # Side by side, so that who waits for the index waits once.
    first, second = await side_by_side(mapped(place.index), coded(place.index))
    return Orientation(first.map, second.code)
