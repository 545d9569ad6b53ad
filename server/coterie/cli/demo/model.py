"""Which model speaks in the demo: a configured one when the person wants it, else the recorded session. ``story`` asks once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from coterie.cli.arguments import Arguments
from coterie.cli.questions import ReadLine
from coterie.domain.wire import Json

if TYPE_CHECKING:
    from rich.console import Console

RECORDING_WORDS = "No model is asked: a recorded session plays the models' part (replay). All the rest is real."

PRICE: Mapping[str, str] = {"input": "3", "cache_read": "0.30", "cache_write": "3.75", "output": "15"}
"""US dollars for a million tokens of the recording: what a large model costs, so that the demo can show a cost at all."""
RECORDED_COST = f"the recording's tokens, at ${PRICE['input']} in and ${PRICE['output']} out a million"


@dataclass(frozen=True, slots=True)
class DemoModel:
    """The model's part: the settings and the environment that it brings to the server, and what the person is told of it."""

    words: str
    recorded: bool
    settings: Mapping[str, Json]
    environ: Mapping[str, str] = field(default_factory=dict)


async def choose_model(
    arguments: Arguments, configured: str | None, folder: Path, console: Console, read_line: ReadLine | None
) -> DemoModel:
    """Return the model's part; asks only a person at a terminal, and only when there is something to choose."""
    wanted = arguments.model
    if wanted is None and configured is not None and read_line is not None and not arguments.replay:
        console.print(f"Your configured model is {configured}. Use it for this demo? It is asked about 20 times. [y/N] ", end="")
        if ((await read_line()) or "").strip().lower() in {"y", "yes"}:
            wanted = configured
    return _recorded(folder, fast=arguments.fast) if wanted is None else _real(wanted)


def _real(model: str) -> DemoModel:
    # The person's own home: what is paid for belongs into their own accounts.
    return DemoModel(f"The model is {model}.", recorded=False, settings={"model": model})


def _recorded(folder: Path, *, fast: bool) -> DemoModel:
    with resources.as_file(resources.files("coterie.cli.demo").joinpath("cassette.json")) as packed:
        cassette = folder / "cassette.json"
        cassette.write_bytes(packed.read_bytes())
    replay = {"type": "replay", "cassette": str(cassette), "extra": {"speed": 0 if fast else 1}, "price": {"recorded": PRICE}}
    return DemoModel(
        RECORDING_WORDS,
        recorded=True,
        settings={"model": "replay/recorded", "providers": {"replay": replay}},
        # A home of its own: nobody's settings, history or accounts are touched.
        environ={"COTERIE_HOME": str(folder / "home")},
    )
