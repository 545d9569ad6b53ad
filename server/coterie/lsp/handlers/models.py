"""The hosts and their models: ``agent/provider/*``, ``agent/model/*``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from coterie.base.errors import InvalidParamsError
from coterie.domain.status import InstallProgress, ModelPage, ModelView, ProviderCheck, ProviderView
from coterie.lsp import protocol
from coterie.lsp.payloads.models import (
    ModelFavouriteParams,
    ModelInstalled,
    ModelInstallParams,
    ModelListParams,
    ModelListResult,
    ModelParams,
    ModelSearchParams,
    ProviderListResult,
    ProviderParams,
)
from coterie.lsp.progress import Progress
from coterie.lsp.protocol import NoParams
from coterie.lsp.session import Handlers, Session

_MEGABYTE = 1_000_000


async def list_providers(session: Session, _params: NoParams) -> ProviderListResult:
    """``agent/provider/list``."""
    return ProviderListResult(providers=await session.application.catalogue.providers())


async def connect(session: Session, params: ProviderParams) -> ProviderView:
    """``agent/provider/connect``."""
    return await session.application.catalogue.connect(_provider(params))


async def disconnect(session: Session, params: ProviderParams) -> ProviderView:
    """``agent/provider/disconnect``."""
    return await session.application.catalogue.disconnect(_provider(params))


async def check(session: Session, params: ProviderParams) -> ProviderCheck:
    """``agent/provider/check``."""
    is_named = any(name is not None for name in (params.provider, params.id, params.provider_id))
    return await session.application.catalogue.check(_provider(params) if is_named else None)


async def list_models(session: Session, params: ModelListParams) -> ModelListResult:
    """``agent/model/list``."""
    return ModelListResult(models=await session.application.catalogue.models(params.provider))


async def search(session: Session, params: ModelSearchParams) -> ModelPage:
    """``agent/model/search``."""
    return await session.application.catalogue.search(params.query, provider=params.provider, page=params.page)


async def install(session: Session, params: ModelInstallParams) -> ModelInstalled:
    """``agent/model/install``: cancelled as any request, or at its progress."""
    model = _model(params)
    async with (
        _bar(session, f"Install {model}", params.work_done_token) as bar,
        aclosing(session.application.catalogue.install(model)) as progress,
    ):
        async for each in progress:
            bar.report(_words(each), 100 * (each.completed or 0) // each.total if each.total else None)
    return ModelInstalled(model=await session.application.catalogue.model(model))


async def unload(session: Session, params: ModelParams) -> ModelView:
    """``agent/model/unload``."""
    return await session.application.catalogue.unload(_model(params))


async def favourite(session: Session, params: ModelFavouriteParams) -> ModelView:
    """``agent/model/favourite``."""
    return await session.application.catalogue.favourite(_model(params), favourite=params.favourite)


@asynccontextmanager
async def _bar(session: Session, title: str, token: str | int | None) -> AsyncIterator[Progress]:
    """Show how far this request is, and end it when the person stops it there."""

    async def titled() -> str:
        return title

    bar = Progress(session.wire, titled, token=token, agreed=token is not None, percentage=0)
    if token is not None:
        await bar.open()
    elif session.client.shows_progress:
        session.tasks.spawn(bar.open(), name=title)  # the client may take its time to agree
    if (request := asyncio.current_task()) is not None:
        session.stops[bar.token] = request.cancel
    ended = "failed"
    try:
        yield bar
        ended = "done"
    except asyncio.CancelledError:
        ended = "cancelled"
        raise
    finally:
        session.stops.pop(bar.token, None)
        bar.end(ended)


def _words(progress: InstallProgress) -> str:
    if progress.total is None or progress.completed is None:
        return progress.text
    return f"{progress.text} ({progress.completed // _MEGABYTE} of {progress.total // _MEGABYTE} MB)"


def _provider(params: ProviderParams) -> str:
    if found := params.provider or params.id or params.provider_id:
        return found
    raise InvalidParamsError("provider: say which provider.")


def _model(params: ModelParams | ModelInstallParams | ModelFavouriteParams) -> str:
    if found := params.model or params.id or params.model_id:
        return found
    raise InvalidParamsError("model: say which model, as host/model.")


HANDLERS: Handlers = {
    protocol.PROVIDER_LIST: list_providers,
    protocol.PROVIDER_CONNECT: connect,
    protocol.PROVIDER_DISCONNECT: disconnect,
    protocol.PROVIDER_CHECK: check,
    protocol.MODEL_LIST: list_models,
    protocol.MODEL_SEARCH: search,
    protocol.MODEL_INSTALL: install,
    protocol.MODEL_UNLOAD: unload,
    protocol.MODEL_FAVOURITE: favourite,
}
