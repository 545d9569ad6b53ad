"""One registered provider, as `registry` and `catalogue` keep it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from coterie.base.errors import ProviderError
from coterie.domain.model_ports import Provider
from coterie.domain.status import ModelView, ProviderCheck, ProviderState, ProviderView
from coterie.providers.config import ProviderConfig


@dataclass(slots=True)
class Entry:
    """A registered provider.

    ``listed`` are the models of the latest list that came, for when the host is down; ``settings`` is the digest of its settings.
    """

    config: ProviderConfig
    provider: Provider | None = None
    state: ProviderState = "unknown"
    error: str | None = None
    listed: tuple[ModelView, ...] = ()
    settings: str = field(init=False)

    def __post_init__(self) -> None:
        """Make the digest of the settings, once: each call of a model asks for it."""
        self.settings = self.config.digest

    @property
    def is_asked(self) -> bool:
        """Whether anything is asked of the host: nothing is, once a person has disconnected it."""
        return self.state != "disconnected"

    @property
    def view(self) -> ProviderView:
        """The provider as clients see it."""
        config = self.config
        return ProviderView(
            id=config.id,
            type=config.type,
            state=self.state,
            capabilities=config.capabilities,
            error=self.error,
            origin=config.origin,
        )

    def note(self, failure: ProviderError | None) -> bool:
        """Take over what the latest use showed; return whether that is news."""
        state = _state_after(failure)
        return self._take(state, failure.message if failure is not None and state != "ready" else None)

    def saw(self, check: ProviderCheck) -> bool:
        """Take over what a look at the host showed; return whether that is news."""
        return self._take(check.state, None if check.state in {"ready", "unknown"} else check.text)

    def _take(self, state: ProviderState, error: str | None) -> bool:
        news = self.is_asked and (state, error) != (self.state, self.error)
        if news:
            self.state, self.error = state, error
        return news

    def disconnected(self) -> ProviderError:
        """Say that the provider is not to be used."""
        return ProviderError(
            f"`{self.config.id}` is disconnected: nothing is asked of it until you connect it again.",
            kind="bad_request",
            code="provider_disconnected",
            reached=False,
        )


def _state_after(failure: ProviderError | None) -> ProviderState:
    """Say what a call's end shows of the host: one that refuses a request is there, one whose account is empty is of no use."""
    if failure is None:
        return "ready"
    match failure.kind:
        case "transient" | "quota_exhausted":
            return "down"
        case "auth_required":
            return "auth_required"
        case "rate_limited" | "context_overflow" | "content_policy" | "bad_request":
            return "ready"
        case _:
            assert_never(failure.kind)
