"""What the settings say of one provider, in the form that ``providers`` works with.

``app`` converts the settings to these when they load and when they change; the registry compares them to see what changed.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from urllib.parse import urlsplit

from coterie.domain.status import Capabilities, Price, ProviderOrigin, ProviderType
from coterie.domain.suggestions import FimSetting
from coterie.domain.wire import Json

OWN_HOSTS: frozenset[ProviderType] = frozenset({"ollama", "llama_cpp", "llama_swap"})
"""The kinds of hosts that a person runs."""
FIRST_TOKEN_S: Mapping[ProviderType, float] = {"llama_swap": 600.0}
"""Where the first word of an answer may take longer than it does elsewhere, because a model is loaded for it."""
FREE = Price(input=Decimal(0), cache_read=Decimal(0), cache_write=Decimal(0), output=Decimal(0))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key and the place where a person sets it: ``environment variable OPENAI_API_KEY``. ``value`` is None where nothing is set.

    ``secret`` names it in the vault (``work/api_key``): such a key has its value only inside of a call (see `coterie.providers.keys`).
    ``since`` is when it was set there, so that a provider whose key is another one is another provider.
    """

    value: str | None = field(repr=False)
    place: str
    secret: str | None = None
    since: str | None = None

    @property
    def usable(self) -> bool:
        """Whether the key can stand in a header; one with a line break would be quoted, in full, by the HTTP library's complaint."""
        return self.value is not None and self.value != "" and self.value.isascii() and self.value.isprintable()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait: for a connection, for the first event of an answer, for the next bytes of it."""

    connect_s: float = 10.0
    first_token_s: float = 120.0
    idle_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """One entry of ``[providers]``.

    ``api_key`` is None for a host that wants none. ``models`` are used without asking the host. ``context_tokens`` is their window, where
    the host does not tell it. ``prices`` are by the host's own model
    names. ``fim`` says how the host fills gaps, None: what is known of it says it (see `coterie.providers.filling`).
    ``cassette`` is the file of a ``replay`` provider,
    ``command`` the program of a ``claude_code`` one.
    ``vendor`` is LiteLLM's name of whose models these are, where the settings say so (see `coterie.providers.vendors`).
    ``rpm`` and ``tpm`` are the requests and tokens that each of its models takes in a minute. ``lane`` says whether
    the host works with one model at a time, None: its type says it. ``health_check_s`` are the seconds between
    looks whether the host is there, while it is in use; None: its calls show it.
    """

    id: str
    type: ProviderType
    base_url: str = ""
    api_key: ApiKey | None = None
    models: tuple[str, ...] = ()
    context_tokens: int | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)
    fim: FimSetting | None = None
    vendor: str | None = None
    cassette: str | None = None
    command: str | None = None
    rpm: int | None = None
    tpm: int | None = None
    lane: bool | None = None
    origin: ProviderOrigin = "settings"
    health_check_s: float | None = None

    @property
    def acts(self) -> bool:
        """Whether calls have the host do something, so that the answer to one is no answer to its equal."""
        return self.type == "botserver"

    @property
    def digest(self) -> str:
        """What is the same as long as all of this is but the key: a host whose key is another one is still the same host."""
        return hashlib.blake2b(repr(replace(self, api_key=None)).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()

    @property
    def machine(self) -> str:
        """What is the same for all addresses of one server, whatever entries lead to it."""
        if not self.base_url:
            return self.id
        parts = urlsplit(self.base_url)
        name = "localhost" if is_loopback(self.base_url) else parts.hostname
        return f"{name}:{parts.port or {'http': 80, 'https': 443}.get(parts.scheme)}"

    @property
    def has_lane(self) -> bool:
        """Whether the host works with one model at a time (see `coterie.providers.lanes`)."""
        return self.type in OWN_HOSTS if self.lane is None else self.lane

    def price_of(self, model: str) -> Price | None:
        """Return what a model costs by the settings, or nothing where it runs on a machine of the person's own."""
        return self.prices.get(model) or (FREE if self.type in OWN_HOSTS else None)

    @property
    def lists_models(self) -> bool:
        """Whether a list of its models comes from the host itself, and so shows that it is there; not from the settings, or a map."""
        return self.type in OWN_HOSTS or (not self.models and self.type != "litellm")

    @property
    def wants_key(self) -> bool:
        """Whether calls without a key are in vain. Many compatible hosts have none, nor have hosts on this machine."""
        return self.type == "anthropic" and not is_loopback(self.base_url)

    @property
    def capabilities(self) -> Capabilities:
        """What every model behind this type of host can do; a host is not asked for it."""
        if self.type == "replay":
            return Capabilities(local=True)
        return Capabilities(
            fim=self.fim is not False if self.type in OWN_HOSTS else bool(self.fim) and self.type in {"openai_compatible", "litellm"},
            tools=not self.acts,
            prompt_cache=self.type in {"anthropic", "claude_code"},
            install=self.type == "ollama",
            local=self.type in OWN_HOSTS or is_loopback(self.base_url),
        )


def is_loopback(url: str) -> bool:
    """Say whether an address is on this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
