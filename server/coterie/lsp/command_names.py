"""What the commands of ``workspace/executeCommand`` are called: all that the answer to ``initialize`` says of them.

``capabilities`` announces them, code actions and lenses name them; ``commands`` has what each takes and gives.
"""

from __future__ import annotations

from enum import StrEnum


class CommandName(StrEnum):
    """A command of ours. The names are a promise to clients, and the order is the one that they are told in."""

    RUN = "coterie.run"
    ASK = "coterie.ask"
    UNDO = "coterie.undo"
    CANCEL = "coterie.cancel"
    RESUME = "coterie.resume"
    APPROVE = "coterie.approve"
    OPEN_CHANNEL = "coterie.openChannel"
    CHANNELS = "coterie.channels"
    INSPECT_CONTEXT = "coterie.inspectContext"
    SEND = "coterie.send"
    ACCEPT = "coterie.accept"
    REJECT = "coterie.reject"
    FIX = "coterie.fix"
    DISMISS = "coterie.dismiss"
    CHECK_CLAUDE_CODE = "coterie.checkClaudeCode"
    CONFIGURE_KEY = "coterie.configureProviderKey"
    COMMIT_MESSAGE = "coterie.commitMessage"
    SUGGESTION_ACCEPTED = "coterie.suggestion.accepted"
    SUGGESTION_SNOOZE = "coterie.suggestion.snooze"


def announced(*, rich: bool) -> list[str]:
    """Return the commands that a client is told of.

    One that knows ``agent/*`` takes keys in itself, masked, by a command of the same name, which an editor can have only once.
    """
    return [name.value for name in CommandName if not rich or name is not CommandName.CONFIGURE_KEY]
