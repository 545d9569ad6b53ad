"""Kinds of fields that params of several methods have, and commands too."""

from __future__ import annotations

from typing import Annotated

from coterie.domain.wire import Late

Words = Annotated[str, Late("Field", min_length=1)]
Count = Annotated[int, Late("Field", ge=1)]
Minutes = Annotated[float, Late("Field", ge=0, le=60 * 24 * 365)]
Offset = Annotated[int, Late("Field", ge=0, le=2**53 - 1)]
"""At most what every client's numbers hold exactly."""
