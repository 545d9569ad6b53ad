"""Layers of settings: which wins, what adds up, and where keys come from."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from coterie.config.overlay import overlay
from coterie.config.schema import Settings
from settings_home import Home, told

CANARY = "sk-canary-5f3a"


def test_nothing_at_all_is_the_defaults_and_no_problem(home: Home) -> None:
    loaded = home.load()
    assert loaded.settings == Settings()
    assert loaded.problems == ()
    assert loaded.settings.budget.usd == Decimal(3)
    assert (loaded.settings.retry.attempts, loaded.settings.retry.base_ms, loaded.settings.retry.max_ms) == (4, 500, 20_000)
    assert loaded.origin("budget.usd") == "default"


def test_each_layer_wins_over_the_one_below(home: Home) -> None:
    layers: dict[str, Any] = {}
    environ: dict[str, str] = {}
    seen = []

    def look() -> None:
        loaded = home.load(environ, **layers)
        assert loaded.problems == ()
        seen.append((loaded.settings.model, loaded.origin("model")))

    home.user(f'model = "a/user"\n[trust]\nworkspaces = ["{home.folders[0].parent}"]')
    look()
    home.project('model = "a/first"')
    home.project('model = "a/second"', 1)
    look()
    environ["COTERIE_MODEL"] = "a/variable"
    look()
    layers["editor_options"] = {"model": "a/editor"}
    look()
    layers["workspace_configuration"] = {"model": "a/pulled"}
    look()
    layers["command_line"] = {"model": "a/argument"}
    look()
    assert seen == [
        ("a/user", "user"),
        ("a/second", "project"),
        ("a/variable", "environment"),
        ("a/editor", "editor"),
        ("a/pulled", "editor"),
        ("a/argument", "command line"),
    ]


def test_tables_merge_and_only_permissions_add_up(home: Home) -> None:
    home.user(
        """
        [providers.work]
        base_url = "http://127.0.0.1:1/v1/"
        models = ["one", "two"]
        extra = { seed = 1, stop = ["x"] }
        [permissions]
        allow = ["exec(pytest *)", "read(**)"]
        deny = ["exec(rm *)"]
        """
    )
    options = {
        "providers": {"work": {"models": ["three"], "extra": {"camelKey": None}, "maxTokens": 7}},
        "permissions": {"allow": ["read(**)", "net(a.example)"]},
    }
    loaded = home.load(editor_options=options)
    assert loaded.problems == ()
    work = loaded.settings.providers["work"]
    assert (work.base_url, work.models, work.extra, work.max_tokens) == ("http://127.0.0.1:1/v1", ("three",), {"camelKey": None}, 7)
    assert loaded.settings.permissions.allow == ("exec(pytest *)", "read(**)", "net(a.example)")
    assert loaded.settings.permissions.deny == ("exec(rm *)",)
    assert [(rules.origin, rules.allow) for rules in loaded.rules] == [
        ("user settings", ("exec(pytest *)", "read(**)")),
        ("editor settings", ("read(**)", "net(a.example)")),
    ]


def test_camel_case_is_for_json_and_never_for_names_that_people_give(home: Home) -> None:
    options = {
        "smallModel": "a/b",
        "providers": {"gpuBox": {"baseUrl": "http://h/v1", "firstTokenTimeoutS": 9, "price": {"gptFour": {"cacheRead": 1}}}},
        "agents": {"myAgent": {"topP": 0.5, "max_tokens": 5}},
        "permissions": {"policyWhenUnattended": "allow_list"},
        "budget": {"wallS": None},
    }
    loaded = home.load(editor_options=options)
    assert told(loaded) == [(None, "agents.myAgent")], "there is no such agent, and its name stays as it is written"
    box = loaded.settings.providers["gpuBox"]
    assert (box.first_token_timeout_s, box.price["gptFour"].cache_read) == (9, Decimal(1))
    assert (loaded.settings.agents["myAgent"].top_p, loaded.settings.agents["myAgent"].max_tokens) == (0.5, 5)
    assert loaded.settings.permissions.policy_when_unattended == "allow_list"
    assert loaded.settings.budget.wall_s == 1800, "null is not set"
    home.user('smallModel = "a/b"')
    assert told(home.load()) == [(1, "smallModel")]


def test_variables_reach_every_key(home: Home) -> None:
    variables = {
        "COTERIE_BUDGET__USD": "0.25",
        "COTERIE_SANDBOX__NETWORK": "true",
        "COTERIE_PERMISSIONS__ALLOW": '["exec(pytest *)"]',
        "COTERIE_AGENTS__CODER__MODEL": "a/b",
        "COTERIE_TESTS__COMMAND": "make test",
        "COTERIE_SMALL_MODEL": "",
        "COTERIE_RECORD": "/x",
        "COTERIE_MODLE": "a/b",
        "COTERIE_RETRY": "5",
        "COTERIE_RETRY__ATTEMPTS": "5",
    }
    loaded = home.load(variables)
    settings = loaded.settings
    assert (settings.budget.usd, settings.sandbox.network, settings.permissions.allow) == (Decimal("0.25"), True, ("exec(pytest *)",))
    assert (settings.agents["coder"].model, settings.tests.command) == ("a/b", "make test")
    assert sorted(told(loaded)) == [(None, "modle"), (None, "retry")]
    assert loaded.origin("budget.usd") == "environment"


def test_a_secret_is_never_printed(home: Home) -> None:
    home.user(
        f'[providers.a]\nbase_url = "http://h/v1"\napi_key = "{CANARY}"\n[providers.b]\nbase_url = "http://h/v1"\napi_key = ["{CANARY}"]'
    )
    options = {"providers": {"c": {"baseUrl": "http://h/v1", "apiKey": CANARY, "typo": CANARY}, "d": {"apiKey": {"x": CANARY}}}}
    loaded = home.load(editor_options=options)
    assert loaded.settings.providers["a"].api_key is not None
    assert loaded.settings.providers["a"].api_key.get_secret_value() == CANARY, "a literal key works"
    assert CANARY not in repr(loaded)
    assert CANARY not in str(loaded.settings.model_dump(mode="json"))
    assert not [problem.text for problem in loaded.problems if CANARY in problem.text]
    assert 'api_key = "env:A_API_KEY"' in next(problem.text for problem in loaded.problems if problem.line == 3)


def test_the_vault_gives_keys_to_who_has_none(home: Home) -> None:
    home.user(
        '[providers.team]\nbase_url = "http://h/v1"\n'
        '[providers.own]\nbase_url = "http://h/v1"\napi_key = "env:OWN_KEY"\n'
        '[providers.other]\nbase_url = "http://h/v1"\napi_key = "vault://team/api_key"'
    )
    home.vault("team/api_key", "own/api_key", "anthropic/api_key")
    loaded = home.load()
    keys = {host: provider.api_key and provider.api_key.get_secret_value() for host, provider in loaded.settings.providers.items()}
    assert keys == {
        "team": "vault://team/api_key",
        "own": "env:OWN_KEY",
        "other": "vault://team/api_key",
        "anthropic": "vault://anthropic/api_key",
    }
    assert loaded.origin("providers.team.api_key") == "vault"
    assert told(loaded) == []


def test_a_damaged_list_of_the_vaults_names_names_nothing(home: Home) -> None:
    home.user('[providers.work]\nbase_url = "http://h/v1"')
    home.vault().write_text("{", encoding="utf-8")
    assert home.load().settings.providers["work"].api_key is None


RULES = st.lists(st.sampled_from(["read(a)", "exec(b *)", "net(c)", "gate(plan)"]))


@given(layers=st.lists(RULES, max_size=4))
def test_rules_add_up_in_order_without_repeats_and_none_is_lost(layers: list[list[str]]) -> None:
    merged: dict[str, Any] = {}
    for rules in layers:
        merged = overlay(merged, {"permissions": {"deny": tuple(rules)}})
    seen = [rule for rules in layers for rule in rules]
    assert list(merged.get("permissions", {}).get("deny", ())) == sorted(set(seen), key=seen.index)
