"""Keeps secrets out of what is told: whatever is known as one is cut out of every line of the log, tracebacks included.

``app`` starts the log of a process with `redacted_log` and gives the `Redaction` to whatever meets secrets. What a stranger who knows a
secret has written goes through `without`, which also finds it in pieces and in other spellings.
"""

from __future__ import annotations

import base64
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from types import TracebackType
from urllib.parse import quote

from typing_extensions import override

_SHORTEST = 6
"""A shorter value would be cut out of ordinary words."""
_PIECE = 8
"""So many characters in a row that a secret has as well are a piece of it."""
_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:sk|pk|rk)[-_][\w-]{16,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\bxox[abprs]-[\w-]{10,}|\bA[KS]IA[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}|://[^/\s:@]+:[^/\s@]+@"
    r"|(?i:password|passwd|passphrase|secret|token|api[ _-]?key)\b['\"]?\s*(?:is\s|[:=])\s*['\"`]?(?=[^\s'\"`]*\d)[^\s'\"`]{6,}"
)
"""How keys of well-known vendors are spelled, and what is called one in so many words."""
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class Redaction:
    """The secrets that this process has met."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def know(self, secret: str | None) -> None:
        """Remember a secret, to hide it from now on."""
        if secret and len(secret) >= _SHORTEST:
            self._known.add(secret)

    def hide(self, text: str) -> str:
        """Return a text without secrets."""
        # The longest first: one may be a part of another.
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, "…")
        return text


def looks_like_a_key(text: str) -> bool:
    """Say whether a text holds what keys look like, for texts that are kept: nobody may ever have told the key."""
    return _KEY.search(text) is not None


def redacted_log() -> Redaction:
    """Send the log of this process to standard error, without the secrets that the returned `Redaction` gets to know."""
    redaction = Redaction()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(redaction))
    logging.getLogger().addHandler(handler)

    def told(kind: type[BaseException], failure: BaseException, where: TracebackType | None) -> None:
        sys.stderr.write(redaction.hide("".join(traceback.format_exception(kind, failure, where))))

    sys.excepthook = told  # what ends the process stands in the same log, which editors keep
    return redaction


def without(secret: str, words: str) -> str:
    """Return a stranger's words without a secret, whole or in pieces, plain or encoded, in any case and with blanks in between."""
    if len(secret) < _PIECE:
        return words.replace(secret, "…") if secret else words
    pieces = _pieces(secret)
    places = [place for place, character in enumerate(words) if not character.isspace()]
    # Lower case character by character: that of a whole text may have another length.
    dense = "".join(words[place].lower()[:1] for place in places)
    hidden = bytearray(len(words))
    for start in range(len(dense) - _PIECE + 1):
        if dense[start : start + _PIECE] in pieces:
            first, last = places[start], places[start + _PIECE - 1]
            hidden[first : last + 1] = bytes([1]) * (last + 1 - first)
    runs = groupby(range(len(words)), key=hidden.__getitem__)
    return "".join("…" if is_hidden else "".join(words[place] for place in run) for is_hidden, run in runs)


@lru_cache(maxsize=64)
def _pieces(secret: str) -> frozenset[str]:
    lower = [spelling.lower() for spelling in _spellings(secret)]
    return frozenset(spelling[start : start + _PIECE] for spelling in lower for start in range(len(spelling) - _PIECE + 1))


def _spellings(secret: str) -> Iterator[str]:
    """Yield a secret as it stands in texts, addresses, JSON, dumps, and in base64 behind any other words."""
    yield secret
    yield quote(secret, safe="")
    yield secret.replace("/", "\\/")
    yield secret.encode().hex()
    for before in range(3):
        # Characters that the words before or behind it have a part in are left out.
        whole = (before + len(secret)) // 3 * 3
        encoded = base64.b64encode((b"\0" * before + secret.encode())[:whole]).decode()[(0, 2, 3)[before] :]
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")


class _Redacting(logging.Formatter):
    def __init__(self, redaction: Redaction) -> None:
        super().__init__(_FORMAT)
        self._redaction = redaction

    @override
    def format(self, record: logging.LogRecord) -> str:
        return self._redaction.hide(super().format(record))
