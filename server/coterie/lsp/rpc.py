"""JSON-RPC: from bodies to handlers and back. Here every trap of pygls' own message pump has its cure.

``server`` owns one `Connection` and gives it each frame; handlers are registered with pygls' ``@feature`` as usual. What pygls 2.1 does,
and what happens here instead:

- params of a method it does not know become nested named tuples, a nested ``"jsonrpc"`` key makes an object of them a message of its
  own, and params that do not fit get no answer: here a message is read whole as plain data, its params by the method's type alone, and
  params that do not fit are answered with -32602;
- fields that equal their default vanish from what it sends: here everything leaves as plain data;
- an unexpected exception carries the server's traceback to the client: here it is logged and scrubbed (``failures``);
- requests before ``initialize`` are served, those after ``shutdown`` get no answer, and neither does malformed JSON: here each gets its
  code;
- one capability that it does not know makes a whole ``initialize`` invalid: here that request is read by ``convert``, field by field;
- a handler that is not ``async`` stops the loop, built-in ones included: here all handlers are ``async`` and owned, none is built in;
- a late answer to a request that timed out raises inside the pump: here it is ignored;
- writing waits for the reader: here it goes through the queue of ``transport``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol
from typing_extensions import override

from coterie.base.errors import InvalidParamsError
from coterie.base.ids import new_id
from coterie.base.tasks import TaskSupervisor
from coterie.domain.wire import Json
from coterie.lsp import failures
from coterie.lsp.framing import BadFrame
from coterie.lsp.transport import Outgoing

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.server import JsonRPCServer

MessageId: TypeAlias = int | str
Phase = Literal["new", "initializing", "running", "shut_down"]

_OF_DOCUMENTS = ("textDocument/did", "notebookDocument/did")

log = logging.getLogger(__name__)


class Connection(LanguageServerProtocol):
    """The message pump of one client. Used from the event loop only."""

    def __init__(self, server: JsonRPCServer, converter: Converter) -> None:
        super().__init__(cast("Any", server), converter)
        self.phase: Phase = "new"
        self.is_whole = True  # whether the handlers could be loaded
        self.outgoing: Outgoing | None = None  # set before the first frame arrives
        self.on_exit: Callable[[], None] = lambda: None
        self.on_running: Callable[[], None] = lambda: None  # called when ``initialize`` was answered, before any other message is taken
        self._tasks = TaskSupervisor("lsp")
        self._answering: dict[MessageId, asyncio.Task[Json]] = {}  # requests of the client that are not answered yet
        self._asked: dict[MessageId, asyncio.Future[Json]] = {}  # requests to the client that it has not answered yet

    @override
    def _register_builtin_features(self) -> None:
        """Register none: pygls' own are not ``async``, and keep a second copy of every buffer."""

    def receive(self, frame: bytes | BadFrame) -> None:
        """Take one frame; never raises."""
        if isinstance(frame, BadFrame):
            self._refuse(None, failures.PARSE_ERROR, f"Not a message: {frame.reason}.")
            return
        try:
            message = json.loads(frame, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as reason:
            self._refuse(None, failures.PARSE_ERROR, f"Not JSON: {_unreadable(reason)}.")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            self._refuse(_id_of(message), failures.INVALID_REQUEST, 'A message is one object with "jsonrpc": "2.0".')
        elif "method" not in message:
            if message.keys().isdisjoint({"result", "error"}) and _id_of(message) not in self._asked:
                self._refuse(_id_of(message), failures.INVALID_REQUEST, "A message has a method, or answers a request of the server.")
            else:
                self._take_answer(message)
        elif not isinstance(message["method"], str) or ("id" in message and _id_of(message) is None):
            self._refuse(_id_of(message), failures.INVALID_REQUEST, "A method is a string, an id a string or an integer.")
        elif "id" in message:
            self._take_request(_id_of(message), message["method"], message.get("params"))
        else:
            self._take_notification(message["method"], message.get("params"))

    # From the client

    def _take_request(self, msg_id: MessageId, method: str, params: Json) -> None:
        if refusal := self._out_of_place(msg_id, method):
            self._refuse(msg_id, *refusal)
            return
        if method == types.INITIALIZE:
            self.phase = "initializing"
        elif method == types.SHUTDOWN:
            self.phase = "shut_down"
            self.cancel_requests()
        task = self._tasks.spawn(self._outcome(method, params), name=f"{method} {msg_id}")
        self._answering[msg_id] = task
        task.add_done_callback(partial(self._answer, msg_id, method))

    def _out_of_place(self, msg_id: MessageId, method: str) -> tuple[int, str] | None:
        if msg_id in self._answering:
            return failures.INVALID_REQUEST, f"The id {msg_id!r} belongs to a request that is not answered yet."
        match self.phase:
            case "new" if method == types.INITIALIZE:
                return None
            case "new" | "initializing":
                return failures.NOT_INITIALIZED, "The server is not initialized yet."
            case "shut_down":
                return failures.INVALID_REQUEST, "The server is shut down."
            case "running":
                return (failures.INVALID_REQUEST, "The server is initialized already.") if method == types.INITIALIZE else None

    async def _outcome(self, method: str, params: Json) -> Json:
        try:
            return {"result": await self._serve(method, params)}
        except Exception as failure:  # noqa: BLE001 - whatever it is, the client gets an answer
            return {"error": failures.error_of(failure, method)}

    async def _serve(self, method: str, params: Json) -> Json:
        handler = self.fm.features.get(method)
        if handler is None and not self.is_whole:
            raise JsonRpcException(failures.NOT_LOADED, failures.INTERNAL_ERROR)
        if handler is None:
            raise JsonRpcException(f"There is no method {method}.", failures.METHOD_NOT_FOUND)
        return self.plain(await handler(self._params(method, params)))

    def _answer(self, msg_id: MessageId, method: str, task: asyncio.Task[Json]) -> None:
        del self._answering[msg_id]
        # A task that is cancelled before its first step never ran: only here is it certain that there is an answer.
        outcome = {"error": failures.error_of(asyncio.CancelledError(), method)} if task.cancelled() else task.result()
        if method == types.INITIALIZE:
            self.phase = "running" if "result" in outcome else "new"
        try:
            self._send_data({"jsonrpc": "2.0", "id": msg_id, **outcome})
            if method == types.INITIALIZE and self.phase == "running":
                self.on_running()
        except (TypeError, ValueError) as unsendable:
            self._send_data({"jsonrpc": "2.0", "id": msg_id, "error": failures.error_of(unsendable, method)})

    def _take_notification(self, method: str, params: Json) -> None:
        if method == types.EXIT:
            self.on_exit()
        elif method == types.CANCEL_REQUEST:
            if task := self._answering.get(_id_of(params)):
                task.cancel()
        elif self.phase == "running" and method in self.fm.features:
            self._tasks.spawn(self._note(method, params), name=method)

    async def _note(self, method: str, params: Json) -> None:
        try:
            await self._serve(method, params)
        except Exception as failure:  # noqa: BLE001 - nobody waits for an answer, but nothing fails in silence
            told = failures.error_of(failure, method)["message"]
            if isinstance(failure, InvalidParamsError) and method.startswith(_OF_DOCUMENTS):
                told += " Nothing of it was taken over: Coterie has the document as it was told of it before."
            self.notify(types.WINDOW_LOG_MESSAGE, {"type": types.MessageType.Error.value, "message": f"{method}: {told}"})

    def _take_answer(self, message: Mapping[str, Json]) -> None:
        asked = self._asked.pop(_id_of(message), None)
        if asked is None or asked.done():
            log.debug("an answer that nobody waits for: %s", message.get("id"))
        elif (told := message.get("error")) is not None:
            asked.set_exception(_raised_by_client(told))
        else:
            asked.set_result(message.get("result"))

    def read_by(self, strict: Callable[[Converter], Converter]) -> None:
        """Have params read as ``strict`` says. Before the first that have a type."""
        self._converter = strict(self._converter)

    def _params(self, method: str, params: Json) -> Any:
        """Read params by the type that LSP has for the method, if any. Raises `InvalidParamsError`, which names the field."""
        if method == types.INITIALIZE or method not in types.METHOD_TO_TYPES:
            return params
        wanted: Any = types.METHOD_TO_TYPES[method][2]
        if wanted is None:
            return params
        from coterie.lsp.omissions import completed  # noqa: PLC0415 - not for the answer to ``initialize``

        params = completed(method, params)
        try:
            return self._converter.structure(params, wanted)
        except Exception as failure:
            from coterie.lsp.shapes import misfit  # noqa: PLC0415 - likewise

            # A converter raises what it pleases; whatever it is, it is about what the client sent.
            reason = misfit(params, wanted) or _first_reason(failure)
            raise InvalidParamsError(f"The params of {method} do not fit: {reason}.") from failure

    # To the client

    def _refuse(self, msg_id: MessageId | None, code: int, message: str) -> None:
        self._send_data({"jsonrpc": "2.0", "id": msg_id, "error": failures.error(code, message)})

    @override
    def notify(self, method: str, params: Any | None = None) -> None:
        """Send a notification; never blocks."""
        self._send_data({"jsonrpc": "2.0", "method": method, "params": self.plain(params)})

    async def ask(self, method: str, params: Json, *, within_s: float | None) -> Json:
        """Send a request and return its result; None waits for a person.

        Raises `TimeoutError`, or `JsonRpcException` with what the client answered.
        """
        msg_id = new_id("ask")
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._asked[msg_id] = answer
        try:
            given = {} if params is None else {"params": params}
            self._send_data({"jsonrpc": "2.0", "id": msg_id, "method": method, **given})
            return await asyncio.wait_for(answer, within_s)
        finally:
            self._asked.pop(msg_id, None)

    @property
    def detached(self) -> bool:
        """Whether the client has stopped reading."""
        return self.outgoing is None or self.outgoing.detached

    async def ready(self) -> None:
        """Wait while the client has too much left to read."""
        if self.outgoing is not None:
            await self.outgoing.ready()

    @override
    def _send_data(self, data: Any) -> None:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        try:
            body = text.encode()
        except UnicodeEncodeError:  # half a surrogate pair, which JSON can hold only escaped
            body = json.dumps(data, separators=(",", ":")).encode()
        if self.outgoing is not None:
            self.outgoing.send(body)

    def plain(self, value: Any) -> Json:
        """Return plain data for one of lsprotocol's values, or a list of them."""
        if isinstance(value, list):
            return [self.plain(each) for each in value]
        return self._converter.unstructure(value) if hasattr(value, "__attrs_attrs__") else value

    # Ends

    def cancel_requests(self) -> None:
        """Cancel what is being served; each is answered with -32800."""
        for task in self._answering.values():
            task.cancel()

    async def aclose(self) -> None:
        """Cancel what is being served, and answer it; what the client was asked has no answer any more."""
        await self._tasks.aclose()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(JsonRpcException("the client is gone"))


def _id_of(message: Json) -> Any:
    """Return a message's id, or None where there is none that is valid."""
    found = message.get("id") if isinstance(message, dict) else None
    if isinstance(found, float) and found.is_integer():
        return int(found)  # JSON has one kind of number
    return found if isinstance(found, str) or (isinstance(found, int) and not isinstance(found, bool)) else None


def _unreadable(reason: Exception) -> str:
    match reason:
        case json.JSONDecodeError():
            return str(reason)
        case UnicodeDecodeError():
            return f"byte {reason.start} is no UTF-8"
        case RecursionError():
            return "it is nested too deeply"
        case _ if "digits" in str(reason):
            return "a number has too many digits"
        case _:
            return str(reason)


def _first_reason(failure: BaseException) -> str:
    while inner := getattr(failure, "exceptions", None):
        failure = inner[0]
    match failure:
        case ValueError():
            return f"{failure}".rstrip(".")
        case _:
            return "they cannot be read"


def _raised_by_client(told: Json) -> JsonRpcException:
    message, code = (told.get("message"), told.get("code")) if isinstance(told, dict) else (None, None)
    return JsonRpcException(str(message or "the client gave no reason"), code if isinstance(code, int) else failures.INTERNAL_ERROR)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
