"""``agent/settings/*`` and ``agent/trust/set``: what a settings view shows and changes."""

from __future__ import annotations

from coterie.domain.preferences import FolderTrust, SettingsView, SettingWritten
from coterie.lsp import protocol
from coterie.lsp.payloads.settings import SettingsGetParams, SettingsSetParams, TrustSetParams
from coterie.lsp.session import Handlers, Session


async def get(session: Session, params: SettingsGetParams) -> SettingsView:
    """``agent/settings/get``."""
    return await session.application.preferences.view(params.folder)


async def set_(session: Session, params: SettingsSetParams) -> SettingWritten:
    """``agent/settings/set``."""
    return await session.application.preferences.set(params.key, params.value, layer=params.layer, folder=params.folder)


async def trust(session: Session, params: TrustSetParams) -> FolderTrust:
    """``agent/trust/set``."""
    return await session.application.preferences.trust(params.folder, trusted=params.trusted)


HANDLERS: Handlers = {
    protocol.SETTINGS_GET: get,
    protocol.SETTINGS_SET: set_,
    protocol.TRUST_SET: trust,
}
