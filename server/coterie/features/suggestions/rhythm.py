"""How long to wait for the next key before a model is asked. Pure.

A call that the next key makes worthless costs money and keeps the host busy; a wait that no key ends costs the person's patience. So the
wait follows the person's own rhythm, and is longer where the model is slow (a wasted call is dearer there), is being dismissed, or is
seldom accepted.
"""

from __future__ import annotations

from coterie.features.suggestions.outcomes import USUAL

SHORTEST_S, LONGEST_S = 0.075, 0.4
PAUSE_S = 2.0
"""A longer gap between two keys is thinking, not typing."""
WEIGHT = 0.2
"""Of the newest value in a running mean."""
SLOW_S = 1.0
MOST_REJECTIONS = 4


class Rhythm:
    """The running means. Times are seconds of one clock."""

    def __init__(self) -> None:
        self._gap = 0.2
        self._latency = 0.5
        self._rejections = 0
        self._last: float | None = None
        self._line: tuple[str, int] | None = None  # the blank line of the latest request, if it was on one
        self._at_line_start = False

    def asked(self, now: float, uri: str, blank_line: int | None) -> None:
        """Note a request that a key caused; ``blank_line`` is the line's number when nothing stands before the cursor in it."""
        if self._last is not None and now - self._last < PAUSE_S:
            self._gap += WEIGHT * (now - self._last - self._gap)
        self._last = now
        line = None if blank_line is None else (uri, blank_line)
        self._at_line_start = line is not None and line != self._line
        self._line = line

    @property
    def latency(self) -> float:
        """How many seconds a model has taken lately."""
        return self._latency

    def answered(self, seconds: float) -> None:
        """Note how long a model took."""
        self._latency += WEIGHT * (seconds - self._latency)

    def rejected(self) -> None:
        """Note that a suggestion was dismissed."""
        self._rejections = min(self._rejections + 1, MOST_REJECTIONS)

    def accepted(self) -> None:
        """Note that one was taken."""
        self._rejections = 0

    def wait(self, least: float, accepted: float = USUAL) -> float:
        """Return the seconds to wait, ``least`` at least, where this share of the model's suggestions is ``accepted``.

        At the start of a line, where a person stops to think, there is no other wait.
        """
        if self._at_line_start:
            return least
        slowness = min(self._latency / SLOW_S, 1.0)
        reluctance = max(self._rejections / MOST_REJECTIONS, 1 - accepted / USUAL, 0.0)
        wanted = self._gap * (0.75 + 0.75 * slowness) * (1 + reluctance)
        return max(least, min(max(wanted, SHORTEST_S), LONGEST_S))
