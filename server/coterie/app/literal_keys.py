"""Moves keys that stand in the open in a settings file into the vault, and leaves a reference in their place.

Done when a core is built, once: the next time the file holds a reference. The key works either way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from coterie.base.errors import SettingsError, StorageError
from coterie.config.literals import LiteralKey, with_reference
from coterie.config.replacing import rewrite
from coterie.domain.secrets import API_KEY, REFERENCE
from coterie.domain.store_ports import SecretStore

log = logging.getLogger(__name__)


async def moved(literals: Sequence[LiteralKey], vault: SecretStore, lock: Path) -> AsyncIterator[str]:
    """Move each key and yield a sentence about it for the person. What cannot be moved stays, and the settings' own warning with it.

    ``lock`` is the file by which servers that write settings wait for each other.
    """
    for literal in literals:
        name = f"{literal.host}/{API_KEY}"
        try:
            # First into the vault: a crash in between leaves the key twice, never nowhere.
            await vault.keep(name, literal.value)
            done = await asyncio.to_thread(_refer, literal, f"{REFERENCE}{name}", lock)
        except (OSError, SettingsError, StorageError) as failure:
            log.warning("the key of %s stays in %s: %s", literal.host, literal.file, failure)
            continue
        if done:
            yield f"The key of `{literal.host}` stood in {literal.file}. It is in the vault now, and the file refers to it."


def _refer(literal: LiteralKey, reference: str, lock: Path) -> bool:
    """Put the reference into the file; False where the key is not there any more, or cannot be exchanged safely."""
    return rewrite(literal.file, lock, lambda text: with_reference(text, literal.host, literal.value, reference))
