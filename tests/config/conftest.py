"""An empty home for settings."""

from pathlib import Path

import pytest

from settings_home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return an empty home."""
    return Home(tmp_path)
