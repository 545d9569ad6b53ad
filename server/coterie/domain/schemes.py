"""The schemes of URIs that are ours. ``lsp.capabilities`` announces them, ``features`` makes and reads such URIs."""

from __future__ import annotations

from typing import Final

CHANNELS: Final = "coterie-channel"
"""Under it editors read channels: ``coterie-channel:/<channelId>.md``."""
