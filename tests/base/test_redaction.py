"""No secret that this process has met reaches its log."""

import base64
import io
import logging
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import quote

import pytest

from coterie.base.redaction import Redaction, looks_like_a_key, redacted_log, without

CANARY = "sk-canary/91c2+zQ7b_Longer=="


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


@pytest.fixture(autouse=True)
def _the_hook_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


def test_the_last_words_of_a_process_hide_them_too() -> None:
    program = (
        "from coterie.base.redaction import redacted_log\n"
        "redaction = redacted_log()\n"
        "key = 'sk-' + 'canary-1'\n"
        "redaction.know(key)\n"
        "raise ValueError(f'no {key}')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "ValueError: no …" in ended.stderr
    assert "sk-canary-1" not in ended.stderr


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(str, id="plain"),
        pytest.param(str.upper, id="in another case"),
        pytest.param(" ".join, id="with blanks"),
        pytest.param(lambda key: f"{key[:12]}\n{key[12:]}", id="on two lines"),
        pytest.param(lambda key: key[:12], id="its beginning"),
        pytest.param(lambda key: key[-9:], id="its end"),
        pytest.param(lambda key: quote(key, safe=""), id="in an address"),
        pytest.param(lambda key: key.replace("/", "\\/"), id="in JSON"),
        pytest.param(lambda key: key.encode().hex(), id="as a dump"),
        *(
            pytest.param(lambda key, words=words: base64.b64encode(f"{words}{key}".encode()).decode(), id=f"in base64 behind {words!r}")
            for words in ("", "Bearer ", "x:", "xy:")
        ),
        pytest.param(lambda key: base64.urlsafe_b64encode(key.encode()).decode(), id="in base64 for addresses"),
    ],
)
def test_a_strangers_words_keep_nothing_of_a_key_however_it_is_spelled(spelled: Callable[[str], str]) -> None:
    said = f"ÄİGot {spelled(CANARY)} ."
    left = without(CANARY, said)
    assert left.startswith("ÄİGot ")
    assert left.endswith(" .")
    assert "…" in left
    kept = "".join(left.removeprefix("ÄİGot").removesuffix(".").replace("…", "").split())
    assert len(kept) <= len("QmVhcmVyIH" + "PT0="), "base64 keeps the words before a key and the last characters, nothing else anything"


@pytest.mark.parametrize(("key", "said"), [("", "all of it stays"), ("sk-canary/91c2", "sk-can is not it, nor is canary/")])
def test_other_words_of_a_stranger_stay(key: str, said: str) -> None:
    assert without(key, said) == said


def test_a_key_too_short_for_pieces_is_cut_out_whole() -> None:
    assert without("abc12", "abc12 and abc") == "… and abc"


@pytest.mark.parametrize(
    ("text", "is_key"),
    [
        ("the key is sk-proj-abcdefghijklmnop", True),
        ("-----BEGIN RSA PRIVATE KEY-----", True),
        ("ghp_abcdefghijklmnopqrstuvwx", True),
        ("AKIAABCDEFGHIJKLMNOP", True),
        ("postgres://app:s3cr3t@db/x", True),
        ('API_KEY="8f14e45fceea"', True),
        ("The password is hunter2!", True),
        ("The token is taken from the header", False),
        ("sk-learn is used, see https://example.org:8080/a@b", False),
        ("Secrets are read from the vault; tokens: at most 4096", False),
    ],
)
def test_what_keys_look_like(text: str, *, is_key: bool) -> None:
    assert looks_like_a_key(text) is is_key
