"""Who pays what."""


def with_tip(total: int, percent: int) -> int:
    """Return the bill with a tip, rounded to the cent."""
    return total + round(total * percent / 100)


def shares(total: int, people: int) -> list[int]:
    """Return what each of ``people`` pays of ``total``, in cents."""
    if people < 1:
        raise ValueError("a bill needs somebody who pays")
    return [round(total / people)] * people
