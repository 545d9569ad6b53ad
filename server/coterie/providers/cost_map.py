"""Prices and limits of models, from LiteLLM's map of them, for hosts on every wire.

`registry` completes models and choices with it. The map is read from a small file in the cache folder, which `coterie.modelhost.cost_map`
makes in a child process once for each version of LiteLLM: reading LiteLLM's own file takes longer than an event loop may stand still. A
file that cannot be read is made anew, and where it cannot be made, prices and limits are unknown.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from coterie.domain.status import Capabilities, ModelView, Price
from coterie.domain.wire import Json
from coterie.providers.fields import count, parse_object, text

FORM = 1
"""The form of the file; another one is another file."""
_MAKING_S = 60.0
_COMMAND = (sys.executable, "-P", "-m", "coterie.modelhost", "cost-map")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a model. ``context_tokens`` and ``max_output_tokens`` are its limits; what is unknown is None."""

    price: Price | None = None
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    abilities: frozenset[str] = frozenset()


NOTHING = Facts()


class CostMap:
    """Knows models. ``folder`` is where the file is kept; without one it is made in a temporary folder. Loads nothing before `load`."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder.absolute() if folder is not None else None  # the child works elsewhere
        self._loading = asyncio.Lock()
        self._models: Mapping[str, Mapping[str, Json]] | None = None

    async def load(self) -> None:
        """Have the map in memory: a few milliseconds, or half a second where the file is not there yet. Returns at once the next time."""
        if self._models is not None:
            return
        async with self._loading:
            if self._models is None:
                self._models = await self._loaded()

    def of(self, vendor: str | None, model: str) -> Facts:
        """Return what is known of a vendor's model; nothing before `load`."""
        if vendor is None or not self._models:
            return NOTHING
        for name in (f"{vendor}/{model}", model):
            entry = self._models.get(name)
            if entry is not None and _is_sold_by(entry, vendor):
                return _facts(entry)
        return NOTHING

    def models(self, vendor: str) -> tuple[str, ...]:
        """Return the names of a vendor's models, as the vendor has them."""
        prefix = f"{vendor}/"
        names = (name for name, entry in (self._models or {}).items() if _is_sold_by(entry, vendor))
        return tuple(dict.fromkeys(name.removeprefix(prefix) for name in names))

    async def _loaded(self) -> Mapping[str, Mapping[str, Json]]:
        if self._folder is None:
            with tempfile.TemporaryDirectory(prefix="coterie-") as folder:
                return await self._from(Path(folder))
        return await self._from(self._folder)

    async def _from(self, folder: Path) -> Mapping[str, Mapping[str, Json]]:
        try:
            file = folder / await asyncio.to_thread(_file_name)
            models = await asyncio.to_thread(_read, file)
            if models is None:
                await _make(file)
                models = await asyncio.to_thread(_read, file)
        except (OSError, TimeoutError, importlib.metadata.PackageNotFoundError) as reason:
            log.warning("prices and limits of models are unknown: %r", reason)
            return {}
        return models or {}


def _is_sold_by(entry: Mapping[str, Json], vendor: str) -> bool:
    """Say whether a model is a vendor's, of which LiteLLM has several names: one for each of its wires, or makers of models."""
    name = text(entry, "vendor")
    return name.startswith(vendor) and (
        name == vendor or name[len(vendor) :] in {"_chat", "_converse", "_text"} or name[len(vendor)] == "-"
    )


def completed(view: ModelView, facts: Facts) -> ModelView:
    """Return a row of a list of models with what its host did not say of it."""
    known: Capabilities = view.capabilities
    if facts.abilities:
        tools, vision = "tools" in facts.abilities, "vision" in facts.abilities
        schema, cache = "json_schema" in facts.abilities, "prompt_cache" in facts.abilities
        known = replace(known, tools=tools, vision=vision, json_schema=schema, prompt_cache=cache)
    context = view.context_tokens or facts.context_tokens
    longest = view.max_output_tokens or facts.max_output_tokens
    return replace(
        view,
        context_tokens=context,
        max_output_tokens=longest,
        capabilities=replace(known, max_input_tokens=context, max_output_tokens=longest),
        price=view.price or facts.price,
    )


def _file_name() -> str:
    return f"models-{FORM}-{importlib.metadata.version('litellm')}.json"


def _read(file: Path) -> dict[str, Mapping[str, Json]] | None:
    """Return the map, None where there is none or it is damaged. Blocks for five milliseconds."""
    try:
        models = parse_object(file.read_bytes())
    except FileNotFoundError:
        return None
    return models if models and all(isinstance(entry, dict) for entry in models.values()) else None


async def _make(file: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        str(file),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=sys.prefix,  # the project's folder may hold modules that are not ours
    )
    try:
        async with asyncio.timeout(_MAKING_S):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise OSError(said.decode(errors="replace").strip().rpartition("\n")[2])


def _facts(entry: Mapping[str, Json]) -> Facts:
    price = Price(
        input=_dollars(entry, "input"),
        output=_dollars(entry, "output"),
        cache_read=_dollars(entry, "cache_read"),
        cache_write=_dollars(entry, "cache_write"),
    )
    can = entry.get("can")
    return Facts(
        price=price if price != Price() else None,
        context_tokens=count(entry, "context"),
        max_output_tokens=count(entry, "longest"),
        abilities=frozenset(can) if isinstance(can, list) else frozenset(),
    )


def _dollars(entry: Mapping[str, Json], name: str) -> Decimal | None:
    try:
        return Decimal(text(entry, name)) if name in entry else None
    except InvalidOperation:
        return None
