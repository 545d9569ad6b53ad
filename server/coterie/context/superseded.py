"""Finds the texts of files in a conversation that a later message replaces: they go first when it has to become shorter. Pure.

``pieces`` asks for the places of all that may be left out. What replaces them stays, so nothing is lost by it, and no model is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from coterie.context.elements import Element
from coterie.context.marking import is_left_out, moves_on, seen_elsewhere, whole_file
from coterie.context.task import REPLACES


def superseded(messages: Sequence[Sequence[Element]]) -> frozenset[tuple[int, int]]:
    """Return the number of the message, and the place in it, of each attached file that is attached again later: anew, or as it is.

    Of each message are given the elements that it is put together of.
    """
    found: set[tuple[int, int]] = set()
    standing: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for number, elements in enumerate(messages):
        for place, element in enumerate(elements):
            if moves_on(element):  # to another folder, where a relative path is another file's
                standing = defaultdict(list, seen_elsewhere(standing))
            elif (path := whole_file(element)) is not None and not is_left_out(element):  # what is not shown replaces nothing
                replaces = element.attributes.get("reason") == REPLACES
                found |= {(earlier, at) for earlier, at, shown in standing[path] if replaces or shown == element.shown}
                standing[path].append((number, place, element.shown))
    return frozenset(found)
