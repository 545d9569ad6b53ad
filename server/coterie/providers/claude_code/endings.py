"""Say why a CLI gave no answer, as a kind to act on and as a sentence for the person.

`decoding` calls it with what the CLI reported, `conversation` and `worker` with how it ended. Its words for the API's failures become
those that `coterie.providers.classification` knows.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from coterie.base.errors import FailureKind, ProviderError
from coterie.domain.wire import Json
from coterie.providers.classification import kind_of
from coterie.providers.claude_code.binary import TOO_OLD
from coterie.providers.claude_code.cli import Exit
from coterie.providers.failures import Host
from coterie.providers.fields import count, text

_WORDS = {
    "authentication_failed": "authentication_error",
    "oauth_org_not_allowed": "permission_error",
    "rate_limit": "rate_limit_error",
    "overloaded": "overloaded_error",
    "model_not_found": "model_not_found",
    "invalid_request": "invalid_request_error",
    "max_output_tokens": "invalid_request_error",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """What the CLI last said of the subscription's limits."""

    is_reached: bool = False
    resets_at: int | None = None

    @classmethod
    def of(cls, info: Mapping[str, Json]) -> Limit:
        """Read the ``rate_limit_info`` of an event."""
        return cls(text(info, "status") == "rejected", count(info, "resetsAt"))


def refused(host: Host, said: Mapping[str, Json], *, words: str = "", limit: Limit | None = None) -> ProviderError:
    """Classify a ``result`` with an error; ``words`` is the error of the message that came with it."""
    message = text(said, "result") or "; ".join(str(each) for each in said.get("errors") or ())
    status = count(said, "api_error_status")
    codes = {_WORDS.get(word, word) for word in (words, text(said, "api_error_type"), text(said, "api_error")) if word}
    if limit is not None and limit.is_reached and (status == 429 or "rate_limit_error" in codes):  # noqa: PLR2004 - HTTP's
        return limit_reached(host, limit)
    kind: FailureKind = kind_of(status, codes, message)
    if text(said, "terminal_reason") == "prompt_too_long":
        kind = "context_overflow"
    return _worded(host, kind, status, message)


def retried(host: Host, said: Mapping[str, Json], limit: Limit) -> ProviderError | None:
    """Return the failure of an attempt that the CLI would repeat, None where it may: with a login that it refreshes meanwhile."""
    status, word = count(said, "error_status"), text(said, "error")
    kind = kind_of(status, {_WORDS.get(word, word)} - {""}, "")
    if kind == "auth_required":
        return None
    if kind == "rate_limited" and limit.is_reached:
        return limit_reached(host, limit)
    if kind == "bad_request":
        kind = "transient"  # it knows why it tries again
    failure = _worded(host, kind, status, word.replace("_", " "))
    delay = count(said, "retry_delay_ms")
    failure.retry_after = delay / 1000 if delay is not None and kind == "rate_limited" else None
    return failure


def limit_reached(host: Host, limit: Limit) -> ProviderError:
    """Say that the subscription's limit is used up."""
    until = ""
    if limit.resets_at is not None:
        until = f" until {datetime.fromtimestamp(limit.resets_at, UTC):%Y-%m-%d %H:%M} UTC"
    return ProviderError(f"The limit of the subscription of {host.name} is used up{until}.", kind="quota_exhausted", code="rate_limited")


def crashed(host: Host, end: Exit) -> ProviderError:
    """Say that the CLI ended without an answer."""
    last = f" Its last words: {host.quote(end.words)}" if end.words else ""
    if "unknown option" in end.words:
        return ProviderError(
            f"The `claude` command line of {host.name} is too old: it does not know what is asked of it. Run `claude update`.{last}",
            kind="auth_required",
            code=TOO_OLD,
        )
    how = f"was ended by {_signal(-end.code)}" if end.code < 0 else f"ended with code {end.code}"
    return ProviderError(f"The `claude` command line of {host.name} {how} before its answer did.{last}", kind="transient")


def cannot_start(host: Host, failure: OSError) -> ProviderError:
    """Say that the program is there and cannot be run."""
    why = failure.strerror or type(failure).__name__
    return ProviderError(f"The `claude` command line of {host.name} cannot be started: {why}.", kind="bad_request")


def logged_out(host: Host) -> ProviderError:
    """Say that nobody is logged in."""
    return ProviderError(
        f"{host.name} is not logged in. Run `claude` in a terminal and log in there (`/login`), or set `api_key` of "
        f"[providers.{host.provider}].",
        kind="auth_required",
    )


def _worded(host: Host, kind: FailureKind, status: int | None, message: str) -> ProviderError:
    at = f" (HTTP {status})" if status else ""
    tail = f" It says: {host.quote(message)}" if message else ""
    sentences: dict[FailureKind, str] = {
        "transient": f"{host.name} failed on its side{at}.{tail}",
        "rate_limited": f"{host.name} wants fewer requests{at}.{tail}",
        "quota_exhausted": f"The quota or the credit of {host.name} is used up{at}.{tail}",
        "context_overflow": f"The conversation is longer than {host.name} can take{at}.{tail}",
        "content_policy": f"{host.name} refused because of its content policy{at}.{tail}",
        "bad_request": f"{host.name} did not accept the request{at}.{tail}",
    }
    if kind == "auth_required":
        if host.api_key is None:
            return logged_out(host)
        return ProviderError(f"{host.name} did not accept the key{at}. Set {host.key_place} anew.", kind=kind, status=status)
    return ProviderError(sentences[kind], kind=kind, status=status)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
