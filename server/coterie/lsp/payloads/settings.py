"""``agent/settings/*`` and ``agent/trust/set``: params. Results stand in ``domain.preferences``."""

from __future__ import annotations

from coterie.domain.preferences import FileLayer
from coterie.domain.wire import Json, wire
from coterie.lsp.payloads.fields import Words


@wire
class SettingsGetParams:
    """What holds for all folders together, or as if the workspace folder with the URI ``folder`` were the only one."""

    folder: str | None = None


@wire
class SettingsSetParams:
    """Which key, dotted as in TOML (`providers.work.base_url`), and its value, a whole table too; `null` takes the key away.

    `user` is the person's own file, `project` that of the trusted workspace folder with the URI ``folder``, by default of the only one.
    """

    key: Words
    value: Json = None
    layer: FileLayer = "user"
    folder: str | None = None


@wire
class TrustSetParams:
    """Whether the workspace folder with the URI ``folder`` may bring settings that loosen the person's own."""

    folder: str
    trusted: bool
