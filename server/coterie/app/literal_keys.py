"""Moves keys that stand in the open in a settings file into the vault, and leaves a reference in their place.

Done when a core is built, once: the next time the file holds a reference. The key works either way.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from coterie.base.errors import StorageError
from coterie.config.literals import LiteralKey, with_reference
from coterie.domain.secrets import API_KEY, REFERENCE
from coterie.domain.store_ports import SecretStore

log = logging.getLogger(__name__)


async def moved(literals: Sequence[LiteralKey], vault: SecretStore) -> AsyncIterator[str]:
    """Move each key and yield a sentence about it for the person. What cannot be moved stays, and the settings' own warning with it."""
    for literal in literals:
        name = f"{literal.host}/{API_KEY}"
        try:
            # First into the vault: a crash in between leaves the key twice, never nowhere.
            await vault.keep(name, literal.value)
            done = await asyncio.to_thread(_refer, literal, f"{REFERENCE}{name}")
        except (OSError, StorageError) as failure:
            log.warning("the key of %s stays in %s: %s", literal.host, literal.file, failure)
            continue
        if done:
            yield f"The key of `{literal.host}` stood in {literal.file}. It is in the vault now, and the file refers to it."


def _refer(literal: LiteralKey, reference: str) -> bool:
    """Put the reference into the file, whole or not at all; False where the file is not as it was, or cannot be changed safely."""
    file = literal.file.resolve()  # a link to where the person keeps their settings stays one
    before = file.read_bytes()
    text = with_reference(before.decode(), literal.host, literal.value, reference)
    if text is None:
        return False
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        fresh.chmod(file.stat().st_mode & 0o777)
        if file.read_bytes() != before:  # somebody is writing it at this moment
            return False
        fresh.replace(file)
    finally:
        Path(fresh).unlink(missing_ok=True)
    return True
