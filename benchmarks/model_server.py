"""A model that never stops talking, in a process of its own: every chunk's text is the nanosecond it was sent at.

Run by path; prints its address, then answers each `POST …/chat/completions` with a stream of chunks at a fixed pace until
the client hangs up. The monotonic clock is one for all processes of a machine, so a reader can tell how long a
chunk took to come through. The model `burst-N` says N words instead, all at once, and ends.
"""

import asyncio
import contextlib
import json
import sys
import time

CHUNKS_PER_SECOND = 50


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request, endlessly."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        model = json.loads(await reader.readexactly(length))["model"]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        kind, _, count = model.partition("-")
        if kind == "burst":
            writer.write(
                b"".join(chunk(f"word{number} ") for number in range(int(count)))
                + chunk("", "stop")
                + framed(b"data: [DONE]\n\n")
                + b"0\r\n\r\n"
            )
            await writer.drain()
        while kind != "burst" and not writer.is_closing():
            writer.write(chunk(f"{time.monotonic_ns()} "))
            await writer.drain()
            await asyncio.sleep(1 / CHUNKS_PER_SECOND)
    writer.close()


def chunk(text: str, finish: str | None = None) -> bytes:
    """Return one chunk of a chat completion as it stands on the wire."""
    delta = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
    value = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "stream", "choices": [delta]}
    return framed(b"data: %b\n\n" % json.dumps(value).encode())


def framed(event: bytes) -> bytes:
    """Return an event as an HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(event), event)


async def main() -> None:
    """Listen on a free loopback port until killed."""
    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1\n")
    sys.stdout.flush()
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
