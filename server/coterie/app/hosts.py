"""The hosts of models that one core can reach, by its settings and its environment.

``core`` builds its registry here. How settings become hosts' configurations is in ``settings``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coterie.app.settings import LiveSettings, cache_limits, implied_provider, provider_configs
from coterie.app.shared import Shared
from coterie.config.addresses import usual_places
from coterie.config.schema import Settings
from coterie.providers.discovery import Discovery
from coterie.providers.keys import Keys
from coterie.providers.registry import ProviderRegistry
from coterie.providers.resilience.cache import ResponseCache
from coterie.providers.resilience.guard import Guard

RECORD = "COTERIE_RECORD"
"""The environment variable that names a file to record every model's answers into."""


def registry(shared: Shared, settings: LiveSettings, environ: Mapping[str, str]) -> ProviderRegistry:
    """Build the registry of one core: with its settings, its keys and its cache, on the lanes that all cores share."""
    values, places = settings.loaded.settings, settings.loaded.places
    return ProviderRegistry(
        provider_configs(settings.loaded, environ),
        default_model=values.model,
        recording=shared.recording(Path(environ[RECORD])) if environ.get(RECORD) else None,
        keys=Keys(shared.store.vault, shared.redaction),
        environ=environ,
        guard=Guard(
            cache=ResponseCache(
                places.cache / "responses",
                limits=lambda: cache_limits(settings.loaded.settings),
                scope=lambda: " ".join(sorted(folder.uri for folder in settings.folders)),
            ),
            lanes=shared.lanes,
        ),
        model_host=shared.model_host,
        cost_map=shared.cost_map(places.cache),
        implied=lambda name: implied_provider(name, settings.loaded, environ),
        discovery=Discovery(usual_places(environ), environ, wanted=lambda: settings.loaded.settings.discovery),
    )


def models_named(settings: Settings) -> tuple[str, ...]:
    """Return the ids of the models that the settings name."""
    named = (settings.model, settings.small_model, settings.completion_model, *(agent.model for agent in settings.agents.values()))
    return tuple(model_id for model_id in named if model_id is not None)
