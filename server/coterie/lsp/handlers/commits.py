"""``agent/commit/message``, and ``coterie.commitMessage`` for clients that know commands alone."""

from __future__ import annotations

from coterie.domain.commits import CommitMessage
from coterie.lsp import protocol
from coterie.lsp.payloads.commits import CommitMessageParams
from coterie.lsp.session import Handlers, Session


async def message(session: Session, params: CommitMessageParams) -> CommitMessage:
    """``agent/commit/message``."""
    return await session.application.commits.message(params.folder, staged=params.staged)


async def show_message(session: Session, params: CommitMessageParams) -> CommitMessage:
    """``coterie.commitMessage``; a plain client is shown the text."""
    written = await message(session, params)
    if session.bare is not None:
        session.window.show("info", written.text, again=True)
    return written


HANDLERS: Handlers = {protocol.COMMIT_MESSAGE: message}
