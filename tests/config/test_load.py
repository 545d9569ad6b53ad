"""Layers of settings: which wins, what adds up, who may say what, and that what is wrong costs nothing but itself."""

import json
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.agents.templates import TEMPLATES
from coterie.config.load import Loaded, load
from coterie.config.overlay import overlay
from coterie.config.schema import AGENTS, Settings
from coterie.config.showing import shown

CANARY = "sk-canary-5f3a"


class Home:
    """A home and two projects in a temporary folder, and a process that reads them."""

    def __init__(self, root: Path) -> None:
        self.environ = {"COTERIE_HOME": str(root / "home"), "HOME": str(root)}
        self.folders = [root / "one", root / "two"]
        self.file = root / "home" / "config.toml"

    def user(self, text: str) -> None:
        """Write the user's settings."""
        self._write(self.file, text)

    def project(self, text: str, number: int = 0) -> Path:
        """Write a project's settings and return their file."""
        return self._write(self.folders[number] / ".coterie" / "config.toml", text)

    def vault(self, *names: str) -> Path:
        """Write the names of what the vault holds, and return their file."""
        return self._write(self.file.parent / "data" / "vault-names.json", json.dumps(dict.fromkeys(names, "2026-01-31T10:00:00.000Z")))

    def load(self, environ: Mapping[str, str] | None = None, **layers: Any) -> Loaded:
        """Read every layer."""
        return load({**self.environ, **(environ or {})}, folders=self.folders, **layers)

    def _write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return an empty home."""
    return Home(tmp_path)


def told(loaded: Loaded) -> list[tuple[int | None, str]]:
    """Return the lines and keys of all problems that are no notes."""
    return [(problem.line, problem.key) for problem in loaded.problems if problem.level == "warning"]


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


def test_how_a_host_fills_gaps_is_a_truth_value_or_a_name(home: Home) -> None:
    tables = (f'[providers.{name}]\ntype = "ollama"\nfim = {value}\n' for name, value in [("a", "true"), ("b", '"qwen"'), ("c", '"quen"')])
    home.user("".join(tables))
    loaded = home.load()
    assert [loaded.settings.providers[name].fim for name in ("a", "b", "c")] == [True, "qwen", None]
    assert [(problem.key, problem.suggestion) for problem in loaded.problems] == [("providers.c.fim", "Did you mean `qwen`?")]


def test_each_wrong_key_is_said_with_its_line_and_the_rest_works(home: Home) -> None:
    home.user(
        """# settings
modle = "a/b"
model = "nameless"
[budget]
usd = -1
tokens = 5
[permissions]
allow = [
  "exec(pytest *)",
  "exec pytest",
  "exec(echo 'x)",
  "read( )",
  7,
]
deny = ["read(**/.env)"]

[sandbox]
level = "bublewrap"
[providers."my box"]
base_url = "http://127.0.0.1:8080/v1"
  api-key = "env:X"
[providers.bad]
type = "lama"
base_url = "http://h"
[agents.coder]
budget = { usd = "much", tokens = 3 }
[mcp.servers.docs]
command = ["x"]
"""
    )
    loaded = home.load()
    problems = {(problem.line, problem.key): problem.suggestion for problem in loaded.problems}
    assert problems == {
        (2, "modle"): "Did you mean `model`?",
        (3, "model"): None,
        (5, "budget.usd"): None,
        (8, "permissions.allow"): None,
        (18, "sandbox.level"): "Did you mean `bubblewrap`?",
        (21, "providers.my box.api-key"): "Did you mean `api_key`?",
        (23, "providers.bad.type"): "Did you mean `ollama`?",
        (26, "agents.coder.budget.usd"): None,
        (27, "mcp"): None,
    }
    assert all(problem.file == str(home.file) for problem in loaded.problems)
    assert f"{home.file}:2: modle: There is no such key. Did you mean `model`?" in [problem.text for problem in loaded.problems]
    settings = loaded.settings
    assert settings.model is None
    assert (settings.budget.usd, settings.budget.tokens) == (Decimal(3), 5)
    assert (settings.permissions.allow, settings.permissions.deny) == (("exec(pytest *)",), ("read(**/.env)",))
    assert settings.sandbox.level == "auto"
    assert list(settings.providers) == ["my box"], "a host whose wire is unknown is not guessed at"
    assert settings.agents["coder"].budget.tokens == 3


def test_an_agent_that_there_is_not_is_said_with_its_line_and_the_nearest_that_there_is(home: Home) -> None:
    home.user(
        """[agents.planner]
model = "a/b"
[agents.plannner]
model = "a/b"
[agents.zzz]
top_p = 0.5
[actions.tidy]
prompt = "Tidy it"
agent = "codr"
[actions.explain]
agent = "reviewer"
"""
    )
    loaded = home.load(editor_options={"agents": {"Chat": {"model": "a/b"}}})
    assert [(problem.line, problem.key, problem.suggestion) for problem in loaded.problems if problem.level == "warning"] == [
        (3, "agents.plannner", "Did you mean `planner`?"),
        (5, "agents.zzz", f"There are {', '.join(TEMPLATES)}."),
        (9, "actions.tidy.agent", "Did you mean `coder`?"),
        (None, "agents.Chat", "Did you mean `chat`?"),
    ]
    assert loaded.problems[0].text == f"{home.file}:3: agents.plannner: There is no agent `plannner`. Did you mean `planner`?"
    assert loaded.settings.agents["planner"].model == "a/b"


def test_the_settings_know_every_agent() -> None:
    assert tuple(TEMPLATES) == AGENTS


@pytest.mark.parametrize(
    ("text", "line"),
    [('model = "a/b"\n[budget\nusd = 1', 2), ('model = "a/b"\nx = """\nnever closed', 3), ("\n\nmodel = 1 2\n", 3)],
)
def test_a_broken_file_is_left_out_with_its_line(home: Home, text: str, line: int) -> None:
    home.user(text)
    loaded = home.load({"COTERIE_MODEL": "a/variable"})
    assert told(loaded) == [(line, "")]
    assert loaded.settings.model == "a/variable"


@pytest.mark.parametrize("broken", ['model = "c/d', "\udcff"], ids=["half written", "no text at all"])
def test_a_file_that_is_being_written_is_as_it_was_before(home: Home, broken: str) -> None:
    good = '[permissions]\ndeny = ["read(**/.env)"]\n'
    home.user(f'model = "a/b"\n{good}')
    file = home.project('[permissions]\ndeny = ["net(*)"]\n')
    before = home.load()
    for each in (home.file, file):
        each.write_bytes(broken.encode(errors="surrogateescape"))
    for _ in range(2):
        before = home.load(before=before)
        assert [problem.file for problem in before.problems] == [str(home.file), str(file)]
        assert all("what it said before holds" in problem.message for problem in before.problems)
        assert (before.settings.model, before.settings.permissions.deny) == ("a/b", ("read(**/.env)", "net(*)"))
    home.user(good)
    file.unlink()
    after = home.load(before=before)
    assert (after.problems, after.settings.model, after.settings.permissions.deny) == ((), None, ("read(**/.env)",))


@pytest.mark.parametrize(
    "options", [[1], "text", 5, {"providers": 5, "budget": [], "permissions": {"allow": "exec(x)"}, "agents": {"a": 1}}]
)
def test_no_shape_of_json_breaks_anything(home: Home, options: object) -> None:
    loaded = home.load(editor_options=options, workspace_configuration=options, command_line=options)
    assert loaded.settings == Settings()
    assert told(loaded) != []


@pytest.mark.parametrize(
    ("user", "project", "left_out"),
    [
        ("", "[suggestions]\nenabled = false", set()),
        ("[suggestions]\nenabled = false", "[suggestions]\nenabled = true", {"suggestions.enabled"}),
        ('completion_model = "work/fast"', 'completion_model = "none"', set()),
        ('completion_model = "none"', 'completion_model = "work/fast"', {"completion_model"}),
        ('[suggestions]\ndisabled_languages = ["c"]', '[suggestions]\ndisabled_languages = ["d", "c"]', set()),
        ('[suggestions]\ndisabled_languages = ["c"]', '[suggestions]\ndisabled_languages = ["d"]', {"suggestions.disabled_languages"}),
    ],
)
def test_an_untrusted_project_can_switch_ghost_text_off_and_not_on(home: Home, user: str, project: str, left_out: set[str]) -> None:
    home.user(user)
    home.project(project)
    loaded = home.load()
    wanted = Settings.model_validate(tomllib.loads(user if left_out else project))
    assert {problem.key for problem in loaded.problems} == left_out
    assert (loaded.settings.suggestions, loaded.settings.completion_model) == (wanted.suggestions, wanted.completion_model)


def test_an_untrusted_project_only_tightens(home: Home) -> None:
    home.user('[budget]\nusd = 2\n[sandbox]\nnetwork = true\n[permissions]\npolicy_when_unattended = "allow_list"')
    text = """model = "evil/model"
[providers.evil]
base_url = "http://evil.example/v1"
[permissions]
policy_when_unattended = "deny"
allow = ["exec(**)"]
ask = ["write(docs/**)"]
deny = ["net(*)"]
[sandbox]
level = "none"
network = false
[budget]
usd = 0.5
wall_s = 99999
tokens = 10
[agents.coder]
model = "evil/model"
budget = { usd = 0.1 }
[tests]
command = "evil"
[trust]
workspaces = ["/"]
"""
    file = home.project(text)
    loaded = home.load()
    settings = loaded.settings
    assert settings.permissions.allow == ()
    assert (settings.permissions.ask, settings.permissions.deny) == (("write(docs/**)",), ("net(*)",))
    assert settings.permissions.policy_when_unattended == "deny"
    assert (settings.sandbox.level, settings.sandbox.network) == ("auto", False)
    assert (settings.budget.usd, settings.budget.wall_s, settings.budget.tokens) == (Decimal("0.5"), 1800, 10)
    assert settings.agents["coder"].budget.usd == Decimal("0.1")
    assert (settings.model, settings.agents["coder"].model, settings.tests.command, settings.providers) == (None, None, None, {})
    assert loaded.trusted == frozenset()
    assert sorted(told(loaded)) == [
        (1, "model"),
        (3, "providers.evil.base_url"),
        (6, "permissions.allow"),
        (10, "sandbox.level"),
        (14, "budget.wall_s"),
        (17, "agents.coder.model"),
        (20, "tests.command"),
        (22, "trust.workspaces"),
    ]
    assert {problem.file for problem in loaded.problems} == {str(file)}
    assert str(home.folders[0]) in str(loaded.problems[-1].suggestion)

    trusting = home.load(editor_options={"trust": {"workspaces": ["~/one"]}})
    assert trusting.trusted == {home.folders[0]}
    assert (trusting.settings.model, trusting.settings.sandbox.level) == ("evil/model", "none")
    assert trusting.settings.trust.workspaces == ("~/one",), "no project vouches for itself"
    assert told(trusting) == [(22, "trust.workspaces")]


def test_a_link_out_of_a_trusted_folder_is_not_trusted(home: Home, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    home.folders[0].mkdir()
    home.folders[1] = home.folders[0] / "link"
    home.folders[1].symlink_to(tmp_path / "far")
    loaded = home.load(editor_options={"trust": {"workspaces": [str(home.folders[0])]}})
    assert loaded.trusted == {home.folders[0]}


def test_what_concerns_the_machine_is_not_taken_from_a_workspaces_editor_settings(home: Home) -> None:
    options: dict[str, Any] = {
        "model": "a/b",
        "permissions": {"allow": ["exec(**)"]},
        "review": {"mode": "before"},
        "sandbox": {"level": "none"},
        "trust": {"workspaces": ["/"]},
        "mcp": {"servers": {"x": {"command": ["evil"]}}},
        "providers": {"a": {"baseUrl": "http://evil.example/v1", "apiKey": "env:ANTHROPIC_API_KEY", "type": "anthropic", "temperature": 1}},
        "agents": {"coder": {"external": True, "flags": ["--evil"], "temperature": 0.5}},
    }
    options["providers"]["a"]["command"] = "/tmp/evil"
    home.user('[providers.a]\nbase_url = "http://good.example/v1"')
    pulled = home.load(workspace_configuration=options)
    assert pulled.settings.model == "a/b"
    provider = pulled.settings.providers["a"]
    assert (provider.base_url, provider.api_key, provider.type, provider.temperature) == (
        "http://good.example/v1",
        None,
        "openai_compatible",
        1,
    )
    assert (pulled.settings.permissions, pulled.settings.sandbox) == (Settings().permissions, Settings().sandbox)
    assert pulled.settings.review.mode == "after"
    assert provider.command is None
    coder = pulled.settings.agents["coder"]
    assert (coder.external, coder.flags, coder.temperature) == (False, (), 0.5)
    assert len(told(pulled)) == 11
    given_at_start = home.load(editor_options=options)
    assert told(given_at_start) == []
    assert given_at_start.settings.sandbox.level == "none"
    assert given_at_start.settings.providers["a"].base_url == "http://evil.example/v1"


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


@pytest.mark.parametrize("key", ["vault://", "vault://box/two/parts", "env:", "env:not a name", ""])
def test_a_reference_that_leads_nowhere_is_said_and_dropped(home: Home, key: str) -> None:
    home.user(f'[providers.a]\nbase_url = "http://h/v1"\napi_key = "{key}"')
    loaded = home.load()
    assert told(loaded) == [(3, "providers.a.api_key")]
    assert loaded.settings.providers["a"].api_key is None


def test_hosts_that_lack_what_they_need_are_left_out(home: Home) -> None:
    recordings = '[providers.b]\ntype = "replay"\n[providers.c]\ntype = "replay"\ncassette = "tapes/c.json"'
    home.user(f'[providers.a]\n{recordings}\n[providers.d]\ntype = "claude_code"')
    loaded = home.load()
    tape = str(home.file.parent / "tapes" / "c.json")
    assert {name: host.cassette for name, host in loaded.settings.providers.items()} == {"c": tape, "d": None}
    assert [problem.key for problem in loaded.problems] == ["providers.a", "providers.b"]


RULES = st.lists(st.sampled_from(["read(a)", "exec(b *)", "net(c)", "gate(plan)"]))


@given(layers=st.lists(RULES, max_size=4))
def test_rules_add_up_in_order_without_repeats_and_none_is_lost(layers: list[list[str]]) -> None:
    merged: dict[str, Any] = {}
    for rules in layers:
        merged = overlay(merged, {"permissions": {"deny": tuple(rules)}})
    seen = [rule for rules in layers for rule in rules]
    assert list(merged.get("permissions", {}).get("deny", ())) == sorted(set(seen), key=seen.index)
