"""What is wrong in a layer of settings: it is said with its line, and costs nothing but itself."""

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from coterie.agents.templates import TEMPLATES
from coterie.config.paths import LARGEST_FILE
from coterie.config.schema import AGENTS, Settings
from settings_home import Home, told


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


def test_a_host_of_a_type_that_comes_later_is_left_out_and_nothing_in_it_is_wrong(home: Home) -> None:
    home.user('[providers.zed]\ntype = "acp"\ncommand = "zed"\n[providers.work]\nbase_url = "http://127.0.0.1:1/v1"\n')
    loaded = home.load(editor_options={"providers": {"pad": {"type": "acp"}}, "sandbox": {"level": "acp"}})
    assert [(problem.line, problem.key, problem.level, problem.suggestion) for problem in loaded.problems] == [
        (2, "providers.zed.type", "note", None),
        (None, "sandbox.level", "warning", None),
        (None, "providers.pad.type", "note", None),
    ]
    assert "no hosts of the type `acp`" in loaded.problems[0].text
    assert list(loaded.settings.providers) == ["work"]


def test_settings_for_an_agent_that_comes_later_are_a_note_and_to_have_it_do_something_is_a_mistake(home: Home) -> None:
    home.user('[agents.orchestrator]\nmodel = "a/b"\n[actions.tidy]\nprompt = "Tidy it"\nagent = "orchestrator"\n')
    assert [(problem.line, problem.key, problem.level) for problem in home.load().problems] == [
        (1, "agents.orchestrator", "note"),
        (5, "actions.tidy.agent", "warning"),
    ]


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


def test_a_broken_file_is_said_to_be_so_with_its_column(home: Home) -> None:
    home.user('model = "a/b"\n[budget]\nusd = 1 2\n')
    assert home.load().problems[0].text.startswith(f"{home.file}:3: The file is no valid TOML (column 9); it is left out: ")


def test_a_file_that_is_no_text_is_left_out_with_its_line(home: Home) -> None:
    home.user("")
    home.file.write_bytes(b'model = "a/b"\n# \xff\n')
    assert [problem.text for problem in home.load().problems] == [f"{home.file}:2: The file is no UTF-8 text; it is left out."]


def _a_pipe(file: Path) -> None:
    os.mkfifo(file)


def _a_device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def _a_folder(file: Path) -> None:
    file.mkdir()


def _a_circle(file: Path) -> None:
    file.symlink_to(file)


def _a_mountain(file: Path) -> None:
    file.write_bytes(b"# " + b"x" * LARGEST_FILE)


@pytest.mark.parametrize("made", [_a_pipe, _a_device, _a_folder, _a_circle, _a_mountain])
def test_what_is_no_file_that_a_person_wrote_is_left_out_and_never_waited_for(home: Home, made: Callable[[Path], None]) -> None:
    home.user('model = "a/b"\n')
    file = home.project("")
    file.unlink()
    made(file)
    loaded = home.load()
    assert [(problem.file, problem.key) for problem in loaded.problems] == [(str(file), "")]
    assert "cannot be read" in loaded.problems[0].message
    assert loaded.settings.model == "a/b"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"a = {'[' * 3_000}", id="levels"),
        pytest.param(f"a = {'[' * 100}{']' * 100}", id="levels that parse"),
        pytest.param(f"a = {'9' * 5_000}", id="digits"),
        pytest.param(f"{'a.' * 1_000}b = 1", id="dots"),
    ],
)
def test_what_python_chokes_on_is_no_valid_toml(home: Home, content: str) -> None:
    home.user('model = "a/b"\n')
    file = home.project(f"{content}\n")
    loaded = home.load()
    assert [(problem.file, problem.line, problem.key) for problem in loaded.problems] == [(str(file), 1, "")]
    assert "no valid TOML" in loaded.problems[0].message
    assert loaded.settings.model == "a/b"


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


@pytest.mark.parametrize("name", ["", " ", "team/box"])
def test_a_host_that_no_model_can_name_is_left_out(home: Home, name: str) -> None:
    home.user(f'[providers."{name}"]\nbase_url = "http://h/v1"\n[providers.box]\nbase_url = "http://h/v1"\n')
    loaded = home.load()
    assert told(loaded) == [(1, f"providers.{name}")]
    assert list(loaded.settings.providers) == ["box"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:8080",
        "ftp://h/v1",
        "http://",
        "http://a b/v1",
        "http://h/v 1",
        "http://h:0/v1",
        "http://h:99999/v1",
        "http://h:x/v1",
        "http://h/v1?key=abc",
        "http://h/v1#top",
        "http://h/v1?",
        "http://h/v1#",
    ],
)
def test_an_address_that_no_host_can_have_is_said_before_a_call_fails_of_it(home: Home, address: str) -> None:
    home.user(f'[providers.a]\nbase_url = "{address}"\n')
    assert told(home.load())[0] == (2, "providers.a.base_url")


def test_blanks_around_an_address_are_none_of_it(home: Home) -> None:
    home.user('[providers.a]\nbase_url = " http://h:8080/v1/ "\n')
    loaded = home.load()
    assert (told(loaded), loaded.settings.providers["a"].base_url) == ([], "http://h:8080/v1")


@pytest.mark.parametrize("line", ["rpm = true", "temperature = false", "connect_timeout_s = true"])
def test_a_truth_value_is_no_number(home: Home, line: str) -> None:
    home.user(f'[providers.a]\nbase_url = "http://h/v1"\n{line}\n')
    loaded = home.load()
    assert [(problem.line, problem.message) for problem in loaded.problems] == [(3, "Write a number.")]
    assert loaded.settings.providers["a"].model_fields_set == {"base_url"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('fallbacks = "a/b"', 'Write a list: `["…", "…"]`.'),
        ("providers = 5", "Write a table, with keys of its own."),
        ("budget = 5", "Write a table, with keys of its own."),
        ("model = 5", "Write a text, in quotes."),
    ],
)
def test_a_wrong_kind_of_value_is_said_in_the_words_of_the_file(home: Home, line: str, words: str) -> None:
    home.user(line)
    assert [problem.message for problem in home.load().problems] == [words]
