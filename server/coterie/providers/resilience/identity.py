"""When two calls are the same: what `sharing` and `cache` go by. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from coterie.domain.messages import ModelRequest


def is_deterministic(request: ModelRequest) -> bool:
    """Say whether the answer to a request may stand for the answer to its equal: only a temperature of 0 asks for that."""
    return request.temperature == 0


def identity(request: ModelRequest, *whom: str) -> str:
    """Return a digest of all that decides an answer: the request as it is sent, and ``whom`` it is sent to."""
    sent = replace(request, run="", agent="", call=0, gives_way=False)
    return hashlib.sha256(repr((whom, sent)).encode()).hexdigest()
