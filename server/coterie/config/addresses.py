"""Where hosts on a person's own machine usually listen, and what the environment says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from coterie.domain.status import ProviderType

LocalHost: TypeAlias = Literal["ollama", "llama_swap", "llama_cpp", "lm_studio"]
"""The servers of models that people run on their own machines."""

_PORTS: Mapping[ProviderType, int] = {"ollama": 11434, "llama_cpp": 8080, "llama_swap": 8080}
_VARIABLES: Mapping[ProviderType, str] = {"ollama": "OLLAMA_HOST", "llama_swap": "LLAMA_SWAP_URL"}
_SHARED_PORTS: Mapping[int, tuple[LocalHost, ...]] = {
    8080: ("llama_swap", "llama_cpp"),
    9292: ("llama_swap", "llama_cpp"),
    1234: ("lm_studio",),
}


@dataclass(frozen=True, slots=True)
class UsualPlace:
    """Where one of ``hosts`` may listen, the likeliest first. ``is_said``: the environment names it, so it counts although it is down."""

    address: str
    hosts: tuple[LocalHost, ...]
    is_said: bool = False


def usual_places(environ: Mapping[str, str]) -> tuple[UsualPlace, ...]:
    """Return where to look for hosts that no settings name."""
    ollama, box = _said("ollama", environ), _said("llama_swap", environ)
    said = (UsualPlace(box, ("llama_swap",), is_said=True),) if box else ()
    usual = (UsualPlace(f"http://127.0.0.1:{port}", hosts) for port, hosts in _SHARED_PORTS.items())
    return (UsualPlace(ollama or f"http://127.0.0.1:{_PORTS['ollama']}", ("ollama",), is_said=ollama is not None), *said, *usual)


def usual_address(kind: ProviderType, environ: Mapping[str, str]) -> str | None:
    """Return the address of a host whose settings name none; None where there is no usual one."""
    if (port := _PORTS.get(kind)) is None:
        return None
    return _said(kind, environ) or f"http://127.0.0.1:{port}"


def _said(kind: ProviderType, environ: Mapping[str, str]) -> str | None:
    return _whole(environ.get(_VARIABLES.get(kind, ""), "").strip(), _PORTS[kind])


def _whole(said: str, port: int) -> str | None:
    """Read an address as Ollama reads its own: scheme and port may be left out, and "everywhere" is meant for servers, not for clients."""
    if not said:
        return None
    try:
        parts = urlsplit(said if "://" in said else f"http://{said}")
        number = parts.port or ({"http": 80, "https": 443}.get(parts.scheme, port) if "://" in said else port)
    except ValueError:
        return None
    name = parts.hostname or ("127.0.0.1" if parts.port else None)
    if name is None or parts.scheme not in {"http", "https"}:
        return None
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)  # noqa: S104 - read, not bound
    return f"{parts.scheme}://{f'[{name}]' if ':' in name else name}:{number}{parts.path.rstrip('/')}"
