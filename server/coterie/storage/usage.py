"""What model calls used, call by call: the `UsageStore` behind budgets of a day and ``agent/usage``.

A call whose tokens or price nobody knows makes every sum it is part of unknown, as in `Usage`. A call of no run, ghost text, counts for its
provider, its day and the total.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_never

from coterie.base.errors import InvalidParamsError
from coterie.domain.usage import Usage, UsageKey, UsageRow, UsedCall
from coterie.storage.database import Database

if TYPE_CHECKING:
    import sqlite3

# count(x) counts the known ones, count(*) all.
_SUMS = """
    CASE WHEN count(input) = count(*) THEN coalesce(sum(input), 0) END,
    CASE WHEN count(cache_read) = count(*) THEN coalesce(sum(cache_read), 0) END,
    CASE WHEN count(cache_write) = count(*) THEN coalesce(sum(cache_write), 0) END,
    CASE WHEN count(output) = count(*) THEN coalesce(sum(output), 0) END,
    CASE WHEN count(usd) = count(*) THEN coalesce(money_sum(usd), '0') END,
    coalesce(max(estimated), 0), count(*) FILTER (WHERE outcome <> 'reused'), count(*) FILTER (WHERE outcome = 'failed'),
    count(*) FILTER (WHERE outcome = 'reused')
    FROM calls WHERE (:since IS NULL OR at >= :since)"""

# No limit may come undone because one call's share is unknown.
_KNOWN = """
    SELECT coalesce(sum(input), 0), coalesce(sum(cache_read), 0), coalesce(sum(cache_write), 0), coalesce(sum(output), 0),
    coalesce(money_sum(usd), '0')
    FROM calls WHERE (:since IS NULL OR at >= :since) AND (:run_id IS NULL OR run_id = :run_id)
    AND (:channel_id IS NULL OR channel_id = :channel_id) AND (:agent IS NULL OR agent = :agent)"""


class UsageLog:
    """The model calls of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, call: UsedCall) -> None:
        """Keep what one call used."""
        usage, part_of = call.usage, (call.run_id or "", call.channel_id or "")
        usd = None if usage.usd is None else format(usage.usd, "f")
        tokens = (usage.input, usage.cache_read, usage.cache_write, usage.output)
        await self._database.write(
            lambda connection: connection.execute(
                """INSERT INTO calls
                (at, run_id, channel_id, provider, model, agent, input, cache_read, cache_write, output, usd, estimated, outcome)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (call.at, *part_of, call.provider, call.model, call.agent, *tokens, usd, call.estimated, call.outcome),
            )
        )

    async def rows(self, *, by: UsageKey, since: str | None = None) -> tuple[UsageRow, ...]:
        """Return sums by key, the one used last first; a sum with an unknown part is None.

        ``since`` is ISO 8601; raises `InvalidParamsError` when it is not.
        """
        query = f"SELECT {_key(by)} AS key, {_SUMS} AND {_key(by)} <> '' GROUP BY key ORDER BY max(number) DESC"
        wanted = {"since": _instant(since)}

        def select(connection: sqlite3.Connection) -> tuple[UsageRow, ...]:
            return tuple(_usage_row(row) for row in connection.execute(query, wanted))

        return await self._database.run(select)

    async def total(self, *, since: str | None = None) -> Usage:
        """Return the sum of all calls. ``since`` is ISO 8601; raises `InvalidParamsError` when it is not."""
        wanted = {"since": _instant(since)}

        def select(connection: sqlite3.Connection) -> Usage:
            row = _usage_row(("", *connection.execute(f"SELECT {_SUMS}", wanted).fetchone()))
            return Usage(input=row.input, cache_read=row.cache_read, cache_write=row.cache_write, output=row.output, usd=row.usd)

        return await self._database.run(select)

    async def spent(
        self, *, run_id: str | None = None, channel_id: str | None = None, agent: str | None = None, since: str | None = None
    ) -> Usage:
        """Return the sum of what is known, of all calls or of a run's, a channel's or an agent's."""
        wanted = {"since": _instant(since), "run_id": run_id, "channel_id": channel_id, "agent": agent}

        def select(connection: sqlite3.Connection) -> Usage:
            tokens_in, cache_read, cache_write, tokens_out, usd = connection.execute(_KNOWN, wanted).fetchone()
            return Usage(input=tokens_in, cache_read=cache_read, cache_write=cache_write, output=tokens_out, usd=Decimal(usd))

        return await self._database.run(select)


def _key(by: UsageKey) -> str:
    match by:
        case "run":
            return "run_id"
        case "channel":
            return "channel_id"
        case "provider":
            return "provider"
        case "model":
            return "provider || '/' || model"
        case "agent":
            return "agent"
        case "day":
            return "substr(at, 1, 10)"
        case _:
            assert_never(by)


def _instant(since: str | None) -> str | None:
    """Return a time the way `coterie.base.ids.now` spells it, so that comparing texts compares times. Without a zone it is UTC."""
    if since is None:
        return None
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        raise InvalidParamsError(f"`since` must be a time like 2026-01-31T10:00:00Z, not {since!r}.") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _usage_row(row: tuple[Any, ...]) -> UsageRow:
    key, tokens_in, cache_read, cache_write, tokens_out, usd, estimated, attempts, failed, reused = row
    return UsageRow(
        key=key,
        input=tokens_in,
        cache_read=cache_read,
        cache_write=cache_write,
        output=tokens_out,
        usd=None if usd is None else Decimal(usd),
        estimated=bool(estimated),
        attempts=attempts,
        failed=failed,
        reused=reused,
    )
