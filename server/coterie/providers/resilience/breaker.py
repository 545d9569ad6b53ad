"""Which models are left alone for a while because they failed again and again.

A breaker only gives advice: whoever has another model to go on with asks for it before a call, whoever has none calls anyway. So none ever
stands in the way of the only host there is. Registered failures come from `coterie.domain.model_ports.Providers.settled`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Literal, assert_never

from coterie.base.errors import FailureKind, ProviderError

BreakerState = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """Opens after ``threshold`` failures in a row, for ``rest_s``, twice as long each time that it opens anew, up to ``longest_rest_s``."""

    threshold: int = 4
    rest_s: float = 30.0
    longest_rest_s: float = 300.0


class Breaker:
    """The breaker of one model. ``clock`` gives seconds that only grow."""

    def __init__(self, policy: BreakerPolicy | None = None, *, clock: Callable[[], float] = monotonic) -> None:
        self._policy = policy or BreakerPolicy()
        self._clock = clock
        self._failures = 0
        self._rest_s = 0.0  # 0: closed
        self._until = 0.0  # valid while it is not closed: from then on one call may try
        self._is_tried = False

    @property
    def state(self) -> BreakerState:
        """Whether calls go to the model (``closed``), do not (``open``), or one of them may try (``half_open``)."""
        if not self._rest_s:
            return "closed"
        return "open" if self._clock() < self._until else "half_open"

    def admits(self) -> bool:
        """Say whether to call the model now. Half-open, the answer is yes once; whoever gets it tries for all others."""
        match self.state:
            case "closed":
                return True
            case "open":
                return False
            case "half_open":
                # A try whose end nobody hears of, because it was cancelled, must not close the door for ever.
                self._until = self._clock() + self._rest_s
                self._is_tried = True
                return True
            case state:
                assert_never(state)

    def succeeded(self) -> None:
        """Close: the host is there."""
        self._failures = 0
        self._rest_s = 0.0
        self._is_tried = False

    def failed(self, kind: FailureKind) -> None:
        """Count a failure; open when there were enough of them, or at once when only a person can mend it."""
        match kind:
            case "transient" | "rate_limited":
                self._failures += 1
                if self._is_tried or self._failures >= self._policy.threshold:
                    self._open()
            case "quota_exhausted" | "auth_required":
                self._open()
            case "context_overflow" | "content_policy" | "bad_request":
                self.succeeded()  # a host that refuses a request is there
            case _:
                assert_never(kind)

    def _open(self) -> None:
        if self._rest_s and not self._is_tried:
            return  # it was open already: the call was under way then, or made in spite of it
        self._rest_s = min(self._rest_s * 2 or self._policy.rest_s, self._policy.longest_rest_s)
        self._until = self._clock() + self._rest_s
        self._is_tried = False


class Breakers:
    """The breakers of all models, by ``host/model``."""

    def __init__(self, policy: BreakerPolicy | None = None, *, clock: Callable[[], float] = monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def admits(self, model_id: str) -> bool:
        """Say whether to call a model now; see `Breaker.admits`."""
        breaker = self._breakers.get(model_id)
        return breaker is None or breaker.admits()

    def settled(self, model_id: str, failure: ProviderError | None) -> None:
        """Hear how a call ended."""
        if failure is not None:
            self._breakers.setdefault(model_id, Breaker(self._policy, clock=self._clock)).failed(failure.kind)
        elif model_id in self._breakers:
            self._breakers[model_id].succeeded()

    def forget(self, provider: str) -> None:
        """Begin anew with a provider whose settings have changed."""
        self._breakers = {model_id: breaker for model_id, breaker in self._breakers.items() if model_id.partition("/")[0] != provider}
