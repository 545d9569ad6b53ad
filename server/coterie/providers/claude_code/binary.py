"""Where the ``claude`` program is, and which of our environment it gets.

It keeps the person's home, where it is logged in, and nothing that would bill them elsewhere: a key of theirs in the environment is not
handed on unless the provider's entry names it, nor is another address. But a gateway on this very machine is theirs: where the environment
leads there, it is followed, with its key.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from coterie.base.errors import ProviderError
from coterie.providers.config import ProviderConfig, is_loopback

NAME = "claude"
NOT_INSTALLED, TOO_OLD = "not_installed", "too_old"
"""Codes of failures: the program is the trouble, not the login."""
SECRETS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
"""What of its environment is for the CLI alone."""

_PASSED = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "DBUS_SESSION_BUS_ADDRESS"}
    | {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
    | {"CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN"}
)
_FIXED = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    # Its failures are told instead of tried again: the retries, breakers and fallbacks are ours. The one that is left announces itself.
    "CLAUDE_CODE_MAX_RETRIES": "1",
    "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK": "1",
}


def find(config: ProviderConfig, environ: Mapping[str, str]) -> str:
    """Return the program: ``command`` of the entry, ``claude`` on PATH, or where its own installer puts it. Raises `ProviderError`."""
    home = environ.get("HOME", "")
    usual = (NAME, f"{home}/.claude/local/{NAME}", f"{home}/.local/bin/{NAME}")
    places = (re.sub("^~(?=/)", lambda _: home, config.command),) if config.command else usual
    for place in places:
        if (found := shutil.which(place, path=environ.get("PATH", os.defpath))) is not None:
            return str(Path(found).absolute())
    wanted = f"`{config.command}`" if config.command else "on PATH"
    raise ProviderError(
        f"The `claude` command line of `{config.id}` is not installed: there is none {wanted}. Install Claude Code and run `claude` once "
        f"to log in, or set `command` of [providers.{config.id}].",
        kind="auth_required",  # the person is needed, and another host is not spared by trying this one again
        code=NOT_INSTALLED,
    )


def environment(config: ProviderConfig, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the CLI; ``config`` has its key revealed."""
    inner = {name: value for name, value in environ.items() if name in _PASSED or name.startswith("LC_")} | _FIXED
    address = config.base_url
    if not address and config.api_key is None and is_loopback(environ.get("ANTHROPIC_BASE_URL", "")):
        address = environ["ANTHROPIC_BASE_URL"]
        inner |= {name: environ[name] for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN") if name in environ}
    if address:
        inner["ANTHROPIC_BASE_URL"] = address
        if is_loopback(address):
            for name in ("NO_PROXY", "no_proxy"):
                inner[name] = ",".join(filter(None, (inner.get(name), "127.0.0.1,localhost,::1")))
    if config.api_key is not None and config.api_key.value:
        inner["ANTHROPIC_API_KEY"] = config.api_key.value
    return inner
