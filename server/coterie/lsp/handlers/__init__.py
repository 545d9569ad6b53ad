"""One module a method family; a handler converts, calls the core and converts back.

``server`` registers them all from the tables below, once the client has the answer to ``initialize``; that is ``lifecycle``'s. Each gets
the `Session` first, and finds the core built. Those of ``agent/*`` get the params that ``protocol.REQUESTS`` names and return its result;
the others, which ``capabilities`` announces, get lsprotocol's types.
"""

from __future__ import annotations

from coterie.lsp.handlers import (
    actions,
    attachments,
    channels,
    commands,
    commits,
    configuration,
    contents,
    contexts,
    documents,
    hunks,
    models,
    notebooks,
    reviews,
    roster,
    runs,
    secrets,
    settings,
    suggestions,
    team,
)
from coterie.lsp.session import Handlers

STANDARD: Handlers = {
    **documents.HANDLERS,
    **notebooks.HANDLERS,
    **configuration.HANDLERS,
    **contents.HANDLERS,
    **commands.HANDLERS,
    **suggestions.STANDARD_HANDLERS,
    **actions.HANDLERS,
    **reviews.HANDLERS,
}
AGENT: Handlers = {
    **runs.HANDLERS,
    **channels.HANDLERS,
    **hunks.HANDLERS,
    **contexts.HANDLERS,
    **suggestions.HANDLERS,
    **team.HANDLERS,
    **models.HANDLERS,
    **secrets.HANDLERS,
    **settings.HANDLERS,
    **commits.HANDLERS,
    **attachments.HANDLERS,
    **roster.HANDLERS,
}
