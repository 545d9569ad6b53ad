"""The server in this process, its queue replaced by a list: what comes in is bytes, what comes out is messages.

For tests of what a client may send; `lsp_client` is for those that want an editor.
"""

import asyncio
import json
from typing import Any, cast

from coterie.features.attachment import Attached, Attachment
from coterie.lsp.framing import Decoder, encode
from coterie.lsp.server import Server
from coterie.lsp.transport import Outgoing
from lsp_fake_core import FakeCore, build

BOUND_S = 60


class Sent:
    """Stands where the outgoing queue stands."""

    detached = False

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.arrived = asyncio.Event()

    def send(self, body: bytes) -> None:
        self.messages.append(json.loads(body))
        self.arrived.set()


async def settle(steps: int = 10) -> None:
    """Let everything else run for so many turns of the loop."""
    for _ in range(steps):
        await asyncio.sleep(0)


class Pump:
    """A server and a client's pen."""

    def __init__(self) -> None:
        self.sent = Sent()
        self.may_build = asyncio.Event()
        self.may_build.set()
        self.server = Server(self.build)
        self.server.protocol.outgoing = cast("Outgoing", self.sent)
        self.decoder = Decoder()

    async def build(self, attachment: Attachment) -> Attached:
        await self.may_build.wait()
        return await build(attachment)

    def write(self, data: bytes) -> None:
        for frame in self.decoder.feed(data):
            self.server.protocol.receive(frame)

    def say(self, message: object) -> None:
        self.write(encode(json.dumps(message).encode()))

    def ask(self, msg_id: object, method: str, params: object = None) -> None:
        self.say({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params})

    def tell(self, method: str, params: object) -> None:
        self.say({"jsonrpc": "2.0", "method": method, "params": params})

    async def answers(self, msg_id: object, count: int = 1) -> list[Any]:
        def found() -> list[Any]:
            return [each for each in self.sent.messages if "method" not in each and each["id"] == msg_id]

        async with asyncio.timeout(BOUND_S):
            while len(found()) < count:
                self.sent.arrived.clear()
                await self.sent.arrived.wait()
        return found()

    async def answer(self, msg_id: object) -> Any:
        """Return the one answer, having let everything else run that could answer again."""
        await self.answers(msg_id)
        await settle()
        (only,) = await self.answers(msg_id)
        return only

    async def code(self, msg_id: object) -> int:
        return int((await self.answer(msg_id))["error"]["code"])

    @property
    def core(self) -> FakeCore:
        return cast("FakeCore", self.server.session.attached)
