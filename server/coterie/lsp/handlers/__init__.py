"""One module a method family; a handler converts, calls the core and converts back.

``server`` registers them all from the tables below. Each gets the `Session` first. Handlers of ``agent/*`` get the params that
``protocol.REQUESTS`` names and return its result; the others get lsprotocol's types.
"""

from __future__ import annotations

from coterie.lsp.handlers import channels, commands, configuration, documents, lifecycle, runs, team
from coterie.lsp.session import Handlers

STANDARD: Handlers = {**lifecycle.HANDLERS, **documents.HANDLERS, **configuration.HANDLERS, **commands.HANDLERS}
AGENT: Handlers = {**runs.HANDLERS, **channels.HANDLERS, **team.HANDLERS}
