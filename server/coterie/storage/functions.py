"""What SQLite lacks and Coterie asks of it: exact sums of money, and comparison without case beyond ASCII."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


class MoneySum:
    """The aggregate ``money_sum(usd)``: an exact sum of decimal texts that are not NULL; of no rows it is NULL, like ``sum``."""

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, usd: str | None, /) -> None:
        """Take one row."""
        if usd is not None:
            self._sum += Decimal(usd)

    def finalize(self) -> str:
        """Return the sum."""
        return format(self._sum, "f")


def install(connection: sqlite3.Connection) -> None:
    """Teach ``money_sum`` and ``casefold`` to a connection."""
    # The stubs know aggregates of integers only.
    connection.create_aggregate("money_sum", 1, MoneySum)  # type: ignore[arg-type]
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
