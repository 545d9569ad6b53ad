"""``agent/settings/*``: what a settings view shows and changes."""

from __future__ import annotations

from coterie.domain.preferences import SettingsView, SettingWritten
from coterie.lsp import protocol
from coterie.lsp.payloads.settings import SettingsGetParams, SettingsSetParams
from coterie.lsp.session import Handlers, Session


async def get(session: Session, params: SettingsGetParams) -> SettingsView:
    """``agent/settings/get``."""
    return await session.application.preferences.view(params.folder)


async def set_(session: Session, params: SettingsSetParams) -> SettingWritten:
    """``agent/settings/set``."""
    return await session.application.preferences.set(params.key, params.value, layer=params.layer, folder=params.folder)


HANDLERS: Handlers = {
    protocol.SETTINGS_GET: get,
    protocol.SETTINGS_SET: set_,
}
