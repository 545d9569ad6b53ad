"""No secret that this process has met reaches its log."""

import io
import logging
import sys

import pytest

from coterie.base.redaction import Redaction, redacted_log


def test_secrets_are_cut_out_the_longest_first_and_ordinary_words_stay() -> None:
    redaction = Redaction()
    for secret in ("sk-12345", "sk-12345-and-more", "", None, "abc"):
        redaction.know(secret)
    assert redaction.hide("sk-12345-and-more, sk-12345, abc") == "…, …, abc"


def test_the_log_hides_them_in_messages_arguments_and_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    before = list(root.handlers)
    redaction = redacted_log()
    try:
        redaction.know("sk-canary-1")
        log = logging.getLogger("coterie.test")
        log.warning("sent %s", {"authorization": "Bearer sk-canary-1"})
        log.error("it failed", exc_info=ValueError("sk-canary-1"))
    finally:
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
    assert "Bearer …" in written.getvalue()
    assert "ValueError: …" in written.getvalue()
    assert "canary" not in written.getvalue()
