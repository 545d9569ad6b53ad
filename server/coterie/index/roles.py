"""What a file is for, by its path: who asks for a change mostly means the code, and its tests and pages follow from it. Pure."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from coterie.index.grammars import language_of

Role: TypeAlias = Literal["code", "test", "docs", "other"]

_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|specs?|__tests__|testdata|fixtures|e2e|benches|benchmarks?)/|(?:^|/)(?:test_[^/]*|conftest\.py)$"
    r"|[._-](?:tests?|specs?)\.\w+$|[a-z0-9]Tests?\.\w+$"
)
_DOCS = re.compile(
    r"(?:^|/)(?:docs?|documentation|examples?|website|man)/|\.(?:md|rst|adoc|txt|html|mdx)$|(?:^|/)(?:CHANGE|README|HISTORY|NEWS)"
)
_MADE = re.compile(
    r"(?:^|/)(?:dist|build|vendor|vendored|third_party|node_modules|generated)/|\.min\.\w+$|[._-](?:lock|pb2?|generated)\.\w+$|\.map$"
)
_FAMILY = re.compile(r"^(?:test[_-]|spec[_-])|[._-](?:tests?|specs?|unit|e2e)$|Tests?$", re.IGNORECASE)


def role_of(path: str) -> Role:
    """Say what a file is for."""
    if _MADE.search(path):
        return "other"
    if _TEST.search(path):
        return "test"
    if _DOCS.search(path):
        return "docs"
    return "code" if language_of(path) is not None else "other"


def family_of(path: str) -> str:
    """Return what a file shares with its test, its header and its page: the name without endings that say which of them it is."""
    stem = path.rpartition("/")[2].split(".")[0] if not path.endswith((".test", ".spec")) else path
    return _FAMILY.sub("", stem).lstrip("_").lower()
