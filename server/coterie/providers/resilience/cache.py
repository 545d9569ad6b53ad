"""Answers to deterministic requests, kept for the next time that the same is asked. Off unless the settings say otherwise.

An answer is kept as `coterie.providers.cassette` writes calls, one file each, under a digest of the request, the host, its key and the
project: nobody gets an answer that another host, key or project was given. Only whole answers with something in them are kept, for a
bounded time and in a bounded folder. A file that cannot be read is as good as none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from coterie.base.ids import new_id
from coterie.domain.messages import Finished, ModelRequest, Reused, StreamEvent, TextDelta, ToolCallStarted, UsageReported
from coterie.domain.model_ports import Provider
from coterie.domain.usage import NO_USAGE
from coterie.providers.config import ProviderConfig
from coterie.providers.contract import ProviderAround
from coterie.providers.resilience.identity import identity, is_deterministic

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLimits:
    """Whether answers are kept, for how long, and in how many bytes."""

    enabled: bool = False
    max_bytes: int = 64 * 1024 * 1024
    max_age_s: float = 7 * 86_400.0


class ResponseCache:
    """A folder of answers. ``limits`` are those of the settings as they are now; ``scope`` names the project."""

    def __init__(self, folder: Path, *, limits: Callable[[], CacheLimits], scope: Callable[[], str]) -> None:
        self._folder = folder
        self._limits = limits
        self._scope = scope

    @property
    def enabled(self) -> bool:
        """Whether it is in use."""
        return self._limits().enabled

    def key(self, request: ModelRequest, config: ProviderConfig) -> str:
        """Return the name under which an answer is kept."""
        key = config.api_key
        return identity(request, self._scope(), config.id, config.type, config.base_url, (key.value or key.secret or "") if key else "")

    async def get(self, key: str) -> tuple[StreamEvent, ...] | None:
        """Return an answer, None where there is none that is young enough."""
        return await asyncio.to_thread(self._read, key, self._limits())

    async def put(self, key: str, events: list[StreamEvent]) -> None:
        """Keep an answer, and forget the oldest ones where there is no room for all. Failing to is no failure of the call."""
        try:
            await asyncio.to_thread(self._write, key, events, self._limits())
        except OSError as failure:
            log.warning("an answer could not be kept in %s: %s", self._folder, failure)

    def _read(self, key: str, limits: CacheLimits) -> tuple[StreamEvent, ...] | None:
        from coterie.providers.cassette import RecordedCall  # noqa: PLC0415 - not loaded where nothing is kept
        from coterie.providers.replay import events_of  # noqa: PLC0415

        file = self._folder / f"{key}.json"
        try:
            if time.time() - file.stat().st_mtime > limits.max_age_s:
                return None
            recorded = RecordedCall.model_validate_json(file.read_bytes())
        except (OSError, ValueError):
            return None
        return tuple(event for piece in recorded.events for event in events_of(piece, new_id("call")))

    def _write(self, key: str, events: list[StreamEvent], limits: CacheLimits) -> None:
        from coterie.providers.cassette import RecordedCall  # noqa: PLC0415 - not loaded where nothing is kept
        from coterie.providers.recorder import Take  # noqa: PLC0415

        take = Take(None, lambda: 0.0)
        for event in events:
            take.add(event)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._folder / f"{new_id(key)}.new"
        fresh.touch(mode=0o600)
        fresh.write_text(RecordedCall(agent="", call=0, events=tuple(take.pieces)).model_dump_json(), encoding="utf-8")
        fresh.replace(self._folder / f"{key}.json")
        self._prune(limits)

    def _prune(self, limits: CacheLimits) -> None:
        room = limits.max_bytes
        kept = sorted(((file, file.stat()) for file in self._folder.iterdir()), key=lambda each: each[1].st_mtime_ns, reverse=True)
        for file, facts in kept:
            room -= facts.st_size
            if room < 0 or time.time() - facts.st_mtime > limits.max_age_s:
                with contextlib.suppress(FileNotFoundError):  # another server was faster
                    file.unlink()


class Cached(ProviderAround):
    """Implements `coterie.domain.model_ports.Provider` around another."""

    def __init__(self, provider: Provider, cache: ResponseCache, config: ProviderConfig) -> None:
        super().__init__(provider)
        self._cache = cache
        self._config = config

    @override
    def stream(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        """Pass the stream on, or play the answer that is kept."""
        return self._known(request) if self._cache.enabled and is_deterministic(request) else self._provider.stream(request)

    async def _known(self, request: ModelRequest) -> AsyncGenerator[StreamEvent, None]:
        key = self._cache.key(request, self._config)
        if (kept := await self._cache.get(key)) is not None:
            yield Reused("cache")
            for event in kept:
                yield UsageReported(NO_USAGE) if isinstance(event, UsageReported) else event
            return
        heard: list[StreamEvent] = []
        async with aclosing(self._provider.stream(request)) as events:  # type: ignore[type-var]
            async for event in events:
                heard.append(event)
                if isinstance(event, Finished) and _is_whole(event, heard):
                    await self._cache.put(key, heard)
                yield event


def _is_whole(end: Finished, heard: list[StreamEvent]) -> bool:
    """Say whether an answer can stand for itself: one that was cut or refused, or is empty, is better asked for anew."""
    if end.reason not in {"stop", "tool_calls"} or any(isinstance(event, Reused) for event in heard):
        return False
    return any(isinstance(event, ToolCallStarted) or (isinstance(event, TextDelta) and event.text.strip()) for event in heard)
