"""When to try again, and when to go on with another model. Pure: the loop in ``agents`` makes the attempts, waits, and tells the person."""

from __future__ import annotations

from dataclasses import dataclass

from coterie.base.errors import CoterieError, FailureKind, ProviderError

PASSING: frozenset[FailureKind] = frozenset({"transient", "rate_limited"})
"""Worth another attempt with the same model."""
SPARED_ELSEWHERE: frozenset[FailureKind] = PASSING | {"quota_exhausted", "auth_required", "context_overflow"}
"""Another model may well not fail so. What a filter refused or a host found malformed would be refused anywhere, or ought to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Up to ``attempts`` calls; waits grow from ``base_s`` by doubling to ``max_s``. A host's own wish is followed up to ``max_wish_s``."""

    attempts: int = 4
    base_s: float = 0.5
    max_s: float = 20.0
    max_wish_s: float = 60.0

    def delay(self, failure: ProviderError, attempt: int, jitter: float, *, has_next: bool = False) -> float | None:
        """Return the seconds to wait after ``attempt`` (from 1) failed, or None to give up.

        ``jitter``, from 0 to 1, shortens the wait by up to a half, so that many runs do not come back at the same moment. With a model to
        fall back to (``has_next``) nobody waits longer than ``max_s``.
        """
        if failure.kind not in PASSING or not failure.repeatable or attempt >= self.attempts:
            return None
        if failure.retry_after is not None:
            if has_next and failure.retry_after > self.max_s:
                return None
            return min(failure.retry_after, self.max_wish_s)
        wait = min(self.max_s, self.base_s * 2.0 ** (attempt - 1))
        return wait * (1 - jitter / 2)


def is_spared_elsewhere(failure: CoterieError, *, is_first: bool = True) -> bool:
    """Say whether the next model of a chain is asked after this failure, which may also be our own of a window that is too small.

    That the first model does not exist is a mistake, which no fallback hides; a fallback that does not exist is passed over.
    """
    if failure.code == "unknown_model":
        return not is_first
    kind = failure.kind if isinstance(failure, ProviderError) else failure.code
    return kind in SPARED_ELSEWHERE
