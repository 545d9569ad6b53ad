"""Opens the core for a command, and says first what is wrong in the settings and what was done about it. Used by all that need a core."""

from __future__ import annotations

from coterie.cli.terminal import Output
from coterie.cli.wiring import Core, Invocation, Wiring
from coterie.cli.wording import Line


async def opened(wiring: Wiring, invocation: Invocation, output: Output) -> Core:
    """Return a core, which the caller closes. Raises what `Wiring.open` raises."""
    core = await wiring.open(invocation)
    for problem in core.problems:
        output.line(Line(problem, "warn"))
    return core
