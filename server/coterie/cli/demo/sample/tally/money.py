"""Amounts of money: text outside, whole cents inside."""


def parse(text: str) -> int:
    """Read an amount such as ``12.30`` or ``7`` and return its cents."""
    units, _, cents = text.partition(".")
    return int(units) * 100 + int(cents.ljust(2, "0") or 0)


def show(cents: int) -> str:
    """Return an amount with two decimals, as on a receipt."""
    return f"{cents // 100}.{cents % 100:02}"
