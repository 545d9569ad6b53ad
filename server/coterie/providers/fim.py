"""Whether a model fills gaps, and in which ways, as far as that is known without asking its host. Pure.

By what the settings say of the host (``fim``), its address and the model's name. ``registry`` tells it to whoever chooses a model;
`filling` goes the ways.
"""

from __future__ import annotations

from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from coterie.domain.suggestions import FimSetting
from coterie.providers.config import OWN_HOSTS, ProviderConfig
from coterie.providers.families import BY_NAME, Family, family_of
from coterie.providers.vendors import at_vendor

WayName: TypeAlias = Literal["suffix", "tokens", "mistral", "deepseek"]

_ASKED_BY_COMPLETIONS = frozenset({"openai_compatible", "litellm"})
_MISTRAL = frozenset({"api.mistral.ai", "codestral.mistral.ai"})
_DEEPSEEK = "api.deepseek.com"


def fills(config: ProviderConfig, model: str) -> bool:
    """Say whether a model may fill gaps; a host of the person's own is asked before it is known."""
    return config.fim is not False if config.type in OWN_HOSTS else bool(way_names(config, model))


def family_for(config: ProviderConfig, model: str) -> Family | None:
    """Return the family that the settings name for a host, or else the one that the model's name tells."""
    return BY_NAME.get(config.fim) or family_of(model)


def way_names(config: ProviderConfig, model: str) -> tuple[WayName, ...]:
    """Return the ways of a host that has text completions, the best first; none for other types."""
    if config.type not in _ASKED_BY_COMPLETIONS:
        return ()
    match _known(config, model) if config.fim is None else config.fim:
        case False:
            return ()
        case True:
            return ("suffix",) if family_of(model) is None else ("suffix", "tokens")
        case "mistral" | "deepseek" as vendor:
            return (vendor,) if config.type == "openai_compatible" else ("suffix",)  # LiteLLM knows their addresses
        case _:
            return ("tokens",)


def _known(config: ProviderConfig, model: str) -> FimSetting:
    """Return what the settings would have to say of a host; False where its address and the model's name tell nothing."""
    host, family = urlsplit(config.base_url).hostname, family_of(model)
    if host in _MISTRAL:
        return "mistral" if family is BY_NAME["codestral"] else False
    if host == _DEEPSEEK:
        return "deepseek" if "reasoner" not in model else False
    # Most vendors would put the tokens into a conversation, and bill it.
    return family.name if family is not None and config.type == "openai_compatible" and not at_vendor(config) else False
