"""Who is let in from the network, and with which secrets a server starts at all."""

from __future__ import annotations

import datetime as dt
import errno
import socket
from pathlib import Path
from typing import Any

import pytest
import trustme

from coterie.app.admission import (
    FAILURES_WITHIN_S,
    LOGGED_EACH_S,
    LONGEST_TOKEN,
    MOST_FAILURES,
    UNGUESSABLE,
    Admission,
    Endpoint,
    admission_for,
    endpoint,
)
from coterie.app.doors import NotListeningError

LOOPBACK = endpoint("0")
SHORT, LONG = b"short", b"x" * UNGUESSABLE


def failing(admission: Admission, *addresses: str, page: bool = False) -> None:
    for address in addresses:
        admission.judge(address, b"wrong", page=page)


@pytest.mark.parametrize(("token", "verdict"), [(SHORT, "later"), (LONG, "admitted")])
def test_nobody_keeps_the_owner_of_a_long_token_out_by_failing_again_and_again(token: bytes, verdict: str) -> None:
    admission = Admission(token=token, tls=None, clock=lambda: 0.0)
    failing(admission, *["192.0.2.1"] * MOST_FAILURES)
    assert admission.judge("192.0.2.1", token) == verdict
    assert admission.judge("192.0.2.1", b"wrong") == "later", "guesses are not judged any more, whatever the token"


def test_failures_that_are_refused_do_not_prolong_the_wait() -> None:
    now = 0.0
    admission = Admission(token=SHORT, tls=None, clock=lambda: now)
    failing(admission, *["192.0.2.1"] * 2 * MOST_FAILURES)
    now = FAILURES_WITHIN_S
    assert admission.judge("192.0.2.1", SHORT) == "admitted"


@pytest.mark.parametrize(
    ("failed", "asks", "verdict"),
    [
        pytest.param([f"2001:db8::{n}" for n in range(MOST_FAILURES)], "2001:db8::99", "later", id="one network of IPv6 is one client's"),
        pytest.param(["2001:db8::1"] * MOST_FAILURES, "2001:db8:0:1::1", "admitted", id="another network of IPv6"),
        pytest.param(["fe80::1%eth0"] * MOST_FAILURES, "fe80::2%eth0", "later", id="a link"),
        pytest.param(["192.0.2.1"] * MOST_FAILURES, "192.0.2.2", "admitted", id="another address of IPv4"),
    ],
)
def test_failures_count_by_what_one_client_has_to_itself(failed: list[str], asks: str, verdict: str) -> None:
    admission = Admission(token=SHORT, tls=None, clock=lambda: 0.0)
    failing(admission, *failed)
    assert admission.judge(asks, SHORT) == verdict


def test_refusals_are_logged_once_a_minute_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    times = iter((0.0, 1.0, LOGGED_EACH_S - 1, LOGGED_EACH_S, 2 * LOGGED_EACH_S))
    admission = Admission(token=SHORT, tls=None, clock=lambda: next(times))
    for _ in range(5):
        admission.log_refusal("192.0.2.1", "did not show the token")
    said = "192.0.2.1 did not show the token"
    assert caplog.messages == [said, f"{said} (and 2 more were refused since the last such line)", said]


def test_what_web_pages_fail_at_does_not_bar_other_clients() -> None:
    admission = Admission(token=SHORT, tls=None, clock=lambda: 0.0)
    failing(admission, *["127.0.0.1"] * MOST_FAILURES, page=True)
    assert admission.judge("127.0.0.1", SHORT, page=True) == "later"
    assert admission.judge("127.0.0.1", SHORT) == "admitted"


@pytest.mark.parametrize("text", ["", "here", "127.0.0.1:65536", "127.0.0.1:" + "9" * 5000, "127.0.0.1:٣"])
def test_what_is_no_place_is_refused_in_words(text: str) -> None:
    with pytest.raises(NotListeningError):
        endpoint(text)


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        *(("127.0.0.1", True), ("127.8.9.1", True), ("::1", True)),
        *(("0.0.0.0", False), ("192.0.2.1", False), ("::", False), ("::ffff:0.0.0.0", False), ("fe80::1%lo", False)),  # noqa: S104 - nothing is bound
    ],
)
def test_only_loopback_is_open_without_secrets(address: str, *, loopback: bool) -> None:
    where = Endpoint(socket.AF_INET6 if ":" in address else socket.AF_INET, (address, 0))
    assert where.loopback is loopback
    if loopback:
        admission_for(where, "", token_file=None, cert=None, key=None)
    else:
        with pytest.raises(NotListeningError, match="Other machines"):
            admission_for(where, "", token_file=None, cert=None, key=None)


def test_an_address_keeps_its_interface() -> None:
    """A link-local one cannot be bound without."""
    assert endpoint("[::1%1]:0").place[3:] == (1,)
    with pytest.raises(OSError, match=rf"Errno (?!{errno.EINVAL}\])"):
        Endpoint(socket.AF_INET6, ("fe80::1", 0, 0, 1)).bind()


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param(b"one\ntwo", "one line", id="two lines"),
        pytest.param(b"nul\0", "control", id="control characters"),
        pytest.param(b"x" * (LONGEST_TOKEN + 1), str(LONGEST_TOKEN), id="too long for the line that shows it"),
        pytest.param(b" \r\n", "no token", id="blank"),
        pytest.param(None, "cannot be read", id="no file"),
    ],
)
def test_a_token_that_no_client_could_show_is_refused(tmp_path: Path, token: bytes | None, reason: str) -> None:
    file = tmp_path / "token"
    if token is not None:
        file.write_bytes(token)
    with pytest.raises(NotListeningError, match=reason):
        admission_for(LOOPBACK, "", token_file=file, cert=None, key=None)


def test_a_token_of_the_environment_is_bytes_like_any_other() -> None:
    assert admission_for(LOOPBACK, "\udcff", token_file=None, cert=None, key=None).token == b"\xff"


def issued(folder: Path, **dates: dt.datetime) -> Path:
    file = folder / "both.pem"
    trustme.CA().issue_cert("127.0.0.1", **dates).private_key_and_cert_chain_pem.write_to_path(file)
    return file


@pytest.mark.parametrize(
    ("days", "reason"), [({"not_after": -1}, "has expired"), ({"not_before": 1, "not_after": 2}, "not valid yet"), ({"not_after": 1}, None)]
)
def test_a_certificate_that_every_client_would_refuse_is_refused_first(tmp_path: Path, days: dict[str, int], reason: str | None) -> None:
    today = dt.datetime.now(dt.UTC)
    dates: Any = {name: today + dt.timedelta(days=many) for name, many in days.items()}
    file = issued(tmp_path, **dates)
    if reason is None:
        assert admission_for(LOOPBACK, "", token_file=None, cert=file, key=file).tls is not None
    else:
        with pytest.raises(NotListeningError, match=reason):
            admission_for(LOOPBACK, "", token_file=None, cert=file, key=file)


@pytest.mark.parametrize(("what", "reason"), [("missing", "cannot be read"), ("folder", "cannot be read"), ("rubbish", "no certificate")])
def test_tls_material_that_cannot_be_used_is_named(tmp_path: Path, what: str, reason: str) -> None:
    file = tmp_path / what
    if what == "folder":
        file.mkdir()
    elif what == "rubbish":
        file.write_bytes(b"rubbish")
    with pytest.raises(NotListeningError, match=reason) as refused:
        admission_for(LOOPBACK, "", token_file=None, cert=file, key=issued(tmp_path))
    assert str(file) in str(refused.value)
