"""What went wrong, as the error object of a response.

Every request that fails passes here once (``rpc`` calls `error_of`), so a code, a sentence and nothing of the server's inside is all that
a client ever sees.
"""

from __future__ import annotations

import asyncio
import logging

from pygls.exceptions import JsonRpcException

from coterie.base.errors import CoterieError, InvalidParamsError
from coterie.domain.wire import Json

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002
REQUEST_CANCELLED = -32800
REQUEST_FAILED = -32803
NOT_LOADED = (
    "A part of Coterie could not be loaded: it was installed anew, or removed, while its server runs, or its installation is damaged. "
    "Restart the server; if that does not help, install Coterie again."
)

log = logging.getLogger(__name__)


def error(code: int, message: str, data: Json = None) -> Json:
    """Return an error object."""
    return {"code": code, "message": message} if data is None else {"code": code, "message": message, "data": data}


def error_of(failure: BaseException, method: str) -> Json:
    """Return the error object for what a handler raised; a defect is logged in full and told in general."""
    match failure:
        case asyncio.CancelledError():
            return error(REQUEST_CANCELLED, f"{method} was cancelled.")
        case CoterieError():
            code = INVALID_PARAMS if isinstance(failure, InvalidParamsError) else REQUEST_FAILED
            action = {} if failure.action is None else {"action": failure.action}
            return error(code, failure.message, {"code": failure.code, **action})
        case JsonRpcException():
            return error(failure.code, failure.message)
        case ImportError() | SyntaxError():
            log.error("%s needs what cannot be loaded", method, exc_info=failure)
            return error(INTERNAL_ERROR, NOT_LOADED, {"code": "internal"})
        case _:
            log.error("%s failed", method, exc_info=failure)
            return error(INTERNAL_ERROR, f"{method} failed inside the server; its log says why.", {"code": "internal"})
