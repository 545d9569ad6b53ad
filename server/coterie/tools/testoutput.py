"""Read which tests failed from the output of well-known runners. The exit code stands above all that is read here.

``agents`` compares the ids with those of the baseline. Reading is tolerant: unknown output gives no ids.
"""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_FAILURES = (
    re.compile(r"^(?:FAILED|ERROR) (?P<id>\S+\.py(?:::[^\[\n]+?(?:\[.*?\])?)?)(?: - .*)?$", re.MULTILINE),  # pytest's summary
    re.compile(r"^(?P<id>\S+\.py::.+?) (?:FAILED|ERROR)\s+\[ *\d+%\]$", re.MULTILINE),  # pytest -v
    re.compile(r"^(?:FAIL|ERROR): \w+ \((?P<id>[\w.]+)\)", re.MULTILINE),  # unittest
    re.compile(r"^\s*--- FAIL: (?P<id>\S+) \(", re.MULTILINE),  # go test
    re.compile(r"^test (?P<id>\S+) \.\.\. FAILED$", re.MULTILINE),  # cargo test
    re.compile(r"^\s*● (?P<id>.+? \u203a .+)$", re.MULTILINE),  # jest
    re.compile(r"^\s*FAIL\s+(?P<id>\S+ > .+?)(?: \d+ms)?$", re.MULTILINE),  # vitest
    re.compile(r"^\s*not ok \d+ - (?P<id>.+?)(?: # .*)?$", re.MULTILINE),  # TAP
    re.compile(r"^\s*✖ (?P<id>.+?) \(\d[\d.]*ms\)$", re.MULTILINE),  # node --test
)


def failures(output: str) -> tuple[str, ...]:
    """Return the ids of failed tests, each once, in the order of the output."""
    plain = _ANSI.sub("", output).replace("\r\n", "\n")
    found = sorted((match.start(), match["id"].strip()) for form in _FAILURES for match in form.finditer(plain))
    return tuple(dict.fromkeys(test for _, test in found))
