"""The models of all hosts: listed, searched, installed. `registry` has one `Catalogue` and gives it entries.

Hosts are asked side by side and each within a bound, so that one that is down costs the others nothing. It keeps the models that are known
of it, as ``down``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from coterie.base.errors import ProviderError, RequestError
from coterie.base.tasks import TaskSupervisor
from coterie.domain.model_ports import Provider
from coterie.domain.status import InstallProgress, ModelPage, ModelView
from coterie.providers import failures
from coterie.providers.broadcast import Broadcasts
from coterie.providers.config import ProviderConfig
from coterie.providers.contract import no_such_page
from coterie.providers.cost_map import CostMap, completed
from coterie.providers.entry import Entry
from coterie.providers.failures import Host
from coterie.providers.vendors import sold_as

_Answer = TypeVar("_Answer")

ASK_S = 15.0
"""A host is asked for models while a person waits."""
_ASKED_AT_ONCE = 8
_DEFAULT_TAG = ":latest"
"""Some hosts list under it what was named without a tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a catalogue needs of its registry: an entry's provider, what a use of it showed, and prices that are loaded."""

    provider_of: Callable[[Entry], Provider]
    note: Callable[[Entry, ProviderError | None], None]
    priced: Callable[[], Awaitable[None]]
    cost_map: CostMap


class Catalogue:
    """Asks hosts about their models."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._tasks = TaskSupervisor("installations")
        # Of what was said of an installation only the latest is of use.
        self._installations: Broadcasts[InstallProgress] = Broadcasts(self._tasks, keep=1)

    async def models(self, entries: Sequence[Entry]) -> tuple[ModelView, ...]:
        """Return the models that are there; a host that does not answer keeps those that are known of it, as ``down``."""
        lists = await asyncio.gather(*(self._installed(entry) for entry in entries))
        return tuple(view for views in lists for view in views)

    async def search(self, entries: Sequence[Entry], query: str, page: str | None) -> ModelPage:
        """Return a page of what the hosts have or could install: all of it for an empty query, else what matches, best first.

        A page holds one of each host that has more. Raises `InvalidParamsError` for a ``page`` that no search gave.
        """
        pages = _pages_of(page)
        asked = [entry for entry in entries if pages is None or entry.config.id in pages]
        turns = asyncio.Semaphore(_ASKED_AT_ONCE)

        async def found(entry: Entry) -> ModelPage:
            async with turns:
                return await self._found(entry, query, None if pages is None else pages[entry.config.id])

        results = await asyncio.gather(*(found(entry) for entry in asked))
        more = {entry.config.id: result.next for entry, result in zip(asked, results, strict=True) if result.next is not None}
        views = sorted((view for result in results for view in result.models), key=lambda view: _rank(view, query))
        return ModelPage(models=tuple(views), next=json.dumps(more, separators=(",", ":")) if more else None)

    async def find(self, entry: Entry, model_id: str) -> ModelView | None:
        """Return a model of a host, None when the host answers and does not list it."""
        views = await self._installed(entry)
        return next((view for view in views if view.id in {model_id, model_id + _DEFAULT_TAG}), None)

    async def install(self, entry: Entry, model: str) -> AsyncGenerator[InstallProgress, None]:
        """Have a host install a model; who asks for the same meanwhile follows it. Raises `ProviderError`, `RequestError`."""
        name = f"{entry.config.id}/{model}"
        if not entry.is_asked:
            raise entry.disconnected()
        if not entry.config.capabilities.install:
            raise RequestError(f"`{entry.config.id}` cannot install `{model}`: add it at the host itself.", code="cannot_install")
        provider = self._means.provider_of(entry)
        async with self._installations.joined(name, lambda: provider.install_model(model), name=f"install {name}") as installation:
            async for progress in installation.events:
                yield progress
        self._means.note(entry, None)

    async def aclose(self) -> None:
        """Break off what is being installed."""
        await self._tasks.aclose()

    async def _installed(self, entry: Entry) -> tuple[ModelView, ...]:
        if not entry.is_asked:
            return _known(entry)
        try:
            listed = await self._within(entry, lambda provider: provider.installed_models())
            await self._means.priced()
        except ProviderError as failure:
            self._means.note(entry, failure)
        else:
            entry.listed = tuple(self._completed(view, entry.config) for view in listed)
            self._listed(entry)
        return _known(entry)

    def _listed(self, entry: Entry) -> None:
        """Note that a host has told its models, where it was asked for them."""
        if entry.config.lists_models:
            self._means.note(entry, None)

    async def _found(self, entry: Entry, query: str, page: str | None) -> ModelPage:
        if entry.is_asked:
            try:
                found = await self._within(
                    entry,
                    lambda provider: provider.search_models(query, page) if query.strip() else provider.available_models(page),
                )
                await self._means.priced()
            except ProviderError as failure:
                self._means.note(entry, failure)
            else:
                self._listed(entry)
                return replace(found, models=tuple(self._completed(view, entry.config) for view in found.models))
        words = query.lower().split()
        return ModelPage(models=tuple(view for view in _known(entry) if all(word in view.id.lower() for word in words)))

    async def _within(self, entry: Entry, ask: Callable[[Provider], Awaitable[_Answer]]) -> _Answer:
        try:
            async with asyncio.timeout(ASK_S):
                return await ask(self._means.provider_of(entry))
        except TimeoutError:
            raise failures.no_answer_within(Host(provider=entry.config.id, model="", address=entry.config.base_url), ASK_S) from None

    def _completed(self, view: ModelView, config: ProviderConfig) -> ModelView:
        return completed(view, self._means.cost_map.of(*sold_as(config, view.id.partition("/")[2])))


def _known(entry: Entry) -> tuple[ModelView, ...]:
    """Return what is known of a host's models, greyed where it is not there: what it told once, else what the settings say."""
    if entry.state in {"ready", "unknown"}:
        return entry.listed
    return tuple(replace(view, state="down") for view in entry.listed or map(partial(_configured, entry.config), entry.config.models))


def _configured(config: ProviderConfig, model: str) -> ModelView:
    """Return a model as the settings tell of it."""
    return ModelView(
        id=f"{config.id}/{model}",
        provider=config.id,
        context_tokens=config.context_tokens,
        max_output_tokens=config.max_tokens,
        capabilities=config.capabilities,
        price=config.price_of(model),
    )


def _rank(view: ModelView, query: str) -> int:
    """Order what matches: the very name first, then what begins with it; hosts' own order otherwise."""
    name, wanted = view.id.partition("/")[2].lower(), query.strip().lower()
    if name in {wanted, wanted + _DEFAULT_TAG} or view.id.lower() == wanted:
        return 0
    return 1 if name.startswith(wanted) else 2


def _pages_of(page: str | None) -> Mapping[str, str] | None:
    """Read where each host's list goes on; None: at its beginning."""
    if page is None:
        return None
    try:
        pages = json.loads(page)
    except ValueError:
        pages = None
    if not isinstance(pages, dict) or not all(isinstance(each, str) for each in pages.values()):
        raise no_such_page(page)
    return pages
