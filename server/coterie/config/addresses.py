"""Where hosts on a person's own machine usually listen, and what the environment says of it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from coterie.domain.status import ProviderType

_PORTS: Mapping[ProviderType, int] = {"ollama": 11434, "llama_cpp": 8080, "llama_swap": 8080}
_VARIABLES: Mapping[ProviderType, str] = {"ollama": "OLLAMA_HOST", "llama_swap": "LLAMA_SWAP_URL"}


def usual_address(kind: ProviderType, environ: Mapping[str, str]) -> str | None:
    """Return the address of a host whose settings name none; None where there is no usual one."""
    if (port := _PORTS.get(kind)) is None:
        return None
    said = environ.get(_VARIABLES.get(kind, ""), "").strip()
    return _whole(said, port) or f"http://127.0.0.1:{port}"


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
