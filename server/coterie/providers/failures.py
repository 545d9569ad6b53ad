"""Say what went wrong with a host, as a kind to act on and as a sentence for the person.

`transport` and the wires call this with what they met: a status and a body, an exception, a stream that ended too early, an error object in
mid-stream. All return a `ProviderError` to raise; its kind is decided in `classification`. A host's own words are quoted in part, never
where it speaks of a key, and the key is cut out of whatever is quoted.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import assert_never
from urllib.parse import urljoin

from coterie.base.errors import FailureKind, ProviderError
from coterie.base.redaction import without
from coterie.domain.wire import Json
from coterie.providers.classification import kind_of, retry_after
from coterie.providers.config import ApiKey
from coterie.providers.fields import parse_object, record, records, text

_ELSEWHERE = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)
_LONGEST_QUOTE = 300
_LONGEST_READ = 4_000
_STATUS = re.compile("[45][0-9][0-9]")
_NOT_FOUND_WORDS = {"model_not_found", "not_found_error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Whom a failure is about: the provider's id, the model that was called (empty: none), its address, and its key."""

    provider: str
    model: str
    address: str
    api_key: ApiKey | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Provider and model, as sentences begin with them."""
        return f"`{self.provider}/{self.model}`" if self.model else f"`{self.provider}`"

    @property
    def place(self) -> str:
        """The address as sentences have it: without a name and a password that may stand in it."""
        return _place_of(self.address)

    @property
    def key_place(self) -> str:
        """Where a person sets the key."""
        return self.api_key.place if self.api_key else f"`api_key` of [providers.{self.provider}]"

    def quote(self, words: str) -> str:
        """Return a host's words on one line, of bounded length, without the key in any spelling."""
        line = " ".join(words[:_LONGEST_READ].split())
        if self.api_key and self.api_key.value:
            line = without(self.api_key.value, line)
        return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "…"


def _place_of(address: str) -> str:
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def _elsewhere(host: Host, location: str, asked: str) -> str:
    """Return the ``base_url`` that has ``location`` asked in place of ``asked``, or that place itself where none has; or nothing."""
    try:
        place = _place_of(urljoin(asked or host.address, location.partition("?")[0].partition("#")[0])) if location else ""
    except ValueError:  # no address at all
        return ""
    base = host.address.rstrip("/")
    return place.removesuffix(asked.removeprefix(base)) if asked.startswith(base) else place


def from_response(
    host: Host, status: int, headers: Mapping[str, str], body: bytes, *, asked: str = "", now: datetime | None = None
) -> ProviderError:
    """Classify an answer with a status that is not 2xx, to a request for the address ``asked``."""
    said = parse_object(body)
    if status in _ELSEWHERE:
        said = {"message": _elsewhere(host, headers.get("location", ""), asked)}
    elif said is None:
        plain = body.decode(errors="replace").strip()
        said = {"message": "" if _is_html(plain) else plain}
    return _from_words(host, status, said, wait=retry_after(headers, now or datetime.now(UTC)))


def from_error_object(host: Host, said: Mapping[str, Json]) -> ProviderError:
    """Classify an error that came inside of an answer whose status was 200."""
    return _from_words(host, None, said, wait=None)


def from_exception(host: Host, failure: Exception) -> ProviderError:
    """Classify what the HTTP library raised while connecting, writing or reading."""
    causes = tuple(_causes(failure))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return ProviderError(
            f"The certificate of {host.place} is not trusted ({host.quote(str(failure))}). For an authority of your own set SSL_CERT_FILE.",
            kind="bad_request",
            reached=False,
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return ProviderError(
            f"No secure connection to {host.place}: {host.quote(str(failure))}. Check https:// or http:// in `base_url` of "
            f"[providers.{host.provider}].",
            kind="transient",
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return ProviderError(
            f"The address {host.place} of {host.name} was not found. Check `base_url` of [providers.{host.provider}] and the network.",
            kind="transient",
            reached=False,
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return ProviderError(
            f"Nothing listens at {host.place}, the address of {host.name}. Start it, or correct `base_url` of [providers.{host.provider}].",
            kind="transient",
            reached=False,
        )
    return ProviderError(f"The connection to {host.name} at {host.place} failed: {_named(host, failure)}.", kind="transient")


def unusable_address(host: Host) -> ProviderError:
    """Say that ``base_url`` is no address."""
    return ProviderError(
        f"`base_url` of [providers.{host.provider}] is no http:// or https:// address: {host.place!r}.",
        kind="bad_request",
        reached=False,
    )


def no_connection_within(host: Host, seconds: float) -> ProviderError:
    """Say that the host did not accept a connection in time."""
    return ProviderError(
        f"{host.name} at {host.place} accepted no connection within {seconds:g} s. Is it running?", kind="transient", reached=False
    )


def no_answer_within(host: Host, seconds: float) -> ProviderError:
    """Say that the answer did not begin in time."""
    return ProviderError(
        f"{host.name} sent nothing within {seconds:g} s. If it only needs long to load, raise `first_token_timeout_s` of "
        f"[providers.{host.provider}].",
        kind="transient",
    )


def stalled_for(host: Host, seconds: float) -> ProviderError:
    """Say that an answer that had begun did not go on."""
    return ProviderError(f"{host.name} stopped in the middle of its answer: nothing more for {seconds:g} s.", kind="transient")


def no_model_host(host: Host, reason: str) -> ProviderError:
    """Say that the process that would have asked this host is not there."""
    return ProviderError(f"The process that speaks to {host.name} is not there: {host.quote(reason).rstrip('.')}.", kind="transient")


def truncated(host: Host) -> ProviderError:
    """Say that the stream ended before the answer did."""
    return ProviderError(f"{host.name} ended its answer in the middle.", kind="transient")


def empty(host: Host) -> ProviderError:
    """Say that there was nothing in the answer."""
    return ProviderError(f"{host.name} answered with nothing.", kind="transient")


def malformed(host: Host, what: str) -> ProviderError:
    """Say that the answer, or ``what`` in it, cannot be read."""
    return ProviderError(f"{host.name} sent something that cannot be read: {host.quote(what)}", kind="transient")


def not_a_stream(host: Host, body: bytes) -> ProviderError:
    """Classify an answer with status 200 that is no event stream: an error object, a web page, or something else."""
    said = parse_object(body)
    if said is not None and ("error" in said or text(said, "type") == "error"):
        return from_error_object(host, said)
    plain = body.decode(errors="replace").strip()
    if not plain:
        return empty(host)
    if _is_html(plain):
        return ProviderError(
            f"{host.place} answered with a web page, not as a model's host. Check `base_url` of [providers.{host.provider}], "
            "and whether a proxy or a login page is in between.",
            kind="transient",
        )
    return malformed(host, plain)


def is_loading(failure: ProviderError) -> bool:
    """Say whether a host of llama.cpp's refused a call only because its model is being loaded."""
    return failure.status == HTTPStatus.SERVICE_UNAVAILABLE and "loading" in failure.message.casefold()


def not_loaded(host: Host) -> ProviderError:
    """Say that a model that was being loaded never came to speak."""
    return ProviderError(f"{host.name} was not loaded: {host.place} gave up while it was loading. Its log says why.", kind="transient")


def fills_no_gaps(host: Host) -> ProviderError:
    """Say that a model was not made to fill gaps; it may still answer in words."""
    return ProviderError(f"{host.name} fills no gaps.", kind="bad_request", code="no_fim")


def cut_prompt(host: Host, window: int) -> ProviderError:
    """Say that a host read a part of what it was sent, behind an answer that looks like any other."""
    return ProviderError(
        f"{host.name} has a window of {window} tokens, and cut what it was sent to that. Its answer is void. Set a larger `context_tokens` "
        f"of [providers.{host.provider}], or choose another model.",
        kind="context_overflow",
    )


def key_failure(host: Host, *, wanted: bool) -> ProviderError | None:
    """Return what is wrong with a host's key, where it has one or wants one: it is not set, or cannot be sent."""
    if host.api_key is None and not wanted:
        return None
    if host.api_key is None or not host.api_key.value:
        return ProviderError(f"{host.name} needs a key, and there is none. Set {host.key_place}.", kind="auth_required", reached=False)
    if not host.api_key.usable:
        return ProviderError(
            f"The key of {host.name} holds characters that no key has (a line break?). Set {host.key_place} anew.",
            kind="auth_required",
            reached=False,
        )
    return None


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    while failure is not None:
        yield failure
        # Several addresses may have been tried at once, each with its own failure.
        for inner in failure.exceptions if isinstance(failure, BaseExceptionGroup) else ():
            yield from _causes(inner)
        failure = failure.__cause__ or failure.__context__


def _named(host: Host, failure: Exception) -> str:
    return host.quote(str(failure)).rstrip(".") or type(failure).__name__


def _is_html(plain: str) -> bool:
    return plain[:1] == "<"


def _from_words(host: Host, status: int | None, said: Mapping[str, Json], *, wait: float | None) -> ProviderError:
    error = said.get("error", said)
    if isinstance(error, str):
        error = {"message": error, "code": said.get("code")}
    if not isinstance(error, dict):
        error = said
    message = text(error, "message") or text(error, "detail") or text(error, "msg") or _details(error)
    code = error.get("code")
    if status is None:
        status = _status_in(code)
    inner = record(error, "innererror")
    words = {word for word in (code, text(error, "type"), text(inner, "code")) if isinstance(word, str) and word}
    kind = kind_of(status, words, message)
    return ProviderError(
        _sentence(host, kind, status, words, message),
        kind=kind,
        status=status,
        code="unknown_model" if words & _NOT_FOUND_WORDS and kind == "bad_request" else None,
        retry_after=wait if kind in {"transient", "rate_limited"} else None,
    )


def _details(error: Mapping[str, Json]) -> str:
    """Return what is wrong with a request as FastAPI says it, in a list."""
    return "; ".join(text(each, "msg") for each in records(error, "detail"))


def _status_in(code: Json) -> int | None:
    """Read the status of the host behind a router, which puts it, as a number or as text, where others put a word or a number of theirs."""
    said = str(code)
    return int(said) if _STATUS.fullmatch(said) else None


def _sentence(host: Host, kind: FailureKind, status: int | None, words: set[str], message: str) -> str:
    at = f" (HTTP {status})" if status else ""
    tail = f" It says: {host.quote(message)}" if message else ""
    match kind:
        case "transient":
            sentence = f"{host.name} failed on its side{at}.{tail}"
        case "rate_limited":
            sentence = f"{host.name} wants fewer requests{at}.{tail}"
        case "quota_exhausted":
            sentence = f"The quota or the credit of {host.name} is used up{at}. Top it up, or choose another model.{tail}"
        case "auth_required":
            # What hosts say here may quote parts of the key.
            sentence = f"{host.name} did not accept the key{at}. Set {host.key_place} to a key that may use this model."
        case "context_overflow":
            sentence = f"The conversation is longer than {host.name} can take{at}.{tail}"
        case "content_policy":
            sentence = f"{host.name} refused because of its content policy{at}.{tail}"
        case "bad_request" if status == HTTPStatus.NOT_FOUND or words & _NOT_FOUND_WORDS:
            code = next(iter(sorted(words & _NOT_FOUND_WORDS)), "not found")
            sentence = f"{host.name} is not there: {host.place} answered `{code}`{at}. Check the model's name and `base_url`.{tail}"
        case "bad_request" if status in _ELSEWHERE:
            where = f"to {host.quote(message)}" if message else "elsewhere"
            sentence = f"{host.place} sends callers {where}{at}. Set `base_url` of [providers.{host.provider}] to where it sends them."
        case "bad_request":
            sentence = f"{host.name} did not accept the request{at}.{tail}"
        case _:
            assert_never(kind)
    return sentence
