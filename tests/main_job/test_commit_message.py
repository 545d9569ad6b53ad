"""A commit's message from what is staged: what the model is shown of it, and what is said where there is nothing to write about."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from aimock_server import aimock
from lsp_client import BARE, ResponseError
from served import FIXED, fixture, make_project, served, settings

CANARY = "sk-canary-of-a-commit-0123456789"


def git(folder: Path, *words: str) -> None:
    """Run git as nobody in particular."""
    own = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True)


def committed(folder: Path) -> Path:
    """Make the project a repository with one commit."""
    make_project(folder)
    (folder / ".coterieignore").write_text("made.txt\n", encoding="utf-8")
    (folder / ".gitignore").write_text("forced.txt\n", encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "calc: begin")
    return folder


def small(url: str, **more: Any) -> dict[str, Any]:
    """Return settings with a small model."""
    return settings(url, "openai_compatible", smallModel="work/small-model", **more)


async def code_of(editor: Any, **params: object) -> str:
    """Return the code with which a message is refused."""
    with pytest.raises(ResponseError) as refused:
        await editor.client.request("agent/commit/message", params)
    code: str = refused.value.data["code"]
    return code


async def test_the_small_model_reads_what_is_staged_and_nothing_that_is_secret(tmp_path: Path) -> None:
    project = committed(tmp_path / "project")
    answer = "```\ncalc: add instead of subtracting\n\nThe sign was wrong.  \n```"
    async with aimock([fixture("small-model", 0, text=answer)]) as host, served(tmp_path, small(host.url)) as editor:
        assert await code_of(editor) == "nothing_staged"
        (project / "calc.py").write_text(FIXED, encoding="utf-8")
        (project / "sub dir").mkdir()
        (project / "sub dir" / "é.py").write_text(f'password = "{CANARY}"\nsize = 1\n', encoding="utf-8")
        (project / ".env").write_text(f"KEY={CANARY}\n", encoding="utf-8")
        (project / "made.txt").write_text("made-by-a-tool\n", encoding="utf-8")
        (project / "forced.txt").write_text("committed in spite of a rule\n", encoding="utf-8")
        git(project, "add", "-f", "calc.py", "sub dir", ".env", "made.txt", "forced.txt")
        (project / "test_calc.py").write_text("not_staged = 1\n", encoding="utf-8")

        written = await editor.client.request("agent/commit/message", {"folder": project.as_uri()})
        assert written["text"] == "calc: add instead of subtracting\n\nThe sign was wrong."
        assert (written["paths"], written["withheld"]) == (["calc.py", "forced.txt", "sub dir/é.py"], [".env", "made.txt"])
        [request] = await host.journal()
        assert (request.model, request.tools) == ("small-model", ())
        shown = str(request.messages[-1]["content"])
        assert "+    return a + b" in shown
        assert "calc: begin" in shown
        assert "size = 1" in shown
        for kept_back in (CANARY, "made-by-a-tool", "not_staged"):
            assert kept_back not in str(request.body)
        used = await editor.client.request("agent/usage", {"by": "agent"})
        assert [row["key"] for row in used["rows"]] == ["commit_message"]


async def test_without_a_small_model_the_default_one_writes_and_a_plain_client_is_shown_it(tmp_path: Path) -> None:
    project = committed(tmp_path / "project")
    (project / "calc.py").write_text(FIXED, encoding="utf-8")
    git(project, "add", "calc.py")
    async with aimock([fixture("chat-model", 0, text="Mend the sign")]) as host:
        options = settings(host.url, "openai_compatible")
        async with served(tmp_path, options, capabilities=BARE) as editor:
            asked = {"command": "coterie.commitMessage", "arguments": []}
            assert (await editor.client.request("workspace/executeCommand", asked))["text"] == "Mend the sign"
            await editor.client.expect("window/showMessage", lambda params: params["message"] == "Mend the sign")


async def test_a_fallback_writes_where_the_small_model_is_down(tmp_path: Path) -> None:
    project = committed(tmp_path / "project")
    (project / "calc.py").write_text(FIXED, encoding="utf-8")
    git(project, "add", "calc.py")
    async with aimock([fixture("other-model", 0, text="Mend the sign")]) as host:
        gone = {"type": "openai_compatible", "baseUrl": "http://127.0.0.1:9/v1"}
        options = settings(host.url, "openai_compatible", smallModel="gone/small", fallbacks=["work/other-model"], providers={"gone": gone})
        async with served(tmp_path, options) as editor:
            written = await editor.client.request("agent/commit/message", {})
    assert (written["text"], written["model"]) == ("Mend the sign", "work/other-model")


async def test_a_file_that_is_too_long_leaves_room_for_the_others(tmp_path: Path) -> None:
    project = committed(tmp_path / "project")
    (project / "calc.py").write_text(FIXED, encoding="utf-8")
    (project / "long.py").write_text("".join(f"a{number} = {number}\n" for number in range(20_000)), encoding="utf-8")
    git(project, "add", ".")
    async with aimock([fixture("small-model", 0, text="Add numbers")]) as host, served(tmp_path, small(host.url)) as editor:
        await editor.client.request("agent/commit/message", {})
        [request] = await host.journal()
        shown = str(request.messages[-1]["content"])
        assert len(shown) < 30_000
        assert "+    return a + b" in shown
        assert "+a1 = 1" in shown
        assert "[cut]" in shown


async def test_all_that_is_not_committed_is_read_in_a_trusted_folder_alone(tmp_path: Path) -> None:
    project = committed(tmp_path / "project")
    (project / "calc.py").write_text(FIXED, encoding="utf-8")
    async with aimock([fixture("small-model", 0, text="Mend")]) as host, served(tmp_path, small(host.url)) as editor:
        assert await code_of(editor, staged=False) == "untrusted_workspace"
        assert await code_of(editor, folder="file:///elsewhere") == "invalid_params"
        await editor.client.request("agent/trust/set", {"folder": project.as_uri(), "trusted": True})
        written = await editor.client.request("agent/commit/message", {"staged": False})
        assert (written["text"], written["paths"]) == ("Mend", ["calc.py"])


async def test_what_is_missing_is_said(tmp_path: Path) -> None:
    async with served(tmp_path, {}) as editor:
        assert await code_of(editor) == "no_repository"
        git(tmp_path / "project", "init", "-q")
        git(tmp_path / "project", "add", "calc.py")
        assert await code_of(editor) == "no_provider"
        host = {"type": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}
        for key, value in (("providers.work", host), ("small_model", "work/small-model"), ("budget.day_tokens", 1), ("budget.day_usd", 0)):
            await editor.client.request("agent/settings/set", {"key": key, "value": value})
        assert await code_of(editor) == "budget_exhausted"
