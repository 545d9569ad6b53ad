"""The settings of one core: every layer kept, loaded again when one changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from coterie.config.addresses import usual_address
from coterie.config.environment import KNOWN_HOSTS, known_host
from coterie.config.facade import project_path
from coterie.config.load import Loaded, load
from coterie.config.paths import PROJECT_FILE, VAULT_NAMES
from coterie.config.schema import PriceSettings, ProviderSettings, Settings
from coterie.domain.secrets import API_KEY, REFERENCE, provider_of, secret_name
from coterie.domain.status import Price, ProviderOrigin
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Folder
from coterie.providers import vendors
from coterie.providers.botserver.routing import MODELS as FARM_MODELS
from coterie.providers.config import FIRST_TOKEN_S, ApiKey, ProviderConfig, Timeouts
from coterie.providers.resilience.cache import CacheLimits


class LiveSettings:
    """The layers as they are now. Loading blocks on a few small files."""

    def __init__(
        self,
        environ: Mapping[str, str],
        folders: Sequence[Folder],
        *,
        editor_options: Mapping[str, Json] | None = None,
        command_line: Mapping[str, Json] | None = None,
    ) -> None:
        self._environ = environ
        self._editor_options = editor_options
        self._command_line = command_line
        self._pulled: Mapping[str, Json] | None = None
        self._folders = _or_named(folders, environ)
        self.loaded: Loaded = self._load(None)

    @property
    def folders(self) -> tuple[Folder, ...]:
        """The workspace folders, each with what the settings say of its trust."""
        return tuple(_with_trust(folder, self.loaded.trusted) for folder in self._folders)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the settings come from, whether they are there or not."""
        places = self.loaded.places
        projects = (Path(folder.absolute) / PROJECT_FILE for folder in self._folders)
        return (places.config_file, *projects, places.data / VAULT_NAMES)

    def reread(self) -> None:
        """Take over what the files say now."""
        self.loaded = self._load(self.loaded)

    def set_folders(self, folders: Sequence[Folder]) -> None:
        """Take over the settings that these folders bring."""
        self._folders = _or_named(folders, self._environ)
        self.loaded = self._load(self.loaded)

    def set_pulled(self, values: Mapping[str, Json]) -> None:
        """Take over what ``workspace/configuration`` said."""
        self._pulled = values
        self.loaded = self._load(self.loaded)

    def only_in(self, folder: Folder) -> Loaded:
        """Return what would hold if this were the only folder."""
        return self._load(self.loaded, (folder,))

    def _load(self, before: Loaded | None, folders: Sequence[Folder] | None = None) -> Loaded:
        return load(
            self._environ,
            folders=[Path(folder.absolute) for folder in (self._folders if folders is None else folders)],
            editor_options=self._editor_options,
            workspace_configuration=self._pulled,
            command_line=self._command_line,
            before=before,
        )


def provider_configs(loaded: Loaded, environ: Mapping[str, str]) -> tuple[ProviderConfig, ...]:
    """Say the settings' providers in the words of ``providers``: keys are looked up in the environment, those in the vault only named."""
    return tuple(
        replace(_provider(name, provider, environ, loaded.secrets), origin=_origin(name, loaded))
        for name, provider in loaded.settings.providers.items()
    )


def _origin(name: str, loaded: Loaded) -> ProviderOrigin:
    """Say who named a host: it may be there by a known variable alone."""
    layers = {layer for key, layer in loaded.origins.items() if key.startswith(f"providers.{name}.")}
    is_known = any(host.name == name for host in KNOWN_HOSTS)
    return "environment" if is_known and layers <= {"environment", "vault"} else "settings"


def implied_provider(name: str, loaded: Loaded, environ: Mapping[str, str]) -> ProviderConfig | None:
    """Return the host that a model's id can name without an entry of its own: a known one, or a vendor of LiteLLM's."""
    known = next((host for host in KNOWN_HOSTS if host.name == name), None)
    if known is not None:
        values = known_host(known, environ)
        if not known.or_any:
            # Not set: then the refusal says which variable to set.
            values.setdefault("api_key", f"env:{known.keys[0]}")
    elif name == "ollama":
        values = {"type": "ollama", "base_url": usual_address("ollama", environ)}
    elif name in vendors.NAMES:
        variable = next((variable for variable in vendors.key_variables(name) if environ.get(variable)), None)
        values = {"type": "litellm"} | ({"api_key": f"env:{variable}"} if variable else {})
    else:
        return None
    if f"{name}/{API_KEY}" in loaded.secrets:
        values["api_key"] = f"{REFERENCE}{name}/{API_KEY}"
    return _provider(name, ProviderSettings.model_validate(values), environ, loaded.secrets)


def _provider(name: str, provider: ProviderSettings, environ: Mapping[str, str], secrets: Mapping[str, str]) -> ProviderConfig:
    return ProviderConfig(
        id=name,
        type=provider.type,
        base_url=provider.base_url or "",
        api_key=_key(name, provider, environ, secrets),
        models=provider.models or (FARM_MODELS if provider.type == "botserver" else ()),
        context_tokens=provider.context_tokens,
        prices={model: _price(price) for model, price in provider.price.items()},
        temperature=provider.temperature,
        max_tokens=provider.max_tokens,
        top_p=provider.top_p,
        extra=provider.extra,
        timeouts=Timeouts(
            connect_s=provider.connect_timeout_s,
            first_token_s=provider.first_token_timeout_s or FIRST_TOKEN_S.get(provider.type, Timeouts().first_token_s),
            idle_s=provider.idle_timeout_s,
        ),
        fim=provider.fim,
        cassette=provider.cassette,
        rpm=provider.rpm,
        tpm=provider.tpm,
        lane=provider.lane,
        vendor=provider.vendor,
        command=provider.command,
        health_check_s=provider.health_check_s if provider.type == "botserver" else None,
    )


def _key(name: str, provider: ProviderSettings, environ: Mapping[str, str], secrets: Mapping[str, str]) -> ApiKey | None:
    if provider.api_key is None:
        return None
    reference = provider.api_key.get_secret_value()
    if reference.startswith("env:"):
        variable = reference.removeprefix("env:")
        # Blanks around it, such as the line end of the file that it was read from, are none of it, as in the vault.
        return ApiKey(environ.get(variable, "").strip() or None, f"environment variable {variable}")
    if reference.startswith(REFERENCE):
        secret = secret_name(reference)
        return ApiKey(None, f"it with `coterie keys set {_shortest(secret)}`", secret=secret, since=secrets.get(secret))
    return ApiKey(reference, f"providers.{name}.api_key")


def _shortest(secret: str) -> str:
    """Return the least that a person has to write for a secret's name."""
    return provider_of(secret) if secret.endswith(f"/{API_KEY}") else secret


def cache_limits(settings: Settings) -> CacheLimits:
    """Say what the settings say of kept answers in the words of ``providers``."""
    kept = settings.cache
    return CacheLimits(enabled=kept.enabled, max_bytes=kept.max_mb * 1024 * 1024, max_age_s=kept.max_age_h * 3600.0)


def _price(price: PriceSettings) -> Price:
    return Price(input=price.input, cache_read=price.cache_read, cache_write=price.cache_write, output=price.output)


def _or_named(folders: Sequence[Folder], environ: Mapping[str, str]) -> tuple[Folder, ...]:
    """Return the folders, or where there are none the one that a variable names."""
    if folders or (named := project_path(environ)) is None:
        return tuple(folders)
    return (Folder(uri=named.as_uri(), name=named.name, absolute=str(named)),)


def _with_trust(folder: Folder, trusted: frozenset[Path]) -> Folder:
    return Folder(uri=folder.uri, name=folder.name, absolute=folder.absolute, trusted=Path(folder.absolute) in trusted)
