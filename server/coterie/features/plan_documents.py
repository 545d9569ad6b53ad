"""A plan at its gate as a JSON document, for editors that have no plan view: changed there, then approved as it stands.

``lsp.questions`` offers it when the person wants to edit the plan; ``coterie.approve`` reads it back. The document lies in the data folder
under the question's id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from coterie.base.errors import InvalidParamsError
from coterie.domain.wire import Json
from coterie.workspace.documents import Documents
from coterie.workspace.files import decoded, in_thread, put, read_bytes
from coterie.workspace.uris import path_of

SUFFIX: Final = ".json"


class PlanDocuments:
    """Implements `coterie.features.editor_faces.PlanDocuments`."""

    def __init__(self, folder: Path, documents: Documents) -> None:
        self._folder = folder.resolve()
        self._documents = documents

    async def offer(self, approval_id: str, plan: Mapping[str, Json]) -> str:
        """Write a plan's document and return its URI. One that the person has begun to change is left as it is."""
        place = self._place(approval_id)
        text = json.dumps(plan, indent=2, ensure_ascii=False) + "\n"
        await in_thread(put, str(place), None, text.encode(), within=str(self._folder))
        return place.as_uri()

    async def read(self, approval_id: str) -> Mapping[str, Json]:
        """Return the plan as it stands in its document now. Raises `InvalidParamsError` when that is no JSON object."""
        place = str(self._place(approval_id))
        buffer = self._documents.at(place)
        content = b"" if buffer is not None else await in_thread(read_bytes, place)
        if content is None:
            raise InvalidParamsError("plan: this option needs the edited plan.")
        try:
            plan = json.loads(decoded(content, "the plan") if buffer is None else buffer.text)
        except ValueError as wrong:
            raise InvalidParamsError(f"plan: the document is not JSON: {wrong}.") from wrong
        if not isinstance(plan, dict):
            raise InvalidParamsError("plan: the document is not a JSON object.")
        return plan

    def question_of(self, uri: str) -> str | None:
        """Return the question that a document belongs to; None for one that is no plan."""
        path = path_of(uri)
        if path is None or not path.endswith(SUFFIX) or Path(path).resolve().parent != self._folder:
            return None
        return Path(path).stem

    def _place(self, approval_id: str) -> Path:
        return self._folder / f"{Path(approval_id).name}{SUFFIX}"
