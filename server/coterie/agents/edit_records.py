"""How an edit of an agent's stands in the journal and is told: its intent, and the change with its hunks.

`agents.effects` writes them of edits that it makes, `agents.proposing` of those that a person is to see before, `agents.disk_changes` of
what commands did.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from coterie.domain.edits import ChangeState, Draft, digest_of
from coterie.domain.events import ChangeEvent
from coterie.domain.records import EditIntent
from coterie.domain.reviews import DecidedHunk
from coterie.workspace.files import in_thread
from coterie.workspace.hunks import hunks_between
from coterie.workspace.uris import path_of, place_below


@dataclass(frozen=True, slots=True)
class Where:
    """The call on whose behalf something happens."""

    step_id: str | None
    attempt: int
    call_id: str


def intent_of(
    change_id: str, where: Where, draft: Draft, moved_from: str | None, summary: str | None = None, *, unsure: str | None = None
) -> EditIntent:
    """Return the intent to make of a file what a draft says; ``moved_from`` is the URI of the file whose text comes to it.

    ``summary`` is what the model is told once it is made, of what is only proposed; ``unsure`` is why it may be somebody else's change.
    """
    return EditIntent(
        change_id=change_id,
        step_id=where.step_id or "",
        call_id=where.call_id,
        folder=draft.file.folder,
        path=draft.file.path,
        uri=draft.file.uri,
        before=None if draft.before is None else digest_of(draft.before),
        after=None if draft.after is None else digest_of(draft.after),
        mode=draft.mode,
        moved_from=moved_from,
        summary=summary,
        unsure=unsure,
    )


def seen_from(folder: str | None, intent: EditIntent) -> str:
    """Return how an agent that works in a folder (a URI) is told of the file of an intent; see `coterie.domain.edits.FileRef.seen_from`."""
    return intent.path if folder == intent.folder else named(folder, intent.path, place_below(intent.folder, intent.path))


def named(folder: str | None, path: str, place: str) -> str:
    """Return how an agent that works in a folder (a URI) is told of the file at a place.

    ``path`` is its path in the folder where it was found: it has to do where nobody knows the place, or the agent's folder. A link may lead
    from one folder to the other: what is in no other way below the agent's is named by where it really lies, as tools name it.
    """
    own = path_of(folder or "")
    if own is None or not place:
        return path
    if PurePath(place).is_relative_to(own):
        return PurePath(place).relative_to(own).as_posix()
    real, around = Path(os.path.realpath(Path(place).parent), Path(place).name), os.path.realpath(own)
    return real.relative_to(around).as_posix() if real.is_relative_to(around) else str(real)


def as_seen_from(folder: str | None, decided: Iterable[DecidedHunk]) -> tuple[DecidedHunk, ...]:
    """Return hunks with their files named as by `named`."""
    return tuple(replace(each, path=named(folder, each.path, each.place)) for each in decided)


def texts_of(draft: Draft) -> list[str]:
    """Return the texts that an intent names, to be kept with it."""
    return [text for text in (draft.before, draft.after) if text is not None]


async def change_of(change_id: str, where: Where, draft: Draft, state: ChangeState, unsure: str | None = None) -> ChangeEvent:
    """Return the change of a draft as it is told; ``unsure`` as in `intent_of`."""
    return await in_thread(compared, change_id, where, draft, state, unsure)


def compared(change_id: str, where: Where, draft: Draft, state: ChangeState, unsure: str | None = None) -> ChangeEvent:
    """Return what `change_of` does. Blocks, as long as it takes to compare the two texts."""
    hunks = hunks_between(draft.before, draft.after, state=state, step_id=where.step_id)
    return ChangeEvent(
        change_id=change_id, path=draft.file.path, uri=draft.file.uri, state=state, hunks=hunks, unsure=unsure, what=draft.what
    )
