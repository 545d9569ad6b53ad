"""Decide of what kind a host's failure is, from its status and its words.

One table for both wires: compatible hosts and routers borrow each other's words. `failures` puts the kind into a sentence, `resilience`
into a waiting time.
"""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from http import HTTPStatus

from coterie.base.errors import FailureKind

LONGEST_RETRY_AFTER_S = 3600.0

_QUOTA_WORDS = {"insufficient_quota", "billing_error", "billing_hard_limit_reached", "billing_not_active", "insufficient_credits"}
_CONTEXT_WORDS = {"context_length_exceeded", "exceed_context_size_error", "request_too_large", "string_above_max_length"}
_POLICY_WORDS = {"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation", "moderation_blocked"}
_LIMIT_WORDS = {"rate_limit_error", "rate_limit_exceeded", "rate_limited", "tokens", "requests"}
_AUTH_WORDS = {"authentication_error", "permission_error", "invalid_api_key", "invalid_authentication", "account_deactivated"}
_TRANSIENT_WORDS = {"overloaded_error", "api_error", "server_error", "internal_server_error", "timeout_error", "service_unavailable"}
_REQUEST_WORDS = {"invalid_request_error", "not_found_error", "model_not_found", "bad_request"}

_QUOTA_SENTENCE = re.compile(r"credit balance is too low|exceeded your current quota|insufficient (credits|balance|quota)", re.IGNORECASE)
_CONTEXT_SENTENCE = re.compile(
    r"maximum context length|prompt is too long|context (window|length|size|limit)|exceeds? the (available|model's) context",
    re.IGNORECASE,
)
_POLICY_SENTENCE = re.compile(r"content (management )?policy|content filter|requires moderation|flagged by", re.IGNORECASE)
_POLICY_STATUSES = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS, None}


def kind_of(status: int | None, words: AbstractSet[str], message: str) -> FailureKind:
    """Classify a failure.

    ``status`` is None inside of a stream; ``words`` are the codes and types that the host gave, ``message`` its sentence. What is more
    specific comes first: a used-up quota is also a 429, a refused prompt also a 403.
    """
    kind: FailureKind
    if words & _QUOTA_WORDS or status == HTTPStatus.PAYMENT_REQUIRED or _QUOTA_SENTENCE.search(message):
        kind = "quota_exhausted"
    elif status == HTTPStatus.TOO_MANY_REQUESTS or (status is None and words & _LIMIT_WORDS):
        # Before the context: "request too large" is said of tokens per minute, too.
        kind = "rate_limited"
    elif words & _CONTEXT_WORDS or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or _CONTEXT_SENTENCE.search(message):
        kind = "context_overflow"
    elif words & _POLICY_WORDS or (status in _POLICY_STATUSES and _POLICY_SENTENCE.search(message)):
        kind = "content_policy"
    elif status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or words & _AUTH_WORDS:
        kind = "auth_required"
    elif _is_on_its_side(status) or words & _TRANSIENT_WORDS:
        kind = "transient"
    elif status is not None or words & _REQUEST_WORDS:
        kind = "bad_request"
    else:
        # An error in mid-stream that names nothing we know: the same request may well work the next time.
        kind = "transient"
    return kind


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a host wants us to wait, from ``Retry-After`` (seconds or a date) or ``retry-after-ms``; bounded."""
    seconds = _number(headers.get("retry-after-ms", ""), 1000)
    wish = headers.get("retry-after", "").strip()
    if seconds is None and wish:
        seconds = _number(wish, 1)
        seconds = _until(wish, now) if seconds is None else seconds
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)


def _is_on_its_side(status: int | None) -> bool:
    early = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}
    return status is not None and (status in early or status >= HTTPStatus.INTERNAL_SERVER_ERROR)


def _number(word: str, scale: float) -> float | None:
    try:
        number = float(word) / scale
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(date: str, now: datetime) -> float | None:
    try:
        then = email.utils.parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    # A date without a zone is meant as UTC.
    return ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()
