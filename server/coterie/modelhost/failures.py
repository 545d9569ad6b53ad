"""What LiteLLM raised, in words that ``coterie.providers.classification`` knows: a status, a code, a sentence, and a wish to wait."""

from __future__ import annotations

import json
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
    words, own = _said(inner)
    return {
        "status": int(status) if isinstance(status, int | str) and str(status).isdecimal() else None,
        "code": _CODES.get(name, "api_error"),
        "type": own,
        "message": words,
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


def _said(failure: BaseException) -> tuple[str, str]:
    """Return the vendor's sentence and its own name of the failure, without LiteLLM's words before them and its traceback behind them."""
    words = str(getattr(failure, "message", "") or failure).partition("\nTraceback")[0]
    while (shorter := _PREFIXES.sub("", words)) != words:
        words = shorter
    body = getattr(failure, "body", None)
    error = body if isinstance(body, Mapping) else _error_in(words)
    own = next((name for key in ("code", "type", "status") if isinstance(name := error.get(key), str)), "")
    message = error.get("message")
    return message if isinstance(message, str) else words.strip() or type(failure).__name__, own


def _error_in(words: str) -> Mapping[str, Any]:
    """Return the error object that a vendor answered with, where LiteLLM quotes it."""
    start, end = words.find("{"), words.rfind("}")
    try:
        said = json.loads(words[start : end + 1]) if start >= 0 else None
    except ValueError:
        return {}
    error = said.get("error", said) if isinstance(said, dict) else None
    return error if isinstance(error, dict) else {"message": error}
