"""What the settings say of a host, as ``providers`` get it."""

from pathlib import Path

import pytest

from coterie.app.settings import LiveSettings, provider_configs
from coterie.config.load import load
from coterie.providers.config import ProviderConfig


def told(tmp_path: Path, entry: str) -> ProviderConfig:
    """Return a host that the user's file names."""
    (tmp_path / "config.toml").write_text(f"[providers.box]\n{entry}", encoding="utf-8")
    environ = {"COTERIE_HOME": str(tmp_path)}
    loaded = load(environ)
    assert not loaded.problems
    [host] = provider_configs(loaded, environ)
    return host


@pytest.mark.parametrize(
    ("entry", "has_one"),
    [
        ('type = "llama_swap"', True),
        ('type = "ollama"\nlane = false', False),
        ('base_url = "http://127.0.0.1:8080/v1"', False),
        ('base_url = "https://far.example/v1"\nlane = true', True),
    ],
)
def test_a_lane_is_by_type_or_word_and_never_by_address(tmp_path: Path, entry: str, *, has_one: bool) -> None:
    assert told(tmp_path, entry).has_lane is has_one


@pytest.mark.parametrize(
    ("entry", "seconds"),
    [('type = "llama_swap"', 600), ('type = "llama_swap"\nfirst_token_timeout_s = 5', 5), ('type = "llama_cpp"', 120)],
)
def test_a_host_that_loads_models_has_minutes_for_its_first_word(tmp_path: Path, entry: str, seconds: float) -> None:
    assert told(tmp_path, entry).timeouts.first_token_s == seconds


def test_hosts_stay_while_their_file_is_half_written(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[providers.box]\ntype = 'ollama'\n", encoding="utf-8")
    settings = LiveSettings({"COTERIE_HOME": str(tmp_path)}, ())
    file.write_text("[providers.box", encoding="utf-8")
    settings.reread()
    assert set(settings.loaded.settings.providers) == {"box"}
    file.unlink()
    settings.reread()
    assert set(settings.loaded.settings.providers) == set()


@pytest.mark.parametrize(("said", "value"), [(" sk-1234 \n", "sk-1234"), ("  ", None), ("", None)])
def test_blanks_around_a_key_of_the_environment_are_none_of_it(tmp_path: Path, said: str, value: str | None) -> None:
    (tmp_path / "config.toml").write_text('[providers.box]\nbase_url = "http://h/v1"\napi_key = "env:BOX"\n', encoding="utf-8")
    environ = {"COTERIE_HOME": str(tmp_path), "BOX": said}
    [host] = provider_configs(load(environ), environ)
    assert host.api_key is not None
    assert host.api_key.value == value
