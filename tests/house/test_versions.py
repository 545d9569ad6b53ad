"""The extension and the server are released together: the extension compares its version with that of the server that it finds."""

from __future__ import annotations

import json

import pytest

from coterie import __version__
from repository import ROOT


@pytest.mark.parametrize("file", ["package.json", "package-lock.json"])
def test_the_extension_has_the_servers_version(file: str) -> None:
    assert json.loads((ROOT / "clients" / "vscode" / file).read_text(encoding="utf-8"))["version"] == __version__
