"""A typing storm: what a person types, at which rhythm, and what a model says that mostly knows how they go on.

`tests/suggestions/test_storm` plays it in virtual time, `benchmarks.suggestions` on the real server against the clock.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

KEYS = 2_000
SOURCE = "".join(
    f"def step_{number}(state, order):\n    total = state.total + order.amount * {number}\n    return state.with_total(total)\n\n\n"
    for number in range(1, 40)
)[:KEYS]


def neighbours() -> Iterator[tuple[str, str]]:
    """Yield the other files of the project, by name: written like this one, about other things."""
    for number, (what, verb) in enumerate((("bill", "pay"), ("cart", "fill"), ("ship", "send"), ("tour", "plan"), ("gift", "wrap"))):
        functions = (
            f"def {verb}_{step}(state, order):\n    total = state.total + order.{what} * {step}\n    return state.with_total(total)\n\n\n"
            for step in range(1, 12)
        )
        yield f"part{number}.py", "".join(functions)


def pauses(seed: int = 7) -> Iterator[float]:
    """Yield seconds between keys without end: 60 words a minute, and a thought now and then."""
    rhythm = random.Random(seed)  # noqa: S311 - a rhythm, not a secret
    while True:
        yield rhythm.uniform(0.8, 3.0) if rhythm.random() < 0.04 else rhythm.lognormvariate(-1.8, 0.35)


def rest_of_line(line_before: str) -> str:
    """Return what the person is going to type in this line, but for every third line, where the model is wrong."""
    lines = SOURCE.split("\n")
    number = next((number for number, line in enumerate(lines) if line_before and line.startswith(line_before)), 0)
    return lines[number][len(line_before) :] if number % 3 else "surprise()"
