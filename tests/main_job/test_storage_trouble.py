"""A data folder that cannot be used: who asks for what is kept there is told why, and so is who asks how the server is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cassettes import playing, record
from lsp_client import ResponseError
from served import Served, served


async def degraded(editor: Served) -> dict[str, Any]:
    """Return what does not work as it should, by its code."""
    return {each["code"]: each["text"] for each in (await editor.client.request("agent/status", {}))["degraded"]}


def codes(status: Mapping[str, Any]) -> list[str]:
    """Return the codes of what does not work."""
    return [each["code"] for each in status["degraded"]]


async def test_a_data_folder_that_cannot_be_used_is_told_from_when_it_was_tried_until_it_can(tmp_path: Path) -> None:
    options = playing(record(tmp_path / "cassette.json", {"chat": [["It adds."]]}))
    data = tmp_path / "home" / "data"
    async with served(tmp_path, options) as editor:
        assert "storage_unwritable" not in await degraded(editor)
        assert not data.exists(), "nothing is opened to find out"
        editor.client.notifications.clear()
        data.touch()  # a file where the folder of the database belongs
        with pytest.raises(ResponseError) as failure:
            await editor.client.request("agent/channel/list", {})
        assert failure.value.data["code"] == "storage_unwritable"
        told = await editor.client.expect("agent/status/changed", lambda status: "storage_unwritable" in codes(status))
        assert (await degraded(editor))["storage_unwritable"] == failure.value.message
        assert failure.value.message in [each["text"] for each in told["degraded"]]
        data.unlink()
        assert await editor.client.request("agent/channel/list", {}) == {"channels": []}
        await editor.client.expect("agent/status/changed", lambda status: "storage_unwritable" not in codes(status))
        assert "storage_unwritable" not in await degraded(editor)
