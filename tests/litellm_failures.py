"""Exceptions with the names and the attributes of LiteLLM's, for tests that would take seconds to import the real ones."""

from collections.abc import Mapping


class LiteLLMError(Exception):
    """What LiteLLM's exceptions have in common."""

    def __init__(self, message: str, *, status: int, headers: Mapping[str, str] | None = None, inner: Exception | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status
        self.litellm_response_headers = headers
        self.original_exception = inner


class AuthenticationError(LiteLLMError):
    """The key was refused."""


class BadRequestError(LiteLLMError):
    """The request was refused."""


class ContextWindowExceededError(LiteLLMError):
    """The conversation is too long."""


class RateLimitError(LiteLLMError):
    """Too many requests."""


class APIConnectionError(LiteLLMError):
    """No connection, or a defect of LiteLLM's."""


class MidStreamFallbackError(LiteLLMError):
    """What wraps a failure in the middle of an answer."""
