"""Builds the core of one of several clients of a process, for ``daemon`` and ``listening``."""

from __future__ import annotations

from collections.abc import Mapping

from coterie.app.core import Core
from coterie.app.settings import LiveSettings
from coterie.app.shared import Shared
from coterie.features.attachment import Attachment, Build


def joining(shared: Shared, environ: Mapping[str, str]) -> Build:
    """Return what builds the core of one client, which works in the environment ``environ``."""

    async def build(attachment: Attachment) -> Core:
        settings = LiveSettings(environ, attachment.folders, editor_options=attachment.options)
        core = Core(shared, settings, environ, attachment.audience, editor=attachment.editor)
        for told in await core.move_keys():
            attachment.window.show("info", told)
        for problem in core.problems:
            attachment.window.show("warning", problem)
        await core.introduce(attachment.introduction, shared=True)
        core.join(hears_all=attachment.introduction.rich)
        return core

    return build
