"""``agent/provider/*`` and ``agent/model/*``: params, results, notifications. Hosts and models stand in ``domain.status``."""

from __future__ import annotations

from coterie.domain.status import ModelView, ProviderView
from coterie.domain.wire import wire


@wire
class ProviderParams:
    """Which provider: its id, under any of the three names."""

    provider: str | None = None
    id: str | None = None
    provider_id: str | None = None


@wire
class ProviderListResult:
    """The registered providers."""

    providers: tuple[ProviderView, ...]


@wire
class ProvidersChanged:
    """The registered providers as they are now."""

    providers: tuple[ProviderView, ...]


@wire
class ModelListParams:
    """Whose models; nobody named: all."""

    provider: str | None = None


@wire
class ModelListResult:
    """The models that can be chosen."""

    models: tuple[ModelView, ...]


@wire
class ModelSearchParams:
    """What to look for, with one provider or all; an empty query lists what is available. ``page`` is the ``next`` of an earlier answer."""

    query: str = ""
    provider: str | None = None
    page: str | None = None


@wire
class ModelParams:
    """Which model: its id (``host/model``), under any of the three names."""

    model: str | None = None
    id: str | None = None
    model_id: str | None = None


@wire
class ModelInstallParams:
    """Which model, as in `ModelParams`. Its progress has the token, or else one of the server's where the client takes those."""

    model: str | None = None
    id: str | None = None
    model_id: str | None = None
    work_done_token: str | int | None = None


@wire
class ModelInstalled:
    """The model that is there now."""

    model: ModelView


@wire
class ModelFavouriteParams:
    """Which model, as in `ModelParams`, and whether it is one of the person's favourites from now on."""

    model: str | None = None
    id: str | None = None
    model_id: str | None = None
    favourite: bool = True
