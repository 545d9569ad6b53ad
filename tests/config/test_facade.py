"""The variables that choose where the work is done: each one's words, what they add up to, and what is wrong with them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from coterie.app.settings import LiveSettings, provider_configs
from coterie.config.load import Loaded, load
from coterie.providers.registry import ProviderRegistry

FARM = "http://farm.example:9000"
ON = {"LLM_PROVIDER": "botserver", "BOTSERVER_URL": f"{FARM}/"}
KEYS = {"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o"}
OWN = 'model = "work/one"\nfallbacks = ["work/two"]\n[providers.work]\nbase_url = "http://work.example/v1"\n'


def loaded(tmp_path: Path, environ: Mapping[str, str], text: str = "", **layers: Any) -> Loaded:
    """Load a user's file under an environment."""
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return load({"COTERIE_HOME": str(tmp_path), "HOME": str(tmp_path), **environ}, **layers)


def told(found: Loaded) -> list[str]:
    """Return the variables that something is wrong with."""
    return [problem.key for problem in found.problems]


@pytest.mark.parametrize(
    ("environ", "on", "wrong"),
    [
        ({}, False, []),
        ({"LLM_PROVIDER": "botserver"}, True, []),
        ({"LLM_PROVIDER": " BotServer "}, True, []),
        *(({"ENABLE_BOTSERVER_FACADE": word}, True, []) for word in ("1", "true", "YES", "on")),
        *(({"ENABLE_BOTSERVER_FACADE": word}, False, []) for word in ("0", "False", "no", "off", "")),
        ({"ENABLE_BOTSERVER_FACADE": "maybe"}, False, ["ENABLE_BOTSERVER_FACADE"]),
        ({"LLM_PROVIDER": "botserver", "ENABLE_BOTSERVER_FACADE": "maybe"}, True, ["ENABLE_BOTSERVER_FACADE"]),
        ({"LLM_PROVIDER": "botserver", "ENABLE_BOTSERVER_FACADE": "false"}, False, ["ENABLE_BOTSERVER_FACADE"]),
        ({"LLM_PROVIDER": "anthropic", "ENABLE_BOTSERVER_FACADE": "true", **KEYS}, True, []),
        ({"LLM_PROVIDER": "botsrever"}, False, ["LLM_PROVIDER"]),
    ],
)
def test_the_farm_is_switched_on_and_off(tmp_path: Path, environ: Mapping[str, str], on: bool, wrong: list[str]) -> None:  # noqa: FBT001
    found = loaded(tmp_path, {"BOTSERVER_URL": FARM, **environ}, OWN)
    assert told(found) == wrong
    assert found.settings.model == ("botserver/auto" if on else "work/one")
    assert found.settings.fallbacks == (("work/one", "work/two") if on else ("work/two",))
    assert ("botserver" in found.settings.providers) == on


def test_the_farm_is_a_host_like_others(tmp_path: Path) -> None:
    environ = {**ON, "BOTSERVER_API_KEY": "canary-key-1234"}
    found = loaded(tmp_path, environ, OWN)
    [farm] = [config for config in provider_configs(found, environ) if config.id == "botserver"]
    assert (farm.type, farm.base_url, farm.models[0], farm.health_check_s) == ("botserver", FARM, "auto", 15.0)
    assert farm.api_key is not None
    assert (farm.api_key.value, farm.api_key.place) == ("canary-key-1234", "environment variable BOTSERVER_API_KEY")
    assert found.origin("model") == "environment"
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("said", "behind", "wrong"),
    [
        ({}, ("work/one", "work/two"), []),
        ({"FALLBACK_TO_LOCAL": "true"}, ("work/one", "work/two"), []),
        ({"FALLBACK_TO_LOCAL": "off"}, (), []),
        ({"FALLBACK_TO_LOCAL": "perhaps"}, ("work/one", "work/two"), ["FALLBACK_TO_LOCAL"]),
    ],
)
def test_what_goes_on_when_the_farm_fails(tmp_path: Path, said: Mapping[str, str], behind: tuple[str, ...], wrong: list[str]) -> None:
    found = loaded(tmp_path, {**ON, **said}, OWN)
    assert (found.settings.fallbacks, told(found)) == (behind, wrong)


@pytest.mark.parametrize(
    ("environ", "text", "behind"),
    [
        (KEYS, "", ("anthropic/",)),
        ({}, '[providers.box]\ntype = "ollama"\nmodels = ["small"]\n', ("box/small",)),
        ({}, "", ()),
    ],
)
def test_the_model_that_would_have_served_goes_on(tmp_path: Path, environ: Mapping[str, str], text: str, behind: tuple[str, ...]) -> None:
    found = loaded(tmp_path, {**ON, **environ}, text)
    assert len(found.settings.fallbacks) == len(behind)
    assert all(model.startswith(start) for model, start in zip(found.settings.fallbacks, behind, strict=True))
    asked_for = loaded(tmp_path, {**ON, **environ, "FALLBACK_TO_LOCAL": "1"}, text)
    assert told(asked_for) == ([] if behind else ["FALLBACK_TO_LOCAL"])


@pytest.mark.parametrize("address", [None, "", "farm.example", "ftp://farm.example"])
def test_a_farm_without_an_address_stays_off_and_says_what_to_set(tmp_path: Path, address: str | None) -> None:
    found = loaded(tmp_path, {"LLM_PROVIDER": "botserver", **({} if address is None else {"BOTSERVER_URL": address})}, OWN)
    assert set(told(found)) == {"BOTSERVER_URL"}
    assert (found.settings.model, found.settings.fallbacks) == ("work/one", ("work/two",))


def test_a_farm_of_the_settings_needs_no_address(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"LLM_PROVIDER": "botserver"}, f'[providers.farm]\ntype = "botserver"\nbase_url = "{FARM}"\n')
    assert (found.settings.model, told(found)) == ("farm/auto", [])


def test_the_variable_stands_above_the_settings(tmp_path: Path) -> None:
    text = '[providers.botserver]\ntype = "botserver"\nbase_url = "http://old.example"\nhealth_check_s = 3\n'
    farm = loaded(tmp_path, ON, text).settings.providers["botserver"]
    assert (farm.base_url, farm.health_check_s) == (FARM, 3.0)


def test_another_host_of_that_name_is_not_taken_for_it(tmp_path: Path) -> None:
    found = loaded(tmp_path, ON, '[providers.botserver]\ntype = "openai_compatible"\nbase_url = "http://old.example"\n')
    assert (told(found), found.settings.model) == (["BOTSERVER_URL"], None)


def test_who_names_a_model_gets_it(tmp_path: Path) -> None:
    text = f'{OWN}[agents.coder]\nmodel = "work/coder"\n'
    found = loaded(tmp_path, ON, text, command_line={"model": "work/three"})
    assert (found.settings.model, found.settings.agents["coder"].model) == ("work/three", "work/coder")
    assert loaded(tmp_path, ON, text, editor_options={"model": "work/three"}).settings.fallbacks[0] == "work/three"


@pytest.mark.parametrize(
    ("said", "environ", "starts", "wrong"),
    [
        ("", KEYS, "anthropic/", []),
        ("openai", KEYS, "openai/", []),
        ("anthropic", KEYS, "anthropic/", []),
        ("anthropic", {"OPENAI_API_KEY": "o"}, None, ["LLM_PROVIDER"]),
        ("azure", {**KEYS, "AZURE_API_KEY": "z", "AZURE_API_BASE": "https://z.example"}, None, ["LLM_PROVIDER"]),
        ("local", KEYS, None, []),
    ],
)
def test_the_host_whose_model_serves(tmp_path: Path, said: str, environ: Mapping[str, str], starts: str | None, wrong: list[str]) -> None:
    found = loaded(tmp_path, {"LLM_PROVIDER": said, **environ})
    assert told(found) == wrong
    assert (found.settings.model or "").startswith(starts or "")
    assert (found.settings.model is None) == (starts is None)


@pytest.mark.parametrize(
    ("said", "serves"),
    [("local", "box/small"), ("openai", "openai/"), ("", "cloud/large")],
)
def test_the_host_whose_model_serves_among_those_that_are_set_up(tmp_path: Path, said: str, serves: str) -> None:
    text = (
        '[providers.cloud]\nbase_url = "http://cloud.example/v1"\nmodels = ["large"]\n'
        '[providers.box]\nbase_url = "http://localhost:1234/v1"\nmodels = ["small"]\n'
    )
    environ = {"LLM_PROVIDER": said, **KEYS}
    found = loaded(tmp_path, environ, text)
    registry = ProviderRegistry(provider_configs(found, environ), default_model=found.settings.model)
    assert registry.default_model().startswith(serves)


def test_a_model_that_is_set_stays(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"LLM_PROVIDER": "openai", **KEYS}, OWN)
    assert (found.settings.model, told(found)) == ("work/one", [])


def test_the_folder_of_an_editor_that_has_none(tmp_path: Path) -> None:
    environ = {"COTERIE_HOME": str(tmp_path / "home"), "PROJECT_PATH": str(tmp_path)}
    settings = LiveSettings(environ, ())
    assert [folder.absolute for folder in settings.folders] == [str(tmp_path.resolve())]
    settings.set_folders([*settings.folders[:0]])
    assert len(settings.folders) == 1
    other = LiveSettings({**environ, "PROJECT_PATH": "/"}, settings.folders)
    assert other.folders == settings.folders, "the editor's own come first"
    missing = LiveSettings({**environ, "PROJECT_PATH": str(tmp_path / "gone")}, ())
    assert (missing.folders, told(missing.loaded)) == ((), ["PROJECT_PATH"])
