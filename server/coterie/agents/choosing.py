"""Which models an agent has: the one that it is to use, and those that take over when that one fails, in order.

``features.runs`` asks before a run is admitted, `agents.assembly` when its team is put together: both by the settings as they are then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from coterie.base.errors import CoterieError, ProviderError, RequestError
from coterie.config.schema import AgentSettings, Settings
from coterie.domain.model_ports import ModelChoice, Providers

_Chosen = TypeVar("_Chosen")


@dataclass(frozen=True, slots=True)
class Chain:
    """An agent's models, the first one first; at least one. ``left_out`` says why others of the chain cannot be called at all."""

    choices: tuple[ModelChoice, ...]
    left_out: tuple[CoterieError, ...] = ()

    @property
    def first(self) -> ModelChoice:
        """The model that is asked as long as it answers."""
        return self.choices[0]


async def discovering(providers: Providers, choose: Callable[[], _Chosen]) -> _Chosen:
    """Return what is chosen; before a host is missing, those that nobody named are looked for. Raises what ``choose`` raises then."""
    try:
        return choose()
    except RequestError as missing:
        if missing.code not in {"no_provider", "unknown_provider"}:
            raise
    await providers.discover("missing")
    return choose()


def chain_of(agent: str, settings: Settings, providers: Providers, *, asked: str | None = None, in_team: bool = False) -> Chain:
    """Find an agent's models; ``asked`` is what the person chose for this run or channel.

    ``in_team`` leaves out what does whole tasks of its own, without our tools: it would do the whole at every step.

    Raises what `Providers.choose` raises of the first model, but for a key that is missing: then the others take over.
    """
    own = settings.agents.get(agent) or AgentSettings()
    first = asked or own.model or providers.default_model()
    fallbacks = settings.fallbacks if own.fallbacks is None else own.fallbacks
    choices: list[ModelChoice] = []
    left_out: list[CoterieError] = []
    for model_id in dict.fromkeys((first, *fallbacks)):
        try:
            choice = providers.choose(model_id)
        except (ProviderError, RequestError) as failure:
            if model_id == first and isinstance(failure, RequestError):
                raise
            left_out.append(failure)
        else:
            if in_team and not choice.provider.capabilities.tools:
                left_out.append(_no_step(choice, agent))
                continue
            choices.append(_tuned(choice, own, is_first=model_id == first))
    if not choices:
        raise left_out[0]
    return Chain(tuple(choices), tuple(left_out))


def _no_step(choice: ModelChoice, agent: str) -> RequestError:
    text = f"{choice.label} does whole tasks and takes no step of a team: the {agent} needs another model, or start the run without a team."
    return RequestError(text, code="no_team_model")


def _tuned(choice: ModelChoice, own: AgentSettings, *, is_first: bool) -> ModelChoice:
    """Lay an agent's own sampling over its provider's. Its ``extra`` is in the words of the model that it was written for."""
    return replace(
        choice,
        temperature=choice.temperature if own.temperature is None else own.temperature,
        max_output_tokens=choice.max_output_tokens if own.max_tokens is None else own.max_tokens,
        top_p=choice.top_p if own.top_p is None else own.top_p,
        extra={**(choice.extra or {}), **(own.extra if is_first else {})},
    )
