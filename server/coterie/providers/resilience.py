"""When to try again. Pure: the loop in ``agents`` makes the attempts, waits, and tells the person."""

from __future__ import annotations

from dataclasses import dataclass

from coterie.base.errors import ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Up to ``attempts`` calls; waits grow from ``base_s`` by doubling to ``max_s``. A host's own wish is followed up to ``max_wish_s``."""

    attempts: int = 4
    base_s: float = 0.5
    max_s: float = 20.0
    max_wish_s: float = 60.0

    def delay(self, failure: ProviderError, attempt: int, jitter: float) -> float | None:
        """Return the seconds to wait after ``attempt`` (from 1) failed, or None to give up.

        ``jitter``, from 0 to 1, shortens the wait by up to a half, so that many runs do not come back at the same moment.
        """
        if failure.kind not in {"transient", "rate_limited"} or attempt >= self.attempts:
            return None
        if failure.retry_after is not None:
            return min(failure.retry_after, self.max_wish_s)
        wait = min(self.max_s, self.base_s * 2.0 ** (attempt - 1))
        return wait * (1 - jitter / 2)
