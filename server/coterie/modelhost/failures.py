"""What LiteLLM raised, in words that ``coterie.providers.classification`` knows: a status, a code, a sentence, and a wish to wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_CODES = {
    "AuthenticationError": "authentication_error",
    "PermissionDeniedError": "permission_error",
    "NotFoundError": "model_not_found",
    "LiteLLMUnknownProvider": "bad_request",
    "BadRequestError": "bad_request",
    "UnsupportedParamsError": "bad_request",
    "UnprocessableEntityError": "bad_request",
    "ContextWindowExceededError": "context_length_exceeded",
    "ContentPolicyViolationError": "content_policy_violation",
    "PaymentRequiredError": "insufficient_credits",
    "RateLimitError": "rate_limit_error",
    "Timeout": "timeout_error",
}
"""By the name of LiteLLM's exception class. All others are failures on the vendor's side, or of the way to it."""
_WITHOUT_ANSWER = {"APIConnectionError", "Timeout"}
_PREFIXES = re.compile(r"^(?:litellm\.)?\w+(?:Error|Exception)(?: \w+Error)?(?:: | - )")
_WAITS = ("retry-after", "retry-after-ms")


def described(failure: BaseException) -> dict[str, Any]:
    """Return the ``failure`` of a frame."""
    inner = _innermost(failure)
    name = type(inner).__name__
    # LiteLLM gives a status also to what never got an answer.
    status = None if name in _WITHOUT_ANSWER else getattr(inner, "status_code", None)
    headers = _headers(inner)
    return {
        "status": int(status) if isinstance(status, int | str) and str(status).isdecimal() else None,
        "code": _CODES.get(name, "api_error"),
        "message": _sentence(inner),
        "headers": {name: headers[name] for name in _WAITS if name in headers},
    }


def _innermost(failure: BaseException) -> BaseException:
    """Return what really failed: what breaks amid an answer comes wrapped, as a failure of the vendor whatever it was."""
    original = getattr(failure, "original_exception", None)
    return _innermost(original) if isinstance(original, Exception) and original is not failure else failure


def _headers(failure: BaseException) -> dict[str, str]:
    """Return the headers of the refusal, which LiteLLM keeps in one of two places."""
    found: dict[str, str] = {}
    for headers in (getattr(getattr(failure, "response", None), "headers", None), getattr(failure, "litellm_response_headers", None)):
        if isinstance(headers, Mapping):  # httpx's are one, too
            found |= {str(name).lower(): str(value) for name, value in headers.items()}
    return found


def _sentence(failure: BaseException) -> str:
    """Return the vendor's words, without LiteLLM's names of classes before them and its traceback behind them."""
    words = str(getattr(failure, "message", "") or failure).partition("\nTraceback")[0]
    while (shorter := _PREFIXES.sub("", words)) != words:
        words = shorter
    return words.strip() or type(failure).__name__
