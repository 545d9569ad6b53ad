"""The exit statuses of ``coterie``: scripts may rely on them."""

from __future__ import annotations

from typing import assert_never

from coterie.base.errors import CoterieError, InvalidParamsError
from coterie.domain.events import RunEvent

OK = 0
FAILED = 1
USAGE = 2
"""The command line names what does not exist: an option, a workflow, a run. argparse uses the same number."""
APPROVAL_REQUIRED = 3
"""The run stands still at a question that nobody was there to answer; it can be resumed."""
CANCELLED = 130
"""Ended by Ctrl-C, as shells count it."""


def of_run(end: RunEvent) -> int:
    """Return the status for how a run ended."""
    match end.state:
        case "succeeded":
            return OK
        case "cancelled":
            return CANCELLED
        case "interrupted":
            return APPROVAL_REQUIRED if end.reason == "approval_required" else FAILED
        case "failed" | "queued" | "running" | "waiting":
            return FAILED
        case _:
            assert_never(end.state)


def of_error(error: CoterieError) -> int:
    """Return the status for an error that ended a command."""
    return USAGE if isinstance(error, InvalidParamsError) or error.code.startswith("unknown_") else FAILED
