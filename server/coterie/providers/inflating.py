"""Takes the compression off an answer of a host that compresses although it was asked not to, a bounded part at a time.

`transport` reads by it. The HTTP library would inflate whatever came at once, a thousand times as much as was sent, and let everybody else
wait meanwhile.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

LARGEST_PIECE = 8 * 1024 * 1024
"""Bytes that may come of what a socket gives at once, some 64 KiB: events that repeat themselves shrink to a thirtieth of their size."""
_ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def inflater(encoding: str) -> Callable[[bytes], bytes]:
    """Return what makes plain bytes of those that come next, by the value of ``Content-Encoding``; it raises `ValueError`.

    What is encoded in another way, or says so, is handed on as it is.
    """
    if encoding.strip().lower() not in _ENCODINGS:
        return bytes
    stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def inflate(piece: bytes) -> bytes:
        if stream.eof:
            return b""  # zlib would keep all that comes behind the end, and copy it each time
        try:
            plain = stream.decompress(piece, LARGEST_PIECE)
        except zlib.error as broken:
            raise ValueError(f"a compressed answer that is broken ({broken})") from None
        if stream.unconsumed_tail:
            raise ValueError(f"a compressed piece that swells to more than {LARGEST_PIECE} bytes")
        return plain

    return inflate
