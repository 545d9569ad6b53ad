"""Kinds of fields that params of several methods have, and commands too."""

from __future__ import annotations

from typing import Annotated

from coterie.domain.wire import Late
from coterie.lsp.params import LARGEST_WHOLE

Words = Annotated[str, Late("Field", min_length=1)]
Count = Annotated[int, Late("Field", ge=1)]
Minutes = Annotated[float, Late("Field", ge=0, le=60 * 24 * 365)]
Offset = Annotated[int, Late("Field", ge=0, le=LARGEST_WHOLE)]
