"""A model host without LiteLLM: does what a call's model is called. Started by tests in place of the real one.

``answer`` answers, ``print`` prints first, ``die`` and ``die later`` end the process at once or amid the answer, ``garbage`` sends no
frame, ``environment`` answers with the environment, the arguments and the folder of the process.
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from coterie.modelhost.frames import framed, receive


async def serve(descriptor: int) -> None:
    """Serve one connection."""
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor))
    writer.write(framed({"ready": "fake"}))
    async with asyncio.TaskGroup() as group:
        while (request := await receive(reader)) is not None:
            if request["op"] in {"chat", "fill", "count"}:
                group.create_task(answer(request, writer))
        os._exit(0)


async def answer(request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    """Do as the model's name says."""
    number, model = request["id"], request["body"]["model"]
    match model:
        case "print":
            sys.stdout.write("LiteLLM says: buy more\n" + "x" * 100_000 + "\n")
            sys.stdout.flush()
        case "die":
            sys.stderr.write("out of memory\n")
            sys.stderr.flush()
            os._exit(3)
        case "garbage":
            writer.write(b"\x00\x00\x00\x02[]")
            await writer.drain()
            return
        case "environment":
            seen = {"environ": dict(os.environ), "argv": sys.argv, "cwd": str(Path.cwd())}
            writer.write(framed({"id": number, "chunk": json.dumps(seen)}))
        case _:
            pass
    writer.write(framed({"id": number, "chunk": json.dumps({"pid": os.getpid()})}))
    await writer.drain()
    if model == "die later":
        os._exit(3)
    writer.write(framed({"id": number, "end": True}))
    await writer.drain()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[-1])))
