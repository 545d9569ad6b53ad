"""One key of a file of settings is changed and nothing else."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.base.errors import SettingsError
from coterie.config.rewriting import value_at, with_key

FILE = """\
# mine
model = "a/b" # the usual one

[providers.work] # the office
type = "ollama"
# where it stands
base_url = "http://a"

[trust]
workspaces = [
  "/one", # first
  "/two", # second
]

[agents]
chat = { model = "a/b", max_tokens = 5 }
"""


@pytest.mark.parametrize(
    ("path", "value", "gone", "come"),
    [
        (("model",), "c/d", ['model = "a/b" # the usual one'], ['model = "c/d" # the usual one']),
        (("model",), None, ['model = "a/b" # the usual one'], []),
        (("small_model",), "c/d", [], ['small_model = "c/d"']),
        (("providers", "work", "base_url"), "http://b", ['base_url = "http://a"'], ['base_url = "http://b"']),
        (
            ("providers", "work"),
            {"type": "ollama", "lane": True},
            ['base_url = "http://a"'],
            ["lane = true"],
        ),
        (("providers", "x.y"), {"type": "replay"}, [], ['[providers."x.y"]', 'type = "replay"']),
        (("trust", "workspaces"), ["/two", "/three"], ['  "/one", # first'], ['  "/three",']),
        (("agents", "chat", "model"), "c/d", ['chat = { model = "a/b", max_tokens = 5 }'], ['chat = { model = "c/d", max_tokens = 5 }']),
        (("budget", "usd"), 2.5, [], ["[budget]", "usd = 2.5"]),
        (("budget", "usd"), None, [], []),
        (("providers", "work"), None, FILE.splitlines()[3:7], []),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_written_is_the_key_and_nothing_else(
    path: tuple[str, ...], value: object, gone: list[str], come: list[str], end: str
) -> None:
    text = FILE.replace("\n", end)
    changed = with_key(text, path, value)
    was, holds = ([line for line in each.split(end) if line.strip()] for each in (text, changed))
    assert [line for line in was if line not in holds] == gone
    assert [line for line in holds if line not in was] == come
    assert value_at(changed, path) == value
    assert changed.count("\n") == changed.count(end)


TABLES = """\
[budget]
usd = 1

# what goes along
[providers.old] # beside it
type = "ollama"
# in it

# mine, do not touch

[providers.gpu]
type = "ollama"
# in mine

# about trust
[trust]
workspaces = []
"""


@pytest.mark.parametrize(
    ("path", "value", "holds"),
    [
        (("providers", "old"), None, TABLES.replace('[providers.old] # beside it\ntype = "ollama"\n# in it\n', "")),
        (("providers", "gpu", "lane"), True, TABLES.replace("# in mine\n", "# in mine\nlane = true\n")),
        (("budget", "tokens"), 5, TABLES.replace("usd = 1\n", "usd = 1\ntokens = 5\n")),
        (("model",), "a/b", f'model = "a/b"\n\n{TABLES}'),
        (("trust",), None, TABLES.replace("[trust]\nworkspaces = []\n", "")),
    ],
)
def test_words_above_a_table_stay_above_it(path: tuple[str, ...], value: object, holds: str) -> None:
    assert with_key(TABLES, path, value) == holds


@pytest.mark.parametrize(
    ("old", "wanted", "written"),
    [("1", True, "true"), ("false", 0, "0"), ("1", 1.0, "1.0"), ("[1, 2]", [True, 2], "[true, 2]"), ("{b = 1}", {"b": True}, "{b = true}")],
)
def test_a_number_does_not_stand_for_a_word_of_the_same_worth(old: str, wanted: object, written: str) -> None:
    assert with_key(f"[extra]\na = {old} # mine\n", ("extra", "a"), wanted) == f"[extra]\na = {written} # mine\n"


def test_what_looks_like_a_header_in_a_text_stays_where_it_is() -> None:
    text = 'model = """\n\n# one\n[a]\n"""\n\n# two\n[a]\nb = 1\n'
    assert with_key(text, ("a",), None) == 'model = """\n\n# one\n[a]\n"""\n\n# two\n'


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=6)
SCALARS = st.one_of(st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False), NAMES)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)), max_leaves=6
)


def laid(data: dict[str, Any], path: tuple[str, ...], value: object) -> bool:
    """Put a value into plain data; say whether a value stood in the way."""
    *above, key = path
    for each in above:
        inner = data.setdefault(each, {})
        if not isinstance(inner, dict):
            return False
        data = inner
    data[key] = value
    return True


@given(st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=3), VALUES), max_size=5))
def test_whatever_is_written_is_read_back_or_refused(writes: list[tuple[list[str], Any]]) -> None:
    text, data = "", dict[str, Any]()
    for path, value in writes:
        try:
            text = with_key(text, tuple(path), value)
        except SettingsError:
            continue
        assert laid(data, tuple(path), value)
        assert tomllib.loads(text) == data


def test_a_file_that_is_no_toml_is_left_alone() -> None:
    with pytest.raises(SettingsError, match="no valid TOML"):
        with_key("[providers\n", ("model",), "a/b")
    with pytest.raises(SettingsError, match="by hand"):
        with_key('providers = "work"\n', ("providers", "work", "type"), "ollama")


@pytest.mark.parametrize(
    ("text", "path", "value", "holds"),
    [
        ("a = 1\r\n[budget]\nusd = 1\r\n", ("budget", "tokens"), 5, "a = 1\r\n[budget]\nusd = 1\r\ntokens = 5\r\n"),
        ("[budget]\nusd = 1\ntokens = 2\r\n# end\n", ("budget", "usd"), 7, "[budget]\nusd = 7\ntokens = 2\r\n# end\n"),
        ("[budget]\r\nusd = 1\n# end\r\n", ("budget", "usd"), None, "[budget]\r\n# end\r\n"),
        ("model = 'a/b'\r\n# no end", ("model",), "c/d", 'model = "c/d"\r\n# no end'),
        ("# one\r\n# two\n", ("model",), "c/d", '# one\r\n# two\nmodel = "c/d"\n'),
    ],
)
def test_each_line_ends_as_it_did_and_a_new_one_like_its_neighbour(text: str, path: tuple[str, ...], value: object, holds: str) -> None:
    assert with_key(text, path, value) == holds
