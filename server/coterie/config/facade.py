"""The variables by which people choose where the work is done: ``LLM_PROVIDER`` and those of a BotServer.

`load` reads them. A farm that is switched on takes the place of the default model, and the model that would have served comes behind it;
who names a model for an agent, a chat, a run or a command still gets that one. What is wrong in a variable costs nothing but itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from coterie.config.addresses import usual_address
from coterie.config.layers import Layer, Values
from coterie.config.problems import Problem
from coterie.config.schema import ProviderSettings
from coterie.domain.status import ProviderType

VARIABLES = ("LLM_PROVIDER", "BOTSERVER_URL", "BOTSERVER_API_KEY", "ENABLE_BOTSERVER_FACADE", "FALLBACK_TO_LOCAL", "PROJECT_PATH")
NAME = "botserver"
"""The name, and the type, of the host that the variables make."""
MODEL = "auto"
_PROVIDERS = ("azure", "anthropic", "openai", "local", NAME)
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_HERE = "environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the variables say. ``provider`` is one of ``LLM_PROVIDER``'s words; ``falls_back`` is None where nothing is said of it."""

    provider: str | None
    facade: bool
    falls_back: bool | None

    @property
    def host(self) -> str | None:
        """The only known host that may give the default model; None: whichever is there."""
        return None if self.provider == NAME else self.provider


def read_wishes(environ: Mapping[str, str], problems: list[Problem]) -> Wishes:
    """Read the variables; those that cannot be understood count as not set."""
    provider: str | None = environ.get("LLM_PROVIDER", "").strip().lower() or None
    if provider is not None and provider not in _PROVIDERS:
        problems.append(Problem(file=_HERE, key="LLM_PROVIDER", message=f"Write one of {', '.join(_PROVIDERS)}."))
        provider = None
    switched = _truth("ENABLE_BOTSERVER_FACADE", environ, problems)
    if provider == NAME and switched is False:
        message = "This switches off what LLM_PROVIDER=botserver switches on; it stays off."
        problems.append(Problem(file=_HERE, key="ENABLE_BOTSERVER_FACADE", message=message))
    facade = switched if switched is not None else provider == NAME
    path = environ.get("PROJECT_PATH", "").strip()
    if path and project_path(environ) is None:
        problems.append(Problem(file=_HERE, key="PROJECT_PATH", message=f"There is no folder {path}."))
    return Wishes(provider=provider, facade=facade, falls_back=_truth("FALLBACK_TO_LOCAL", environ, problems))


def facade_layer(wishes: Wishes, environ: Mapping[str, str], values: Mapping[str, Any], problems: list[Problem]) -> Layer | None:
    """Return what a farm that is switched on lays over ``values``, which are those of all other layers; None where none is."""
    if not wishes.facade:
        return None
    hosts: Mapping[str, Mapping[str, Any]] = values.get("providers", {})
    entry = _entry(environ, problems)
    farms = [name for name, host in hosts.items() if host.get("type") == NAME and "base_url" in host]
    if "base_url" not in entry and not farms:
        message = "Set it to the address of the BotServer that is to do the work; until then it is done from here."
        problems.append(Problem(file=_HERE, key="BOTSERVER_URL", message=message))
        return None
    farm = NAME if "base_url" in entry or NAME in farms else farms[0]
    if hosts.get(farm, {}).get("type", NAME) != NAME:
        message = f"The settings have a host called `{NAME}` of another type. Give it another name."
        problems.append(Problem(file=_HERE, key="BOTSERVER_URL", message=message))
        return None
    laid: Values = {"model": f"{farm}/{MODEL}", "fallbacks": _behind(wishes, values)}
    if farm == NAME:
        laid["providers"] = {NAME: entry}
    if wishes.falls_back and not laid["fallbacks"]:
        message = "There is no model to fall back to: set `model` in the settings."
        problems.append(Problem(file=_HERE, key="FALLBACK_TO_LOCAL", message=message))
    return Layer("environment", _HERE, laid)


def in_order(values: Values, wishes: Wishes, problems: list[Problem]) -> Values:
    """Put the hosts first that ``LLM_PROVIDER`` wants: the first one that has models serves where no model is chosen."""
    if wishes.host is None or "model" in values:
        return values
    hosts: Mapping[str, Mapping[str, Any]] = values.get("providers", {})
    wanted = {name: host for name, host in hosts.items() if (_is_own(host) if wishes.host == "local" else name == wishes.host)}
    if not wanted and wishes.host != "local":
        message = f"There is no host `{wishes.host}`: set its key, or choose another one."
        problems.append(Problem(file=_HERE, key="LLM_PROVIDER", message=message))
    elif wishes.host == "azure" and not any(host.get("models") for host in wanted.values()):
        message = "Azure's models have the names that their owner gave them: set `model` to azure/NAME."
        problems.append(Problem(file=_HERE, key="LLM_PROVIDER", message=message))
    return {**values, "providers": {**wanted, **hosts}}


def project_path(environ: Mapping[str, str]) -> Path | None:
    """Return the folder that serves an editor that has none open."""
    said = environ.get("PROJECT_PATH", "").strip()
    path = Path(said).expanduser() if said else None
    return path.resolve() if path is not None and path.is_dir() else None


def _entry(environ: Mapping[str, str], problems: list[Problem]) -> Values:
    entry: Values = {"type": NAME}
    if address := environ.get("BOTSERVER_URL", "").strip():
        try:
            entry["base_url"] = ProviderSettings.model_validate({"base_url": address}).base_url
        except ValidationError:
            message = "Write an address that begins with http:// or https://."
            problems.append(Problem(file=_HERE, key="BOTSERVER_URL", message=message))
    if environ.get("BOTSERVER_API_KEY"):
        entry["api_key"] = "env:BOTSERVER_API_KEY"
    return entry


def _behind(wishes: Wishes, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the models that go on when the farm fails: the one that would have served, and those behind it."""
    if wishes.falls_back is False:
        return ()
    hosts: Mapping[str, Mapping[str, Any]] = values.get("providers", {})
    models = (f"{name}/{host['models'][0]}" for name, host in hosts.items() if host.get("models") and host.get("type") != NAME)
    serving = values.get("model") or next(models, None)
    return (*([serving] if serving is not None else []), *values.get("fallbacks", ()))


def _is_own(host: Mapping[str, Any]) -> bool:
    """Say whether a host runs on a machine of the person's own: LM Studio and its like are known by their address."""
    kind: ProviderType = host.get("type", "openai_compatible")
    return usual_address(kind, {}) is not None or urlsplit(host.get("base_url") or "").hostname in _THIS_MACHINE


def _truth(variable: str, environ: Mapping[str, str], problems: list[Problem]) -> bool | None:
    word = environ.get(variable, "").strip().lower()
    if not word:
        return None
    if word not in (*_YES, *_NO):
        problems.append(Problem(file=_HERE, key=variable, message=f"Write one of {', '.join((*_YES, *_NO))}."))
        return None
    return word in _YES
