"""Failures as kinds to act on and sentences to read: what both vendors, and those who are compatible with them, really send."""

import json
import socket
import ssl
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from coterie.base.errors import FailureKind, ProviderError
from coterie.domain.status import Price
from coterie.domain.usage import Usage
from coterie.providers import failures
from coterie.providers.config import ApiKey
from coterie.providers.failures import Host
from coterie.providers.prices import cost
from coterie.providers.resilience.policy import RetryPolicy

KEY = ApiKey("canary-key-1234", "environment variable WORK_KEY")
HOST = Host(provider="work", model="one", address="https://models.example", api_key=KEY)
NOW = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)


def openai(message: str, code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic(kind: str, message: str = "…") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, openai("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), "quota_exhausted"),
        (402, {"error": {"message": "More credits", "code": 402}}, "quota_exhausted"),
        (400, anthropic("invalid_request_error", "Your credit balance is too low to access the API"), "quota_exhausted"),
        (429, openai("Rate limit reached", "rate_limit_exceeded", "tokens"), "rate_limited"),
        (429, openai("Request too large for gpt: context window, tokens per min", None, "tokens"), "rate_limited"),
        (429, anthropic("rate_limit_error"), "rate_limited"),
        (400, openai("This model's maximum context length is 16385 tokens.", "context_length_exceeded"), "context_overflow"),
        (400, anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), "context_overflow"),
        (413, anthropic("request_too_large"), "context_overflow"),
        (500, {"error": {"code": 500, "message": "the request exceeds the available context size"}}, "context_overflow"),
        (400, openai("filtered", "content_filter"), "content_policy"),
        (400, {"error": {"code": "x", "message": "…", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, "content_policy"),
        (403, {"error": {"code": 403, "message": "Your input was flagged by moderation"}}, "content_policy"),
        (401, openai("Incorrect API key provided: canary-key-1234", "invalid_api_key"), "auth_required"),
        (403, anthropic("permission_error"), "auth_required"),
        (404, openai("The model `one` does not exist", "model_not_found"), "bad_request"),
        (404, anthropic("not_found_error", "model: one"), "bad_request"),
        (404, "404 page not found", "bad_request"),
        (400, openai("Unsupported parameter: 'max_tokens'", "unsupported_parameter"), "bad_request"),
        (422, {"detail": [{"loc": ["body"]}]}, "bad_request"),
        (529, anthropic("overloaded_error", "Overloaded"), "transient"),
        (408, "", "transient"),
        (503, "<html>no server</html>", "transient"),
        (500, anthropic("api_error"), "transient"),
    ],
)
def test_statuses_and_bodies(status: int, body: Any, kind: FailureKind) -> None:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    failure = failures.from_response(HOST, status, {}, content)
    assert (failure.kind, failure.status) == (kind, status)
    assert "`work/one`" in failure.message
    assert str(status) in failure.message
    assert "canary" not in failure.message
    assert "<html" not in failure.message
    if kind == "auth_required":
        assert "WORK_KEY" in failure.message


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"detail": [{"loc": ["body"], "msg": "field required"}, {"msg": "extra field"}]}, "It says: field required; extra field"),
        ({"msg": "no balance", "code": 1113}, "It says: no balance"),
    ],
)
def test_what_a_host_says_in_its_own_way_is_told(body: Any, says: str) -> None:
    assert failures.from_response(HOST, 422, {}, json.dumps(body).encode()).message.endswith(says)


@pytest.mark.parametrize(
    ("headers", "where"),
    [
        ({"location": "https://models.example/v1/chat/completions?token=t#x"}, "to https://models.example/v1"),
        ({"location": "https://me:secret@models.example/v1"}, "to https://models.example/v1"),
        ({"location": "//me:secret@models.example/v1/chat/completions"}, "to {scheme}//models.example/v1"),
        ({"location": "/api/v1/chat/completions"}, "to {origin}/api/v1"),
        ({"location": "/login?next=%2Fv1"}, "to {origin}/login"),
        ({"location": "http://[/"}, "elsewhere"),
        ({}, "elsewhere"),
    ],
)
def test_where_a_host_sends_callers_is_told_as_base_url_takes_it(headers: dict[str, str], where: str) -> None:
    scheme, _, rest = HOST.place.partition("//")
    where = where.format(scheme=scheme, origin=f"{scheme}//{rest.partition('/')[0]}")
    failure = failures.from_response(HOST, 308, headers, b"<html>Moved", asked=f"{HOST.address}/chat/completions")
    assert failure.message.startswith(f"{HOST.place} sends callers {where} (HTTP 308).")


def test_an_unknown_model_is_named_with_the_hosts_code() -> None:
    failure = failures.from_response(HOST, 404, {}, json.dumps(openai("It does not exist", "model_not_found")).encode())
    assert "`model_not_found`" in failure.message
    assert "It does not exist" in failure.message


@pytest.mark.parametrize(
    ("cause", "kind", "says"),
    [
        (socket.gaierror(-2, "Name or service not known"), "transient", "was not found"),
        (ssl.SSLCertVerificationError("self-signed certificate"), "bad_request", "SSL_CERT_FILE"),
        (ssl.SSLError("wrong version number"), "transient", "https:// or http://"),
        (ConnectionRefusedError("refused"), "transient", "Nothing listens at https://models.example"),
        (ConnectionResetError("reset"), "transient", "connection to `work/one`"),
        (ExceptionGroup("all failed", [OSError("a"), socket.gaierror(-3, "try again")]), "transient", "was not found"),
    ],
)
def test_connections_that_fail(cause: Exception, kind: FailureKind, says: str) -> None:
    failure = httpx.ConnectError("all connection attempts failed")
    failure.__cause__ = cause
    told = failures.from_exception(HOST, failure)
    assert told.kind == kind
    assert says in told.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "Sat, 31 Jan 2026 10:00:30 GMT"}, 30),
        ({"retry-after": "Sat, 31 Jan 2026 09:00:00 GMT"}, 0),
        ({"retry-after": "-4"}, 0),
        ({"retry-after": "999999"}, 3600),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
    ],
)
def test_when_a_host_wants_us_back(headers: dict[str, str], seconds: float | None) -> None:
    assert failures.from_response(HOST, 429, headers, b"", now=NOW).retry_after == seconds


@pytest.mark.parametrize("value", [None, "", "canary\n", "canary\u2028", "cänary"])
def test_a_key_that_cannot_be_sent(value: str | None) -> None:
    failure = failures.key_failure(Host(provider="work", model="one", address="", api_key=ApiKey(value, "WORK_KEY")), wanted=False)
    assert failure is not None
    assert failure.kind == "auth_required"
    assert "WORK_KEY" in failure.message
    assert "nary" not in failure.message + repr(KEY)


def failing(kind: FailureKind, retry_after: float | None = None) -> ProviderError:
    return ProviderError("…", kind=kind, retry_after=retry_after)


@pytest.mark.parametrize(
    ("kind", "wish", "delays"),
    [
        ("transient", None, [1.0, 2.0, 3.0, None]),
        ("rate_limited", None, [1.0, 2.0, 3.0, None]),
        ("rate_limited", 7.0, [7.0, 7.0, 7.0, None]),
        ("rate_limited", 4000.0, [60.0, 60.0, 60.0, None]),
        ("transient", 0.0, [0.0, 0.0, 0.0, None]),
        ("quota_exhausted", 7.0, [None] * 4),
        ("auth_required", None, [None] * 4),
        ("context_overflow", None, [None] * 4),
        ("content_policy", None, [None] * 4),
        ("bad_request", None, [None] * 4),
    ],
)
def test_retries(kind: FailureKind, wish: float | None, delays: list[float | None]) -> None:
    policy = RetryPolicy(attempts=4, base_s=1, max_s=3)
    assert [policy.delay(failing(kind, wish), attempt, 0) for attempt in (1, 2, 3, 4)] == delays


def test_jitter_shortens_a_wait_by_up_to_a_half() -> None:
    policy = RetryPolicy(base_s=1, max_s=8)
    assert [policy.delay(failing("transient"), 2, jitter) for jitter in (0, 0.5, 1)] == [2, 1.5, 1]


PRICE = Price(input=Decimal(3), cache_read=Decimal("0.3"), output=Decimal(15))


@pytest.mark.parametrize(
    ("usage", "price", "usd"),
    [
        (Usage(input=1000, cache_read=2000, cache_write=0, output=100), PRICE, Decimal("0.0051")),
        (Usage(input=1000, cache_read=0, cache_write=1, output=100), PRICE, None),
        (Usage(input=1000, cache_read=0, cache_write=0, output=None), PRICE, None),
        (Usage(input=1000, cache_read=0, cache_write=0, output=0), None, None),
        (Usage(input=0, cache_read=0, cache_write=0, output=0), PRICE, Decimal(0)),
        (Usage(input=1, output=1, usd=Decimal("0.7")), None, Decimal("0.7")),
    ],
)
def test_cost_is_exact_or_unknown(usage: Usage, price: Price | None, usd: Decimal | None) -> None:
    assert cost(usage, price) == usd
