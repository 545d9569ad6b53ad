"""A settings view over the whole way: what holds and why, one key written at a time, and it holds when it is answered."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cassettes import record
from lsp_client import ResponseError
from served import Served, make_project, served

CANARY = "sk-canary-of-the-view-77"


def wrote(file: Path, text: str) -> Path:
    """Write a file, with its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


async def row(editor: Served, key: str, **params: object) -> dict[str, Any] | None:
    """Return the value of a key as a view shows it."""
    view = await editor.client.request("agent/settings/get", params)
    return next((each for each in view["values"] if each["key"] == key), None)


async def refused(editor: Served, method: str = "agent/settings/set", **params: object) -> tuple[str, str]:
    """Return the code and the sentence with which a request is refused."""
    with pytest.raises(ResponseError) as failure:
        await editor.client.request(method, params)
    return failure.value.data["code"], str(failure.value)


async def test_every_value_is_shown_with_its_layer_and_what_is_wrong(tmp_path: Path) -> None:
    make_project(tmp_path / "project")
    user = wrote(tmp_path / "home" / "config.toml", 'modle = "a/b"\n[budget]\nusd = 2.5\n[permissions]\nask = ["net(*)"]\n')
    project = wrote(tmp_path / "project" / ".coterie" / "config.toml", '[sandbox]\nnetwork = true\n[permissions]\nask = ["exec(*)"]\n')
    async with served(tmp_path, {"smallModel": "box/m"}, env={"COTERIE_BUDGET__DAY_USD": "7"}) as editor:
        view = await editor.client.request("agent/settings/get")
        shown = {each["key"]: (each["value"], each["origin"], each["lockedBy"]) for each in view["values"]}
        assert shown["budget.usd"] == ("2.5", "user", None)
        assert shown["budget.day_usd"] == ("7", "environment", "environment")
        assert shown["small_model"] == ("box/m", "editor", "editor")
        assert shown["permissions.ask"] == (["net(*)", "exec(*)"], "user, project", None)
        assert shown["sandbox.network"] == (False, "default", None)
        wrong, loosening = view["problems"]
        assert (wrong["file"], wrong["line"], wrong["suggestion"], wrong["ignored"]) == (str(user), 1, "Did you mean `model`?", None)
        assert (loosening["file"], loosening["line"], loosening["key"]) == (str(project), 2, "sandbox.network")
        assert loosening["ignored"] == "untrusted"
        files = [(each["layer"], each["path"], each["exists"], each["trusted"]) for each in view["files"]]
        assert files == [("user", str(user), True, True), ("project", str(project), True, False)]
        said = [each["values"] for each in view["files"]]
        assert said == [{"budget.usd": "2.5", "permissions.ask": ["net(*)"]}, {"sandbox.network": True, "permissions.ask": ["exec(*)"]}]
        for problem in view["problems"]:
            await editor.client.expect("window/showMessage", lambda params, text=problem["message"]: text in params["message"])  # type: ignore[misc]
        assert "sandbox.*" in view["machineScope"]
        assert "small_model" in view["jsonSchema"]["properties"]
        code, words = await refused(editor, "agent/settings/get", folder="file:///elsewhere")
        assert (code, "not a workspace folder" in words) == ("invalid_params", True)


async def test_a_host_is_added_changed_and_taken_away_while_the_server_runs(tmp_path: Path) -> None:
    cassette = record(tmp_path / "cassette.json", {"chat": [["It adds."], ["Still."]]})
    user = wrote(tmp_path / "home" / "config.toml", "# mine\ndiscovery = false # quiet\n")
    async with served(tmp_path, {}) as editor:
        client = editor.client
        assert (await client.request("agent/provider/list"))["providers"] == []
        host = {"type": "replay", "cassette": str(cassette), "models": ["m"], "extra": {"speed": 0}}
        written = await client.request("agent/settings/set", {"key": "providers.tape", "value": host})
        assert (written["key"], written["layer"], written["file"], written["changed"]) == ("providers.tape", "user", str(user), True)
        assert {each["key"] for each in written["now"]} >= {"providers.tape.type", "providers.tape.cassette"}
        assert [each["id"] for each in (await client.request("agent/provider/list"))["providers"]] == ["tape"]
        told = await client.expect("agent/settings/changed")
        assert "providers.tape.type" in told["keys"]
        await client.expect("agent/provider/changed", lambda params: [each["id"] for each in params["providers"]] == ["tape"])

        run_id, end = await editor.play("What does add do?")
        assert end["state"] == "succeeded"
        assert editor.events(run_id, "message")[-1]["text"] == "It adds."

        assert (await client.request("agent/settings/set", {"key": "providers.tape", "value": None}))["now"] == []
        assert (await client.request("agent/provider/list"))["providers"] == []
        assert user.read_text(encoding="utf-8").startswith("# mine\ndiscovery = false # quiet\n")
        assert tomllib.loads(user.read_text(encoding="utf-8")).get("providers", {}) == {}
        again = await client.request("agent/settings/set", {"key": "providers.tape"})
        assert again["changed"] is False


async def test_what_is_written_below_another_layer_says_what_holds(tmp_path: Path) -> None:
    async with served(tmp_path, {"smallModel": "box/m"}) as editor:
        written = await editor.client.request("agent/settings/set", {"key": "smallModel", "value": "box/other"})
        assert (written["key"], written["changed"]) == ("small_model", True)
        assert [(each["value"], each["lockedBy"]) for each in written["now"]] == [("box/m", "editor")]
        half = await editor.client.request("agent/settings/set", {"key": "providers.half.type", "value": "openai_compatible"})
        assert ["base_url" in each["message"] for each in half["problems"]] == [True], "what is wrong with it is said at once"


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        ({"key": "modle", "value": "a/b"}, "invalid_params", "Did you mean `model`"),
        ({"key": "model", "value": "b"}, "invalid_params", "host/model"),
        ({"key": "providers.work.apiKey", "value": CANARY}, "invalid_params", "agent/key/set"),
        ({"key": "model", "value": "a/b", "layer": "project"}, "untrusted_workspace", "trust it first"),
        ({"key": "model", "value": "a/b", "layer": "editor"}, "invalid_params", "layer"),
        ({"value": "a/b"}, "invalid_params", "key"),
    ],
)
async def test_what_is_refused_changes_nothing(tmp_path: Path, params: dict[str, object], code: str, words: str) -> None:
    user = wrote(tmp_path / "home" / "config.toml", "# mine\n")
    async with served(tmp_path, {}) as editor:
        said = await refused(editor, **params)
        assert said[0] == code
        assert words in said[1]
        assert CANARY not in said[1]
        assert user.read_text(encoding="utf-8") == "# mine\n"
        assert not (editor.project / ".coterie").exists()


async def test_a_file_that_is_no_toml_is_left_to_the_person(tmp_path: Path) -> None:
    user = wrote(tmp_path / "home" / "config.toml", 'model = "a/b\n')
    async with served(tmp_path, {}) as editor:
        await editor.client.expect("window/showMessage", lambda params: "no valid TOML" in params["message"])
        code, words = await refused(editor, key="small_model", value="a/b")
        assert (code, "no valid TOML" in words) == ("bad_settings", True)
        assert user.read_text(encoding="utf-8") == 'model = "a/b\n'


async def test_a_trusted_project_keeps_its_own(tmp_path: Path) -> None:
    wrote(tmp_path / "home" / "config.toml", f'model = "a/b"\n[trust]\nworkspaces = ["{tmp_path}"]\n')
    async with served(tmp_path, {}) as editor:
        written = await editor.client.request("agent/settings/set", {"key": "model", "value": "c/d", "layer": "project"})
        assert [(each["value"], each["origin"], each["lockedBy"]) for each in written["now"]] == [("c/d", "project", "project")]
        assert editor.text(".coterie/config.toml") == 'model = "c/d"\n'
        alone = await row(editor, "model", folder=editor.project.as_uri())
        assert alone is not None
        assert alone["value"] == "c/d"
        code, words = await refused(editor, key="trust.workspaces", value=["/"], layer="project")
        assert (code, "cannot say" in words) == ("invalid_params", True)


async def test_two_servers_and_a_person_lose_nothing_and_hear_of_each_other(tmp_path: Path) -> None:
    user = wrote(tmp_path / "home" / "config.toml", "# mine\n")
    async with served(tmp_path, {}) as one, served(tmp_path, {}) as other:
        names = [f"a{number}" for number in range(12)]
        asked = [
            editor.client.request("agent/settings/set", {"key": f"actions.{name}.prompt", "value": name})
            for name, editor in zip(names, [one, other] * 6, strict=True)
        ]
        await asyncio.gather(*asked)
        assert tomllib.loads(user.read_text(encoding="utf-8"))["actions"] == {name: {"prompt": name} for name in names}
        user.write_text(user.read_text(encoding="utf-8") + '\n[actions.mine]\nprompt = "by hand"\n', encoding="utf-8")
        for editor in (one, other):
            await editor.client.expect("agent/settings/changed", lambda params: "actions.mine.prompt" in params["keys"])
        await other.client.request("agent/settings/set", {"key": "actions.a0", "value": None})
        await one.client.expect("agent/settings/changed", lambda params: "actions.a0.prompt" in params["keys"])
        assert user.read_text(encoding="utf-8").startswith("# mine\n")


async def test_a_workspace_is_trusted_and_no_longer_and_its_settings_follow(tmp_path: Path) -> None:
    make_project(tmp_path / "project")
    wrote(tmp_path / "project" / ".coterie" / "config.toml", "[sandbox]\nnetwork = true\n")
    user = wrote(tmp_path / "home" / "config.toml", '[trust] # mine\nworkspaces = ["~/other"]\n')
    async with served(tmp_path, {}) as editor:
        await editor.client.expect("window/showMessage", lambda params: "not trusted" in params["message"])
        folder = editor.project.as_uri()
        trusted = await editor.client.request("agent/trust/set", {"folder": folder, "trusted": True})
        assert trusted == {"folder": folder, "trusted": True, "file": str(user), "changed": True}
        view = await editor.client.request("agent/settings/get")
        assert [(each["value"], each["origin"]) for each in view["values"] if each["key"] == "sandbox.network"] == [(True, "project")]
        assert (view["problems"], view["files"][1]["trusted"]) == ([], True)
        assert (await editor.client.request("agent/trust/set", {"folder": folder, "trusted": True}))["changed"] is False
        assert "[trust] # mine" in user.read_text(encoding="utf-8")

        assert (await editor.client.request("agent/trust/set", {"folder": folder, "trusted": False}))["trusted"] is False
        view = await editor.client.request("agent/settings/get")
        assert [each["ignored"] for each in view["problems"]] == ["untrusted"]
        assert view["trustedWorkspaces"] == ["~/other"]
        assert (await refused(editor, "agent/trust/set", folder="file:///elsewhere", trusted=True))[0] == "invalid_params"
        for malformed in ({}, {"trusted": None}, {"trusted": "perhaps"}):
            assert (await refused(editor, "agent/trust/set", folder=folder, **malformed))[0] == "invalid_params"
        assert (await editor.client.request("agent/settings/get"))["trustedWorkspaces"] == ["~/other"], "trust is never a default"


async def test_what_is_asked_for_without_waiting_holds_in_its_order(tmp_path: Path) -> None:
    async with served(tmp_path, {}) as editor:
        request, delays, folder = editor.client.request, range(20), editor.project.as_uri()
        key = "suggestions.min_delay_ms"
        written = await asyncio.gather(*(request("agent/settings/set", {"key": key, "value": delay}) for delay in delays))
        assert [each["now"][0]["value"] for each in written] == [*delays]
        assert tomllib.loads((tmp_path / "home" / "config.toml").read_text(encoding="utf-8"))["suggestions"]["min_delay_ms"] == delays[-1]
        wanted = [True, False] * 5
        said = await asyncio.gather(*(request("agent/trust/set", {"folder": folder, "trusted": each}) for each in wanted))
        assert [each["trusted"] for each in said] == wanted
        assert (await request("agent/settings/get"))["trustedWorkspaces"] == []


@pytest.mark.parametrize("by", ["a folder around it", "the editor"])
async def test_where_something_else_decides_about_trust_that_is_said_and_nothing_written(tmp_path: Path, by: str) -> None:
    around = by == "a folder around it"
    text = f'[trust]\nworkspaces = ["{tmp_path}", "{tmp_path}/project"]\n' if around else ""
    user = wrote(tmp_path / "home" / "config.toml", text)
    async with served(tmp_path, {} if around else {"trust": {"workspaces": []}}) as editor:
        code, words = await refused(editor, "agent/trust/set", folder=editor.project.as_uri(), trusted=not around)
        assert code == "trust_overruled"
        assert (f"below {tmp_path}, which" if around else "editor settings") in words
        assert user.read_text(encoding="utf-8") == text


async def test_the_status_tells_how_ghost_text_stands(tmp_path: Path) -> None:
    async with served(tmp_path, {"completionModel": "box/fim"}) as editor:
        client = editor.client
        assert (await client.request("agent/status"))["suggestions"] == {"enabled": True, "model": "box/fim", "snoozedUntil": None}
        until = (await client.request("agent/suggestion/snooze", {"minutes": 30}))["until"]
        await client.expect("agent/status/changed", lambda params: params["suggestions"]["snoozedUntil"] == until)
        await client.request("agent/suggestion/snooze", {"minutes": 0})
        await client.expect("agent/status/changed", lambda params: params["suggestions"]["snoozedUntil"] is None)
        await client.request("agent/settings/set", {"key": "suggestions.enabled", "value": False})
        await client.expect("agent/status/changed", lambda params: params["suggestions"]["enabled"] is False)
