"""``initialize``, ``initialized`` and ``shutdown``: the handlers that do not wait for the core. ``exit`` ends the pump itself (``rpc``).

``server`` registers them at its start. Whatever the answer to ``initialize`` does not need is loaded later, with the other ``handlers``.
"""

from __future__ import annotations

import logging

from pygls.exceptions import JsonRpcException

from coterie.base.errors import CoterieError, InvalidParamsError
from coterie.domain.wire import Json
from coterie.lsp import convert
from coterie.lsp.failures import NOT_LOADED
from coterie.lsp.session import Handlers, Session

REGISTER_TIMEOUT_S = 10.0

log = logging.getLogger(__name__)


async def initialize(session: Session, params: Json) -> None:
    """Take in what the editor is. ``server`` adds the capabilities to the answer."""
    if not isinstance(params, dict):
        raise InvalidParamsError("The params of initialize are an object.")
    options = params.get("initializationOptions")
    client = convert.client_of(params)
    session.introduce(client, convert.folders_of(params), options if isinstance(options, dict) else {}, convert.introduction_of(params))
    if client.process_id is not None:
        session.watch_process(client.process_id)


async def initialized(session: Session, _params: object) -> None:
    """Build the core, and ask to be told about changed settings where the client wants to be asked."""
    try:
        await session.ensure_core()
    except CoterieError as failure:
        session.window.show("error", failure.message)
    except ImportError:
        log.exception("the core cannot be loaded")
        session.window.show("error", NOT_LOADED)
    else:
        session.catch_up()
    if not session.client.registers_configuration:
        return
    registration = {"id": "coterie-settings", "method": "workspace/didChangeConfiguration", "registerOptions": {"section": "coterie"}}
    try:
        await session.wire.ask("client/registerCapability", {"registrations": [registration]}, within_s=REGISTER_TIMEOUT_S)
    except (TimeoutError, JsonRpcException) as refusal:
        session.window.log("warning", f"Changes of settings will not be noticed: {str(refusal) or 'the editor did not answer'}.")


async def shutdown(session: Session, _params: object) -> None:
    """End the core; answered when everything is journalled and every child has ended."""
    await session.aclose()


HANDLERS: Handlers = {"initialize": initialize, "initialized": initialized, "shutdown": shutdown}
