"""A model that never stops talking, in a process of its own: every chunk's text is the nanosecond it was sent at.

Run by path; prints its address, then answers each `POST …/chat/completions` with a stream of chunks at a fixed pace until
the client hangs up. The monotonic clock is one for all processes of a machine, so a reader can tell how long a
chunk took to come through.
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
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            delta = {"index": 0, "delta": {"role": "assistant", "content": f"{time.monotonic_ns()} "}, "finish_reason": None}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "stream", "choices": [delta]}
            event = b"data: %b\n\n" % json.dumps(chunk).encode()
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await writer.drain()
            await asyncio.sleep(1 / CHUNKS_PER_SECOND)
    writer.close()


async def main() -> None:
    """Listen on a free loopback port until killed."""
    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1\n")
    sys.stdout.flush()
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
