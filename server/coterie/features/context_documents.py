"""What a model reads as a document, for editors that have no view of it: a text of ours that they ask for, else a file in the state folder.

``coterie.inspectContext`` offers it. The text is made of the inspector's answer each time that it is asked for, by ``context_text``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from coterie.base.errors import RequestError
from coterie.domain.schemes import CHANNELS
from coterie.features.chat_readings import channel_of
from coterie.features.context_text import as_markdown
from coterie.features.inspector import Inspector
from coterie.workspace.files import in_thread, put, read_bytes

SUFFIX: Final = "/context.md"
"""Of the URIs under which editors read what the model of a channel reads: ``coterie-channel:/<channelId>/context.md``."""


class ContextDocuments:
    """Implements `coterie.features.editor_faces.ContextDocuments`."""

    def __init__(self, folder: Path, inspector: Inspector) -> None:
        self._folder = folder.resolve()
        self._inspector = inspector

    async def offer(self, channel_id: str, *, as_file: bool) -> str:
        """Return the URI of a channel's document, and write it if it is to be a file. Raises `RequestError`."""
        text = as_markdown(await self._inspector.inspect(channel_id=channel_id))
        if not as_file:
            return f"{CHANNELS}:/{channel_id}{SUFFIX}"
        place = self._folder / f"{Path(channel_id).name}.md"
        try:
            there = await in_thread(read_bytes, str(place))
            await in_thread(put, str(place), there, text.encode(), within=str(self._folder))
        except OSError as failure:
            raise RequestError(f"{place} cannot be written: {failure.strerror}.", code="request_failed") from failure
        return place.as_uri()

    def is_context(self, uri: str) -> bool:
        """Say whether a text is one of these."""
        return uri.startswith(f"{CHANNELS}:") and uri.endswith(SUFFIX)

    async def read(self, uri: str) -> str:
        """Return the text of a document that is no file, as it is now. Raises `RequestError` ``unknown_channel``."""
        return as_markdown(await self._inspector.inspect(channel_id=channel_of(f"{uri.removesuffix(SUFFIX)}.md")))
