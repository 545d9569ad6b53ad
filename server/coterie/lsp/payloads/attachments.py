"""``agent/attachment/complete``: params. Its result stands in ``domain.completion``."""

from __future__ import annotations

from coterie.domain.wire import wire
from coterie.lsp.payloads.fields import Count


@wire
class AttachmentCompleteParams:
    """What is typed behind the ``@``, and in which workspace folder to look, by default in all."""

    query: str
    folder: str | None = None
    limit: Count = 20
