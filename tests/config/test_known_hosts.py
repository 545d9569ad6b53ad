"""Hosts that nobody described: by the variables that people already have, and by the names that people know."""

import pytest

from coterie.config.showing import shown
from settings_home import Home

CANARY = "sk-canary-5f3a"


def test_a_host_whose_name_is_that_of_a_map_is_a_host_as_any_other(home: Home) -> None:
    home.user('[providers.extra]\nbase_url = "http://good.example/v1"\napi_key = "env:ITS_KEY"\n[providers.extra.extra]\na.b = 1\n')
    evil = {"providers": {"extra": {"baseUrl": "http://evil.example/v1", "temperature": 1, "extra": {"c": 2}}}}
    loaded = home.load(workspace_configuration=evil)
    provider = loaded.settings.providers["extra"]
    assert (provider.base_url, provider.temperature, provider.extra) == ("http://good.example/v1", 1, {"c": 2})
    rows = {each.key: (each.value, each.origin) for each in shown(loaded)}
    assert rows["providers.extra.base_url"] == ("http://good.example/v1", "user")
    assert rows["providers.extra.api_key"] == ("env:ITS_KEY", "user")
    assert "providers.extra" not in rows


def test_keys_that_people_already_have_bring_their_hosts(home: Home) -> None:
    keys = {"ANTHROPIC_API_KEY": CANARY, "OPENAI_API_KEY": CANARY, "OPENAI_BASE_URL": "http://127.0.0.1:5/v1/"}
    hosts = home.load(keys).settings.providers
    assert {name: (host.type, host.base_url) for name, host in hosts.items()} == {
        "anthropic": ("anthropic", "https://api.anthropic.com"),
        "openai": ("openai_compatible", "http://127.0.0.1:5/v1"),
    }
    assert hosts["anthropic"].api_key is not None
    assert hosts["anthropic"].api_key.get_secret_value() == "env:ANTHROPIC_API_KEY", "a reference, never a copy"
    assert (home.load(keys).settings.model, home.load({"OPENAI_API_KEY": CANARY}).settings.model) == (
        "anthropic/claude-sonnet-5-5",
        "openai/gpt-6.1-sol",
    ), "a key alone is enough to work"
    assert home.load({**keys, "COTERIE_MODEL": "openai/other"}).settings.model == "openai/other"

    home.user(
        '[providers.anthropic]\ntype = "openai_compatible"\nbase_url = "http://elsewhere.example/v1"\n[providers.openai]\nmodels = ["m"]'
    )
    hosts = home.load(keys).settings.providers
    assert hosts["anthropic"].api_key is None, "another host of that name gets no key"
    assert (hosts["openai"].models, hosts["openai"].base_url) == (("m",), "http://127.0.0.1:5/v1")
    assert home.load(keys).settings.model is None, "who set up hosts chooses their model"


@pytest.mark.parametrize(
    ("environ", "hosts", "model", "small_model"),
    [
        ({"GEMINI_API_KEY": "k"}, {"gemini": None}, "gemini/gemini-pro-latest", "gemini/gemini-flash-lite-latest"),
        ({"GOOGLE_API_KEY": "k", "GEMINI_API_BASE": "http://g/"}, {"gemini": "http://g"}, "gemini/gemini-pro-latest", None),
        ({"XAI_API_KEY": "k", "MISTRAL_API_KEY": "k"}, {"mistral": None, "xai": None}, "mistral/mistral-large-4", None),
        ({"COHERE_API_KEY": "k"}, {"cohere": None}, "cohere/command-a-03-2025", None),
        ({"OPENROUTER_API_KEY": "k"}, {"openrouter": None}, None, None),
        ({"AZURE_API_KEY": "k"}, {}, None, None),
        ({"AZURE_API_KEY": "k", "AZURE_API_BASE": "https://a"}, {"azure": "https://a"}, None, None),
        ({"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k"}, {"bedrock": None}, None, None),
        ({"GEMINI_API_KEY": "", "AWS_PROFILE": ""}, {}, None, None),
    ],
)
def test_vendors_are_there_by_the_names_that_people_know(
    home: Home, environ: dict[str, str], hosts: dict[str, str | None], model: str | None, small_model: str | None
) -> None:
    settings = home.load(environ).settings
    assert {name: host.base_url for name, host in settings.providers.items()} == hosts
    assert {host.type for host in settings.providers.values()} <= {"litellm"}
    assert settings.model == model
    assert small_model in {settings.small_model, None}
    keys = [host.api_key.get_secret_value() for host in settings.providers.values() if host.api_key is not None]
    assert all(key.removeprefix("env:") in environ for key in keys)


def test_who_chose_a_model_gets_no_other_one(home: Home) -> None:
    home.user('model = "gemini/gemini-2.5-pro"')
    settings = home.load({"GEMINI_API_KEY": CANARY, "ANTHROPIC_API_KEY": CANARY}).settings
    assert (settings.model, settings.small_model) == ("gemini/gemini-2.5-pro", None)


@pytest.mark.parametrize(
    ("entry", "kind", "has_key"),
    [
        ("models = ['m']", "litellm", True),
        ("type = 'litellm'\nbase_url = 'http://h'", "litellm", True),
        ("base_url = 'http://h/v1'", "openai_compatible", False),
        ("type = 'anthropic'\nbase_url = 'http://h'", "anthropic", False),
    ],
    ids=["of no type", "of its own address", "of another address and no type", "of another type"],
)
def test_an_entry_with_a_vendors_name_is_the_vendor_unless_it_says_otherwise(home: Home, entry: str, kind: str, *, has_key: bool) -> None:
    home.user(f"[providers.mistral]\n{entry}")
    host = home.load({"MISTRAL_API_KEY": CANARY}).settings.providers["mistral"]
    assert (host.type, host.api_key is not None) == (kind, has_key)


@pytest.mark.parametrize(
    ("host", "entry", "kind"),
    [
        ("ollama", 'base_url = "http://127.0.0.1:1"', "ollama"),
        ("llama_swap", 'base_url = "http://127.0.0.1:1"', "llama_swap"),
        ("claude_code", 'models = ["sonnet"]', "claude_code"),
        ("ollama", 'type = "openai_compatible"\nbase_url = "http://127.0.0.1:1/v1"', "openai_compatible"),
        ("box", 'base_url = "http://127.0.0.1:1/v1"', "openai_compatible"),
    ],
)
def test_a_host_with_the_name_of_a_type_is_of_it_unless_it_says_otherwise(home: Home, host: str, entry: str, kind: str) -> None:
    home.user(f"[providers.{host}]\n{entry}\n")
    loaded = home.load()
    assert loaded.problems == ()
    assert loaded.settings.providers[host].type == kind
